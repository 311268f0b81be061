"""How a ruler's ticks are graduated, and the distances in millimetres for which machines graduate that way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fetalhead.images.ruler.marks import FloatArray
from fetalhead.images.ruler.ticks import Ticks

APART = 1.25
"""A longer or brighter tick has at least this many times the ink of a lesser one."""

MOST_FAULTS = 0.08
"""Share of the ticks that may look like another rank; ticks of 5 cm or 1 cm among others must all be told apart."""

ALIKE = 1
"""Pixels by which the ends of the longest ticks may differ: text that touches a tick does not make it one of them."""

FEWEST_ALTERNATING = 10
"""Ticks by which every second one must be told: fewer alternate by chance."""


@dataclass(frozen=True, slots=True)
class Graduation:
    """Every `steps[i]`-th tick is of a higher rank; `distances` are the mm from tick to tick that may be meant."""

    steps: tuple[int, ...]
    distances: tuple[float, ...]

    def __str__(self) -> str:
        return " and ".join(f"every {step}th" for step in self.steps).replace("2th", "2nd")


GRADUATIONS = (
    Graduation((2, 10), (5,)),
    Graduation((5, 10), (1,)),
    Graduation((5,), (10, 2, 1)),
    Graduation((10,), (5, 1)),
    Graduation((2,), (5,)),
)
"""Ticks of 5 mm, 1 cm and 5 cm; of 1 mm, 5 mm and 1 cm; of 1 and 5 cm (or 2 mm and 1 cm, or 1 and 5 mm); of 5 mm and
5 cm (or 1 mm and 1 cm); of 5 mm and 1 cm. Where several may be meant, the picture must rule out all but one."""


def graduation_of(ticks: Ticks) -> Graduation | None:
    """The graduation that the ticks show; None where they are all alike, or show none of the known ones."""
    for graduation in GRADUATIONS:
        highest = graduation.steps[-1]
        for first in range(highest):
            if _shows(graduation, ticks, first):
                return graduation
    return None


def _shows(graduation: Graduation, ticks: Ticks, first: int) -> bool:
    """Whether the ticks at `first` and every highest step from there are of the highest rank, and so on down."""
    highest = graduation.steps[-1]
    top = ticks.place % highest == first
    if highest == 2:
        return len(top) >= FEWEST_ALTERNATING and _told_apart(ticks.marks.ink[top], ticks.marks.ink[~top])
    if top.sum() < 2 or ticks.marks.ink[top].min() < APART * ticks.marks.ink[~top].max():
        return False
    if max(np.ptp(ticks.marks.left[top]), np.ptp(ticks.marks.right[top])) > ALIKE:
        return False
    if len(graduation.steps) == 1:
        return True
    middle = (ticks.place - first) % graduation.steps[0] == 0
    return _told_apart(ticks.marks.ink[middle & ~top], ticks.marks.ink[~middle])


def _told_apart(more: FloatArray, less: FloatArray) -> bool:
    """Whether nearly all of one rank have more ink than nearly all of the next."""
    if min(len(more), len(less)) < 2 or np.median(more) < APART * np.median(less):
        return False
    border = np.sqrt(np.median(more) * np.median(less))
    faults = int((more <= border).sum() + (less >= border).sum())
    return faults <= MOST_FAULTS * (len(more) + len(less))
