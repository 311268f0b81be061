"""pydicom's and pydicom-data's own files: read, or refused in one line, with the right verdict on the pixel size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fetalhead.errors import UnreadableImage
from fetalhead.images.readers import read_images


def sample(name: str) -> Path:
    """A file of pydicom, or of the package pydicom-data; never fetched."""
    from pydicom.data import get_testdata_file

    try:
        found = get_testdata_file(name, download=False)
    except Exception:
        found = None
    if not found:
        pytest.skip(f"pydicom's sample {name} is not installed (pip install pydicom-data)")
    return Path(str(found))


def pixels(name: str) -> np.ndarray:
    return np.stack([image.pixels for image in read_images(sample(name))])


BEYOND = "reaches beyond the picture of"
NOTHING = "the DICOM file tells no pixel size"


@pytest.mark.parametrize(
    ("name", "frames", "shape", "size", "region"),
    [
        ("examples_palette.dcm", 1, (350, 800), BEYOND, None),
        ("examples_ybr_color.dcm", 30, (240, 320), BEYOND, None),
        ("examples_rgb_color.dcm", 1, (240, 320), NOTHING, None),
        ("examples_jpeg2k.dcm", 1, (480, 640), NOTHING, None),
        ("US1_J2KI.dcm", 1, (480, 640), NOTHING, None),
        ("color3d_jpeg_baseline.dcm", 120, (480, 640), 0.510497, (84, 31, 596, 415)),
        ("OBXXXX1A.dcm", 1, (600, 800), 0.262288, (120, 60, 800, 519)),
        ("OBXXXX1A_rle_2frame.dcm", 2, (600, 800), 0.262288, (120, 60, 800, 519)),
        ("gdcm-US-ALOKA-16.dcm", 1, (480, 640), 0.382653, (32, 24, 640, 416)),
        ("JPGLosslessP14SV1_1s_1f_8b.dcm", 1, (768, 1024), 0.254767, (14, 38, 1011, 759)),
    ],
)
def test_ultrasound(name, frames, shape, size, region):
    if name.startswith("JPGLossless"):
        pytest.importorskip("gdcm")
    images = list(read_images(sample(name)))
    assert [image.frame for image in images] == ([None] if frames == 1 else list(range(frames)))
    for image in images:
        assert image.shape == shape and image.region == region
        assert 0 < image.pixels.mean() < 128 and image.pixels.std() > 10
        if isinstance(size, str):
            assert not image.pixel_size and size in image.pixel_size.reason
        else:
            assert image.pixel_size.source == "dicom-region"
            assert (image.pixel_size.x, image.pixel_size.y) == pytest.approx((size, size), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("OBXXXX1A.dcm", "OBXXXX1A_expb.dcm"),
        ("OBXXXX1A.dcm", "OBXXXX1A_rle.dcm"),
        ("gdcm-US-ALOKA-16.dcm", "gdcm-US-ALOKA-16_big.dcm"),
        ("US1_UNCR.dcm", "US1_J2KR.dcm"),
        ("US1_UNCI.dcm", "US1_J2KI.dcm"),
        ("SC_rgb_16bit.dcm", "SC_rgb_expb_16bit.dcm"),
        ("color-pl.dcm", "color-px.dcm"),
        ("SC_rgb_jpeg.dcm", "SC_rgb_jpeg_dcmd.dcm"),
        ("SC_jpeg_no_color_transform.dcm", "SC_rgb_jpeg_dcmd.dcm"),
        ("SC_rgb_dcmtk_+eb+cr.dcm", "SC_rgb_dcmtk_ebcr_dcmd.dcm"),
        ("SC_rgb_dcmtk_+eb+cy+np.dcm", "SC_rgb_dcmtk_ebcynp_dcmd.dcm"),
        ("SC_rgb_dcmtk_+eb+cy+s4.dcm", "SC_rgb_dcmtk_ebcys4_dcmd.dcm"),
    ],
)
def test_one_picture_stored_in_two_ways(name, twin):
    """Each pair is one picture; the second is what another program made of the first."""
    np.testing.assert_array_equal(pixels(name), pixels(twin))


@pytest.mark.filterwarnings("error")
def test_every_sample_is_read_or_refused_in_one_line():
    folders = [sample("examples_palette.dcm").parent]
    try:
        import data_store

        folders += [Path(place) for place in data_store.__path__]
    except ImportError:
        pass
    read_whole = 0
    for path in sorted(path for folder in folders for path in folder.rglob("*.dcm")):
        try:
            read_whole += sum(1 for _ in read_images(path)) > 0
        except UnreadableImage as error:
            assert str(error).isprintable()
    assert read_whole > 30
