"""Where the ultrasound is in all pictures of one file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fetalhead.images.image import UltrasoundImage
from fetalhead.images.readers.faults import unreadable
from fetalhead.images.spread import Spread
from fetalhead.images.surroundings import Mask, area_to_pass_on

MOST_FRAMES = 32
"""The field of view of a clip is found in no more frames, spread over it."""


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
    spread: Spread[UltrasoundImage] = Spread(MOST_FRAMES)
    for image in images:
        spread.add(image)
    if not spread.kept:
        raise unreadable(path, "holds no picture")
    first, *others = spread.kept
    mask = area_to_pass_on(first, [image.pixels for image in others])
    if mask is None:
        raise no_ultrasound(path)
    return ClipArea(mask, spread.count, first.frame is not None, first)


def no_ultrasound(path: Path) -> Exception:
    """The refusal of a picture that may show a name anywhere."""
    return unreadable(path, "no ultrasound can be told from what surrounds it, so it is not passed on: crop it by hand")
