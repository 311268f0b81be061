"""What there is, as plain data: commands, planes, models, data sets, dating formulas.

The command line, the documentation and the tests read these tables; nothing here imports anything.
"""

from __future__ import annotations

COMMANDS = {
    "measure": "measure heads in images, DICOM files and folders",
    "report": "write measured DICOM pictures as DICOM SR, segmentation and overlay",
    "phantom": "make labelled ultrasound-like images of heads and other planes",
    "train": "train a network: supervised, semi-supervised or multitask",
    "evaluate": "compare a model with reference outlines",
    "compare": "train and score a grid of strategies, label shares and draws, and compare them",
    "agree": "compare measured HC with a site's own manual values",
    "export": "turn a training run into a model folder",
    "challenge": "write the results file of the HC18 challenge",
    "data": "convert, split, crop and download data sets",
    "info": "tell what is installed and what there is to choose from",
}

DATA_COMMANDS = {
    "split": "draw a split by subject, within bands of head circumference",
    "deidentify": "write pictures, DICOM files and videos without whom they show",
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
}
"""Unlabelled terms, by their names in `--unlabelled-loss`."""

PLANES = ("head", "abdomen", "femur", "other")

DATING = {
    "hadlock1984": "Hadlock 1984, Radiology 152:497",
    "intergrowth21": "INTERGROWTH-21st: Papageorghiou 2016, Ultrasound Obstet Gynecol 48:719",
}

MODELS = ("standard",)
"""Models bundled in the package, under `fetalhead/weights/NAME`."""

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
    },
    "planes": {
        "title": "FETAL_PLANES_DB: common maternal-fetal planes, Barcelona",
        "licence": "CC BY 4.0",
        "doi": "10.5281/zenodo.3904280",
        "citation": "Burgos-Artizzu et al. 2020, Sci Rep 10:10200",
    },
}
"""Published data sets that this package knows the layout of."""

DATA_KINDS = {
    "hc18": "HC18 as published (hc18=DIR)",
    "planes": "FETAL_PLANES_DB as published: a plane label a picture (planes=DIR)",
    "masks": "a mask folder: images/ and masks/ or labels/, same stem (masks=DIR; masks:2=DIR if the head is 2)",
    "pictures": "a folder of pictures of which nothing is known (pictures=DIR)",
}
"""What `--data KIND=DIR` may say."""
