"""What there is, as plain data: commands, planes, models, data sets, dating formulas.

The command line, the documentation and the tests read these tables; nothing here imports anything.
"""

from __future__ import annotations

COMMANDS = {
    "measure": "measure heads in images, DICOM files and folders",
    "phantom": "make labelled ultrasound-like images of heads and other planes",
    "train": "train a network: supervised",
    "evaluate": "compare a model with reference outlines",
    "export": "turn a training run into a model folder",
    "challenge": "write the results file of the HC18 challenge",
    "info": "tell what is installed and what there is to choose from",
}

STRATEGIES = {
    "supervised": "Dice and binary cross-entropy on pictures with outlines",
}
"""Ways to learn, by their names in `fetalhead train`."""

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
}
