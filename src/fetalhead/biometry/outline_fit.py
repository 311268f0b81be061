"""Ellipses through a head's contour: through all of it, and through the part that is skull where the rest is a cut."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from fetalhead.biometry.stretches import agreeing
from fetalhead.images.ellipse import Ellipse, NoEllipse, fit_ellipse

FloatArray = npt.NDArray[np.float64]

REFITS = 3
OUTLIER_SDS = 3.0
"""Points farther from the ellipse than so many robust standard deviations are left out of the next fit."""

WINDOW_SHARES = (0.25, 0.4, 0.6, 0.8)
WINDOW_STARTS = 12
"""The stretches of a contour that are tried as the part that is skull."""

SEARCH_POINTS = 240
"""Points (at least) that the search among the stretches looks at; the final fit takes all."""


def fit_whole(points: FloatArray, resolution: float) -> Ellipse | NoEllipse:
    """The ellipse through the (N, 2) contour points x, y of a head seen all round.

    The direct least-squares fit, repeated without the points that lie off it (a spur, a bite): farther than three
    times 1.4826 median distances, but never a point closer than `resolution`, the size of a grid pixel.
    """
    ellipse = fit_ellipse(points)
    kept = np.ones(len(points), dtype=bool)
    for _ in range(REFITS):
        if isinstance(ellipse, NoEllipse):
            return ellipse
        distance = _distance(ellipse, points)
        agrees = distance <= max(OUTLIER_SDS * 1.4826 * float(np.median(distance)), resolution)
        if (agrees == kept).all():
            return ellipse
        kept = agrees
        ellipse = fit_ellipse(points[kept])
    return ellipse


def fit_part(points: FloatArray, tolerance: float) -> Ellipse | NoEllipse:
    """The ellipse that most of the (N, 2) contour points agree with, within `tolerance`; they go round in order.

    For a head cut off by a shadow or by the border of the field of view: the contour is skull on one stretch and a
    cut on the rest, and a fit to both tells no head's size. Each of 48 stretches is fitted; the ellipse that the most
    points lie on is drawn to those points by geometric least squares.
    """
    some = points[:: max(1, len(points) // SEARCH_POINTS)]
    lengths = np.repeat([math.ceil(share * len(some)) for share in WINDOW_SHARES], WINDOW_STARTS)
    starts = np.tile(np.arange(WINDOW_STARTS) * len(some) // WINDOW_STARTS, len(WINDOW_SHARES))
    counts = agreeing(some, starts, lengths, tolerance)
    most = int(np.argmax(counts))
    if not counts[most]:
        return NoEllipse("no ellipse fits a stretch of the contour")
    best = fit_ellipse(some[(starts[most] + np.arange(lengths[most])) % len(some)])
    for _ in range(REFITS):
        if isinstance(best, NoEllipse):
            return best
        best = _nearest(best, points[_distance(best, points) <= tolerance])
    return best


def supported_share(ellipse: Ellipse, points: FloatArray, tolerance: float, samples: int = 360) -> float:
    """The share (0 to 1) of the perimeter that has one of the (N, 2) points beside it.

    The perimeter is sampled at equal arcs; a point is beside a sample where it lies within `tolerance` of the
    ellipse, and of the sample along the ellipse.
    """
    beside = points[_distance(ellipse, points) <= tolerance]
    if len(beside) == 0:
        return 0.0
    outline = ellipse.points(samples)
    sides = np.hypot(*(np.roll(outline, -1, axis=0) - outline).T)
    arcs = np.concatenate([[0.0], np.cumsum(sides)])
    perimeter = float(arcs[-1])
    cos, sin = math.cos(ellipse.angle), math.sin(ellipse.angle)
    dx, dy = beside[:, 0] - ellipse.center_x, beside[:, 1] - ellipse.center_y
    turn = np.arctan2((dy * cos - dx * sin) / ellipse.semi_axis_b, (dx * cos + dy * sin) / ellipse.semi_axis_a)
    places = np.sort(np.interp((turn / (2 * math.pi)) % 1 * samples, np.arange(samples + 1), arcs))
    places = np.concatenate([[places[-1] - perimeter], places, [places[0] + perimeter]])
    wanted = np.arange(samples) * (perimeter / samples)
    after = np.searchsorted(places, wanted)
    gap = np.minimum(places[np.minimum(after, len(places) - 1)] - wanted, wanted - places[after - 1])
    return float((gap <= tolerance).mean())


def _distance(ellipse: Ellipse, points: FloatArray) -> FloatArray:
    return np.abs(ellipse.signed_distance(points[:, 0], points[:, 1]))


def _nearest(ellipse: Ellipse, points: FloatArray, steps: int = 5) -> Ellipse | NoEllipse:
    """The ellipse with the least squared distances to the points, by Gauss-Newton from a near one.

    The direct fit shrinks ellipses that it sees only a part of; distances do not.
    """
    for _ in range(steps):
        if len(points) < 6:
            return NoEllipse("fewer than 6 contour points agree on an ellipse")
        a, b = ellipse.semi_axis_a, ellipse.semi_axis_b
        cos, sin = math.cos(ellipse.angle), math.sin(ellipse.angle)
        dx, dy = points[:, 0] - ellipse.center_x, points[:, 1] - ellipse.center_y
        along, across = dx * cos + dy * sin, dy * cos - dx * sin
        normal = np.stack([along / a**2, across / b**2])
        normal /= np.hypot(*normal)
        # How the distance changes with the centre (along, across), the semi-axes and the angle.
        slopes = np.stack(
            [-normal[0], -normal[1], -normal[0] * along / a, -normal[1] * across / b,
             normal[0] * across - normal[1] * along], axis=1,
        )  # fmt: skip
        distance = ellipse.signed_distance(points[:, 0], points[:, 1])
        step = np.linalg.lstsq(slopes, -distance, rcond=None)[0]
        if not (np.isfinite(step).all() and a + step[2] > 0 and b + step[3] > 0):
            return NoEllipse("the contour does not settle on an ellipse")
        ellipse = Ellipse.make(
            ellipse.center_x + step[0] * cos - step[1] * sin,
            ellipse.center_y + step[0] * sin + step[1] * cos,
            a + step[2],
            b + step[3],
            ellipse.angle + step[4],
        )
    return ellipse
