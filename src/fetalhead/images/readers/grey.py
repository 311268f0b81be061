"""From what a file holds to grey values of 0 to 255."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]


def grey_of_colour(colour: npt.NDArray[np.uint8]) -> Grey:
    """(H, W) luma (ITU-R BT.601, rounded) of (H, W, 3) red, green, blue; equal channels stay what they are."""
    weights = np.array([19595, 38470, 7471], dtype=np.uint32)  # 0.299, 0.587, 0.114 of 65536
    summed = colour[..., 0] * weights[0] + colour[..., 1] * weights[1] + colour[..., 2] * weights[2]
    return np.asarray((summed + 32768) >> 16, dtype=np.uint8)


def over_black(colour: npt.NDArray[np.uint8]) -> Grey:
    """(H, W) grey of (H, W, 4) red, green, blue, alpha laid over black: what is transparent is no echo."""
    grey = grey_of_colour(colour[..., :3]).astype(np.uint32)
    return ((grey * colour[..., 3] + 127) // 255).astype(np.uint8)


def grey_of_values(values: npt.NDArray[np.generic]) -> Grey:
    """(H, W) grey of integers of more than 8 bits, or of floats, windowed by the range they really use.

    - Integers from 0: zero stays black and white is the top of the bits in use (255, 511, 1023 ... for the smallest
      number of bits, 8 or more, that holds the largest value), so that a picture of 8 bits stored in 16, or scaled
      to 12 or 16 bits, comes out as it was.
    - Floats from 0: the same for at most 1 (white is 1) and at most 255 (white is 255).
    - Otherwise (negative values, larger floats): from the smallest to the largest value.

    What is not finite counts as the smallest value.
    """
    low, high = _range(values)
    return windowed(values, low, high)


def windowed(values: npt.NDArray[np.generic], low: float, high: float) -> Grey:
    """(H, W) grey of `values`: `low` and below is 0, `high` and above 255, linear in between."""
    scaled = (np.asarray(values, dtype=np.float32) - np.float32(low)) * np.float32(255 / max(high - low, 1e-30))
    scaled = np.nan_to_num(scaled, nan=0, posinf=0, neginf=0)
    return np.asarray(np.clip(scaled, 0, 255) + np.float32(0.5), dtype=np.uint8)


def _range(values: npt.NDArray[np.generic]) -> tuple[float, float]:
    whole = bool(np.issubdtype(values.dtype, np.integer))
    numbers = np.asarray(values) if whole else np.asarray(values)[np.isfinite(np.asarray(values, dtype=np.float64))]
    if numbers.size == 0:
        return 0.0, 1.0
    low, high = float(numbers.min()), float(numbers.max())
    if low >= 0 and whole:
        return 0.0, float(2 ** max(8, int(high).bit_length()) - 1)
    if low >= 0 and high <= 255:
        return 0.0, 1.0 if high <= 1 else 255.0
    return low, high
