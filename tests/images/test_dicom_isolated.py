"""Decoders that abort or hang at damaged streams do so in a process apart: one line, and the next file is read."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from dicom_making import compressed, dataset, jpeg_lossless, save
from pydicom.encaps import generate_frames
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1

from fetalhead.errors import UnreadableImage
from fetalhead.images.readers import dicom_isolated, read_images

GREY = np.random.default_rng(0).integers(0, 256, (24, 32), dtype=np.uint8)


def lossless(path: Path, stream: bytes) -> Path:
    return save(compressed(dataset(GREY), [stream], JPEGLosslessSV1, "MONOCHROME2"), path)


def test_a_stream_that_makes_gdcm_abort(tmp_path):
    """Found by changing bytes at random: gdcm throws out of its own reach and takes the process with it."""
    pytest.importorskip("gdcm")
    good = lossless(tmp_path / "good", jpeg_lossless(GREY))
    whole = jpeg_lossless(GREY)
    table = whole.index(b"\xff\xc4")
    for number, broken in enumerate([whole[:table] + whole[table + 34 :], whole[:60], whole[:30] + bytes(200)]):
        path = lossless(tmp_path / f"{number}", broken)
        with pytest.raises(UnreadableImage) as caught:
            list(read_images(path))
        assert str(caught.value).startswith(f"{path}: damaged DICOM file: its JPEG Lossless")
        (image,) = read_images(good)
        np.testing.assert_array_equal(image.pixels, GREY)


def options() -> dict[str, object]:
    return {"rows": 24, "columns": 32, "samples_per_pixel": 1, "bits_allocated": 8, "bits_stored": 8,
            "pixel_representation": 0, "photometric_interpretation": "MONOCHROME2", "number_of_frames": 1,
            "pixel_keyword": "PixelData"}  # fmt: skip


def test_a_decoder_that_hangs_is_ended(monkeypatch):
    """By the time it takes of a processor, whatever else the machine does."""
    pytest.importorskip("openjpeg")
    noise = np.random.default_rng(0).integers(0, 256, (1200, 1200), dtype=np.uint8)
    made = dataset(noise)
    made.compress(JPEG2000Lossless)
    (frame,) = generate_frames(made.PixelData, number_of_frames=1)
    size = {**options(), "rows": 1200, "columns": 1200}
    np.testing.assert_array_equal(dicom_isolated.decode(JPEG2000Lossless, "pylibjpeg", frame, size), noise)
    monkeypatch.setattr(dicom_isolated, "LIMIT_S", 0.03)
    with pytest.raises(dicom_isolated.BrokenDicom, match=r"took more than 0\.03 s"):
        dicom_isolated.decode(JPEG2000Lossless, "pylibjpeg", frame, size)


def test_a_decoder_that_only_waits_is_ended(monkeypatch):
    """By the clock; it is asked once before, so that it has started."""
    for limit in (60.0, 0.0):
        monkeypatch.setattr(dicom_isolated, "CLOCK_LIMIT_S", limit)
        monkeypatch.setattr(dicom_isolated, "LIMIT_S", limit)
        start = time.monotonic()
        with pytest.raises(dicom_isolated.BrokenDicom, match="plugin" if limit else "took more than 0 s"):
            dicom_isolated.decode(JPEGLosslessSV1, "none", bytes(50_000_000), options())
    assert time.monotonic() - start < 20


def test_what_the_decoder_says_is_handed_on():
    with pytest.raises(dicom_isolated.BrokenDicom, match="plugin"):
        dicom_isolated.decode(JPEGLosslessSV1, "none", b"\xff\xd8\xff\xc3", options())


def test_the_process_apart_ends_with_its_parent():
    script = """
from fetalhead.images.readers import dicom_isolated
try:
    dicom_isolated.decode("1.2.840.10008.1.2.4.70", "none", b"", {"rows": 1, "columns": 1})
except dicom_isolated.BrokenDicom:
    print(dicom_isolated._helper().process.pid)
"""
    command = [sys.executable, "-W", "error", "-c", script]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.stderr == "" and done.returncode == 0
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)
