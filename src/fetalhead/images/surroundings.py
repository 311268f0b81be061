"""What of a picture may be shown elsewhere: its ultrasound, without the names that scanners write around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fetalhead.images.ellipse import Ellipse
from fetalhead.images.field_of_view import FieldOfView, find_field_of_view
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.lettering import ClipLettering, written_area
from fetalhead.images.moving import box_of_change
from fetalhead.images.spread import Spread

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

AROUND_HEAD = 1.2
"""Where nothing tells the ultrasound from its surroundings, a head is shown with so many times its axes."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A picture fit to be shown."""

    pixels: npt.NDArray[np.uint8]
    """(H, W), black outside the ultrasound."""
    note: str = ""
    """What to say of it; empty where all of the ultrasound is shown."""


def ultrasound_area(
    image: UltrasoundImage, others: Sequence[Pixels] = (), surely: Mask | None = None
) -> Mask | None:
    """(H, W) bool: the field of view within the regions that the header tells; None where neither can be told.

    Makers draw regions around text, too, so what a header tells is an outer bound; it counts alone where no field of
    view is found in it, unless it is the whole picture, which tells nothing. A field goes on to the picture's edge
    where it shows no limit of its own, and names stand there: no part of it are lines of writing, nor margins in which
    nothing but small things is lit, but for what is `surely` ultrasound, (H, W) bool. `others` are further frames, of
    the same shape, of a clip that `image` is the first of: a field is found better in several, and within what moves.
    """
    area = _bounded_area(image, others, surely)
    return None if area is None else area & ~_writing([image.pixels, *others])


def area_to_pass_on(
    image: UltrasoundImage, others: Sequence[Pixels] = (), lettering: ClipLettering | None = None
) -> Mask | None:
    """`ultrasound_area`; None also where it would fill the picture: a name that is not found may stand anywhere.

    `lettering` is that of the whole clip, where it is known already.
    """
    area = _bounded_area(image, others)
    return None if area is None or area.all() else area & ~_writing([image.pixels, *others], lettering)


def _bounded_area(image: UltrasoundImage, others: Sequence[Pixels], surely: Mask | None = None) -> Mask | None:
    """The ultrasound by its bounds alone, whatever is written on it."""
    regions, field = header_area(image), image.field_of_view
    bound = np.ones(image.shape, dtype=np.bool_) if regions is None else regions
    if others:
        frames = [image.pixels, *others]
        moving = find_field_of_view(frames, image.region)
        if moving:
            field, bound = moving, bound & box_of_change(frames)
    if not field:
        return regions
    within = field.mask & bound
    area = _lit_part(within, field)
    return area if surely is None else area | (within & surely)


def header_area(image: UltrasoundImage) -> Mask | None:
    """(H, W) bool of the regions that the header tells; None where it tells none, or the whole picture."""
    boxes = [region.box for region in image.scaled_regions] or ([image.region] if image.region else [])
    area = np.zeros(image.shape, dtype=np.bool_)
    for x0, y0, x1, y1 in boxes:
        area[y0:y1, x0:x1] = True
    return area if boxes and not area.all() else None


def without_surroundings(image: UltrasoundImage, head: Ellipse | None) -> Shown:
    """The picture with its surroundings black; where no ultrasound can be told from them, the head alone."""
    near = _around(head, image)  # a far skull alone in the dark is a small thing, too
    area = ultrasound_area(image, surely=near)
    if area is not None:
        return Shown(only(image.pixels, area))
    if near is None:
        return Shown(np.zeros_like(image.pixels), "picture not shown: no field of view found in it")
    shown = only(image.pixels, near & ~_writing([image.pixels]))
    return Shown(shown, "only the head is shown: no field of view found in the picture")


def only(pixels: Pixels, area: Mask | None) -> Pixels:
    """The (H, W) picture, black outside the area; all black without one."""
    return np.zeros_like(pixels) if area is None else np.where(area, pixels, np.uint8(0))


def area_of_clip(spread: Spread[UltrasoundImage]) -> Mask | None:
    """`ultrasound_area` of a clip by some of its frames, which are of one shape."""
    first, *others = spread.kept
    return ultrasound_area(first, [image.pixels for image in others])


def _lit_part(mask: Mask, field: FieldOfView) -> Mask:
    """A part of the field's mask without the margins in which nothing but small things is lit."""
    lit = np.zeros_like(mask)
    x0, y0, x1, y1 = field.lit_box or (0, 0, mask.shape[1], mask.shape[0])
    lit[y0:y1, x0:x1] = mask[y0:y1, x0:x1]
    return lit


def _writing(frames: Sequence[Pixels], lettering: ClipLettering | None = None) -> Mask:
    """(H, W) bool of the writing in a picture, or in a clip: what lasts, and what stands still over all that moves."""
    if lettering is None:
        lettering = ClipLettering(frames[0].shape)
        for frame in frames:
            lettering.add(frame)
    if len(frames) == 1:
        return lettering.lasting
    return lettering.lasting | written_area(np.minimum.reduce(frames))


def _around(head: Ellipse | None, image: UltrasoundImage) -> Mask | None:
    """(H, W) bool of a head and a little around it; None without one."""
    if head is None:
        return None
    near = Ellipse(
        head.center_x, head.center_y, AROUND_HEAD * head.semi_axis_a, AROUND_HEAD * head.semi_axis_b, head.angle
    )
    return np.asarray(near.coverage(image.shape) > 0)
