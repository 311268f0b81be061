"""PNG, JPEG, BMP, TIFF, GIF, WebP and JPEG 2000, through Pillow.

- Every page of a TIFF and every frame of a GIF, PNG or WebP is a picture; a TIFF's thumbnails and transparency masks
  are not.
- The orientation tag is applied; a picture whose EXIF block is damaged is shown as if it had none, as viewers do.
- Print density (dpi) says nothing of the size of a pixel in the body, and never counts.
- Alpha is laid over black; colour becomes luma; more than 8 bits are windowed (see `grey.grey_of_values`), all pages
  of a file alike.
"""

from __future__ import annotations

import functools
import importlib
import math
import os
import struct
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import numpy.typing as npt

from fetalhead.errors import UnreadableImage, reason_of
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.pixel_size import PixelSize
from fetalhead.images.readers.faults import check_claim, check_size, unreadable
from fetalhead.images.readers.grey import Grey, ValueRange, grey_of_colour, grey_of_values, over_black
from fetalhead.images.readers.orientation import TAG, as_shown

if TYPE_CHECKING:
    from PIL import Image, ImageFile

PLUGINS = {
    "PNG": ("PIL.PngImagePlugin", "PngImageFile"),
    "JPEG": ("PIL.JpegImagePlugin", "JpegImageFile"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "TIFF": ("PIL.TiffImagePlugin", "TiffImageFile"),
    "GIF": ("PIL.GifImagePlugin", "GifImageFile"),
    "WebP": ("PIL.WebPImagePlugin", "WebPImageFile"),
    "JPEG 2000": ("PIL.Jpeg2KImagePlugin", "Jpeg2KImageFile"),
}
"""Each format's own class: `Image.open` would load all plugins, and warn of a large size instead of refusing it."""

UNKNOWN_PIXELS = "unknown pixel mode"
"""Pillow's words for a TIFF of sound pixels that it has no mode for."""

BMP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)

JP2_SIGNATURE = b"\0\0\0\x0cjP  \r\n\x87\n"
CODESTREAM = b"\xff\x4f\xff\x51"
"""How a JPEG 2000 file begins, and the stream of pixels within it."""

MOST_BOXES, MOST_TILES = 100, 4096
"""Of a JPEG 2000 file: more boxes before its pixels are no picture's, and each tile takes kilobytes from the start."""

MOST_WEBP_BYTES = 256_000_000
"""A WebP is unpacked from memory, as a whole."""

NO_SIZE = PixelSize.unknown("the file tells no pixel size")

THUMBNAIL_OR_MASK = 0b101
"""Bits of TIFF's NewSubfileType (254) that say: not a page, but a small copy or a transparency mask."""


def recognises(head: bytes, path: Path) -> bool:
    return format_of(head) is not None


def holds_picture(path: Path) -> bool:
    return True


def format_of(head: bytes) -> str | None:
    """The format that the first bytes of a file are the signature of."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "TIFF"
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in BMP_HEADERS:
        return "BMP"
    if head[:4] == b"RIFF" and head[8:15] == b"WEBPVP8":
        return "WebP"
    if head.startswith((JP2_SIGNATURE, CODESTREAM)):
        return "JPEG 2000"
    return None


def read(path: Path) -> Iterator[UltrasoundImage]:
    """The file's pictures, one at a time. Raises `UnreadableImage`; a size too large is refused before decoding."""
    try:
        with open(path, "rb") as stream:
            held = os.fstat(stream.fileno()).st_size
            picture = open_picture(path, stream)
            several, seen = _survey(picture, _pages(path, picture, held))
            for number, _ in enumerate(_pages(path, picture, held)):
                yield UltrasoundImage(grey_as_shown(picture, seen), NO_SIZE, path, number if several else None)
    except UnreadableImage:
        raise
    except Exception as error:  # Pillow's plugins raise whatever a damaged file makes them stumble over
        raise unreadable(path, f"cannot be read as a picture: {reason_of(error)}") from error


def open_picture(path: Path, stream: BinaryIO) -> ImageFile.ImageFile:
    """The picture behind `stream`, its size checked and nothing decoded yet. Raises `UnreadableImage`."""
    head = stream.read(32)
    kind = format_of(head)
    if kind is None:
        raise unreadable(path, f"is no picture ({', '.join(PLUGINS)})")
    if kind == "WebP":
        _check_webp(path, head, os.fstat(stream.fileno()).st_size)
    elif kind == "JPEG 2000":
        _check_jpeg_2000(path, stream)
    stream.seek(0)
    module, name = PLUGINS[kind]
    try:
        picture: ImageFile.ImageFile = getattr(importlib.import_module(module), name)(stream)
    except Exception as error:
        reason = reason_of(error)
        if reason == UNKNOWN_PIXELS:
            raise unreadable(path, f"{kind} pixels of this kind (such as floats of 64 bits) are not read") from error
        raise unreadable(path, f"damaged {kind} header: {reason}") from error
    check_size(path, picture.height, picture.width)
    return picture


def _check_webp(path: Path, head: bytes, held: int) -> None:
    """Raises `UnreadableImage` for a WebP of `held` bytes that claims too much: Pillow makes room as it opens one."""
    kind, little = head[12:16], functools.partial(int.from_bytes, byteorder="little")
    if kind == b"VP8X":
        columns, rows = little(head[24:27]) + 1, little(head[27:30]) + 1
    elif kind == b"VP8L":
        columns, rows = (little(head[21:25]) & 0x3FFF) + 1, (little(head[21:25]) >> 14 & 0x3FFF) + 1
    else:
        columns, rows = little(head[26:28]) & 0x3FFF, little(head[28:30]) & 0x3FFF
    check_size(path, rows, columns)
    check_claim(path, 4 * rows * columns, 0, held)
    if held > MOST_WEBP_BYTES:
        raise unreadable(path, f"a WebP of {held} bytes; more than {MOST_WEBP_BYTES} are not read")


