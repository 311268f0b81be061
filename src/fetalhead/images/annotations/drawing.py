"""From a drawing to the ellipse it stands for, and what is wrong with one that stands for none."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.images.contour import fill_holes, largest_region, level_points
from fetalhead.images.ellipse import Ellipse, NoEllipse, fit_ellipse
from fetalhead.images.masks import Mask
from fetalhead.images.outline import FARTHEST_PX, MOST_FILLED, ellipse_of_outline

LEAST_FILLED = 0.5
"""Drawn share of what the drawing encloses: less is a line, not a mask."""

LEAST_OVERLAP = 0.95
"""Dice of a mask and the ellipse through its border: a head drawn by hand has more, a half drawn one less."""

LARGEST_SPECK = 0.01
"""Area of a second region over the first's: up to this a slip of the brush, which is left out; more is a drawing."""

LEAST_SIDE_PX = 6.0
"""Of a head in a picture of 16 pixels a side, the smallest that is read."""

WIDEST_GAP = 3
"""Pixels in an outline's gap that are passed over: what a slip of the pen or a coarse export leaves open."""


def ellipse_of_line(drawn: npt.NDArray[np.generic]) -> Ellipse | NoEllipse | None:
    """The ellipse along a thin outline drawn in an (H, W) picture; None where nothing thin and elliptic is drawn.

    Gives `NoEllipse`, with the reason, for an open outline. One that the picture's edge cuts is not open.
    """
    line = np.asarray(drawn != 0)
    ellipse = ellipse_of_outline(line)
    if not ellipse:
        return None
    gap = _gap(line, ellipse)
    return NoEllipse(gap) if gap else ellipse


def ellipse_of_mask(mask: Mask) -> Ellipse | NoEllipse:
    """The ellipse through the border of an (H, W) mask at sub-pixel places, its holes filled; of a line, along it.

    Gives `NoEllipse`, with the reason: empty, two regions or outlines, an open outline, too few points, or far off the
    ellipse fitted to it.
    """
    line = ellipse_of_line(mask)
    if line is not None:
        return line
    solid = fill_holes(mask)
    thin = mask.sum() <= LEAST_FILLED * solid.sum()
    areas = _areas(mask if thin else solid)
    if len(areas) > 1 and areas[1] > LARGEST_SPECK * areas[0]:
        return NoEllipse(f"two drawings, {areas[0]} and {areas[1]} pixels large; keep the head's, or tell its label")
    if thin:
        return ellipse_of_outline(mask)
    if len(areas) > 1:
        solid = largest_region(solid.astype(np.float32))[0]
    ellipse = fit_ellipse(level_points(solid.astype(np.float32)))
    if not ellipse:
        return ellipse
    if solid.sum() < MOST_FILLED * ellipse.area:
        return NoEllipse("an open outline, or a line that is no ellipse: close it around the head")
    overlap = dice_with(ellipse, solid)
    if overlap < LEAST_OVERLAP:
        return NoEllipse(f"the drawing is no ellipse: it overlaps the one fitted to it by {100 * overlap:.0f} % (Dice)")
    return ellipse


def too_small(width: float, height: float) -> str:
    """What is wrong with a drawing of so many pixels, if no head in a picture is as small; empty for nothing."""
    if min(width, height) >= LEAST_SIDE_PX:
        return ""
    return f"a head of {width:.1f} x {height:.1f} pixels is none; wants pixels of the picture, not shares of it"


def dice_with(ellipse: Ellipse, mask: Mask) -> float:
    """Dice of an (H, W) mask and the part of the ellipse within the picture, 0 to 1."""
    inside = mask_of_ellipse(ellipse, (mask.shape[0], mask.shape[1]))
    total = int(inside.sum()) + int(mask.sum())
    return 2 * float((inside & mask).sum()) / total if total else 0.0


def mask_of_ellipse(ellipse: Ellipse, shape: tuple[int, int]) -> Mask:
    """(H, W) bool of the pixels that are inside by more than half."""
    return np.asarray(ellipse.coverage(shape) > 0.5)


def outline_of_ellipse(ellipse: Ellipse, shape: tuple[int, int], width: float = 1.5) -> Mask:
    """(H, W) bool outline as HC18 draws it: thin, without gaps, the same on both sides of the ellipse."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    return np.asarray(np.abs(ellipse.signed_distance(x, y)) <= width / 2)


def _areas(drawn: Mask) -> list[int]:
    """Pixels of each connected region, largest first."""
    stats = cv2.connectedComponentsWithStats(drawn.astype(np.uint8), connectivity=8)[2]
    return sorted((int(area) for area in stats[1:, cv2.CC_STAT_AREA]), reverse=True)


def _gap(line: Mask, ellipse: Ellipse) -> str:
    """Where the outline is open; empty where, with the picture's edge, it parts the inside from the outside."""
    closed = cv2.dilate(line.astype(np.uint8), np.ones((WIDEST_GAP, WIDEST_GAP), np.uint8))
    _, regions = cv2.connectedComponents(1 - closed, connectivity=4)
    inside, outside = (
        np.unique(regions[_places(ellipse, by, line.shape)]) for by in (-FARTHEST_PX - 3, FARTHEST_PX + 3)
    )
    if not np.intersect1d(inside, outside[outside > 0]).any():  # region 0 is the line itself
        return ""
    off = cv2.distanceTransform((~line).astype(np.uint8), cv2.DIST_L2, 3)
    rows, columns = _places(ellipse, 0.0, line.shape)
    widest = int(np.argmax(off[rows, columns]))
    return f"an open outline: its widest gap is near x {columns[widest]}, y {rows[widest]}; close it"


def _places(ellipse: Ellipse, by: float, shape: tuple[int, ...]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows and columns within `shape` of the pixels along the ellipse grown by so many pixels."""
    first, second = (max(1.0, axis + by) for axis in (ellipse.semi_axis_a, ellipse.semi_axis_b))
    grown = Ellipse.make(ellipse.center_x, ellipse.center_y, first, second, ellipse.angle)
    columns, rows = np.round(grown.points(1440)).astype(np.int64).T
    within = (columns >= 0) & (columns < shape[1]) & (rows >= 0) & (rows < shape[0])
    return rows[within], columns[within]
