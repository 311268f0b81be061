"""Outlines in millimetres, and how far one lies from another: the ground under the surface metrics.

Points are (x, y) with pixel centres at whole numbers, times the spacing. `spacing` is (row mm, column mm) in the
order of array axes: a row is `spacing[0]` high (along y), a column `spacing[1]` wide (along x).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from fetalhead.images.contour import level_points
from fetalhead.images.ellipse import Ellipse

FloatArray = npt.NDArray[np.float64]
Spacing = tuple[float, float]

CONTOUR_POINTS = 720
"""Samples of an ellipse's outline: steps of half a millimetre on the largest heads."""

_FINE = 8192
_PAIRS_AT_ONCE = 2_000_000


def ellipse_in_mm(ellipse: Ellipse, spacing: Spacing) -> Ellipse:
    """The ellipse in pixels as one in mm; unlike spacings turn it, and it stays an ellipse."""
    row, column = spacing
    return ellipse.scaled(column, row)


def equal_arc_points(ellipse: Ellipse, count: int = CONTOUR_POINTS) -> FloatArray:
    """(count, 2) points x, y at equal steps along the outline's length, so that each stands for the same length.

    Equal steps of the ellipse's parameter would crowd the ends of the long axis.
    """
    fine = np.concatenate([ellipse.points(_FINE), ellipse.points(_FINE)[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(fine, axis=0).T))])
    t = np.interp(np.arange(count) * (along[-1] / count), along, np.linspace(0, 2 * math.pi, _FINE + 1))
    cos, sin = math.cos(ellipse.angle), math.sin(ellipse.angle)
    u, v = ellipse.semi_axis_a * np.cos(t), ellipse.semi_axis_b * np.sin(t)
    return np.stack([ellipse.center_x + u * cos - v * sin, ellipse.center_y + u * sin + v * cos], axis=1)


def distances_to_ellipse(points: npt.NDArray[np.floating], ellipse: Ellipse) -> FloatArray:
    """(N,) exact distances of (N, 2) points x, y from the ellipse's outline, inside and outside alike.

    Eberly, "Distance from a Point to an Ellipse, an Ellipsoid, or a Hyperellipsoid" (Geometric Tools, 2013). The
    nearest point is (r x / (u + r - 1), y / u) for the root u of a function that is convex and falling; Newton's
    steps from its left never pass the root.
    """
    a, b = ellipse.semi_axis_a, ellipse.semi_axis_b
    cos, sin = math.cos(ellipse.angle), math.sin(ellipse.angle)
    dx, dy = points[:, 0] - ellipse.center_x, points[:, 1] - ellipse.center_y
    x = np.abs(dx * cos + dy * sin)
    # On the long axis itself the root degenerates; a billionth of b beside it, it does not.
    y = np.maximum(np.abs(dy * cos - dx * sin), 1e-9 * b)
    ratio = (a / b) ** 2
    first, second = ratio * x / a, y / b
    root = np.maximum(second, first - ratio + 1)
    for _ in range(64):
        p, q = first / (root + ratio - 1), second / root
        step = (p * p + q * q - 1) / (2 * (p * p / (root + ratio - 1) + q * q / root))
        root = root + step
        if np.all(np.abs(step) <= 1e-14 * root):
            break
    return np.asarray(np.hypot(x - ratio * x / (root + ratio - 1), y - y / root), dtype=np.float64)


def mask_outline(mask: npt.NDArray[np.bool_], spacing: Spacing) -> FloatArray:
    """(N, 2) points x, y in mm midway between neighbours of which one is in the (H, W) mask and the other is not.

    What lies beyond the picture is not in the mask, so a mask that is cut off ends at the picture's edge.
    """
    row, column = spacing
    points = level_points(np.pad(mask.astype(np.float32), 1)) - 1
    return np.asarray(points * [column, row], dtype=np.float64)


def distances_to_points(points: FloatArray, others: FloatArray) -> FloatArray:
    """(N,) distances of (N, 2) points from the nearest of (M, 2) others, M > 0."""
    rows = max(1, _PAIRS_AT_ONCE // len(others))
    nearest = [
        np.hypot(part[:, None, 0] - others[:, 0], part[:, None, 1] - others[:, 1]).min(axis=1)
        for part in (points[start : start + rows] for start in range(0, len(points), rows))
    ]
    return np.concatenate(nearest)
