"""Polygons: to a mask, to an ellipse, and from an ellipse.

Points are (x, y) with pixel centres at whole numbers. Files that put whole numbers on the corners of pixels (COCO,
CVAT, Label Studio) are shifted by half a pixel where they are read and written.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fetalhead.images.annotations.drawing import dice_with, too_small
from fetalhead.images.ellipse import Ellipse, NoEllipse, fit_ellipse
from fetalhead.images.masks import Mask

Points = npt.NDArray[np.float64]

FEWEST_POINTS = 6
EDGE_PX = 1.0
"""So near the picture's edge a point lies on it."""
LEAST_OVERLAP = 0.9
"""Dice of a polygon and the ellipse through its points: a hexagon within an ellipse has 0.905."""


def mask_of_polygon(points: Points, shape: tuple[int, int]) -> Mask:
    """(H, W) bool of the pixels whose centre lies inside the polygon through (N, 2) `points`, by the even-odd rule.

    `cv2.fillPoly` also takes the pixels that the border touches, which is half a pixel all round.
    """
    height, width = shape
    turns = np.zeros((height, width + 1), dtype=bool)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        if y0 > y1:
            x0, y0, x1, y1 = x1, y1, x0, y0
        rows = np.arange(max(0, int(np.ceil(y0))), min(height, int(np.ceil(y1))))
        crossings = x0 + (rows - y0) * ((x1 - x0) / (y1 - y0)) if len(rows) else rows
        turns[rows, np.clip(np.ceil(crossings), 0, width).astype(int)] ^= True
    return np.asarray(np.logical_xor.accumulate(turns, axis=1)[:, :width])


def ellipse_of_polygon(points: Points, shape: tuple[int, int]) -> Ellipse | NoEllipse:
    """The ellipse through the polygon's (N, 2) points: they lie on the border, the sides between them within it.

    Points on the picture's edge count for nothing: programs cut what is drawn beyond it, and the edge is no skull.
    """
    if fault := too_small(*np.ptp(points, axis=0)):
        return NoEllipse(fault)
    drawn, points = points, points[~_on_edge(points, shape)]
    if len(points) < FEWEST_POINTS:
        off = " off the picture's edge" if len(points) < len(drawn) else ""
        said = f"a polygon of {len(points)} points{off} says too little of a head"
        return NoEllipse(f"{said}; set at least {FEWEST_POINTS}")
    ellipse = fit_ellipse(points)
    if not ellipse:
        return ellipse
    overlap = dice_with(ellipse, mask_of_polygon(drawn, shape))
    if overlap < LEAST_OVERLAP:
        return NoEllipse(
            f"the polygon is no ellipse: it overlaps the one through its points by {100 * overlap:.0f} % (Dice)"
        )
    return ellipse


def _on_edge(points: Points, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """(N,) bool: which (N, 2) points lie on the edge of a picture of `shape` (H, W)."""
    sides = np.array([[-0.5, -0.5], [shape[1] - 0.5, shape[0] - 0.5]])
    return np.asarray((np.abs(points - sides[:, None]) < EDGE_PX).any(axis=(0, 2)))
