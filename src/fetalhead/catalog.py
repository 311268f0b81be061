"""What there is, as plain data: commands, planes, models, data sets, dating formulas.

The command line, the documentation and the tests read these tables; nothing here imports anything.
"""

from __future__ import annotations

COMMANDS = {
    "measure": "measure heads in images, DICOM files and folders",
    "report": "write measured DICOM pictures as DICOM SR, segmentation and overlay",
    "video": "follow the head through clips: HC over time, best frames, one steady HC",
    "frames": "take frames out of clips: distinct ones, or the least sure ones, to learn from",
    "live": "measure a camera's or capture card's picture as it comes",
    "phantom": "make labelled ultrasound-like images and cines of heads and other planes",
    "train": "train a network: supervised, semi-supervised or multitask",
    "evaluate": "compare a model with reference outlines",
    "compare": "train and score a grid of strategies, label shares and draws, and compare them",
    "agree": "compare measured HC with a site's own manual values",
    "export": "turn a training run into a model folder",
    "challenge": "write the results file of the HC18 challenge",
    "data": "look at, convert, split, crop, de-identify and download data sets",
    "info": "tell what is installed and what there is to choose from",
}

DATA_COMMANDS = {
    "convert": "write a data set in another layout: hc18, masks, coco or ellipses",
    "crop": "crop pictures to their field of view, outlines and masks moved along",
    "deidentify": "write pictures, DICOM files and videos without whom they show",
    "download": "fetch a published data set: hc18",
    "inspect": "tell what a data set holds, what is broken, and what would leak between splits",
    "split": "draw a split by subject, within bands of head circumference",
}
"""What `fetalhead data` can do: one module each in `cli/data`."""

STRATEGIES = {
    "supervised": {
        "title": "Dice and binary cross-entropy on pictures with outlines",
        "class": "fetalhead.training.supervised:Supervised",
        "options": "fetalhead.options:TrainingOptions",
    },
    "semi-supervised": {
        "title": "labelled loss + alpha x unlabelled loss, on pictures with and without outlines",
        "class": "fetalhead.training.semi_supervised:SemiSupervised",
        "options": "fetalhead.options:SemiSupervisedOptions",
    },
    "multitask": {
        "title": "labelled + alpha x unlabelled + beta x classification loss: outline and plane",
        "class": "fetalhead.training.multitask:MultiTask",
        "options": "fetalhead.options:MultiTaskOptions",
    },
}
"""Ways to learn, by their names in `fetalhead train`: where the class is, and what options it has."""

UNLABELLED_LOSSES = {
    "mean-teacher": "fetalhead.training.mean_teacher:MeanTeacher",
    "unimatch": "fetalhead.training.unimatch:UniMatch",
    "distillation": "fetalhead.training.distillation:Distillation",
}
"""Unlabelled terms, by their names in `--unlabelled-loss`."""

PLANES = ("head", "abdomen", "femur", "other")
HEAD, OTHER = PLANES[0], PLANES[-1]

DATING = {
    "hadlock1984": "Hadlock 1984, Radiology 152:497",
    "intergrowth21": "INTERGROWTH-21st: Papageorghiou 2016, Ultrasound Obstet Gynecol 48:719",
}

MODELS = ("standard", "small")
"""Models bundled in the package, under `fetalhead/weights/NAME`."""

VIDEO_MODEL = "small"
"""The bundled model for clips: half the time a frame, and neighbours make up for what it is less exact."""

PROVIDERS = {
    "cpu": ("CPUExecutionProvider", "onnxruntime"),
    "cuda": ("CUDAExecutionProvider", "onnxruntime-gpu"),
    "openvino": ("OpenVINOExecutionProvider", "onnxruntime-openvino"),
}
"""Where a network runs: what onnxruntime calls it, and the package that brings it."""

DATASETS = {
    "hc18": {
        "title": "HC18: fetal head standard planes, Radboudumc, Nijmegen",
        "licence": "CC BY 4.0",
        "doi": "10.5281/zenodo.1327317",
        "citation": "van den Heuvel et al. 2018, PLoS ONE 13(8):e0200412",
        "url": "https://zenodo.org/records/1327317/files",
    },
    "planes": {
        "title": "FETAL_PLANES_DB: common maternal-fetal planes, Barcelona",
        "licence": "CC BY 4.0",
        "doi": "10.5281/zenodo.3904280",
        "citation": "Burgos-Artizzu et al. 2020, Sci Rep 10:10200",
    },
}
"""Published data sets that this package knows the layout of."""

DOWNLOADS = {
    "hc18": {
        "training_set_pixel_size_and_HC.csv": (33_688, "md5:c0761518fece2bd2d2ad4218f2cd9777"),
        "test_set_pixel_size.csv": (9_096, "md5:8476dc198cc6542f26c57e87faeee033"),
        "training_set.zip": (132_926_838, "md5:00eb8198b9a505b2b3a6dfc740382497"),
        "test_set.zip": (43_518_463, "md5:8402af5d137ef40a2888c1011ef3fe7e"),
    },
}
"""Files of data sets that `fetalhead data download` fetches: bytes and checksum, as Zenodo's records publish them."""

DATA_KINDS = {
    "hc18": "HC18 as published (hc18=DIR)",
    "planes": "FETAL_PLANES_DB as published: a plane label a picture (planes=DIR)",
    "masks": "a mask folder: images/ and masks/ or labels/, same stem (masks=DIR; masks:2=DIR if the head is 2)",
    "coco": "COCO's JSON, as CVAT and Label Studio export it (coco=FILE; coco:CATEGORY=FILE where it has several)",
    "ellipses": "a CSV of ellipses in pixels, a picture a row (ellipses=FILE)",
    "pictures": "a folder of pictures of which nothing is known (pictures=DIR)",
}
"""What `--data KIND=DIR` may say."""
