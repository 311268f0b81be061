"""highdicom, which comes with the extra `dicom`."""

from __future__ import annotations

from importlib.util import find_spec

from fetalhead.errors import MissingExtra


def require_highdicom() -> None:
    """Raises `MissingExtra` where highdicom is not installed."""
    if find_spec("highdicom") is None:
        raise MissingExtra("writing DICOM reports", "highdicom", "dicom")
