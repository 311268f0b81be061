"""PNG, JPEG, BMP, TIFF and GIF come out grey, as shown, whatever they are stored as."""

from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fetalhead.errors import UnreadableImage
from fetalhead.images.readers import is_picture, read_images
from fetalhead.images.readers.grey import grey_of_colour, grey_of_values, windowed
from fetalhead.images.readers.orientation import as_shown


@pytest.fixture
def grey() -> np.ndarray:
    """(40, 64) uint8, unlike under every turn, with 0 and 255 in it."""
    y, x = np.mgrid[0:40, 0:64]
    made = ((x * 3 + y * y // 13) % 256).astype(np.uint8)
    made[3, 5], made[30, 11] = 0, 255
    return made


def read(path: Path) -> np.ndarray:
    (image,) = read_images(path)
    assert image.pixels.dtype == np.uint8
    assert image.frame is None and image.source == path
    assert not image.pixel_size and image.pixel_size.reason
    return image.pixels


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "gif"])
def test_lossless_formats_keep_grey_values(grey, tmp_path, suffix):
    Image.fromarray(grey).save(tmp_path / f"a.{suffix}")
    np.testing.assert_array_equal(read(tmp_path / f"a.{suffix}"), grey)


def test_jpeg_is_close(grey, tmp_path):
    smooth = np.asarray(Image.fromarray(grey[:8, :8]).resize((64, 40), Image.Resampling.BICUBIC))
    Image.fromarray(smooth).save(tmp_path / "a.jpg", quality=95)
    assert np.abs(read(tmp_path / "a.jpg").astype(int) - smooth).max() <= 4


def test_the_format_is_told_by_content_not_by_name(grey, tmp_path):
    Image.fromarray(grey).save(tmp_path / "a.png")
    path = (tmp_path / "a.png").rename(tmp_path / "b.dcm")
    np.testing.assert_array_equal(read(path), grey)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "CMYK"])
def test_grey_stored_as_another_mode_comes_out_the_same(grey, tmp_path, mode):
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    Image.fromarray(grey).convert(mode).save(path)
    np.testing.assert_array_equal(read(path), grey)


