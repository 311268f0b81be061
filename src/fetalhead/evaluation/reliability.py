"""Whether a model knows what it does not know: its verdicts and its intervals, against the references."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fetalhead.biometry.quality import counted
from fetalhead.datasets.splits import BAND_NAMES
from fetalhead.evaluation.cases import ScoredCase
from fetalhead.evaluation.summary import Share, share_of


@dataclass(frozen=True, slots=True)
class Intervals:
    """How often the reference's HC lies in the 90 % interval, over the pictures that have one."""

    images: int
    coverage: Share
    binomial_low: float
    """To `binomial_high`: the exact 95 % interval of the coverage (Clopper and Pearson 1934). 0.9 should lie within."""
    binomial_high: float
    mean_width_percent: float
    """Of the reference's HC."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """Verdicts, with the accuracy of what is accepted, and intervals, also by band of HC."""

    verdicts: dict[str, int]
    accepted_adf_mm: float
    """NaN where nothing is accepted."""
    accepted_dice: float
    intervals: Intervals | None
    """None for a model without intervals."""
    interval_bands: dict[str, Intervals]


def reliability(cases: Sequence[ScoredCase]) -> Reliability:
    """The figures of some cases."""
    accepted = [case for case in cases if case.quality == "accept"]
    groups = {band: _intervals([case for case in cases if case.band == band]) for band in BAND_NAMES}
    return Reliability(
        counted(case.quality for case in cases),
        _mean([case.scores.adf_mm for case in accepted]),
        _mean([case.scores.dice for case in accepted]),
        _intervals(cases),
        {band: found for band, found in groups.items() if found},
    )


def _intervals(cases: Sequence[ScoredCase]) -> Intervals | None:
    from scipy.stats import binomtest  # of the extra `train`, which `fetalhead agree` does without

    having = [(case, case.interval_mm) for case in cases if case.interval_mm]
    if not having:
        return None
    references = np.array([case.reference_hc_mm for case, _ in having])
    low, high = np.array([interval for _, interval in having]).T
    holds = (low <= references) & (references <= high)
    width = float(np.mean(100 * (high - low) / references))
    binomial = binomtest(int(holds.sum()), len(having)).proportion_ci(0.95, "exact")
    covered = share_of(holds, [case.subject for case, _ in having])
    return Intervals(len(having), covered, float(binomial.low), float(binomial.high), width)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan
