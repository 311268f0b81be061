"""PNG, JPEG, BMP, TIFF and GIF, through Pillow.

- Every page of a TIFF and every frame of a GIF is a picture; a TIFF's thumbnails and transparency masks are not.
- The orientation tag is applied; a picture whose EXIF block is damaged is shown as if it had none, as viewers do.
- Print density (dpi) says nothing of the size of a pixel in the body, and never counts.
- Alpha is laid over black; colour becomes luma; more than 8 bits are windowed (see `grey.grey_of_values`).
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import numpy.typing as npt

from fetalhead.errors import UnreadableImage
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.pixel_size import PixelSize
from fetalhead.images.readers.faults import check_size, reason_of, unreadable
from fetalhead.images.readers.grey import Grey, grey_of_colour, grey_of_values, over_black
from fetalhead.images.readers.orientation import TAG, as_shown

if TYPE_CHECKING:
    from PIL import Image, ImageFile

PLUGINS = {
    "PNG": ("PIL.PngImagePlugin", "PngImageFile"),
    "JPEG": ("PIL.JpegImagePlugin", "JpegImageFile"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "TIFF": ("PIL.TiffImagePlugin", "TiffImageFile"),
    "GIF": ("PIL.GifImagePlugin", "GifImageFile"),
}
"""Each format's own class: `Image.open` would load all plugins, and warn of a large size instead of refusing it."""

BMP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)

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
    return None


def read(path: Path) -> Iterator[UltrasoundImage]:
    """The file's pictures, one at a time. Raises `UnreadableImage`; a size too large is refused before decoding."""
    try:
        with open(path, "rb") as stream:
            picture = open_picture(path, stream)
            pages = _pages(picture)
            for page in pages:
                picture.seek(page)
                check_size(path, picture.height, picture.width)
                frame = page if len(pages) > 1 else None
                yield UltrasoundImage(_grey_as_shown(picture), NO_SIZE, path, frame)
    except UnreadableImage:
        raise
    except Exception as error:  # Pillow's plugins raise whatever a damaged file makes them stumble over
        raise unreadable(path, f"cannot be read as a picture: {reason_of(error)}") from error


def open_picture(path: Path, stream: BinaryIO) -> ImageFile.ImageFile:
    """The picture behind `stream`, its size checked and nothing decoded yet. Raises `UnreadableImage`."""
    kind = format_of(stream.read(32))
    if kind is None:
        raise unreadable(path, f"is no picture ({', '.join(PLUGINS)})")
    stream.seek(0)
    module, name = PLUGINS[kind]
    try:
        picture: ImageFile.ImageFile = getattr(importlib.import_module(module), name)(stream)
    except Exception as error:
        raise unreadable(path, f"damaged {kind} header: {reason_of(error)}") from error
    check_size(path, picture.height, picture.width)
    return picture


def orientation_of(picture: Image.Image) -> int:
    """The orientation tag, 1 to 8. After `load()`, Pillow has applied and removed a TIFF's own tag."""
    try:
        value = picture.getexif().get(TAG, 1)
    except Exception:  # a damaged block: viewers show such a picture as if it had none
        return 1
    return value if value in range(1, 9) else 1


def _pages(picture: ImageFile.ImageFile) -> list[int]:
    """The numbers of the pages or frames that are pictures of their own."""
    count = getattr(picture, "n_frames", 1)
    if count == 1 or picture.format != "TIFF":
        return list(range(count))
    kept = []
    for page in range(count):
        picture.seek(page)
        if not picture.tag_v2.get(254, 0) & THUMBNAIL_OR_MASK:  # type: ignore[attr-defined]
            kept.append(page)
    return kept or [0]


def _grey_as_shown(picture: ImageFile.ImageFile) -> Grey:
    picture.load()
    shown = as_shown(_grey(picture), orientation_of(picture))
    return np.asarray(shown, dtype=np.uint8)


def _grey(picture: Image.Image) -> Grey:
    """(H, W) grey of a decoded picture of any mode, as stored."""
    if picture.mode in ("I", "F") or picture.mode.startswith("I;"):
        return grey_of_values(_values(picture))
    if "transparency" in picture.info or picture.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        return over_black(np.asarray(picture.convert("RGBA")))
    if picture.mode in ("L", "1"):
        return np.array(picture.convert("L"))
    return grey_of_colour(np.asarray(picture.convert("RGB")))


def _values(picture: Image.Image) -> npt.NDArray[np.generic]:
    values = np.asarray(picture)
    white_is_zero = picture.format == "TIFF" and picture.tag_v2.get(262) == 0  # type: ignore[attr-defined]
    if white_is_zero and values.dtype.kind == "u":  # Pillow turns 8 bits round, but not 16
        return np.asarray(np.iinfo(values.dtype).max - values)
    return values
