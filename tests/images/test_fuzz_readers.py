"""Damaged files of every format: a picture or one line, quickly and in little memory (`tools/fuzz_readers.py`)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "fuzz_readers.py"


def fuzz(count: int) -> None:
    pytest.importorskip("nibabel")
    done = subprocess.run(
        [sys.executable, TOOL, "--count", str(count)],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.returncode == 0 and done.stderr == "", done.stdout + done.stderr
    assert done.stdout.count(" read") >= 10 and done.stdout.count(" refused") >= 10


def test_fifty_of_each_format() -> None:
    fuzz(50)


@pytest.mark.slow
def test_a_thousand_of_each_format() -> None:
    fuzz(1000)
