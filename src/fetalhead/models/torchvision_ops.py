"""Lets a CPU build of torch live beside PyPI's torchvision.

PyPI's torchvision wheel is built against CUDA. Beside a CPU torch its compiled operators do not load, and its import
fails with "operator torchvision::nms does not exist"; timm, segmentation-models-pytorch, torchmetrics and lightning
import it, so they fail too. None of them calls the operator here: a bare schema is enough for the import.
"""

from __future__ import annotations

import sys
from typing import Any

import torch

_libraries: list[torch.library.Library] = []  # a Library takes its schemas with it when it is collected


def ensure_torchvision_imports() -> None:
    """Import torchvision, defining the schemas of its two operators if, and only if, they are missing."""
    try:
        import torchvision
    except RuntimeError as error:
        if "operator torchvision::nms does not exist" not in str(error):
            raise
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        library: Any = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _libraries.append(library)
        import torchvision  # noqa: F401
