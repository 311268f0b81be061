"""What a run was trained on: recorded with it, so that its cost can be told."""

from __future__ import annotations

import os
import platform
from importlib import metadata

from fetalhead.inference.processor import processor_name

PACKAGES = ("torch", "lightning", "timm", "numpy", "opencv-python-headless", "onnxruntime")


def this_machine() -> dict[str, str | int]:
    """Processor, cores, threads that torch uses, accelerator, and versions. No name of the machine or of a person."""
    import torch

    import fetalhead

    return {
        "processor": processor_name(),
        "cores": os.cpu_count() or 1,
        "threads": torch.get_num_threads(),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "fetalhead": fetalhead.__version__,
        **{name: _version(name) for name in PACKAGES},
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
