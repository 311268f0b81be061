"""Damaged files of every format: a picture or one line, quickly and in little memory (`tools/fuzz_readers.py`).

`make fuzz` reads ten thousand of each.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "fuzz_readers.py"

NEEDED = {"NIfTI": "nibabel", "DICOM JPEG-LS": "jpeg_ls", "DICOM JPEG 2000": "openjpeg", "DICOM video": "av"}
"""What makes, and reads, the formats that the core does not."""

FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "GIF", "MHA", "DICOM", "DICOM RLE", "DICOM JPEG", *NEEDED)


def fuzz(kind: str, count: int) -> str:
    """What the tool says of `count` files."""
    if kind in NEEDED:
        pytest.importorskip(NEEDED[kind])
    done = subprocess.run(
        [sys.executable, TOOL, "--count", str(count), "--formats", kind],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.returncode == 0 and done.stderr == "", done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", FORMATS)
def test_some_of_each_format(kind: str) -> None:
    assert " refused" in fuzz(kind, 25)
