"""How a head compares with others of its age: INTERGROWTH-21st fetal growth standards.

Papageorghiou et al. 2014, Lancet 384:869. HC, BPD (outer-outer) and OFD in mm by exact weeks, 14 to 40. The age must
come from elsewhere (last period, crown-rump length): an age derived from the same HC says nothing about its growth.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, final

from fetalhead.biometry.known_age import KnownAge, UnknownAge
from fetalhead.biometry.measurement import HeadMeasurement
from fetalhead.biometry.quality import doubted
from fetalhead.errors import Nothing

Measure = Literal["hc", "bpd", "ofd"]

RANGE_WEEKS = (14.0, 40.0)

UNLIKELY_Z, UNLIKELY = 4.0, "unlikely at that age"
"""One healthy fetus in 16,000 is farther from the mean: the age, the size of a pixel or the outline may be wrong."""


@dataclass(frozen=True, slots=True)
class Growth:
    """A measure beside those of its age: mean and SD (mm) there, and z = (value - mean) / SD."""

    mean_mm: float
    sd_mm: float
    z: float

    @property
    def centile(self) -> float:
        """0 to 100, by the normal distribution of z."""
        return 50 * math.erfc(-self.z / math.sqrt(2))


@final
@dataclass(frozen=True, slots=True)
class NoGrowth(Nothing):
    """An age outside the standard: falsy, and holds the reason."""


def growth(measure: Measure, value_mm: float, ga_weeks: float) -> Growth | NoGrowth:
    """Where a measure of `value_mm` stands among healthy fetuses of `ga_weeks` exact weeks."""
    low, high = RANGE_WEEKS
    if not low <= ga_weeks <= high:
        return NoGrowth(f"{ga_weeks:g} weeks is outside the {low:g} to {high:g} weeks of INTERGROWTH-21st growth")
    mean, sd = (equation(ga_weeks, math.log(ga_weeks)) for equation in _EQUATIONS[measure])
    return Growth(mean, sd, (value_mm - mean) / sd)


def with_growth(measurement: HeadMeasurement, age: KnownAge | UnknownAge) -> HeadMeasurement:
    """The measurement with the z-score and centile of its HC at an age known from elsewhere, or with why it has none.

    Raises TypeError for a `GestationalAge`: that comes from the same HC.
    """
    if not isinstance(age, (KnownAge, UnknownAge)):
        raise TypeError(f"growth wants an age from elsewhere, never a {type(age).__name__} from the same HC")
    if measurement.hc_mm is None:
        return measurement
    if isinstance(age, UnknownAge):
        return _without_growth(measurement, age.reason)
    at = growth("hc", measurement.hc_mm, age.weeks)
    if isinstance(at, NoGrowth):
        return _without_growth(measurement, at.reason)
    known = replace(measurement, hc_z=at.z, hc_centile=at.centile, known_ga_weeks=age.weeks)
    return doubted(known, UNLIKELY) if abs(at.z) > UNLIKELY_Z else known


def _without_growth(measurement: HeadMeasurement, reason: str) -> HeadMeasurement:
    return replace(measurement, reason="; ".join(filter(None, [measurement.reason, f"no z-score: {reason}"])))


def _hc_mean(ga: float, ln: float) -> float:
    return -28.2849 + 1.69267 * ga**2 - 0.397485 * ga**2 * ln


def _hc_sd(ga: float, ln: float) -> float:
    return 1.98735 + 0.0136772 * ga**3 - 0.00726264 * ga**3 * ln + 0.000976253 * ga**3 * ln**2


def _bpd_mean(ga: float, ln: float) -> float:
    return 5.60878 + 0.158369 * ga**2 - 0.00256379 * ga**3


def _bpd_sd(ga: float, ln: float) -> float:
    return math.exp(0.101242 + 0.00150557 * ga**3 - 0.000771535 * ga**3 * ln + 0.0000999638 * ga**3 * ln**2)


def _ofd_mean(ga: float, ln: float) -> float:
    return -12.4097 + 0.626342 * ga**2 - 0.148075 * ga**2 * ln


def _ofd_sd(ga: float, ln: float) -> float:
    return math.exp(-0.880034 + 0.0631165 * ga**2 - 0.0317136 * ga**2 * ln + 0.00408302 * ga**2 * ln**2)


Equation = Callable[[float, float], float]

_EQUATIONS: dict[Measure, tuple[Equation, Equation]] = {
    "hc": (_hc_mean, _hc_sd),
    "bpd": (_bpd_mean, _bpd_sd),
    "ofd": (_ofd_mean, _ofd_sd),
}
"""Mean and SD in mm, of exact weeks and their natural logarithm."""