def test_palette_is_looked_up(grey, tmp_path):
    picture = Image.fromarray(grey // 64).convert("P")
    picture.putpalette([0, 0, 0, 200, 200, 200, 100, 100, 100, 255, 0, 0])
    picture.save(tmp_path / "a.png")
    np.testing.assert_array_equal(read(tmp_path / "a.png"), np.array([0, 200, 100, 76])[grey // 64])


def test_colour_becomes_luma_as_pillow_has_it(tmp_path):
    colour = np.random.default_rng(0).integers(0, 256, (40, 64, 3), dtype=np.uint8)
    Image.fromarray(colour).save(tmp_path / "a.png")
    expected = np.asarray(Image.fromarray(colour).convert("L"))
    np.testing.assert_array_equal(read(tmp_path / "a.png"), expected)
    np.testing.assert_array_equal(grey_of_colour(colour), expected)


def test_alpha_is_laid_over_black(grey, tmp_path):
    alpha = np.where(np.arange(64) < 32, 255, 0).astype(np.uint8)[None].repeat(40, 0)
    Image.merge("LA", [Image.fromarray(grey), Image.fromarray(alpha)]).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read(tmp_path / "a.png"), np.where(alpha > 0, grey, 0))


def test_a_transparent_colour_is_black(grey, tmp_path):
    Image.fromarray(grey).save(tmp_path / "a.png", transparency=255)
    np.testing.assert_array_equal(read(tmp_path / "a.png"), np.where(grey == 255, 0, grey))


def test_one_bit(grey, tmp_path):
    Image.fromarray(grey > 100).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read(tmp_path / "a.png"), (grey > 100) * 255)


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize(("factor", "tolerance"), [(1, 0), (257, 0), (16, 0.6)])
def test_sixteen_bits_are_windowed_by_the_bits_in_use(grey, tmp_path, suffix, factor, tolerance):
    """8 bits stored in 16 as they are, scaled to 16, and scaled to 12 bits: the picture that was there before."""
    Image.fromarray(grey.astype(np.uint16) * factor).save(tmp_path / f"a.{suffix}")
    scaled = grey * (16 * 255 / 4095) if factor == 16 else grey
    assert np.abs(read(tmp_path / f"a.{suffix}") - scaled).max() <= tolerance


@pytest.mark.parametrize("factor", [1, 1 / 255])
def test_floats_of_a_byte_or_of_one(grey, tmp_path, factor):
    Image.fromarray(grey.astype(np.float32) * np.float32(factor)).save(tmp_path / "a.tif")
    np.testing.assert_array_equal(read(tmp_path / "a.tif"), grey)


def test_values_of_any_range():
    np.testing.assert_array_equal(grey_of_values(np.array([[-100, 0, 155]], np.int16)), [[0, 100, 255]])
    np.testing.assert_array_equal(grey_of_values(np.array([[np.nan, 2000.0, 4000.0]])), [[0, 0, 255]])
    np.testing.assert_array_equal(grey_of_values(np.array([[np.inf, np.nan]])), [[0, 0]])
    np.testing.assert_array_equal(grey_of_values(np.zeros((2, 2), np.uint16)), np.zeros((2, 2)))
    np.testing.assert_array_equal(grey_of_values(np.full((2, 2), 700.5)), np.zeros((2, 2)))
    np.testing.assert_array_equal(windowed(np.array([0, 10, 20, 30]), 10, 20), [0, 0, 255, 255])


def test_floats_of_64_bits_are_no_damage(grey, tmp_path):
    Image.fromarray(grey.astype(np.float32)).save(tmp_path / "a.tif")
    content = (tmp_path / "a.tif").read_bytes()
    bits = struct.pack("<HHLHH", 258, 3, 1, 32, 0)
    assert content.count(bits) == 1
    (tmp_path / "a.tif").write_bytes(content.replace(bits, struct.pack("<HHLHH", 258, 3, 1, 64, 0)))
    with pytest.raises(UnreadableImage, match=r"TIFF pixels of this kind .* are not read"):
        read(tmp_path / "a.tif")


def test_white_is_zero_in_sixteen_bits(grey, tmp_path):
    Image.fromarray(65535 - grey.astype(np.uint16) * 257).save(tmp_path / "a.tif", tiffinfo={262: 0})
    raw = bytearray((tmp_path / "a.tif").read_bytes())
    raw = raw.replace(struct.pack("<HHLHH", 262, 3, 1, 1, 0), struct.pack("<HHLHH", 262, 3, 1, 0, 0))
    (tmp_path / "a.tif").write_bytes(raw)
    with Image.open(tmp_path / "a.tif") as picture:
        assert picture.tag_v2[262] == 0
    np.testing.assert_array_equal(read(tmp_path / "a.tif"), grey)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["a.jpg", "a.png", "raw.tif", "lzw.tif"])
def test_orientation_tag_is_applied(tmp_path, orientation, kind):
    blocks = np.kron([[10, 60, 110], [160, 210, 250]], np.ones((32, 32))).astype(np.uint8)
    exif = Image.Exif()
    exif[274] = orientation
    options = {"compression": "tiff_lzw"} if kind == "lzw.tif" else {}
    Image.fromarray(blocks).save(tmp_path / kind, exif=exif, **options)
    pixels = read(tmp_path / kind)
    # what TIFF 6.0 says of the first row and column, written out value by value
    expected = {
        1: blocks, 2: blocks[:, ::-1], 3: blocks[::-1, ::-1], 4: blocks[::-1],
        5: blocks.T, 6: np.rot90(blocks, -1), 7: blocks[::-1, ::-1].T, 8: np.rot90(blocks),
    }[orientation]  # fmt: skip
    assert pixels.shape == expected.shape
    assert np.abs(pixels.astype(int) - expected).max() <= 3
    np.testing.assert_array_equal(as_shown(blocks, orientation), expected)


