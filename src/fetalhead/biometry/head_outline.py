"""The ellipse that stands for a head's border, or why none does."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fetalhead.biometry.head_region import HeadRegion
from fetalhead.biometry.outline_fit import fit_part, fit_whole, supported_share
from fetalhead.images.ellipse import Ellipse, NoEllipse
from fetalhead.images.geometry import Letterbox

LEAST_REGION_PX = 40
LEAST_SEMI_AXIS_PX = 4.0
"""A region of fewer grid pixels, or an ellipse narrower than this, is a speck: its HC would be noise."""

LEAST_SUPPORT = 0.35
"""Share of the perimeter with a contour point beside it; below about a third, an ellipse is a guess."""

TOLERANCE_PX, TOLERANCE_SHARE = 1.5, 0.03
"""A contour point is beside the ellipse within so many grid pixels, or this share of the short semi-axis."""

LEAST_RATIO = 0.5
"""Short over long axis; heads of HC18 lie between 0.66 and 0.90."""

WHOLE_OVERLAP, WHOLE_SUPPORT = 0.92, 0.75
"""An ellipse that covers the region so well, or that the contour follows so far, is a head seen all round."""

HEAD_PLANE_OVERLAP = 0.8
"""Instead of the former of the two, where the model tells that the plane is one of the head: what else would be so
outlined, a fan or a stomach, shows in other planes."""

GAIN = 0.05
"""What a stretch of the contour tells instead is supported on so much more of its perimeter than a believed whole."""

PART_SUPPORT, PART_RATIO = 0.42, 0.6
"""The same as above for a head seen in part: a short arc is followed by ellipses of many sizes."""

PART_OUTSIDE = 0.015
"""A head seen in part lies within its ellipse, but for this share of the region."""

PART_ARC, PART_BULGE = 0.75, 0.1
"""A straight cut that leaves a share s of the perimeter leaves s - sin(2 pi s) / (2 pi) of the area. A region that
fills so much more of the ellipse is not cut but bent; one that fills less than 0.75 s is an arc, not a head."""

JOINED_SUPPORT, JOINED_FILL, JOINED_OUTSIDE = 0.75, 0.9, 1 / 3
"""A head with something joined to it (fluid, a limb): the contour follows the ellipse so far and the region fills so
much of it, whatever lies outside, up to a third of the region. What is no head (a fan, a square, a stadium, noise)
that an ellipse fills so well follows it for less than 0.65; two heads side by side are half of the region each."""

JOINED_GAIN_SUPPORT = 0.85
"""Where the whole is believed, a head with something joined to it is believed instead only with so much support."""


@dataclass(frozen=True, slots=True)
class HeadOutline:
    """An ellipse, and what bears it out."""

    ellipse: Ellipse
    """In the space of the fit: mm, or pixels where their size is not known."""
    ellipse_px: Ellipse
    """In pixels of the picture."""
    support: float
    """Share (0 to 1) of the perimeter with a contour point beside it."""
    overlap: float
    """Intersection over union of the ellipse and the region, inside the picture."""
    outside: float
    """Share of the region that lies outside the ellipse."""
    fault: str
    """Why it is not to be believed; empty where it is."""


def outline_head(
    region: HeadRegion, letterbox: Letterbox, unit: tuple[float, float], head_plane: bool = False
) -> HeadOutline | NoEllipse:
    """The ellipse on the border of `region`, fitted in picture pixels times `unit` (x, y: mm a pixel, or 1).

    `head_plane`: whether the plane is known to be one of the head.

    A head seen all round gives the ellipse through all of its border. Where some of the border lies off that
    ellipse, the head may be cut (by a shadow, by the border of the field of view) or joined to something beside it:
    then the ellipse is that of the stretch which most of the border agrees on, if it is the better supported one.
    """
    if (area := int(region.mask.sum())) < LEAST_REGION_PX:
        return NoEllipse(f"a speck of {area} grid pixels" if area else "nothing in the picture looks like one")
    fit = _Fit(region, letterbox, unit, head_plane)
    whole = fit.outline(fit_whole(fit.points, fit.resolution), part=False)
    if isinstance(whole, HeadOutline) and not whole.fault and whole.support > 1 - GAIN:
        return whole
    part = fit.outline(fit_part(fit.points[region.way_round()], TOLERANCE_PX * fit.resolution), part=True)
    if isinstance(whole, NoEllipse) or isinstance(part, NoEllipse):
        return part if isinstance(whole, NoEllipse) else whole
    return part if _is_better(part, whole) else whole


def _is_better(part: HeadOutline, whole: HeadOutline) -> bool:
    if part.fault and whole.fault:
        # The reason is told of the better supported one, but not of a sliver along a straight side.
        return part.support > whole.support and part.outside < 0.5
    if part.fault or whole.fault:
        return not part.fault
    within = part.outside <= PART_OUTSIDE or part.support >= JOINED_GAIN_SUPPORT
    return within and part.support >= whole.support + GAIN


class _Fit:
    """The border points in the space of the fit, and the ways between that space, the picture and the grid."""

    def __init__(
        self, region: HeadRegion, letterbox: Letterbox, unit: tuple[float, float], head_plane: bool
    ) -> None:
        self._whole_overlap = HEAD_PLANE_OVERLAP if head_plane else WHOLE_OVERLAP
        self._region, self._letterbox, self._unit = region, letterbox, unit
        top, left = letterbox.offset
        self.points = letterbox.points_from_grid(region.points + np.array([left, top])) * unit
        self.resolution = float((np.diagonal(letterbox.inverse) * unit).max())
        """The size of a grid pixel."""

    def outline(self, ellipse: Ellipse | NoEllipse, *, part: bool) -> HeadOutline | NoEllipse:
        if isinstance(ellipse, NoEllipse):
            return ellipse
        tolerance = max(TOLERANCE_PX * self.resolution, TOLERANCE_SHARE * ellipse.semi_axis_b)
        support = supported_share(ellipse, self.points, tolerance)
        ellipse_px = ellipse.scaled(1 / self._unit[0], 1 / self._unit[1])
        if fault := self._size_fault(ellipse, ellipse_px):
            return HeadOutline(ellipse, ellipse_px, support, 0.0, 1.0, fault)
        top, left = self._letterbox.offset
        on_grid = ellipse_px.transformed(self._letterbox.matrix - np.array([[0, 0, left], [0, 0, top]]))
        overlap, outside, fill = self._region.shares(on_grid)
        ratio = ellipse.semi_axis_b / ellipse.semi_axis_a
        if support < (PART_SUPPORT if part else LEAST_SUPPORT):
            fault = f"outline supported on {100 * support:.0f} % of its perimeter"
        elif ratio < (PART_RATIO if part else LEAST_RATIO):
            fault = f"the outline is {1 / ratio:.1f} times as long as wide"
        elif not (
            _is_cut(support, outside, fill) or _is_joined(support, outside, fill)
            if part
            else overlap >= self._whole_overlap or support >= WHOLE_SUPPORT
        ):
            fault = f"the outline is no ellipse (one is supported on {100 * support:.0f} % of its perimeter)"
        return HeadOutline(ellipse, ellipse_px, support, overlap, outside, fault)

    def _size_fault(self, ellipse: Ellipse, ellipse_px: Ellipse) -> str:
        x0, y0, x1, y1 = self._letterbox.box
        inside = x0 - 0.5 <= ellipse_px.center_x <= x1 - 0.5 and y0 - 0.5 <= ellipse_px.center_y <= y1 - 0.5
        if not inside or 2 * ellipse_px.semi_axis_a > math.hypot(x1 - x0, y1 - y0):
            return "the ellipse through the outline is more than the picture can hold"
        if ellipse.semi_axis_b < LEAST_SEMI_AXIS_PX * self.resolution:
            return f"the outline is less than {2 * LEAST_SEMI_AXIS_PX:g} grid pixels wide"
        return ""


def _is_cut(support: float, outside: float, fill: float) -> bool:
    cut = support - math.sin(2 * math.pi * support) / (2 * math.pi)
    return outside <= PART_OUTSIDE and PART_ARC * support <= fill <= cut + PART_BULGE


def _is_joined(support: float, outside: float, fill: float) -> bool:
    return support >= JOINED_SUPPORT and fill >= JOINED_FILL and outside <= JOINED_OUTSIDE
