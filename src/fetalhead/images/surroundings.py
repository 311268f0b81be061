"""What of a picture may be shown elsewhere: its ultrasound, without the names that scanners write around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fetalhead.images.ellipse import Ellipse
from fetalhead.images.field_of_view import FieldOfView, find_field_of_view
from fetalhead.images.image import UltrasoundImage

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


def ultrasound_area(image: UltrasoundImage, others: Sequence[npt.NDArray[np.uint8]] = ()) -> Mask | None:
    """(H, W) bool: the field of view within the regions that the header tells; None where neither can be told.

    Makers draw regions around text, too, so what a header tells is an outer bound; it counts alone where no field of
    view is found in it, unless it is the whole picture, which tells nothing. Margins of the field in which nothing but
    small things is lit are no part of it: what is written there looks the same as a ruler. `others` are further
    frames, of the same shape, of a clip that `image` is the first of: a field is found better in several.
    """
    regions = header_area(image)
    field = find_field_of_view([image.pixels, *others], image.region) if others else image.field_of_view
    if not field:
        field = image.field_of_view
    if not isinstance(field, FieldOfView):
        return regions
    return _lit_part(field.mask if regions is None else field.mask & regions, field)


def _lit_part(mask: Mask, field: FieldOfView) -> Mask:
    """A part of the field's mask without the margins in which nothing but small things is lit."""
    lit = np.zeros_like(mask)
    x0, y0, x1, y1 = field.lit_box or (0, 0, mask.shape[1], mask.shape[0])
    lit[y0:y1, x0:x1] = mask[y0:y1, x0:x1]
    return lit


def header_area(image: UltrasoundImage) -> Mask | None:
    """(H, W) bool of the regions that the header tells; None where it tells none, or the whole picture."""
    boxes = [region.box for region in image.scaled_regions] or ([image.region] if image.region else [])
    area = np.zeros(image.shape, dtype=np.bool_)
    for x0, y0, x1, y1 in boxes:
        area[y0:y1, x0:x1] = True
    return area if boxes and not area.all() else None


def without_surroundings(image: UltrasoundImage, head: Ellipse | None) -> Shown:
    """The picture with its surroundings black; where no ultrasound can be told from them, the head alone."""
    field, regions, near = image.field_of_view, header_area(image), _around(head, image)
    if isinstance(field, FieldOfView):
        mask = field.mask if regions is None else field.mask & regions
        area = _lit_part(mask, field)
        if near is not None:  # a far skull alone in the dark is a small thing, too
            area |= near & mask
        return Shown(np.where(area, image.pixels, np.uint8(0)))
    if regions is not None:
        return Shown(np.where(regions, image.pixels, np.uint8(0)))
    if near is None:
        return Shown(np.zeros_like(image.pixels), "picture not shown: no field of view found in it")
    shown = np.where(near, image.pixels, np.uint8(0))
    return Shown(shown, "only the head is shown: no field of view found in the picture")


def _around(head: Ellipse | None, image: UltrasoundImage) -> Mask | None:
    """(H, W) bool of a head and a little around it; None without one."""
    if head is None:
        return None
    near = Ellipse(
        head.center_x, head.center_y, AROUND_HEAD * head.semi_axis_a, AROUND_HEAD * head.semi_axis_b, head.angle
    )
    return np.asarray(near.coverage(image.shape) > 0)
