"""From what a file holds to grey values of 0 to 255."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]

OVERSHOT, LEAST_WHITE = 1.25, 16.0
"""Floats up to the former are of 0 to 1; those of 0 to 255 whose largest is below the latter would be black."""


def grey_of_colour(colour: npt.NDArray[np.uint8]) -> Grey:
    """(H, W) luma (ITU-R BT.601, rounded) of (H, W, 3) red, green, blue; equal channels stay what they are."""
    weights = np.array([19595, 38470, 7471], dtype=np.uint32)  # 0.299, 0.587, 0.114 of 65536
    grey = np.empty(colour.shape[:2], dtype=np.uint8)
    for rows in _slabs(colour):
        red, green, blue = (colour[rows, :, channel] * weights[channel] for channel in range(3))
        grey[rows] = (red + green + blue + 32768) >> 16
    return grey


def over_black(colour: npt.NDArray[np.uint8]) -> Grey:
    """(H, W) grey of (H, W, 4) red, green, blue, alpha laid over black: what is transparent is no echo.

    An alpha of nothing but zeros tells nothing: capture cards fill it so.
    """
    grey = grey_of_colour(colour[..., :3])
    if not colour[..., 3].any():
        return grey
    for rows in _slabs(colour):
        grey[rows] = (grey[rows].astype(np.uint32) * colour[rows, :, 3] + 127) // 255
    return grey


@dataclass(frozen=True, slots=True)
class ValueRange:
    """The smallest and the largest of some values, and whether they are whole numbers; joined by `|`."""

    low: float
    high: float
    whole: bool

    @classmethod
    def of(cls, values: npt.NDArray[np.generic]) -> ValueRange:
        """That of an array; what is not finite does not count, and 0 to 1 is the range of nothing."""
        whole = bool(np.issubdtype(values.dtype, np.integer))
        numbers = values if whole else values[np.isfinite(values)]
        if numbers.size == 0:
            return cls(0, 1, whole)
        return cls(float(numbers.min()), float(numbers.max()), whole)

    def __or__(self, other: ValueRange | None) -> ValueRange:
        if other is None:
            return self
        return ValueRange(min(self.low, other.low), max(self.high, other.high), self.whole and other.whole)

    @property
    def window(self) -> tuple[float, float]:
        """The values that are shown black and white; see `grey_of_values`."""
        if self.low >= 0 and self.whole:
            return 0.0, float(2 ** max(8, int(self.high).bit_length()) - 1)
        if self.low >= 0 and self.high <= OVERSHOT:
            return 0.0, 1.0
        if self.low >= 0 and LEAST_WHITE <= self.high <= 255:
            return 0.0, 255.0
        small = self.low >= 0 and self.high < LEAST_WHITE
        return 0.0 if small else self.low, self.high


def grey_of_values(values: npt.NDArray[np.generic], seen: ValueRange | None = None) -> Grey:
    """(H, W) grey of integers of more than 8 bits, or of floats, windowed by the range they really use.

    - Integers from 0: zero stays black and white is the top of the bits in use (255, 511, 1023 ... for the smallest
      number of bits, 8 or more, that holds the largest value), so that a picture of 8 bits stored in 16, or scaled
      to 12 or 16 bits, comes out as it was.
    - Floats from 0: the same for at most 1 (white is 1) and at most 255 (white is 255). A little above 1 is what
      resizing makes of 1; a largest value of 2 or 10 is of no such scale, and is white itself.
    - Otherwise (negative values, larger floats): from the smallest to the largest value.

    `seen` is the range of all frames of a cine, which share one window; None for that of `values`. What is not finite
    counts as the smallest value.
    """
    low, high = (seen or ValueRange.of(values)).window
    return windowed(values, low, high)


def windowed(values: npt.NDArray[np.generic], low: float, high: float) -> Grey:
    """`values` as grey of the same shape: `low` and below is 0, `high` and above 255, linear in between."""
    grey = np.empty(values.shape, dtype=np.uint8)
    scale = 255 / max(high - low, 1e-30)
    for rows in _slabs(values):
        with np.errstate(over="ignore", invalid="ignore"):  # absurd floats become infinite, and then 0
            scaled = (values[rows].astype(np.float32) - np.float32(low)) * np.float32(scale)
        scaled = np.nan_to_num(scaled, nan=0, posinf=0, neginf=0)
        grey[rows] = np.clip(scaled, 0, 255) + np.float32(0.5)
    return grey


def _slabs(array: npt.NDArray[np.generic]) -> Iterator[slice]:
    """Slices of some rows each: what is computed with more bits is then no large multiple of the picture."""
    rows = max(1, 1_000_000 // max(1, array[:1].size))
    return (slice(start, start + rows) for start in range(0, len(array), rows))
