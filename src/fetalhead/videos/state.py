"""An ellipse as five numbers that move smoothly through time, whatever its angle does.

Centre x, y, and the second moments of its outline: the matrix R diag(a^2, b^2) R' as its mean diagonal (`size`) and
what is left of it as a vector along twice the angle (`stretch`). Angles 0 and pi are one there, and a circle, which
has no angle, is a plain zero. When a plane sweeps through an ellipsoid at an even speed, all three are exactly
quadratic in time, where the axes themselves start and end with infinite slopes.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from fetalhead.images.ellipse import Ellipse

FloatArray = npt.NDArray[np.float64]

CENTER, SHAPE = slice(0, 2), slice(2, 5)
"""Where in a state the centre is, and size and stretch."""
SIZE = 2

LEAST_RATIO = 0.2
"""Short over long axis of an ellipse that a smoothed state is read as: noise can make a short moment negative."""


def state_of(ellipse: Ellipse) -> FloatArray:
    """(5,) x, y, size, stretch 1 and 2; the last three are squares of lengths."""
    a, b, turn = ellipse.semi_axis_a**2, ellipse.semi_axis_b**2, 2 * ellipse.angle
    half = (a - b) / 2
    return np.array([ellipse.center_x, ellipse.center_y, (a + b) / 2, half * math.cos(turn), half * math.sin(turn)])


def ellipse_of(state: npt.ArrayLike) -> Ellipse | None:
    """The ellipse of a (5,) state; None where there is none (NaN, or no size)."""
    x, y, size, first, second = map(float, np.asarray(state))
    half = math.hypot(first, second)
    long = size + half
    if not long > 0:
        return None
    short = max(size - half, LEAST_RATIO**2 * long)
    return Ellipse.make(x, y, math.sqrt(long), math.sqrt(short), math.atan2(second, first) / 2)
