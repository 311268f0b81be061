"""Cutting a picture down to where there is ultrasound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fetalhead.errors import FetalheadError
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.margins import Box
from fetalhead.images.scaled_region import ScaledRegion


def crop_to_field_of_view(image: UltrasoundImage) -> UltrasoundImage:
    """The picture cut to the box of its field of view, its pixels as they are.

    The box is `image.field_of_view.box`, x0, y0, x1, y1: a point (x, y) of what is given lies at (x + x0, y + y0) of
    `image`, exactly. Regions are moved along, and clipped to what is left of them. Raises `FetalheadError`, with the
    reason, where the picture has no field of view.
    """
    x0, y0, x1, y1 = box = field_of_view_box(image)
    scaled = [(_moved(region.box, box), region.pixel_size) for region in image.scaled_regions]
    return replace(
        image,
        pixels=np.ascontiguousarray(image.pixels[y0:y1, x0:x1]),
        region=image.region and _moved(image.region, box),
        scaled_regions=tuple(ScaledRegion(place, size) for place, size in scaled if place),
    )


def field_of_view_box(image: UltrasoundImage) -> Box:
    """The box x0, y0, x1, y1 (exclusive) around the field of view. Raises `FetalheadError` where there is none."""
    field = image.field_of_view
    if not field:
        where = f"{image.source}: " if image.source else ""
        raise FetalheadError(f"{where}no field of view to crop to: {field.reason}; keep the picture as it is")
    return field.box


def _moved(region: Box, box: Box) -> Box | None:
    """A region in the coordinates of what `box` cuts out; None where nothing of it is left."""
    x0, y0, x1, y1 = box
    left, top = max(region[0], x0) - x0, max(region[1], y0) - y0
    right, bottom = min(region[2], x1) - x0, min(region[3], y1) - y0
    return (left, top, right, bottom) if left < right and top < bottom else None
