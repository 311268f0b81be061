"""Parts of one picture with pixel sizes of their own, and which of them holds a head."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fetalhead.images.ellipse import Ellipse, FloatArray
from fetalhead.images.pixel_size import PixelSize

SAME = 1e-3
"""Relative difference up to which two pixel sizes are one."""

TOUCHED = 0.05
"""A region with less of the head than this is beside it: an outline may run over the line between two pictures."""

HELD = 0.5
"""The region that holds a head holds at least so much of its area; a cut head leaves the region on one side."""


@dataclass(frozen=True, slots=True)
class ScaledRegion:
    """A box of a picture with one pixel size."""

    box: tuple[int, int, int, int]
    """x0, y0, x1, y1 (exclusive), pixels."""
    pixel_size: PixelSize
    """Falsy, with the reason, where the region has none."""


def agree(first: PixelSize, second: PixelSize) -> bool:
    """Whether two pixel sizes are the same on both axes."""
    return math.isclose(first.x, second.x, rel_tol=SAME) and math.isclose(first.y, second.y, rel_tol=SAME)


def pixel_size_of_head(regions: Sequence[ScaledRegion], head: Ellipse) -> PixelSize:
    """The pixel size of the region that holds `head` (px), or a falsy one with the reason.

    Where a region without a size lies over one that has one, the latter counts. A head across regions of unlike
    pixel sizes has none.
    """
    points = _spread(head)
    inside = [(region.pixel_size, _within(region, points)) for region in regions]
    sized = [(size, places) for size, places in inside if size and places.mean() >= TOUCHED]
    if sized and np.any([places for _, places in sized], axis=0).mean() >= HELD:
        largest, _ = max(sized, key=lambda pair: pair[1].mean())
        if all(agree(largest, size) for size, _ in sized):
            return largest
        return PixelSize.unknown("the head lies across ultrasound regions that differ in pixel size")
    reasons = [size.reason for size, places in inside if not size and places.mean() >= HELD]
    return PixelSize.unknown(reasons[0] if reasons else "the head lies outside the calibrated ultrasound region")


def _spread(head: Ellipse) -> FloatArray:
    """(N, 2) points that cover the ellipse evenly by area."""
    center = np.array([head.center_x, head.center_y])
    radii = np.sqrt((np.arange(16) + 0.5) / 16)
    return np.asarray((center + radii[:, None, None] * (head.points(64) - center)).reshape(-1, 2))


def _within(region: ScaledRegion, points: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    x0, y0, x1, y1 = region.box
    low, high = np.array([x0, y0]) - 0.5, np.array([x1, y1]) - 0.5
    return np.asarray(((points >= low) & (points < high)).all(axis=1))
