"""How alike two pictures are once one is laid over the other.

A copy keeps its fine structure, speckle and edges, through compression, another brightness or size, a cut margin or a
mirror; two heads that merely lie alike share the coarse picture only. Both are asked for. On 2,331 pictures of HC18,
FETAL_PLANES_DB and the trans-ventricular set, no two of unlike patients pass but one picture published under two.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

SIDE = 64
"""Of a thumbnail, pixels. Width and height are squeezed alike, so that a change of aspect does not hide a copy."""

ALIKE = 0.9
"""Correlation of near-duplicates at half of `SIDE`, where speckle is averaged out."""

FINELY_ALIKE = 0.75
"""Correlation of their fine structure at `SIDE`."""

FINE_PX = 3.0
"""Standard deviation of the blur that is taken away to leave the fine structure."""

STEPS = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 20, 1e-4)

Thumbnail = npt.NDArray[np.uint8]
Picture = npt.NDArray[np.integer | np.floating]
Matrix = npt.NDArray[np.float32]
Margins = tuple[float, float, float, float]
"""Shares of the width and height that are cut off: left, top, right, bottom."""


class Likeness(NamedTuple):
    """Correlations, at most 1, of two pictures where they overlap."""

    correlation: float
    fine_correlation: float

    @property
    def is_near_duplicate(self) -> bool:
        return self.correlation > ALIKE and self.fine_correlation > FINELY_ALIKE


UNLIKE = Likeness(-1.0, -1.0)


def thumbnail(pixels: npt.NDArray[np.uint8]) -> Thumbnail:
    """(64, 64) of an (H, W) picture."""
    return np.asarray(cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def likeness(whole: Thumbnail, part: Thumbnail, margins: Margins) -> Likeness:
    """How alike `part` is to `whole` less about these margins; the affine map between them is found (ECC).

    Evangelidis and Psarakis 2008, IEEE Trans Pattern Anal Mach Intell 30:1858, as OpenCV has it.
    """
    half = SIDE // 2
    small = [cv2.resize(picture, (half, half), interpolation=cv2.INTER_AREA) for picture in (whole, part)]
    left, top, right, bottom = margins
    width, height = 1 - left - right, 1 - top - bottom
    start = [[width, 0, left * half + (width - 1) / 2], [0, height, top * half + (height - 1) / 2]]
    try:
        coarse, matrix = _laid_over(small[0], small[1], np.array(start, dtype=np.float32))
        if coarse <= ALIKE:
            return Likeness(coarse, -1.0)
        matrix[:, 2] = 2 * matrix[:, 2] + matrix[:, :2].sum(axis=1) / 2 - 0.5  # centres lie at whole numbers
        _, matrix = _laid_over(whole, part, matrix)
    except cv2.error:  # nothing to hold on to, such as a flat picture
        return UNLIKE
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(whole.astype(np.float32), matrix, (SIDE, SIDE), flags=how)
    there = cv2.warpAffine(np.ones((SIDE, SIDE), dtype=np.float32), matrix, (SIDE, SIDE), flags=how) > 0.99
    if there.sum() < SIDE * SIDE / 2:
        return Likeness(coarse, -1.0)
    fine = _correlation(_fine(np.asarray(laid, dtype=np.float32))[there], _fine(part.astype(np.float32))[there])
    return Likeness(min(1.0, coarse), fine)


def _laid_over(whole: Picture, part: Picture, start: Matrix) -> tuple[float, Matrix]:
    """Correlation, and the (2, 3) affine matrix from `part` to `whole`. Raises `cv2.error` where none is found."""
    everywhere = np.full(whole.shape, 255, dtype=np.uint8)
    alike, matrix = cv2.findTransformECC(part, whole, start, cv2.MOTION_AFFINE, STEPS, everywhere, 1)
    return float(alike), np.asarray(matrix, dtype=np.float32)


def _fine(picture: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.asarray(picture - cv2.GaussianBlur(picture, (0, 0), FINE_PX), dtype=np.float32)


def _correlation(first: npt.NDArray[np.float32], second: npt.NDArray[np.float32]) -> float:
    first, second = first - first.mean(), second - second.mean()
    lengths = float(np.linalg.norm(first) * np.linalg.norm(second))
    return min(1.0, float(first @ second) / lengths) if lengths > 0 else -1.0
