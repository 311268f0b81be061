"""WebP and JPEG 2000 come out grey, as shown; what claims too much is refused before anything is unpacked."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fetalhead.errors import UnreadableImage
from fetalhead.images.inputs import find_inputs
from fetalhead.images.readers import is_picture, read_images

LOSSLESS = {"webp": {"lossless": True, "exact": True}, "jp2": {}, "j2k": {}}


@pytest.fixture
def grey() -> np.ndarray:
    """(40, 64) uint8, unlike under every turn."""
    y, x = np.mgrid[0:40, 0:64]
    return ((x * 3 + y * y // 13) % 256).astype(np.uint8)


def read(path: Path) -> np.ndarray:
    (image,) = read_images(path)
    assert image.frame is None and image.source == path and not image.pixel_size
    return image.pixels


def refusal(path: Path, raw: bytes) -> str:
    path.write_bytes(raw)
    with pytest.raises(UnreadableImage) as caught:
        list(read_images(path))
    told = str(caught.value)
    assert told.startswith(f"{path}: ") and "\n" not in told
    return told


@pytest.mark.parametrize("suffix", LOSSLESS)
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_grey_values_are_kept_whatever_the_name(grey, tmp_path, suffix, mode):
    Image.fromarray(grey).convert(mode).save(tmp_path / f"a.{suffix}", **LOSSLESS[suffix])
    np.testing.assert_array_equal(read((tmp_path / f"a.{suffix}").rename(tmp_path / "b.png")), grey)


def test_a_lossy_webp_is_close(tmp_path):
    smooth = np.tile(np.arange(64, dtype=np.uint8) * 3, (40, 1))
    Image.fromarray(smooth).save(tmp_path / "a.webp", quality=95)
    assert np.abs(read(tmp_path / "a.webp").astype(int) - smooth).max() <= 6


def test_sixteen_bits_of_jpeg_2000_are_windowed(grey, tmp_path):
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "a.jp2")
    np.testing.assert_array_equal(read(tmp_path / "a.jp2"), grey)


def test_every_frame_of_a_webp_is_a_picture(grey, tmp_path):
    pages = [Image.fromarray(np.roll(grey, 7 * shift, axis=1)) for shift in range(3)]
    pages[0].save(tmp_path / "a.webp", save_all=True, append_images=pages[1:], lossless=True)
    images = list(read_images(tmp_path / "a.webp"))
    assert [image.frame for image in images] == [0, 1, 2]
    for shift, image in enumerate(images):
        np.testing.assert_array_equal(image.pixels, np.roll(grey, 7 * shift, axis=1))


def test_the_orientation_tag_of_a_webp_is_applied(grey, tmp_path):
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(grey).save(tmp_path / "a.webp", lossless=True, exif=exif)
    np.testing.assert_array_equal(read(tmp_path / "a.webp"), np.rot90(grey, -1))


@pytest.mark.parametrize("suffix", LOSSLESS)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_truncated_files_are_refused_in_one_line(tmp_path, suffix, share, capfd):
    noise = np.random.default_rng(1).integers(0, 256, (64, 96), dtype=np.uint8)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(noise).save(path, **LOSSLESS[suffix])
    raw = path.read_bytes()
    refusal(path, raw[: int(len(raw) * share)])
    assert is_picture(path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", [b"VP8 ", b"VP8L", b"VP8X"])
def test_a_webp_that_claims_too_much_is_refused_from_its_header(tmp_path, kind):
    side = 16_383
    sizes = {
        b"VP8 ": b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", side, side),
        b"VP8L": b"\x2f" + struct.pack("<L", (side - 1) << 14 | (side - 1)),
        b"VP8X": bytes(4) + 2 * (side - 1).to_bytes(3, "little"),
    }
    body = b"WEBP" + kind + struct.pack("<L", 20) + sizes[kind].ljust(20, b"\0")
    raw = b"RIFF" + struct.pack("<L", len(body)) + body
    assert "claims 16383 x 16383 pixels" in refusal(tmp_path / "a.webp", raw)


@pytest.mark.parametrize("suffix", ["jp2", "j2k"])
def test_a_jpeg_2000_stream_that_claims_too_much_is_refused_from_its_header(grey, tmp_path, suffix):
    Image.fromarray(grey).save(tmp_path / f"a.{suffix}")
    raw = (tmp_path / f"a.{suffix}").read_bytes()
    start = raw.index(b"\xff\x4f\xff\x51") + 8

    def claiming(*numbers: int) -> bytes:
        return raw[:start] + struct.pack(">8L", *numbers) + raw[start + 32 :]

    path = tmp_path / f"b.{suffix}"
    assert "claims 30000 x 30000 pixels" in refusal(path, claiming(30_000, 30_000, 0, 0, 30_000, 30_000, 0, 0))
    assert "claims 62500 tiles" in refusal(path, claiming(4000, 4000, 0, 0, 16, 16, 0, 0))
    assert "no size" in refusal(path, claiming(0, 0, 0, 0, 64, 40, 0, 0))
    assert "damaged JPEG 2000 header" in refusal(path, raw[: start - 4])


def test_in_a_folder_they_are_pictures_and_damaged_ones_errors(grey, tmp_path):
    for suffix, options in LOSSLESS.items():
        Image.fromarray(grey).save(tmp_path / f"a.{suffix}", **options)
        (tmp_path / f"b.{suffix}").write_bytes(b"no picture")
    (tmp_path / "a.webp").rename(tmp_path / "plain")
    found = find_inputs([str(tmp_path)])
    assert [file.path.name for file in found.files] == ["a.j2k", "a.jp2", "b.j2k", "b.jp2", "b.webp", "plain"]
    assert not found.videos and not found.errors
