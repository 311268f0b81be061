"""onnxruntime, loaded when it is needed: without its telemetry, and with one line where it cannot be loaded."""

from __future__ import annotations

import importlib
import os
from types import ModuleType

from fetalhead.errors import FetalheadError

TELEMETRY = "ORT_DISABLE_TELEMETRY"
"""From 1.29 on onnxruntime reports to its maker by default, and keeps an identifier of the machine, unless this is set
before it is loaded. Patients' pictures are measured here: nothing is reported unless the user sets it to 0."""


def onnxruntime() -> ModuleType:
    """The package. Raises `FetalheadError` where it is missing, or the system lacks what it is built on."""
    os.environ.setdefault(TELEMETRY, "1")
    try:
        return importlib.import_module("onnxruntime")
    except Exception as error:  # ImportError, and on some systems OSError
        reason = " ".join(str(error).split())[:300]
        raise FetalheadError(
            f"onnxruntime cannot be loaded ({reason}): pip install --force-reinstall onnxruntime; on Windows install "
            "the Visual C++ redistributable as well"
        ) from error