@pytest.mark.parametrize("value", [0, 9, "upside down"])
def test_a_senseless_or_damaged_orientation_turns_nothing(grey, tmp_path, value):
    exif = Image.Exif()
    exif[274] = value
    raw = exif.tobytes() if isinstance(value, int) else b"Exif\0\0 no TIFF at all"
    Image.fromarray(grey).save(tmp_path / "a.png", exif=raw)
    np.testing.assert_array_equal(read(tmp_path / "a.png"), grey)


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tif"])
@pytest.mark.parametrize("dpi", [72, 96, 254])
def test_print_density_is_no_pixel_size(grey, tmp_path, suffix, dpi):
    """72 dpi would be 0.353 mm, 254 dpi 0.1 mm: plausible, and wrong."""
    Image.fromarray(grey).save(tmp_path / f"a.{suffix}", dpi=(dpi, dpi))
    with Image.open(tmp_path / f"a.{suffix}") as picture:
        assert picture.info["dpi"][0] == pytest.approx(dpi, rel=0.01)
    (image,) = read_images(tmp_path / f"a.{suffix}")
    assert image.pixel_size.source == "unknown"


def test_resolution_in_centimetres_is_none_either(grey, tmp_path):
    Image.fromarray(grey).save(tmp_path / "a.tif", resolution=50, resolution_unit="cm")
    (image,) = read_images(tmp_path / "a.tif")
    assert image.pixel_size.source == "unknown"


@pytest.mark.parametrize("suffix", ["tif", "gif"])
def test_every_page_is_a_frame(grey, tmp_path, suffix):
    pages = [Image.fromarray(np.roll(grey, 7 * shift, axis=1)) for shift in range(3)]
    pages[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=pages[1:])
    images = list(read_images(tmp_path / f"a.{suffix}"))
    assert [image.frame for image in images] == [0, 1, 2]
    for shift, image in enumerate(images):
        np.testing.assert_array_equal(image.pixels, np.roll(grey, 7 * shift, axis=1))


@pytest.mark.parametrize("suffix", ["gif", "png"])
def test_frames_stored_as_what_changed_come_out_whole(grey, tmp_path, suffix):
    """A GIF or PNG keeps of each frame only the box that differs from the last."""
    frames = [grey.copy() for _ in range(4)]
    for number, frame in enumerate(frames):
        frame[5 + number * 8 : 9 + number * 8, 10 : 30 + number] = 77
    pages = [Image.fromarray(frame) for frame in frames]
    pages[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=pages[1:], duration=40)
    assert (tmp_path / f"a.{suffix}").stat().st_size < 2.5 * grey.size
    images = list(read_images(tmp_path / f"a.{suffix}"))
    assert [image.frame for image in images] == [0, 1, 2, 3]
    np.testing.assert_array_equal([image.pixels for image in images], frames)


def test_a_gif_of_many_frames_all_alike_is_read(tmp_path):
    """The file keeps a still picture once: it packs a hundred times better than one picture does."""
    still = np.zeros((600, 800), np.uint8)
    still[200:400, 300:500] = 200
    frames = [still.copy() for _ in range(35)]
    for number, frame in enumerate(frames):
        frame[0, number] = 255
    first, *others = map(Image.fromarray, frames)
    first.save(tmp_path / "a.gif", save_all=True, append_images=others)
    assert (tmp_path / "a.gif").stat().st_size < 35 * still.size / 500
    assert sum(1 for _ in read_images(tmp_path / "a.gif")) == 35


@pytest.mark.parametrize("order", [(1, 16), (16, 1)])
def test_pages_of_more_than_eight_bits_share_one_window(grey, tmp_path, order):
    """A dark page of a 12-bit cine stays dark, wherever it stands."""
    pages = [Image.fromarray(grey.astype(np.uint16) * factor) for factor in order]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    images = list(read_images(tmp_path / "a.tif"))
    for image, factor in zip(images, order, strict=True):
        assert np.abs(image.pixels - grey * (factor * 255 / 4095)).max() <= 0.6


