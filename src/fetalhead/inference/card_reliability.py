"""Verdicts, the accuracy of what is accepted, and intervals, as sentences of reports and cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fetalhead.biometry.quality import counts_told


def reliability_lines(found: Mapping[str, Any], images: int) -> list[str]:
    """Verdicts and intervals, as `metrics.json` has them, in sentences, one a line."""
    lines = [f"Verdicts over {images} pictures: {counts_told(found['verdicts'])}."]
    if found["verdicts"]["accept"]:
        dice, adf = number(found["accepted_dice"], 100), number(found["accepted_adf_mm"], 1)
        lines.append(f"Of the accepted: Dice {dice} %, ADF {adf} mm.")
    if intervals := found["intervals"]:
        width = intervals["mean_width_percent"]
        covered = f"The 90 % interval of HC holds the reference in {_covered(intervals)}"
        if intervals.get("binomial_low") is not None:
            covered += ", in brackets its binomial 95 % interval (Clopper and Pearson 1934)"
        lines.append(f"{covered}; its mean width is {width:.1f} % of HC.")
        bands = "; ".join(f"{band}: {_covered(one)}" for band, one in found["interval_bands"].items())
        lines.append(f"By band of HC: {bands}.")
    return lines


def accepted_lines(found: Mapping[str, Any] | None) -> list[str]:
    """Of masks without a pixel size: how good what is accepted is; empty where nothing is, or where it is not told."""
    if not found or found["dice"] is None:
        return []
    dice, adf = number(found["dice"], 100), number(found["adf_percent"], 1)
    return [f"Of the accepted: Dice {dice} %, ADF {adf} % of HC."]


def verdicts_told(counts: Mapping[str, int] | None) -> str:
    """How many there are of each verdict, as a sentence to go on with; empty where it is not told."""
    return f" Verdicts: {counts_told(counts)}." if counts else ""


def number(value: float | None, factor: float) -> str:
    """`factor` times the value, to two decimals."""
    return "-" if value is None else f"{factor * value:.2f}"


def _covered(intervals: Mapping[str, Any]) -> str:
    share = intervals["coverage"]
    said = f"{100 * share['share']:.1f} % of {intervals['images']}"
    low, high = (intervals.get(f"binomial_{end}") for end in ("low", "high"))
    return said if low is None or high is None else f"{said} ({100 * low:.1f} to {100 * high:.1f})"
