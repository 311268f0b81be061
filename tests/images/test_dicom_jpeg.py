"""JPEG in DICOM whose stream is not what the header says: decoded by the stream, and told in the log."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dicom_making import compressed, dataset, jpeg, jpeg_rgb, luma, save, tinted
from pydicom.uid import JPEGBaseline8Bit
from toys import bright_head

from fetalhead.biometry.measurement import HeadMeasurement
from fetalhead.errors import UnreadableImage
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.pixel_size import PixelSize
from fetalhead.images.readers import read_images
from fetalhead.inference.measuring import measure_image
from fetalhead.inference.predictor import Predictor

GREY = bright_head(Ellipse(92, 63, 52, 44, 0.5))
NEUTRAL = np.stack([GREY] * 3, axis=-1)
SIZE = PixelSize.make(0.3, 0.3, "user")


def hc(pixels: np.ndarray, model: Path) -> float:
    measured: HeadMeasurement = measure_image(UltrasoundImage(pixels, SIZE), Predictor(model))[0]
    assert measured.hc_mm is not None
    return measured.hc_mm


def read(path: Path) -> np.ndarray:
    (image,) = read_images(path)
    return image.pixels


def without_marks(stream: bytes) -> bytes:
    """The JPEG stream without its JFIF segment."""
    assert stream[2:4] == b"\xff\xe0"
    return stream[:2] + stream[4 + int.from_bytes(stream[4:6], "big") :]




@pytest.mark.parametrize("colour", [NEUTRAL, tinted(GREY)], ids=["grey", "tinted"])
@pytest.mark.parametrize(
    ("encode", "labels"),
    [
        (lambda colour: jpeg(colour, quality=95, subsampling="4:2:2"), ["RGB"]),
        (lambda colour: jpeg(colour, quality=95, subsampling="4:4:4"), ["RGB"]),
        (jpeg_rgb, ["YBR_FULL_422", "YBR_FULL", "YBR_RCT"]),
    ],
    ids=["JFIF", "JFIF 4:4:4", "Adobe RGB"],
)
def test_a_marked_stream_counts(tmp_path, toy_model, caplog, colour, encode, labels):
    for label in labels:
        made = compressed(dataset(np.stack([colour] * 3), frames=3), [encode(colour)] * 3, JPEGBaseline8Bit, label)
        caplog.clear()
        images = list(read_images(save(made, tmp_path / "a")))
        assert len(images) == 3
        for image in images:
            assert np.abs(image.pixels.astype(int) - luma(colour)).mean() < 1
            assert hc(image.pixels, toy_model) == pytest.approx(hc(luma(colour), toy_model), rel=0.002)
        assert caplog.text.count("header and stream disagree") == 1  # once a file, not once a frame
        assert f"{label} in the header" in caplog.text and str(tmp_path / "a") in caplog.text


def test_an_unmarked_stream_is_what_the_header_says(tmp_path, caplog):
    colour = tinted(GREY)
    streams = {"RGB": jpeg_rgb(colour, marked=False), "YBR_FULL": without_marks(jpeg(colour, quality=95))}
    for label, stream in streams.items():
        made = compressed(dataset(colour), [stream], JPEGBaseline8Bit, label)
        assert np.abs(read(save(made, tmp_path / label)).astype(int) - luma(colour)).mean() < 1
    assert caplog.text == ""


def test_another_count_of_components(tmp_path, caplog):
    made = compressed(dataset(NEUTRAL), [jpeg(GREY, quality=95)], JPEGBaseline8Bit, "YBR_FULL_422")
    assert np.abs(read(save(made, tmp_path / "a")).astype(int) - GREY).mean() < 1
    assert "YBR_FULL_422 in the header, grey in the JPEG stream" in caplog.text
    made = compressed(dataset(GREY), [jpeg(tinted(GREY), quality=95)], JPEGBaseline8Bit, "MONOCHROME2")
    assert np.abs(read(save(made, tmp_path / "b")).astype(int) - luma(tinted(GREY))).mean() < 1
    assert "MONOCHROME2 in the header, YCbCr in the JPEG stream" in caplog.text
    made = compressed(dataset(GREY), [jpeg(tinted(GREY))], JPEGBaseline8Bit, "MONOCHROME1")
    with pytest.raises(UnreadableImage, match="YCbCr where its header says MONOCHROME1"):
        read(save(made, tmp_path / "c"))


def test_four_components_are_refused(tmp_path):
    from io import BytesIO

    from PIL import Image

    stream = BytesIO()
    Image.fromarray(NEUTRAL).convert("CMYK").save(stream, "JPEG")
    made = compressed(dataset(NEUTRAL), [stream.getvalue()], JPEGBaseline8Bit, "RGB")
    with pytest.raises(UnreadableImage, match="CMYK, neither grey nor of three colours"):
        read(save(made, tmp_path / "a"))
