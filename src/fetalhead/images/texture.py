"""What a picture looks like, whatever it shows: its greys, its edges and its grain, as a few numbers."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

NUMBERS = 24
"""How many tell a picture's texture."""

WINDOW = 5
"""Pixels a side of the squares in which grain is looked at."""

LIT = 16
"""Darker squares are background, which has no grain."""


def texture(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """(24,) statistics of an (H, W) picture: six of its greys, and nine each at a half and a quarter of its size.

    Greys: mean, spread, shares of the darkest and the brightest and of the two commonest, and how many occur. At each
    size: size of steps to the right, of steps downwards and of the Laplacian, each by mean and by root mean square;
    and of small lit squares, how much their grain is, how much that differs, and how it goes with their brightness.
    """
    numbers = _greys(pixels)
    level = pixels.astype(np.float32)
    for _ in range(2):
        level = np.asarray(cv2.pyrDown(level), dtype=np.float32)
        numbers += [*_edges(level), *_grain(level)]
    return np.array(numbers)


def _greys(pixels: npt.NDArray[np.uint8]) -> list[float]:
    shares = np.bincount(pixels.ravel(), minlength=256) / pixels.size
    greys = np.arange(256)
    mean = float(shares @ greys)
    spread = math.sqrt(float(shares @ (greys - mean) ** 2))
    commonest = float(np.sort(shares)[-2:].sum())
    occurring = math.log(0.01 + float((shares > 0).mean()))
    return [mean / 64, spread / 64, float(shares[:8].sum()), commonest, float(shares[248:].sum()), occurring]


def _edges(level: npt.NDArray[np.float32]) -> list[float]:
    changes = (level[:, 1:] - level[:, :-1], level[1:] - level[:-1], cv2.Laplacian(level, cv2.CV_32F))
    numbers = []
    for change in changes:
        if not change.size:  # a picture of one row or column has no steps across
            numbers += [_log(0), _log(0)]
            continue
        numbers.append(_log(cv2.norm(change, cv2.NORM_L1) / level.size))
        numbers.append(_log(cv2.norm(change, cv2.NORM_L2) / math.sqrt(level.size)))
    return numbers


def _grain(level: npt.NDArray[np.float32]) -> list[float]:
    side = (WINDOW, WINDOW)
    brightness = np.asarray(cv2.blur(level, side))
    variance = np.asarray(cv2.blur(level * level, side)) - brightness * brightness
    lit = brightness > LIT
    if lit.mean() <= 0.01:
        return [_log(0), _log(0), 0.0]
    lights, grain = brightness[lit], np.sqrt(np.maximum(variance[lit], 0))
    alike = lights.std() < 1e-3 or grain.std() < 1e-3
    return [_log(grain.mean()), _log(grain.std()), 0.0 if alike else float(np.corrcoef(lights, grain)[0, 1])]


def _log(value: float) -> float:
    return math.log(0.5 + float(value))
