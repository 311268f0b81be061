"""Arm against arm on the same draws and the same pictures: differences with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtrit

from fetalhead.evaluation.comparison.collect import Row
from fetalhead.evaluation.summary import LEVEL_PERCENT, SEED, number_text, percentile_interval, resamples

QUANTILE = (100 + LEVEL_PERCENT) / 200
METRICS = ("dice", "iou", "mask_dice", "hd_mm", "adf_mm", "adf_percent")
DIFFERENCES = ("data", "arm", "against", "labels", "metric", "draws", "subjects", "pairs", "arm_mean", "against_mean",
               "difference", "low", "high")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean of arm minus the other, over draws and pictures that have both; NaN without any."""

    draws: int
    subjects: int
    pairs: int
    """Pictures, counted once a draw, that have the metric in both."""
    arm_mean: float
    against_mean: float
    low: float
    """The 95 % interval of the difference, over draws and subjects; NaN for fewer than two of either."""
    high: float

    @property
    def difference(self) -> float:
        return self.arm_mean - self.against_mean


def made_worse(data: str, severity: str) -> str:
    """What a data set's pictures are called when they are made worse, all kinds of corruption together."""
    return f"{data} made worse, severity {severity}"


def differences(cases: Sequence[Row], pairs: Sequence[tuple[str, str]]) -> list[Row]:
    """A row of `differences.csv` for each data set, pair of arms, label share and metric that both have."""
    groups: dict[tuple[str, str, str], Values] = {}
    for case in cases:
        groups.setdefault((case["data"], case["arm"], case["labels"]), {})[case["seed"], case["name"]] = case
    rows = []
    for pair in pairs:
        for data, arm, labels in groups:
            other = groups.get((data, pair[1], labels))
            if arm != pair[0] or other is None:
                continue
            for metric in METRICS:
                found = paired_difference(groups[data, arm, labels], other, metric)
                if found.draws:
                    rows.append({
                        "data": data, "arm": arm, "against": pair[1], "labels": labels, "metric": metric,
                        "draws": str(found.draws), "subjects": str(found.subjects), "pairs": str(found.pairs),
                        **{name: number_text(getattr(found, name))
                           for name in ("arm_mean", "against_mean", "difference", "low", "high")},
                    })  # fmt: skip
    return rows


Values = dict[tuple[str, str], Row]
"""Cases by seed and picture."""


def paired_difference(arm: Values, against: Values, metric: str) -> Difference:
    """One metric of two arms, paired by draw and picture; a picture that lacks it in either is left out.

    The interval resamples the draws and, apart from them, the subjects whose pictures they are (both are what another
    study would have others of), and adds what the two change: a two-way cluster bootstrap, percentile interval. Draws
    are few, so their part is stretched (see `_stretch`).
    """
    pairs = [
        (seed, arm[seed, name]["subject"], float(arm[seed, name][metric]), float(against[seed, name][metric]))
        for seed, name in arm.keys() & against.keys()
        if arm[seed, name].get(metric) and against[seed, name].get(metric)
    ]
    if not pairs:
        return Difference(0, 0, 0, *[math.nan] * 4)
    pairs.sort()
    seeds, seed = np.unique([pair[0] for pair in pairs], return_inverse=True)
    subjects, subject = np.unique([pair[1] for pair in pairs], return_inverse=True)
    first, second = np.array([pair[2] for pair in pairs]), np.array([pair[3] for pair in pairs])
    sums, counts = np.zeros((len(seeds), len(subjects))), np.zeros((len(seeds), len(subjects)))
    np.add.at(sums, (seed, subject), first - second)
    np.add.at(counts, (seed, subject), 1)
    low, high = interval_of(sums, counts)
    return Difference(len(seeds), len(subjects), len(pairs), float(first.mean()), float(second.mean()), low, high)


def interval_of(sums: npt.NDArray[np.float64], counts: npt.NDArray[np.float64]) -> tuple[float, float]:
    """The 95 % interval of the mean of (draws, subjects) `sums` of differences of so many pictures (`counts`)."""
    draws, subjects = sums.shape
    if draws < 2 or subjects < 2:
        return math.nan, math.nan
    generator = np.random.default_rng(SEED)
    times_drawn, times = resamples(draws, generator), resamples(subjects, generator)
    of_draws = (times_drawn @ sums.sum(axis=1)) / (times_drawn @ counts.sum(axis=1))
    of_subjects = (times @ sums.sum(axis=0)) / (times @ counts.sum(axis=0))
    return percentile_interval(of_subjects + _stretch(draws) * (of_draws - sums.sum() / counts.sum()))


def _stretch(draws: int) -> float:
    """By what a bootstrap of so few draws is too narrow.

    Resamples of n vary by (n - 1) / n of the variance (Davison and Hinkley 1997, section 2.4), and a variance known
    from n values wants Student's quantile instead of the normal one.
    """
    normal, student = ndtri(QUANTILE), stdtrit(draws - 1, QUANTILE)
    return float(math.sqrt(draws / (draws - 1)) * student / normal)
