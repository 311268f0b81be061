"""Where the ultrasound is in all pictures of one file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fetalhead.images.image import UltrasoundImage
from fetalhead.images.lettering import ClipLettering, area_of
from fetalhead.images.margins import Box
from fetalhead.images.readers.faults import unreadable
from fetalhead.images.spread import Spread
from fetalhead.images.surroundings import Mask, Pixels, area_to_pass_on

MOST_FRAMES = 32
"""The field of view of a clip is found in no more frames, spread over it."""


@dataclass(frozen=True, slots=True)
class ClipArea:
    """What one pass over a file's pictures, which are of one size, tells."""

    mask: Mask
    """(H, W) bool of the ultrasound without what is written on it in several pictures."""
    lettering: Mapping[int, Sequence[Box]]
    """Boxes around the lines of writing of each picture that has any, by its number."""
    frames: int
    several: bool
    """Whether the file is one of several frames, though it may hold only one."""
    first: UltrasoundImage

    def of(self, number: int) -> Mask:
        """(H, W) bool of what of one of the pictures may be passed on."""
        boxes = self.lettering.get(number, ())
        return self.mask & ~area_of(boxes, self.mask.shape) if boxes else self.mask


def area_of_clip(path: Path, images: Iterable[UltrasoundImage]) -> ClipArea:
    """`area_of_coloured_clip` of grey pictures."""
    return area_of_coloured_clip(path, ((image, image.pixels) for image in images))


def area_of_coloured_clip(path: Path, pictures: Iterable[tuple[UltrasoundImage, Pixels]]) -> ClipArea:
    """Where the ultrasound is, by the header and by what changes between the frames or is lit in the first.

    Each picture comes with its colours, (H, W, 3) RGB, or once more its grey values where it has none. Writing is
    looked for in every frame: it may come late, and go. Where two frames have it none shows it, as it is not found in
    each. Raises `UnreadableImage` where there are no pictures, or no ultrasound can be told from its surroundings.
    """
    spread: Spread[UltrasoundImage] = Spread(MOST_FRAMES)
    boxes: dict[int, Sequence[Box]] = {}
    lettering: ClipLettering | None = None
    for number, (image, shown) in enumerate(pictures):
        spread.add(image)
        lettering = lettering or ClipLettering(image.shape)
        if found := lettering.add(shown):
            boxes[number] = found
    if not spread.kept:
        raise unreadable(path, "holds no picture")
    first, *others = spread.kept
    mask = area_to_pass_on(first, [image.pixels for image in others], lettering)
    if mask is None:
        raise no_ultrasound(path)
    return ClipArea(mask, boxes, spread.count, first.frame is not None, first)


def no_ultrasound(path: Path) -> Exception:
    """The refusal of a picture that may show a name anywhere."""
    return unreadable(path, "no ultrasound can be told from what surrounds it, so it is not passed on: crop it by hand")
