"""The shape of a field of view, from the pixels that are lit: two straight sides, an arc or a row above and below."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fetalhead.images.field_limits import Arc, FloatArray, Limit, Line

Mask = npt.NDArray[np.bool_]

NEAR, BEYOND = 1.5, 3.5
"""A row (column, beam) that ends so near (working pixels) to a line or an arc ends on it; one that ends so far
outside runs on beyond it. What lies between is the ragged border that JPEG leaves."""

CANDIDATES = 20
"""A side is drawn through pairs of so many of the places where rows end, a level through as many of the commonest."""

LEAST, LEAST_SHARE, MIRRORED_SHARE = 10, 0.2, 0.08
"""So many of the rows (columns) that end within the picture must end on a line (an arc) for it to be a limit; the
last is for a side that slopes as the other one does, mirrored."""

BENT = 0.8
"""A side whose middle lies so far (working pixels) beside its ends is no side but a round thing in the dark."""

PENALTY = 3.0
"""A row that runs on beyond a limit speaks against it as so many that end on it speak for it."""

STEEPEST = 2.5
"""Of a side, x over y: the outermost beam of a wide sector lies at 68 degrees from straight down."""

LEAST_MEETING = 0.03
"""Difference of the two sides' slopes below which they are parallel: a linear probe's."""


@dataclass(frozen=True, slots=True)
class _Side:
    """A side x = start + slope y."""

    start: float
    slope: float

    def line(self, sign: int) -> Line:
        """The half-plane to the right of it (sign 1) or to the left (-1)."""
        length = math.hypot(1, self.slope)
        return Line(sign / length, -sign * self.slope / length, sign * self.start / length)


def limits_of(lit: Mask) -> list[Limit]:
    """The limits that (h, w) `lit` pixels show, in their coordinates; none on a side where they reach the edge.

    A sector may stand on its head (probe below).
    """
    height = lit.shape[0]
    left, right = _sides(lit)
    apex = _meeting(left, right)
    limits: list[Limit] = [side.line(sign) for side, sign in ((left, 1), (right, -1)) if side]
    if apex is None or apex[1] < height / 2:
        return limits + _above_and_below(lit, apex)
    turned = _above_and_below(lit[::-1], (apex[0], height - 1 - apex[1]))
    return limits + [_turned(limit, height) for limit in turned]


def _sides(lit: Mask) -> tuple[_Side | None, _Side | None]:
    """The left and the right side: going apart downwards, or (a sector on its head) upwards, or parallel."""
    ends, mirrored_ends = _ends(lit), _ends(lit[:, ::-1])
    left, mirrored = _side(ends), _side(mirrored_ends)
    both = left is not None and mirrored is not None and left.slope + mirrored.slope
    if not both or both < LEAST_MEETING:  # a side that leans inwards on its own is a shadow's
        left, mirrored = (side if side and side.slope < LEAST_MEETING else None for side in (left, mirrored))
    if mirrored and not left:
        left = _side_of_slope(ends, mirrored.slope)
    elif left and not mirrored:
        mirrored = _side_of_slope(mirrored_ends, left.slope)
    return left, _Side(lit.shape[1] - 1 - mirrored.start, -mirrored.slope) if mirrored else None


def _turned(limit: Limit, height: int) -> Limit:
    if isinstance(limit, Arc):
        return Arc(limit.center_x, height - 1 - limit.center_y, limit.radius, limit.is_near)
    return Line(limit.across, -limit.down, limit.least - limit.down * (height - 1))


def _ends(lit: Mask) -> FloatArray:
    """(h,) half a pixel beyond the first lit pixel of each row; -1 where it is on the edge, nan where none is lit."""
    first: FloatArray = lit.argmax(axis=1) - 0.5
    first[first < 0] = -1.0
    first[~lit.any(axis=1)] = np.nan
    return first


def _side(ends: FloatArray) -> _Side | None:
    """The straight line on which most rows begin, and beyond which hardly any does; None where there is no such."""
    rows = np.flatnonzero(~np.isnan(ends))
    ends = ends[rows]
    free = np.flatnonzero(ends >= 0)
    least = max(LEAST, LEAST_SHARE * len(free))
    if len(free) < least:
        return None
    chosen = free[np.unique(np.linspace(0, len(free) - 1, CANDIDATES).round().astype(np.intp))]
    first, second = (chosen[index] for index in np.triu_indices(len(chosen), 1))
    slope = (ends[second] - ends[first]) / (rows[second] - rows[first])
    start = ends[first] - slope * rows[first]
    # Of a row at the picture's edge it is enough to know whether it runs on beyond the line.
    off = (ends - start[:, None]).astype(np.float32) - slope[:, None].astype(np.float32) * rows.astype(np.float32)
    on = (np.abs(off) <= NEAR) & (ends >= 0)
    beyond = np.count_nonzero(off < -BEYOND, axis=1)
    score = np.where(np.abs(slope) <= STEEPEST, np.count_nonzero(on, axis=1) - PENALTY * beyond, -np.inf)
    best = int(np.argmax(score))
    ours = on[best]
    if score[best] < least or not np.ptp(rows[ours]):
        return None
    fitted_slope, fitted_start = np.polyfit(rows[ours], ends[ours], 1)
    thirds = np.array_split(ends[ours] - fitted_start - fitted_slope * rows[ours], 3)
    bend = thirds[1].mean() - (thirds[0].mean() + thirds[2].mean()) / 2
    return None if bend < -BENT else _Side(float(fitted_start), float(fitted_slope))


def _side_of_slope(ends: FloatArray, slope: float) -> _Side | None:
    """The side of that slope on which most rows begin; None where hardly any does."""
    rows = np.flatnonzero(~np.isnan(ends))
    free = ends[rows] >= 0
    start, score = _level(ends[rows] - slope * rows, free)
    return _Side(start, slope) if score >= max(LEAST, MIRRORED_SHARE * int(free.sum())) else None


def _meeting(left: _Side | None, right: _Side | None) -> tuple[float, float] | None:
    """The point x, y where the sides meet; None for parallel sides or an unknown one."""
    if left is None or right is None or abs(left.slope - right.slope) < LEAST_MEETING:
        return None
    y = (right.start - left.start) / (left.slope - right.slope)
    return left.start + left.slope * y, y


def _above_and_below(lit: Mask, apex: tuple[float, float] | None) -> list[Limit]:
    """The limits above and below: arcs about `apex` or rows, whichever more columns end on."""
    height = lit.shape[0]
    top = _ends(lit.T)
    bottom = height - 1 - _ends(lit[::-1].T)
    limits: list[Limit] = []
    for ends, is_near in ((top, True), (bottom, False)):
        sign = 1 if is_near else -1
        columns = np.flatnonzero(~np.isnan(ends))
        place = ends[columns]
        free = (place >= 0) & (place <= height - 1)
        row, row_score = _level(sign * place, free)
        radius, arc_score = 0.0, -math.inf
        if apex is not None:
            distance = np.hypot(columns - apex[0], place - apex[1])
            radius, arc_score = _level(sign * distance, free)
        least = max(LEAST, LEAST_SHARE * int(free.sum()))
        if apex is not None and arc_score >= max(row_score, least):
            limits.append(Arc(apex[0], apex[1], sign * radius, is_near))
        elif row_score >= least:
            limits.append(Line(0.0, float(sign), row))
    return limits


def _level(places: FloatArray, free: Mask) -> tuple[float, float]:
    """The value near which most of the (N,) free places lie, and hardly any place below; and how well."""
    if not free.any():
        return 0.0, -math.inf
    values, counts = np.unique(np.round(places[free]), return_counts=True)
    candidates = values[np.argsort(counts)[-CANDIDATES:]]
    off = (places - candidates[:, None]).astype(np.float32)
    on = (np.abs(off) <= NEAR) & free
    score = np.count_nonzero(on, axis=1) - PENALTY * np.count_nonzero(off < -BEYOND, axis=1)
    best = int(np.argmax(score))
    return float(places[on[best]].mean()) if on[best].any() else 0.0, float(score[best])
