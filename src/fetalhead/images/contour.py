"""The outline in a probability map, at sub-pixel places."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt


def level_points(values: npt.NDArray[np.floating], level: float = 0.5) -> npt.NDArray[np.float64]:
    """(N, 2) points x, y where (H, W) `values` cross `level`, unordered.

    They are the vertices of marching squares (Lorensen and Cline 1987): the linear crossing on each grid edge
    whose two ends lie on either side of the level.
    """
    above = values > level
    points = []
    for axis in (0, 1):
        low, high = (values[:-1], values[1:]) if axis == 0 else (values[:, :-1], values[:, 1:])
        crossed = above[:-1] != above[1:] if axis == 0 else above[:, :-1] != above[:, 1:]
        rows, columns = np.nonzero(crossed)
        start, end = low[rows, columns].astype(np.float64), high[rows, columns].astype(np.float64)
        share = (level - start) / (end - start)
        points.append(
            np.stack([columns, rows + share], axis=1) if axis == 0 else np.stack([columns + share, rows], axis=1)
        )
    return np.concatenate(points)


def largest_region(
    values: npt.NDArray[np.floating], level: float = 0.5
) -> tuple[npt.NDArray[np.bool_], float]:
    """(H, W) bool of the largest connected region above `level` with its holes filled, and its share of all above."""
    above = (values > level).astype(np.uint8)
    found = np.zeros(values.shape, dtype=bool)
    left, top, width, height = cv2.boundingRect(above)
    if not width:
        return found, 0.0
    box = np.s_[top : top + height, left : left + width]  # most of a map is below the level: no need to go through it
    _, labels, stats, _ = cv2.connectedComponentsWithStats(above[box], connectivity=4)
    areas = stats[1:, cv2.CC_STAT_AREA]
    found[box] = fill_holes(labels == 1 + int(np.argmax(areas)))
    return found, float(areas.max() / areas.sum())


def fill_holes(region: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """(H, W) bool with every background that does not reach the frame filled."""
    framed = np.pad(region.astype(np.uint8), 1)
    cv2.floodFill(framed, None, (0, 0), 2)
    return np.asarray(framed[1:-1, 1:-1] != 2)
