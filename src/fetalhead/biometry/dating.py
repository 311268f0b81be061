"""Gestational age from head circumference, by two published formulas, each within the range it was made for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

from fetalhead.catalog import DATING
from fetalhead.errors import FetalheadError, Nothing


@dataclass(frozen=True, slots=True)
class GestationalAge:
    """An age in weeks, and the interval (low, high) that holds 95 % of fetuses where the source gives one."""

    weeks: float
    low: float | None
    high: float | None


@final
@dataclass(frozen=True, slots=True)
class NoAge(Nothing):
    """An HC that a formula does not date: falsy, and holds the reason."""


HADLOCK_RANGE_MM = (68.0, 360.0)
HADLOCK_BANDS = ((144.0, 1.19), (219.0, 1.48), (280.0, 2.06), (325.0, 2.98), (360.0, 3.2))
"""HC in mm up to which 2 SD of the age is so many weeks.

The published bands leave gaps (14.4 to 15.1 cm, 21.9 to 22.4, 28.0 to 28.4, 32.5 to 32.8): an HC in a gap takes
the wider interval of its two neighbours, which is that of the band above.
"""

INTERGROWTH_RANGE_WEEKS = (14.0, 26.0)


def hadlock1984(hc_mm: float) -> float:
    """Weeks by Hadlock et al. 1984, Radiology 152:497: 8.96 + 0.540 HC + 0.0003 HC^3, HC in cm."""
    hc = hc_mm / 10
    return 8.96 + 0.540 * hc + 0.0003 * hc**3


def intergrowth21(hc_mm: float) -> float:
    """Weeks by INTERGROWTH-21st (Papageorghiou et al. 2016, Ultrasound Obstet Gynecol 48:719), HC in mm:
    days = exp(0.05970 (ln HC)^2 + 0.000000006409 HC^3 + 3.3258)."""
    return math.exp(0.05970 * math.log(hc_mm) ** 2 + 6.409e-9 * hc_mm**3 + 3.3258) / 7


def check_formula(formula: str) -> None:
    """Raises `FetalheadError` where `formula` is no key of `catalog.DATING`."""
    if formula not in tuple(DATING):
        raise FetalheadError(f"no dating formula {formula!r}; there are {', '.join(DATING)}")


def gestational_age(hc_mm: float, formula: str = "hadlock1984") -> GestationalAge | NoAge:
    """The age of a fetus with this HC (outer border, mm), or why the formula gives none.

    Hadlock's interval is +-2 SD of the band that HC lies in; INTERGROWTH-21st publishes none that could be traced.
    """
    check_formula(formula)
    if not 0 < hc_mm < math.inf:
        raise ValueError(f"an HC of {hc_mm} mm")
    return _by_hadlock(hc_mm) if formula == "hadlock1984" else _by_intergrowth(hc_mm)


def _by_hadlock(hc_mm: float) -> GestationalAge | NoAge:
    low, high = HADLOCK_RANGE_MM
    if not low <= hc_mm <= high:
        return NoAge(f"no gestational age: HC {hc_mm:.1f} mm is outside the {low:g} to {high:g} mm of Hadlock 1984")
    weeks = hadlock1984(hc_mm)
    margin = next(margin for top, margin in HADLOCK_BANDS if hc_mm <= top)
    return GestationalAge(weeks, weeks - margin, weeks + margin)


def _by_intergrowth(hc_mm: float) -> GestationalAge | NoAge:
    low, high = INTERGROWTH_RANGE_WEEKS
    # Within the largest head there is, so that a nonsense HC cannot overflow the exponential.
    weeks = intergrowth21(min(hc_mm, 1000))
    if not low <= weeks <= high:
        return NoAge(
            f"no gestational age: HC {hc_mm:.1f} mm is outside the {low:g} to {high:g} weeks of INTERGROWTH-21st"
        )
    return GestationalAge(weeks, None, None)
