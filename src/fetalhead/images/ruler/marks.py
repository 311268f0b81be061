"""Small bright marks in a picture: what the ticks of a ruler, and much else, look like."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

LEAST_CONTRAST = 32
"""Grey levels above what lies over and under it, from which on a pixel belongs to a mark."""

SHARE_OF_PEAK = 0.5
"""A mark is as wide as it is brighter than this share of its own peak, so that the fringe of a JPEG is no part."""


@dataclass(frozen=True, slots=True)
class Marks:
    """N marks: (N,) arrays in pixels of the picture."""

    y: FloatArray
    """Centre of brightness."""
    left: FloatArray
    right: FloatArray
    """Pixel columns of the first and the last pixel."""
    width: FloatArray
    """From left to right, both included."""
    contrast: FloatArray
    """Grey levels above what lies over and under it."""
    ink: FloatArray
    """Width times the brightest grey value: what tells a long or bright tick from a lesser one."""

    def __len__(self) -> int:
        return len(self.y)

    def take(self, chosen: npt.NDArray[np.generic]) -> Marks:
        values = (self.y, self.left, self.right, self.width, self.contrast, self.ink)
        return Marks(*(value[chosen] for value in values))


def find_marks(pixels: npt.NDArray[np.uint8]) -> Marks:
    """The marks of an (H, W) grey picture that are thin from top to bottom and at most a twelfth of it wide."""
    height, width = pixels.shape
    tallest = max(4, height // 90)
    over = _above_surroundings(pixels, 2 * tallest + 1)
    lit = (over >= LEAST_CONTRAST).astype(np.uint8)
    count, _, boxes, _ = cv2.connectedComponentsWithStats(lit, connectivity=8)
    left, top, wide, tall = (boxes[:, column] for column in range(4))
    small = (wide <= max(6, width // 12)) & (tall <= tallest + 2)
    small[0] = False
    found = [
        _mark(pixels, over, slice(top[i], top[i] + tall[i]), slice(left[i], left[i] + wide[i]))
        for i in range(1, count)
        if small[i]
    ]
    y, left_end, right_end, contrast, brightest = np.array(found, dtype=np.float64).reshape(-1, 5).T
    long = right_end - left_end + 1
    return Marks(y, left_end, right_end, long, contrast, long * brightest)


def _above_surroundings(pixels: npt.NDArray[np.uint8], reach: int) -> npt.NDArray[np.uint8]:
    """White top-hat along y: lines that run down the picture, and all that is taller than `reach`, are gone."""
    column = cv2.getStructuringElement(cv2.MORPH_RECT, (1, reach))
    # Without a border of its own OpenCV takes what lies outside as white, and a tick at the edge would be lost.
    opened = cv2.morphologyEx(pixels, cv2.MORPH_OPEN, column, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(cv2.subtract(pixels, opened), dtype=np.uint8)


def _mark(
    pixels: npt.NDArray[np.uint8], over: npt.NDArray[np.uint8], rows: slice, columns: slice
) -> tuple[float, float, float, float, float]:
    """y, first and last column, contrast and brightest grey of the mark in a box of the picture and its contrasts."""
    box = over[rows, columns].astype(np.float64)
    lit = np.flatnonzero((box >= SHARE_OF_PEAK * box.max()).any(axis=0))
    within = slice(lit[0], lit[-1] + 1)
    # What is left of a row's brightness below the half still tells where between two rows the mark lies.
    y = rows.start + float(np.average(np.arange(len(box)), weights=box[:, within].sum(axis=1)))
    brightest = float(pixels[rows, columns][:, within].max())
    return y, columns.start + lit[0], columns.start + lit[-1], float(box.max()), brightest
