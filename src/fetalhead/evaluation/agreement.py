"""Agreement of measured HC with a site's own caliper values: all that can be said without outlines."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fetalhead.biometry.quality import VERDICTS, counted, counts_told
from fetalhead.evaluation.agreement_pairs import Pair
from fetalhead.evaluation.summary import (
    SEED,
    WITHIN_PERCENT,
    FloatArray,
    Share,
    bootstrap_interval,
    percentile_interval,
    resamples,
    share_of,
)

OUTLIER_PERCENT = 5
"""A difference of more than this share of the manual value is listed."""
SHOWN = 20
"""Outliers in the table for a person; `agreement.csv` has all."""
COLUMNS = (
    "path", "frame", "subject", "measured_mm", "manual_mm", "readings", "difference_mm", "difference_percent", "quality"
)  # fmt: skip
"""Of `agreement.csv`."""
LIMIT = 1.96
"""SDs from the bias to either limit of agreement (Bland and Altman 1986)."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Lengths in mm, measured minus manual; the 95 % intervals are of the bias and of either limit."""

    images: int
    subjects: int
    bias: float
    bias_low: float
    bias_high: float
    sd: float
    """Of the differences; NaN for one picture, and so are the limits."""
    lower_limit: float
    lower_limit_low: float
    lower_limit_high: float
    upper_limit: float
    upper_limit_low: float
    upper_limit_high: float
    adf_mm: float
    adf_percent: float
    within: dict[int, Share]
    """By percent: the share of pictures that differ by at most so much of the manual value."""
    reader_sd: float
    """Within-picture SD of the manual values, where pictures were measured several times; NaN where none was."""


def agreement(pairs: Sequence[Pair]) -> Agreement:
    """The figures of one or more pairs."""
    differences = np.array([pair.difference_mm for pair in pairs])
    percent = np.abs([pair.percent for pair in pairs])
    subjects = np.array([pair.subject for pair in pairs])
    bias, sd = float(differences.mean()), float(differences.std(ddof=1)) if len(pairs) > 1 else math.nan
    lower = _limit_interval(differences, subjects, -LIMIT)
    upper = _limit_interval(differences, subjects, LIMIT)
    return Agreement(
        len(pairs), len(set(subjects)), bias, *bootstrap_interval(differences, subjects), sd,
        bias - LIMIT * sd, *lower, bias + LIMIT * sd, *upper,
        float(np.abs(differences).mean()), float(percent.mean()),
        {most: share_of(percent <= most, subjects) for most in WITHIN_PERCENT},
        _reader_sd(pairs),
    )  # fmt: skip


def verdicts(pairs: Sequence[Pair]) -> dict[str, int]:
    """How many pairs have each verdict of `fetalhead measure`; empty where the file tells none."""
    return counted(pair.quality for pair in pairs) if any(pair.quality for pair in pairs) else {}


def accepted(pairs: Sequence[Pair]) -> Agreement | None:
    """The figures of those that were accepted; None where none was."""
    chosen = [pair for pair in pairs if pair.quality == VERDICTS[0]]
    return agreement(chosen) if chosen else None


def outliers(pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs that differ by more than `OUTLIER_PERCENT`, worst first."""
    return sorted((pair for pair in pairs if abs(pair.percent) > OUTLIER_PERCENT), key=lambda pair: -abs(pair.percent))


def _limit_interval(values: FloatArray, subjects: np.ndarray, deviations: float) -> tuple[float, float]:
    """The 95 % interval of mean + deviations x SD, by resampling subjects; NaN, NaN for fewer than two."""
    names, place = np.unique(subjects, return_inverse=True)
    if len(names) < 2:
        return math.nan, math.nan
    count = np.bincount(place).astype(float)
    total, squares = np.bincount(place, weights=values), np.bincount(place, weights=values**2)
    times = resamples(len(names), np.random.default_rng(SEED))
    number = times @ count
    mean = (times @ total) / number
    variance = np.maximum((times @ squares) / number - mean**2, 0) * number / np.maximum(number - 1, 1)
    return percentile_interval(mean + deviations * np.sqrt(variance))


def _reader_sd(pairs: Sequence[Pair]) -> float:
    """The within-picture SD of the manual values, pooled over pictures (Bland and Altman 1996)."""
    repeated = [np.asarray(pair.readings_mm) for pair in pairs if len(pair.readings_mm) > 1]
    if not repeated:
        return math.nan
    squares = sum(float(((values - values.mean()) ** 2).sum()) for values in repeated)
    return math.sqrt(squares / sum(len(values) - 1 for values in repeated))


def write_pairs(path: Path, pairs: Sequence[Pair]) -> None:
    """`agreement.csv`: a row a picture."""
    with open(path, "w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for pair in pairs:
            manual, *differences = (f"{value:.4f}" for value in (pair.manual_mm, pair.difference_mm, pair.percent))
            picture = pair.path, pair.frame, pair.subject
            writer.writerow(
                [*picture, pair.measured_mm, manual, len(pair.readings_mm), *differences, pair.quality]
            )


def agreement_table(found: Agreement, sure: Agreement | None, pairs: Sequence[Pair]) -> str:
    """The figures of all and of the accepted (`agreement`, `accepted`) and the outliers as lines for a person."""
    intervals = "95 % intervals" if found.subjects > 1 else "95 % intervals need two subjects or more"
    lines = [
        f"{found.images} pictures of {found.subjects} subjects, measured minus manual HC ({intervals})",
        f"bias {found.bias:+.2f} mm{_interval(found.bias_low, found.bias_high)}{_sd(found)}",
        f"limits of agreement {_limits(found)}",
        f"mean absolute difference {found.adf_mm:.2f} mm, {found.adf_percent:.2f} %",
    ]
    for percent, share in found.within.items():
        interval = "" if math.isnan(share.low) else f" ({100 * share.low:.1f} to {100 * share.high:.1f})"
        lines.append(f"within {percent} %: {100 * share.share:.1f} %{interval}")
    if not math.isnan(found.reader_sd):
        lines.append(f"manual values of one picture: SD {found.reader_sd:.2f} mm")
    if counts := verdicts(pairs):
        lines.append(f"verdicts: {counts_told(counts)}")
    if sure and sure.images < len(pairs):
        lines.append(
            f"of the accepted: bias {sure.bias:+.2f} mm{_interval(sure.bias_low, sure.bias_high)}, limits of agreement "
            f"{_limits(sure)}, mean absolute difference {sure.adf_mm:.2f} mm, {sure.adf_percent:.2f} %"
        )
    far = outliers(pairs)
    if far:
        lines += ["", f"farther off than {OUTLIER_PERCENT} %: {len(far)}"]
    for pair in far[:SHOWN]:
        verdict = f", {pair.quality}" if pair.quality else ""
        off = f"{pair.percent:+.1f} %{verdict}"
        lines.append(f"  {pair.shown}: {pair.measured_mm:.1f} against {pair.manual_mm:.1f} mm, {off}")
    return "\n".join(lines)


def _limits(found: Agreement) -> str:
    if math.isnan(found.sd):
        return "need two pictures or more"
    lower = f"{found.lower_limit:+.2f}{_interval(found.lower_limit_low, found.lower_limit_high)}"
    return f"{lower} and {found.upper_limit:+.2f}{_interval(found.upper_limit_low, found.upper_limit_high)} mm"


def _interval(low: float, high: float) -> str:
    return "" if math.isnan(low) else f" ({low:+.2f} to {high:+.2f})"


def _sd(found: Agreement) -> str:
    return "" if math.isnan(found.sd) else f", SD {found.sd:.2f} mm"
