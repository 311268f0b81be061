"""Marks in one column at equal distances: the ticks of a ruler."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fetalhead.images.ruler.marks import FloatArray, Marks

FEWEST = 7
"""Ticks; fewer marks stand at equal distances by chance."""

OFF_COLUMN, OFF_ROW = 1.01, 0.8
"""Pixels by which a tick may be off its column, and off its place in the row of ticks."""

PASSES = ((3, 1.6), (9, 1.6), (27, 1.2), (math.inf, OFF_ROW))
"""How many places to either side ticks are looked for, and the pixels by which they may be off, as the period gets
surer: it is first known from two ticks only."""

SMALLEST_PERIOD = 6.0
"""Pixels between ticks: nearer ones cannot be told from text."""

LEAST_FILLED = 0.75
"""Share of the places between the first and the last tick that hold one: text may hide a few."""

MOST_STRAYS = 0.25
"""Other marks in the ticks' column, for each tick: a ruler stands alone."""

FAINT = 0.6
"""Marks of less contrast than this share of the ticks' are the tissue's speckle under the ruler, and do not count."""

MARGIN = 0.3
"""Share of the picture's width, from either side, in which rulers stand."""


ONE_RULER = 0.03
"""Share of the picture's width within which rows of ticks belong to one ruler: its ticks of all ranks, its numbers."""


@dataclass(frozen=True, slots=True)
class Ticks:
    """The ticks of one ruler: (N,) places from the top, whole numbers, and what stands there."""

    place: npt.NDArray[np.int64]
    marks: Marks
    period: float
    """Pixels from tick to tick, fitted to all of them."""
    error: float
    """Standard error of the period, as a share of it."""
    filled: float
    """Share of the places between first and last that hold a tick."""

    @property
    def x(self) -> float:
        return float(np.median(self.marks.left + self.marks.right) / 2)

    @property
    def span(self) -> float:
        return float(self.marks.y[-1] - self.marks.y[0])


def find_ticks(marks: Marks, shape: tuple[int, int]) -> list[Ticks]:
    """The rows of ticks in a picture of `shape` (H, W), one for each ruler, the one with most ticks first."""
    found = [ticks for column in _columns(marks, shape[1]) if (ticks := _best_row(column, shape[0])) is not None]
    kept: list[Ticks] = []
    for ticks in sorted(found, key=lambda ticks: (-len(ticks.marks), ticks.error)):
        if all(abs(ticks.x - other.x) > ONE_RULER * shape[1] for other in kept):
            kept.append(ticks)
    return kept


def _columns(marks: Marks, width: int) -> Iterator[Marks]:
    """Marks that are flush left, flush right or centred on one column near a side of the picture, from the top."""
    seen = set()
    for x in (marks.left, marks.right, (marks.left + marks.right) / 2):
        aside = np.minimum(x, width - 1 - x) <= MARGIN * width
        for column in np.unique(x[aside]):
            chosen = np.flatnonzero(np.abs(x - column) <= OFF_COLUMN)
            key = chosen.tobytes()
            if len(chosen) >= FEWEST and key not in seen:
                seen.add(key)
                yield marks.take(chosen[np.argsort(marks.y[chosen])])


def _best_row(column: Marks, height: int) -> Ticks | None:
    best: Ticks | None = None
    for first in range(len(column) - 1):
        for second in range(first + 1, min(first + 4, len(column))):
            period = float(column.y[second] - column.y[first])
            if SMALLEST_PERIOD <= period <= height / (FEWEST - 1):
                ticks = _row(column, float(column.y[first]), period)
                if ticks is not None and (best is None or len(ticks.marks) > len(best.marks)):
                    best = ticks
    return best


def _row(column: Marks, start: float, period: float) -> Ticks | None:
    """The ticks at `start` and whole numbers of `period` from there, both refined; None where they make no ruler.

    Machines draw at whole pixels, so that the distance of two ticks is off by up to one: the period is refined on
    the nearest ticks before farther ones are looked for.
    """
    for reach, tolerance in PASSES:
        place = np.rint((column.y - start) / period)
        off = np.abs(column.y - start - place * period)
        chosen = _one_a_place(place, np.where((off <= tolerance) & (np.abs(place) <= reach), off, np.inf))
        if len(chosen) < 3:
            return None
        period, start = _line(place[chosen], column.y[chosen])
        if period < SMALLEST_PERIOD:
            return None
    if len(chosen) < FEWEST:
        return None
    places, marks = place[chosen].astype(np.int64), column.take(chosen)
    faint = FAINT * np.median(marks.contrast)
    rivals = (column.y >= marks.y[0]) & (column.y <= marks.y[-1]) & (column.contrast >= faint)
    rivals[chosen] = False
    filled = len(chosen) / (places[-1] - places[0] + 1)
    if filled < LEAST_FILLED or rivals.sum() > MOST_STRAYS * len(chosen):
        return None
    residuals = marks.y - start - places * period
    scatter = np.sqrt((residuals**2).sum() / (len(chosen) - 2))
    error = scatter / np.sqrt(((places - places.mean()) ** 2).sum()) / period
    return Ticks(places - places[0], marks, float(period), float(error), float(filled))


def _line(place: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Slope and intercept of the least-squares line of y over place."""
    off = place - place.mean()
    slope = float(off @ y / (off @ off))
    return slope, float(y.mean() - slope * place.mean())


def _one_a_place(place: FloatArray, off: FloatArray) -> npt.NDArray[np.int64]:
    """The mark nearest to each place, from the top; `off` is infinite for what is no tick."""
    order = np.argsort(off, kind="stable")
    order = order[np.isfinite(off[order])]
    _, first = np.unique(place[order], return_index=True)
    return np.asarray(order[first], dtype=np.int64)