def _check_jpeg_2000(path: Path, stream: BinaryIO) -> None:
    """Raises `UnreadableImage` where the stream of pixels itself claims too much, whatever the file's header says."""
    start = _codestream(stream)
    if start is None:
        raise unreadable(path, "damaged JPEG 2000 header: no pixels")
    stream.seek(start + 8)
    told = stream.read(32)
    right, bottom, left, top, width, height, tiles_left, tiles_top = struct.unpack(">8I", told.ljust(32, b"\0"))
    if right <= left or bottom <= top or not width or not height:
        raise unreadable(path, "damaged JPEG 2000 header: no size")
    check_size(path, bottom - top, right - left)
    tiles = math.ceil((right - tiles_left) / width) * math.ceil((bottom - tiles_top) / height)
    if tiles > MOST_TILES:
        raise unreadable(path, f"its header claims {tiles} tiles; more than {MOST_TILES} are not read")


def _codestream(stream: BinaryIO) -> int | None:
    """Where the pixels of a JPEG 2000 file begin; None where they are not found."""
    place = 0
    for _ in range(MOST_BOXES):
        stream.seek(place)
        head = stream.read(16)
        if place == 0 and head.startswith(CODESTREAM):
            return 0
        size, kind, long_size = struct.unpack(">I4sQ", head.ljust(16, b"\0"))
        within = 16 if size == 1 else 8
        if kind == b"jp2c":
            return place + within
        size = long_size if size == 1 else size
        if size < within or place + size > sys.maxsize:
            return None
        place += size
    return None


def orientation_of(picture: Image.Image) -> int:
    """The orientation tag, 1 to 8. After `load()`, Pillow has applied and removed a TIFF's own tag."""
    try:
        value = picture.getexif().get(TAG, 1)
    except Exception:  # a damaged block: viewers show such a picture as if it had none
        return 1
    return value if value in range(1, 9) else 1


def _pages(path: Path, picture: ImageFile.ImageFile, held: int) -> Iterator[None]:
    """Goes to each page or frame that is a picture of its own, in order.

    Raises `UnreadableImage` for one too large or too small, and where all so far are absurdly much for a file of `held`
    bytes (pages may share their pixels).
    """
    claimed = 0
    for page in count():
        try:
            picture.seek(page)
        except EOFError:
            break
        if picture.format == "TIFF" and picture.tag_v2.get(254, 0) & THUMBNAIL_OR_MASK:  # type: ignore[attr-defined]
            continue
        check_size(path, picture.height, picture.width)
        pixels = picture.height * picture.width
        claimed += pixels
        check_claim(path, pixels * _pixel_bytes(picture), claimed, held)
        yield
    if not claimed:
        picture.seek(0)
        yield


def _pixel_bytes(picture: ImageFile.ImageFile) -> int:
    from PIL import ImageMode

    if picture.format in ("GIF", "WEBP"):  # Pillow lays frames over each other in colour
        return 4
    described = ImageMode.getmode(picture.mode)
    # OpenJPEG unpacks every band into numbers of 32 bits.
    return len(described.bands) * (4 if picture.format == "JPEG2000" else np.dtype(described.typestr).itemsize)


def _survey(picture: ImageFile.ImageFile, pages: Iterator[None]) -> tuple[bool, ValueRange | None]:
    """Whether there are several pages, and the range of all their values where these need a window."""
    next(pages)
    seen = ValueRange.of(_values(picture)) if _is_deep(picture) else None
    several = False
    try:
        for _ in pages:
            several = True
            if seen is None:
                break
            if _is_deep(picture):
                seen |= ValueRange.of(_values(picture))
    except Exception:  # a page that cannot be read is told of in its turn, after the good ones before it
        several = True
    return several, seen


def grey_as_shown(picture: Image.Image, seen: ValueRange | None = None) -> Grey:
    """(H, W) grey of Pillow's picture of any mode, its orientation tag applied.

    `seen` is the range of the values of all pages; None for that of this one.
    """
    picture.load()
    shown = as_shown(_grey(picture, seen), orientation_of(picture))
    return np.asarray(shown, dtype=np.uint8)


def _grey(picture: Image.Image, seen: ValueRange | None) -> Grey:
    """(H, W) grey of a decoded picture of any mode, as stored."""
    if _is_deep(picture):
        return grey_of_values(_values(picture), seen)
    if "transparency" in picture.info or picture.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        return over_black(np.asarray(picture.convert("RGBA")))
    if picture.mode == "L":
        return np.array(picture)
    if picture.mode == "P":
        palette = np.zeros((1, 256, 3), dtype=np.uint8)
        colours = np.asarray(picture.getpalette("RGB"), dtype=np.uint8)[:768]
        palette.reshape(-1)[: len(colours)] = colours
        return np.asarray(grey_of_colour(palette)[0][np.asarray(picture)])
    return grey_of_colour(np.asarray(picture.convert("RGB")))


def _is_deep(picture: Image.Image) -> bool:
    """Whether a pixel is one number of more than 8 bits."""
    return picture.mode in ("I", "F") or picture.mode.startswith("I;")


def _values(picture: Image.Image) -> npt.NDArray[np.generic]:
    values = np.asarray(picture)
    white_is_zero = picture.format == "TIFF" and picture.tag_v2.get(262) == 0  # type: ignore[attr-defined]
    if white_is_zero and values.dtype.kind == "u":  # Pillow turns 8 bits round, but not 16
        return np.asarray(np.iinfo(values.dtype).max - values)
    return values
