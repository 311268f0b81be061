"""Where the ultrasound is in all pictures of one file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fetalhead.images.field_of_view import find_field_of_view
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.readers.faults import unreadable
from fetalhead.images.surroundings import Mask, header_area

MOST_FRAMES = 16
"""The field of view of a clip is found in up to twice so many frames, spread over it."""


@dataclass(frozen=True, slots=True)
class ClipArea:
    """What one pass over a file's pictures, which are of one size, tells."""

    mask: Mask
    """(H, W) bool."""
    frames: int
    several: bool
    """Whether the file is one of several frames, though it may hold only one."""
    first: UltrasoundImage


def area_of_clip(path: Path, images: Iterable[UltrasoundImage]) -> ClipArea:
    """Where the ultrasound is: what the header tells, else the field of view of the frames together, else of the first.

    Raises `UnreadableImage` where there are no pictures, or no ultrasound can be told from its surroundings.
    """
    kept: list[UltrasoundImage] = []
    count, stride = 0, 1
    for image in images:
        if count % stride == 0:
            kept.append(image)
            if len(kept) == 2 * MOST_FRAMES:
                kept, stride = kept[::2], 2 * stride
        count += 1
    if not kept:
        raise unreadable(path, "holds no picture")
    first = kept[0]
    mask = header_area(first)
    if mask is None:
        frames = [image.pixels for image in kept]
        field = (len(frames) > 1 and find_field_of_view(frames)) or find_field_of_view(first.pixels)
        if not field:
            raise no_ultrasound(path)
        mask = field.mask
    return ClipArea(mask, count, first.frame is not None, first)


def no_ultrasound(path: Path) -> Exception:
    """The refusal of a picture that may show a name anywhere."""
    return unreadable(path, "no ultrasound can be told from what surrounds it, so it is not passed on: crop it by hand")
