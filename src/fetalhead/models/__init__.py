"""Networks, their weights, and their export. Everything here needs torch (the extra `train`)."""

from __future__ import annotations

from fetalhead.errors import MissingExtra

try:
    from fetalhead.models.torchvision_ops import ensure_torchvision_imports
except ModuleNotFoundError as error:
    raise MissingExtra("a network of torch", error.name or "torch", "train") from error

ensure_torchvision_imports()
