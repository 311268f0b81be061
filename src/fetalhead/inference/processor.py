"""What computes here, by name."""

from __future__ import annotations

import platform
from pathlib import Path


def processor_name() -> str:
    """As Linux names it, such as `AMD EPYC`; elsewhere what Python knows."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