@pytest.mark.parametrize("first_is_small", [False, True])
def test_thumbnails_of_a_tiff_are_no_frames(grey, tmp_path, first_is_small):
    """They take no number either."""
    whole, other = Image.fromarray(grey), Image.fromarray(grey[::-1])
    small = Image.fromarray(grey[::2, ::2])
    small.encoderinfo = {"tiffinfo": {254: 1}}
    whole.save(tmp_path / "a.tif", save_all=True, append_images=[small])
    (image,) = read_images(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.pixels, grey)
    if first_is_small:
        Image.fromarray(grey[::2, ::2]).save(
            tmp_path / "a.tif", save_all=True, append_images=[whole, other], tiffinfo={254: 1}
        )
        raw = (tmp_path / "a.tif").read_bytes()
        mark = struct.pack("<HHLL", 254, 4, 1, 1)
        first, *others = raw.split(mark)
        (tmp_path / "a.tif").write_bytes(first + mark + struct.pack("<HHLL", 254, 4, 1, 0).join(others))
    else:
        whole.save(tmp_path / "a.tif", save_all=True, append_images=[small, other])
    images = list(read_images(tmp_path / "a.tif"))
    assert [image.frame for image in images] == [0, 1]
    np.testing.assert_array_equal([image.pixels for image in images], [grey, grey[::-1]])


def test_a_bad_page_comes_after_the_good_ones(grey, tmp_path):
    Image.fromarray(grey).save(tmp_path / "a.tif", save_all=True, append_images=[Image.new("L", (1, 1))])
    images = read_images(tmp_path / "a.tif")
    np.testing.assert_array_equal(next(images).pixels, grey)
    with pytest.raises(UnreadableImage, match="too few"):
        next(images)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))


def png_header(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">LLBBBBB", width, height, 8, 0, 0, 0, 0))


@pytest.mark.parametrize("kind", [b"zTXt", b"iCCP", b"iTXt"])
def test_text_that_inflates_without_end_is_refused(tmp_path, kind):
    bomb = zlib.compress(bytes(20_000_000), 1)
    keyword = b"Comment\0\1\0\0\0" if kind == b"iTXt" else b"Comment\0\0"
    rows = zlib.compress(b"\0" * (65 * 40))
    (tmp_path / "a.png").write_bytes(
        png_header(64, 40) + chunk(kind, keyword + bomb) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )
    try:  # either the text is refused or it is left alone; it is never inflated to the end
        assert read(tmp_path / "a.png").shape == (40, 64)
    except UnreadableImage as error:
        assert "a.png" in str(error)


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tif", "lzw.tif", "gif"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_truncated_files_are_refused_in_one_line(tmp_path, suffix, share, capfd):
    noise = np.random.default_rng(1).integers(0, 256, (64, 96), dtype=np.uint8)
    options = {"compression": "tiff_lzw"} if suffix == "lzw.tif" else {}
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(noise).save(path, **options)
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * share)])
    assert is_picture(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UnreadableImage) as caught:
            list(read_images(path))
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_too_small_and_too_large(tmp_path):
    Image.new("L", (1, 1)).save(tmp_path / "one.png")
    with pytest.raises(UnreadableImage, match="1 x 1 pixels are too few"):
        list(read_images(tmp_path / "one.png"))
    (tmp_path / "large.png").write_bytes(png_header(30_000, 30_000) + chunk(b"IEND", b""))
    with pytest.raises(UnreadableImage, match="claims 30000 x 30000 pixels"):
        list(read_images(tmp_path / "large.png"))


def test_alpha_of_zeros_tells_nothing(grey, tmp_path):
    """As capture cards write it; a picture of which some is opaque is laid over black."""
    for alpha, seen in [(np.zeros_like(grey), grey), (np.where(grey > 99, 255, 0), np.where(grey > 99, grey, 0))]:
        Image.fromarray(np.dstack([grey, grey, grey, alpha.astype(np.uint8)])).save(tmp_path / "a.png")
        np.testing.assert_array_equal(read(tmp_path / "a.png"), seen)
