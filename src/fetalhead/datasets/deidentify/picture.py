"""PNG, JPEG, BMP, TIFF, GIF, WebP and JPEG 2000 without what is written in them and around the ultrasound.

The file is written anew from its pixels, upright: no comment, EXIF block, profile or text goes along. Colour and
16 bits stay, and the frames of a GIF, PNG or WebP keep their times; a JPEG is compressed once more (quality 95, colour
at full resolution).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import GifImagePlugin, Image, ImageFile, PngImagePlugin
from PIL.PngImagePlugin import putchunk

from fetalhead.datasets.deidentify.area import no_ultrasound
from fetalhead.images.lettering import ClipLettering
from fetalhead.images.readers import read_images
from fetalhead.images.readers.faults import unreadable
from fetalhead.images.readers.orientation import as_shown
from fetalhead.images.readers.pillow import THUMBNAIL_OR_MASK, open_picture, orientation_of
from fetalhead.images.surroundings import area_to_pass_on

QUALITY: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "TIFF": {"compression": "tiff_deflate"},
    "WEBP": {"lossless": True},
}
SUBFILE_TYPE, PHOTOMETRIC = 254, 262
"""Tags of TIFF."""

FRAME_MS = 100
"""Of a GIF that does not tell how long its frames are shown."""

MOST_DELAY = 2**16 - 1
"""Of both numbers in the fraction that is a PNG's frame time."""


def deidentify_picture(path: Path, target: BinaryIO) -> None:
    """Write the picture or pictures at `path` to `target`. Raises `UnreadableImage`."""
    pages: list[Image.Image] = []
    durations: list[float] = []
    with open(path, "rb") as stream:
        picture = open_picture(path, stream)
        for image, page in zip(read_images(path), _pages(picture), strict=True):
            picture.seek(page)
            picture.load()
            pixels = np.asarray(as_shown(_pixels(picture), orientation_of(picture)))
            lettering = ClipLettering(image.shape)
            lettering.add(image.pixels if pixels.ndim == 2 else np.asarray(pixels, dtype=np.uint8, order="C"))
            area = area_to_pass_on(image, lettering=lettering)
            if area is None:
                raise no_ultrasound(path)
            shown = area if pixels.ndim == 2 else area[..., np.newaxis]
            pages.append(Image.fromarray(np.where(shown, pixels, pixels.dtype.type(0))))
            durations.append(picture.info.get("duration", 0))
        if not pages or picture.format is None:
            raise unreadable(path, "holds no picture")
        if picture.format in ANIMATED and len(pages) > 1:
            ANIMATED[picture.format](pages, durations, target)
            return
        options = dict(QUALITY.get(picture.format, {}))
        if len(pages) > 1:
            options |= {"save_all": True, "append_images": pages[1:], "duration": durations}
        pages[0].save(target, picture.format, **options)


def _write_gif(pages: Sequence[Image.Image], durations: Sequence[float], target: BinaryIO) -> None:
    """Write the pages as frames of these durations (ms), each whole: `save` would make one of two that are equal."""
    frames = [
        page.convert("P") if page.mode == "L" else page.convert("P", palette=Image.Palette.ADAPTIVE) for page in pages
    ]
    target.writelines(GifImagePlugin.getheader(frames[0], info={"loop": 0})[0])
    for frame, duration in zip(frames, durations, strict=True):
        target.writelines(GifImagePlugin.getdata(frame, duration=duration or FRAME_MS, include_color_table=True))
    target.write(b";")


def _write_png(pages: Sequence[Image.Image], durations: Sequence[float], target: BinaryIO) -> None:
    """Write the pages as frames as `_write_gif` does."""
    target.write(b"\x89PNG\r\n\x1a\n")
    number = count()
    for place, (page, duration) in enumerate(zip(pages, durations, strict=True)):
        chunks = PngImagePlugin.getchunks(page)
        if place == 0:
            putchunk(target, b"IHDR", next(data for kind, data, _ in chunks if kind == b"IHDR"))
            putchunk(target, b"acTL", struct.pack(">2I", len(pages), 0))
        seconds = Fraction(duration / 1000).limit_denominator(MOST_DELAY)
        control = (next(number), *page.size, 0, 0, *seconds.as_integer_ratio(), 0, 0)
        putchunk(target, b"fcTL", struct.pack(">5I2H2B", *control))
        pixels = b"".join(data for kind, data, _ in chunks if kind == b"IDAT")
        if place == 0:
            putchunk(target, b"IDAT", pixels)
        else:
            putchunk(target, b"fdAT", struct.pack(">I", next(number)), pixels)
    putchunk(target, b"IEND")


ANIMATED = {"GIF": _write_gif, "PNG": _write_png}


def _pages(picture: ImageFile.ImageFile) -> list[int]:
    """The pages that the reader takes for pictures, in its order."""
    kept = []
    for page in range(getattr(picture, "n_frames", 1)):
        picture.seek(page)
        tags = getattr(picture, "tag_v2", {})
        if not tags.get(SUBFILE_TYPE, 0) & THUMBNAIL_OR_MASK:
            kept.append(page)
    return kept or [0]


def _pixels(picture: ImageFile.ImageFile) -> npt.NDArray[np.generic]:
    """(H, W) grey of 8 or more bits, or (H, W, 3) colour, alpha laid over black, as the reader does."""
    if picture.mode in ("I", "F") or picture.mode.startswith("I;"):
        values = np.asarray(picture)
        white_is_zero = getattr(picture, "tag_v2", {}).get(PHOTOMETRIC) == 0
        return np.iinfo(values.dtype).max - values if white_is_zero and values.dtype.kind == "u" else values
    if "transparency" in picture.info or picture.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        colour = picture.convert("RGBA")
        if not np.asarray(colour)[..., 3].any():  # an alpha of nothing but zeros tells nothing
            return np.asarray(colour)[..., :3]
        black = Image.new("RGBA", picture.size, (0, 0, 0, 255))
        return np.asarray(Image.alpha_composite(black, colour).convert("RGB"))
    return np.asarray(picture.convert("L" if picture.mode in ("L", "1") else "RGB"))
