"""Smooth random fields that belong to the tissue, not to the sampling grid: the same at any resolution."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]
"""In fact single precision throughout: phantoms are made by the hundred."""

_LATTICE = 64
_MARGIN = 2


def field(seed: int, part: int, x: FloatArray, y: FloatArray, scale_x: float, scale_y: float = 0) -> FloatArray:
    """Noise of mean 0 and about unit variance at the points x, y, smooth over `scale_x` by `scale_y` (or a square).

    Value noise (Perlin 1985 names the kind): normal values on a lattice that repeats after 64 cells, interpolated
    by cubics. `part` tells fields of one seed apart.
    """
    cells = np.random.default_rng([seed, part]).standard_normal((_LATTICE, _LATTICE), dtype=np.float32)
    lattice = np.pad(cells, _MARGIN, mode="wrap")
    across, down = np.broadcast_arrays(_wrapped(x / scale_x), _wrapped(y / (scale_y or scale_x)))
    # Interpolation averages neighbours and takes about a third of the deviation away.
    values = cv2.remap(lattice, np.ascontiguousarray(across), np.ascontiguousarray(down), cv2.INTER_CUBIC)
    return np.asarray(1.4 * values, dtype=np.float32)


def _wrapped(places: FloatArray) -> FloatArray:
    """Places on the padded lattice; much faster than `%`."""
    return np.asarray(places - _LATTICE * np.floor(places / _LATTICE) + _MARGIN, dtype=np.float32)


def ridge(distance: FloatArray, width: float) -> FloatArray:
    """1 on a line, falling as a Gaussian of standard deviation `width` with the distance from it."""
    return np.asarray(np.exp(-0.5 * (distance / width) ** 2), dtype=np.float32)


def step(distance: FloatArray, width: float) -> FloatArray:
    """A soft edge: 0 far below zero, 1 far above, over about `width`."""
    return np.asarray(np.clip(0.5 + distance / (2 * width), 0, 1), dtype=np.float32)
