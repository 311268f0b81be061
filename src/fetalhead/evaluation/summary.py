"""From scored cases to the figures of a table: mean, SD, median, worst, interval by subject, failures, by HC band."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fetalhead.datasets.splits import BAND_NAMES
from fetalhead.evaluation.cases import PIXEL_BANDS, ScoredCase

FloatArray = npt.NDArray[np.float64]

DRAWS = 2000
SEED = 0
LEVEL_PERCENT = 95
WITHIN_PERCENT = (2, 3, 5)


@dataclass(frozen=True, slots=True)
class Metric:
    """A column of `Scores`: its title, its unit, the factor to print it in that unit, and which value is worst."""

    name: str
    title: str
    unit: str
    factor: float
    worst: Callable[[FloatArray], float]


def lowest(values: FloatArray) -> float:
    return float(values.min())


def highest(values: FloatArray) -> float:
    return float(values.max())


def farthest_from_zero(values: FloatArray) -> float:
    return float(values[np.argmax(np.abs(values))])


METRICS = (
    Metric("dice", "Dice, ellipse", "%", 100, lowest),
    Metric("iou", "IoU, ellipse", "%", 100, lowest),
    Metric("mask_dice", "Dice, mask", "%", 100, lowest),
    Metric("hausdorff_mm", "Hausdorff", "mm", 1, highest),
    Metric("hd95_mm", "Hausdorff 95 %", "mm", 1, highest),
    Metric("average_distance_mm", "surface distance", "mm", 1, highest),
    Metric("df_mm", "DF", "mm", 1, farthest_from_zero),
    Metric("adf_mm", "ADF", "mm", 1, highest),
    Metric("adf_percent", "ADF", "%", 1, highest),
)


@dataclass(frozen=True, slots=True)
class Statistics:
    """One metric over the cases that have it; all but `count` are NaN where none has."""

    count: int
    mean: float
    sd: float
    """Of single cases, with n - 1; NaN for one case."""
    median: float
    worst: float
    low: float
    high: float
    """The 95 % interval of the mean, by subject; NaN for fewer than two subjects."""


@dataclass(frozen=True, slots=True)
class Share:
    """The share of all cases, failures included, that a sentence holds for, and its 95 % interval by subject."""

    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything about one group of cases."""

    images: int
    subjects: int
    failures: int
    """Images in which no head was found: their Dice and IoU are 0, and they have no distance."""
    metrics: dict[str, Statistics]
    """By name in `METRICS`."""
    within: dict[int, Share]
    """By percent: the share whose ADF is at most so much of the reference HC. A failure is within none."""


@dataclass(frozen=True, slots=True)
class Robustness:
    """Cases made worse in one way at one severity (`none` and 0: as they are)."""

    kind: str
    severity: int
    cases: Sequence[ScoredCase]
    summary: Summary

    @classmethod
    def of(cls, kind: str, severity: int, cases: Sequence[ScoredCase]) -> Robustness:
        return cls(kind, severity, cases, summarise(cases))


def number_text(value: float) -> str:
    """A number as CSV files hold it; empty for NaN."""
    return "" if math.isnan(value) else format(value, ".6g")


def summarise(cases: Sequence[ScoredCase], seed: int = SEED) -> Summary:
    """The summary of one or more cases. Raises `ValueError` for none."""
    if not cases:
        raise ValueError("no cases to summarise")
    subjects = np.array([case.subject for case in cases])
    adf = _column(cases, "adf_percent")
    return Summary(
        images=len(cases),
        subjects=len(set(subjects)),
        failures=sum(case.failed for case in cases),
        metrics={
            metric.name: statistics(_column(cases, metric.name), subjects, metric.worst, seed) for metric in METRICS
        },
        within={percent: share_of(adf <= percent, subjects, seed) for percent in WITHIN_PERCENT},
    )


def summarise_bands(cases: Sequence[ScoredCase], seed: int = SEED) -> dict[str, Summary]:
    """A summary for each band of the reference HC that has cases, in rising order."""
    return _by_group(cases, BAND_NAMES, lambda case: case.band, seed)


def summarise_pixel_sizes(cases: Sequence[ScoredCase], seed: int = SEED) -> dict[str, Summary]:
    """A summary for each band of pixel size that has cases, in rising order."""
    return _by_group(cases, PIXEL_BANDS, lambda case: case.pixel_band, seed)


def _by_group(
    cases: Sequence[ScoredCase], names: Sequence[str], group_of: Callable[[ScoredCase], str], seed: int
) -> dict[str, Summary]:
    groups = {name: [case for case in cases if group_of(case) == name] for name in names}
    return {name: summarise(group, seed) for name, group in groups.items() if group}


def bootstrap_interval(
    values: npt.ArrayLike, subjects: npt.ArrayLike, seed: int = SEED, draws: int = DRAWS
) -> tuple[float, float]:
    """The 95 % percentile interval of the mean of (N,) `values`, by resampling the subjects they belong to.

    Images of one subject resemble each other, so they are drawn together (cluster bootstrap; Davison and Hinkley
    1997, section 3.8): resampling images would give too narrow an interval. NaN, NaN for fewer than two subjects.
    """
    values = np.asarray(values, dtype=np.float64)
    _, subject = np.unique(np.asarray(subjects), return_inverse=True)
    sums, counts = np.bincount(subject, weights=values), np.bincount(subject)
    if len(counts) < 2:
        return math.nan, math.nan
    times = resamples(len(counts), np.random.default_rng(seed), draws)
    return percentile_interval((times @ sums) / (times @ counts))


def resamples(number: int, generator: np.random.Generator, draws: int = DRAWS) -> npt.NDArray[np.int64]:
    """(draws, number): how often each of so many subjects is in each resample of as many."""
    return generator.multinomial(number, np.full(number, 1 / number), size=draws)


def percentile_interval(values: FloatArray) -> tuple[float, float]:
    """The 95 % percentile interval of what resamples give."""
    low, high = np.percentile(values, [(100 - LEVEL_PERCENT) / 2, (100 + LEVEL_PERCENT) / 2])
    return float(low), float(high)


def statistics(
    values: FloatArray, subjects: npt.NDArray[np.str_], worst: Callable[[FloatArray], float], seed: int = SEED
) -> Statistics:
    """Of the (N,) `values` that are not NaN; `worst` picks the worst of some, `subjects` (N,) says whose they are."""
    known = ~np.isnan(values)
    values, subjects = values[known], subjects[known]
    if not len(values):
        return Statistics(0, *[math.nan] * 6)
    return Statistics(
        len(values),
        float(values.mean()),
        float(values.std(ddof=1)) if len(values) > 1 else math.nan,
        float(np.median(values)),
        worst(values),
        *bootstrap_interval(values, subjects, seed),
    )


def share_of(holds: npt.NDArray[np.bool_], subjects: npt.ArrayLike, seed: int = SEED) -> Share:
    """The share of (N,) bool, one or more, of the `subjects` (N,) they belong to."""
    return Share(float(holds.mean()), *bootstrap_interval(holds, subjects, seed))


def _column(cases: Sequence[ScoredCase], name: str) -> FloatArray:
    return np.array([getattr(case.scores, name) for case in cases], dtype=np.float64)
