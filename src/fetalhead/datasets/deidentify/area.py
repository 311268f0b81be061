"""Where the ultrasound is in all pictures of one file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fetalhead.images.image import UltrasoundImage
from fetalhead.images.readers.faults import unreadable
from fetalhead.images.surroundings import Mask, ultrasound_area

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
    """Where the ultrasound is, by the header and by what changes between the frames or is lit in the first.

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
    mask = ultrasound_area(first, [image.pixels for image in kept[1:]])
    if mask is None or mask.all():  # all of it: nothing would be blanked, whatever is written there
        raise no_ultrasound(path)
    return ClipArea(mask, count, first.frame is not None, first)


def no_ultrasound(path: Path) -> Exception:
    """The refusal of a picture that may show a name anywhere."""
    return unreadable(path, "no ultrasound can be told from what surrounds it, so it is not passed on: crop it by hand")
