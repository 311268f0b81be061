"""How figures fall as pictures get worse: a row for each corruption and severity, and the curves."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fetalhead.datasets.case import Case
from fetalhead.evaluation.cases import ScoredCase
from fetalhead.evaluation.corruptions import CorruptedCase, ReadOnce
from fetalhead.evaluation.evaluate import scored_case
from fetalhead.evaluation.summary import Robustness, number_text
from fetalhead.inference.predictor import Predictor
from fetalhead.progress import progress

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLEAN = "none"
COLUMNS = ("corruption", "severity", "images", "subjects", "failures", "failure_rate", "dice", "dice_low", "dice_high",
           "iou", "hd_mm", "adf_mm", "adf_low_mm", "adf_high_mm")  # fmt: skip
CASES = ("corruption", "severity", "name", "subject", "dice", "adf_mm")


def sweep(
    cases: Sequence[Case],
    scored: Sequence[ScoredCase],
    kinds: Sequence[str],
    severities: Sequence[int],
    predictor: Predictor,
    cleaned: bool = False,
) -> list[Robustness]:
    """The cases as they are, `scored` already, then under each kind and severity. What is not scored is left out."""
    as_they_are = {case.name: case for case in scored}
    kept = [case for case in cases if case.name in as_they_are]
    worse: dict[tuple[str, int], list[ScoredCase]] = {(kind, severity): [] for kind in kinds for severity in severities}
    for case in progress(kept, "make worse"):
        once = ReadOnce(case)
        for (kind, severity), found in worse.items():
            found.append(scored_case(CorruptedCase(once, kind, severity), predictor, cleaned))
    rows = [Robustness.of(CLEAN, 0, [as_they_are[case.name] for case in kept])]
    return rows + [Robustness.of(kind, severity, found) for (kind, severity), found in worse.items()]


def write_robustness(folder: Path, rows: Sequence[Robustness]) -> None:
    """`robustness.csv`, a row a corruption and severity, and `robustness_cases.csv`, a row a picture of those.

    Dice and IoU are 0 to 1, with failures counted as 0; lengths are in mm, over what was found.
    """
    with open(folder / "robustness.csv", "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            summary = row.summary
            dice, adf = summary.metrics["dice"], summary.metrics["adf_mm"]
            numbers = (
                summary.failures / summary.images, dice.mean, dice.low, dice.high, summary.metrics["iou"].mean,
                summary.metrics["hausdorff_mm"].mean, adf.mean, adf.low, adf.high,
            )  # fmt: skip
            counts = (row.kind, row.severity, summary.images, summary.subjects, summary.failures)
            writer.writerow([*counts, *map(number_text, numbers)])
    with open(folder / "robustness_cases.csv", "w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(CASES)
        for row in rows:
            for case in row.cases:
                scores = number_text(case.scores.dice), number_text(case.scores.adf_mm)
                writer.writerow([row.kind, row.severity, case.name, case.subject, *scores])


def robustness_figure(rows: Sequence[Robustness]) -> Figure:
    """Dice against severity, a panel a kind, with its interval, and how many heads were missed."""
    from matplotlib.figure import Figure

    kinds = list(dict.fromkeys(row.kind for row in rows if row.kind != CLEAN))
    columns = min(4, len(kinds))
    lines = -(-len(kinds) // columns)
    figure = Figure(figsize=(2.9 * columns + 0.8, 2.3 * lines + 0.5), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True)
    for axes in panels.flat[len(kinds) :]:
        axes.set_axis_off()
    for kind, axes in zip(kinds, panels.flat, strict=False):
        chosen = [row for row in rows if row.kind in (CLEAN, kind)]
        severity = [row.severity for row in chosen]
        dice = [row.summary.metrics["dice"] for row in chosen]
        axes.fill_between(
            severity, [100 * d.low for d in dice], [100 * d.high for d in dice], color="#0072B2", alpha=0.2
        )
        axes.plot(severity, [100 * d.mean for d in dice], color="#0072B2", marker="o")
        for row, numbers in zip(chosen, dice, strict=True):
            if row.summary.failures:
                axes.annotate(
                    f"{row.summary.failures} missed", (row.severity, 100 * numbers.mean), (0, -11), fontsize=7,
                    textcoords="offset points", ha="center", color="#D55E00",
                )  # fmt: skip
        axes.set_title(kind, fontsize=10)
        axes.grid(alpha=0.3)
    figure.supxlabel("severity (0: as it is)")
    figure.supylabel("Dice (%), with its 95 % interval by subject; a missed head counts as 0")
    return figure


def robustness_table(rows: Sequence[Robustness]) -> str:
    """The rows as text for a person."""
    lines = [f"{'corruption':15} severity  Dice (%)  ADF (mm)  no head found"]
    for row in rows:
        summary = row.summary
        dice, adf = 100 * summary.metrics["dice"].mean, summary.metrics["adf_mm"].mean
        lines.append(f"{row.kind:15} {row.severity:8}  {dice:8.2f}  {adf:8.2f}  {summary.failures} of {summary.images}")
    return "\n".join(lines)
