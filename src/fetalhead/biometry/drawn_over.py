"""Whether somebody drew along a head's outline: a network takes an ellipse or a row of dots for the skull."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.images.cleaning import FRINGE, NEARBY, find_overlays, steps
from fetalhead.images.ellipse import Ellipse

LEAST_SIDE = 320
"""In smaller pictures (longer side, pixels) a skull is as thin as a stroke: of 53 of PSFHS's, of 256, two are taken for
drawn over."""

BY_IT, WITHIN, BEYOND = (0.8, 1.2), (0.35, 0.7), (1.25, 1.6)
"""Radii, as shares of the outline's own. What is drawn by it draws a network's outline to it."""

DIRECTIONS = 72
"""In so many directions from the middle it is looked for."""

LEAST_DRAWN = 0.6
"""Drawn in so many of all directions, it is drawn along the outline. None of 279 pictures of HC18, 174 heads of another
hospital and 198 of a third, as published, has so much (small ones of the third, with sharp lines of skin, 0.58). Of
ellipses and dots drawn in HC18's at 0.85 to 1.15 of the outline, all that move HC by over 2 % have 0.78 or more."""

MOST_WITHIN, MOST_BEYOND = 0.15, 0.25
"""Where more seems to be drawn elsewhere, it is speckle or noise: of 32 pictures of HC18's validation split under
`evaluate --corruptions speckle` none has less of both, and of 32 drawn over none has more than 0.1 and 0.06."""


def is_drawn_over(pixels: npt.NDArray[np.uint8], outline: Ellipse) -> bool:
    """Whether something is drawn along most of `outline` (px) in an (H, W) uint8 picture, not too small to tell."""
    height, width = pixels.shape
    if max(height, width) < LEAST_SIDE:
        return False
    reach = BEYOND[1] * outline.semi_axis_a + NEARBY + FRINGE
    x0, y0 = max(0, math.floor(outline.center_x - reach)), max(0, math.floor(outline.center_y - reach))
    x1, y1 = min(width, math.ceil(outline.center_x + reach)), min(height, math.ceil(outline.center_y + reach))
    near = pixels[y0:y1, x0:x1]
    moved = outline.transformed(np.array([[1, 0, -x0], [0, 1, -y0]]))
    # Nothing drawn is farther than this from a step of brightness, which is found in a tenth of the time.
    side = 2 * (NEARBY + FRINGE) + 1
    perhaps = cv2.dilate(steps(near).view(np.uint8), np.ones((side, side), dtype=np.uint8)) > 0
    if _share(perhaps, moved, BY_IT, NEARBY) < LEAST_DRAWN:
        return False
    drawn = find_overlays(near, max(height, width))
    by_it, within, beyond = (_share(drawn, moved, between, FRINGE) for between in (BY_IT, WITHIN, BEYOND))
    return by_it >= LEAST_DRAWN and within <= MOST_WITHIN and beyond <= MOST_BEYOND


def _share(drawn: npt.NDArray[np.bool_], outline: Ellipse, between: tuple[float, float], step: int) -> float:
    """Of all directions, in how many something (h, w) lies between two radii, looked for at points `step` pixels apart.

    The radii are shares of the outline's own.
    """
    height, width = drawn.shape
    middle = np.array([outline.center_x, outline.center_y])
    around = DIRECTIONS * max(1, round(2 * math.pi * outline.semi_axis_a / (step * DIRECTIONS)))
    outwards = math.ceil((between[1] - between[0]) * outline.semi_axis_a / step) + 1
    radii = np.linspace(*between, outwards)[:, None, None]
    x, y = np.rint(middle + radii * (outline.points(around) - middle)).astype(np.intp).transpose(2, 0, 1)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    found = inside & drawn[np.where(inside, y, 0), np.where(inside, x, 0)]
    return float(found.any(axis=0).reshape(DIRECTIONS, -1).any(axis=1).mean())
