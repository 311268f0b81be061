"""`run.json`: what a run was, for whoever finds its results later."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any

PACKAGES = {
    "numpy": ("numpy",),
    "opencv": ("opencv-python-headless", "opencv-python", "opencv-contrib-python-headless"),
    "onnxruntime": ("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino"),
    "pydicom": ("pydicom",),
    "pillow": ("pillow",),
}
"""Distributions by what they bring; some come in several."""


def versions() -> dict[str, str | None]:
    """Versions of fetalhead, Python and what measuring rests on, without importing any of it."""
    from fetalhead import __version__

    return {
        "fetalhead": __version__,
        "python": platform.python_version(),
        **{name: _version(distributions) for name, distributions in PACKAGES.items()},
    }


def run_record(values: Mapping[str, Any]) -> bytes:
    """The file's content. Names that are not UTF-8 keep their bytes as escapes."""
    return (json.dumps(values, indent=2, allow_nan=False) + "\n").encode("ascii")


def _version(distributions: tuple[str, ...]) -> str | None:
    for name in distributions:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return None
