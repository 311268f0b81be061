"""Ellipses through many stretches of one contour at once, and how much of the contour agrees with each.

The sums of the direct least-squares fit (Halir and Flusser 1998, see `images.ellipse.fit_ellipse`) over a stretch are a
difference of running sums, so all stretches together cost about as much as two fits one by one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

WORST_CONDITION = 1e12
"""Of the linear part of a fit: beyond it the points lie on a line."""


def agreeing(points: FloatArray, starts: IntArray, lengths: IntArray, tolerance: float) -> IntArray:
    """(M,) how many of the (N, 2) points of a closed contour lie within `tolerance` of each stretch's ellipse.

    Stretch m is the `lengths[m]` points from `starts[m]` on, round the end; 0 where no ellipse fits it.
    """
    if not len(points):
        return np.zeros(len(starts), dtype=np.int64)
    mean = points.mean(axis=0)
    spread = float(np.sqrt(((points - mean) ** 2).sum(axis=1).mean()))
    if not spread > 0:
        return np.zeros(len(starts), dtype=np.int64)
    x, y = ((points - mean) / spread).T
    terms = np.stack([x * x, x * y, y * y, x, y, np.ones_like(x)], axis=1)
    conics = _conics(_sums(terms, starts, lengths))
    return _within(conics, x, y, tolerance / spread)


def _sums(terms: FloatArray, starts: IntArray, lengths: IntArray) -> FloatArray:
    """(M, 6, 6) scatter matrices of the stretches."""
    products = terms[:, :, None] * terms[:, None, :]
    running = np.concatenate([np.zeros((1, 6, 6)), np.cumsum(np.concatenate([products, products]), axis=0)])
    return np.asarray(running[starts + lengths] - running[starts])


def _conics(sums: FloatArray) -> FloatArray:
    """(M, 6) coefficients of a x^2 + b xy + c y^2 + d x + e y + f = 0; not a number where no ellipse fits."""
    conics = np.full((len(sums), 6), np.nan)
    sound = np.flatnonzero(np.linalg.cond(sums[:, 3:, 3:]) <= WORST_CONDITION)
    sums = sums[sound]
    back = -np.linalg.solve(sums[:, 3:, 3:], sums[:, 3:, :3])
    reduced = sums[:, :3, :3] + sums[:, :3, 3:] @ back
    constrained = np.stack([reduced[:, 2] / 2, -reduced[:, 1], reduced[:, 0] / 2], axis=1)
    vectors = np.real(np.linalg.eig(constrained)[1])
    elliptic = 4 * vectors[:, 0] * vectors[:, 2] - vectors[:, 1] ** 2 > 1e-12
    which = np.arange(len(sound))
    heads = vectors[which, :, elliptic.argmax(axis=1)]
    found = elliptic.any(axis=1)
    conics[sound[found], :3] = heads[found]
    conics[sound[found], 3:] = (back[found] @ heads[found, :, None])[..., 0]
    return conics


def _within(conics: FloatArray, x: FloatArray, y: FloatArray, tolerance: float) -> IntArray:
    """(M,) points within `tolerance` by the distance of `Ellipse.signed_distance`, which a conic tells as well."""
    a, b, c, d, e, f = (side[:, None] for side in conics.T)
    with np.errstate(divide="ignore", invalid="ignore"):
        determinant = 4 * a * c - b * b
        center_x, center_y = (b * e - 2 * c * d) / determinant, (b * d - 2 * a * e) / determinant
        level = -(f + 0.5 * (d * center_x + e * center_y))
        u, v = x - center_x, y - center_y
        squared = (a * u * u + b * u * v + c * v * v) / level  # (distance from the centre over the radius there)^2
        slope = np.hypot(2 * a * u + b * v, b * u + 2 * c * v) / (2 * np.abs(level))
        radius = np.sqrt(squared)
        distance = np.abs((radius - 1) * radius / slope)
    is_ellipse = (determinant > 0) & (a * level > 0) & (c * level > 0)
    return np.asarray((is_ellipse & (distance <= tolerance)).sum(axis=1), dtype=np.int64)
