"""The tables of a comparison's page, in Markdown, each from the rows of one of its small files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from fetalhead.evaluation.comparison.collect import Row

UNITS = {
    "dice": ("Dice", 100, "points"),
    "mask_dice": ("Dice of masks", 100, "points"),
    "hd_mm": ("Hausdorff", 1, "mm"),
    "adf_mm": ("ADF", 1, "mm"),
    "adf_percent": ("ADF", 1, "% of HC"),
}
"""Metrics whose differences are shown: title, factor and unit. Where ADF is in mm it is not told in % as well."""


def markdown(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def planned_table(plan: Sequence[Row]) -> str:
    """Which draws of each arm and share are finished, and which are not yet."""
    return markdown(
        ("arm", "labels", "steps", "draws finished", "not yet"),
        (
            (arm, labels, _steps(rows), *(", ".join(_seeds(rows, done)) or "-" for done in ("yes", "no")))
            for (arm, labels), rows in groups(plan, "arm", "labels")
        ),
    )


def _seeds(rows: Sequence[Row], finished: str) -> list[str]:
    return [row["seed"] for row in rows if row["finished"] == finished]


def _steps(rows: Sequence[Row]) -> str:
    return ", ".join(dict.fromkeys(row["steps"] for row in rows if row["steps"])) or "not known yet"


def reached_table(runs: Sequence[Row]) -> str:
    """What each arm reached at each share: means over draws, and the SD of the draws' means."""
    return markdown(
        ("arm", "labels", "draws", "Dice %", "IoU %", "Dice of masks %", "Hausdorff mm", "ADF mm", "no head found",
         "steps"),
        (
            (
                arm, labels, str(len(rows)),
                mean_and_deviation(rows, "dice", 100), mean_and_deviation(rows, "iou", 100),
                mean_and_deviation(rows, "mask_dice", 100), mean_and_deviation(rows, "hd_mm"),
                mean_and_deviation(rows, "adf_mm"), _failures(rows), _steps(rows),
            )
            for (arm, labels), rows in groups(runs, "arm", "labels")
        ),
    )  # fmt: skip


def differences_table(rows: Sequence[Row]) -> str:
    """Of one data set; without ADF in % where there is one in mm. Empty where nothing is compared."""
    in_mm = any(row["metric"] == "adf_mm" for row in rows)
    shown = [row for row in rows if row["metric"] in UNITS and not (in_mm and row["metric"] == "adf_percent")]
    if not shown:
        return ""
    return markdown(
        ("arm", "against", "labels", "draws", "metric", "difference", "95 % interval"),
        (
            (
                row["arm"], row["against"], row["labels"], row["draws"], UNITS[row["metric"]][0],
                f"{signed(row, 'difference')} {UNITS[row['metric']][2]}", interval(row) or "-",
            )
            for row in sorted(shown, key=lambda row: share_order(row["labels"]))
        ),
    )  # fmt: skip


def elsewhere_table(rows: Sequence[Row]) -> str:
    """Outlines of one other data set."""
    return markdown(
        ("arm", "labels", "draws", "Dice %", "Dice of masks %", "ADF % of HC", "no head found"),
        (
            (
                arm, labels, str(len(group)), mean_and_deviation(group, "dice", 100),
                mean_and_deviation(group, "mask_dice", 100), mean_and_deviation(group, "adf_percent"), _failures(group),
            )
            for (arm, labels), group in groups(rows, "arm", "labels")
        ),
    )  # fmt: skip


def planes_table(rows: Sequence[Row]) -> str:
    """Planes told apart and heads outlined, of one data set; "-" for arms that do not tell planes."""
    shares = ("plane_accuracy", "head_abdomen_femur_accuracy", "false_heads", "missed_heads")
    return markdown(
        ("arm", "labels", "draws", "accuracy %", "of head, abdomen, femur %", "heads in other planes %",
         "heads missed %"),
        (
            (arm, labels, str(len(group)), *(mean_and_deviation(group, name, 100) for name in shares))
            for (arm, labels), group in groups(rows, "arm", "labels")
        ),
    )  # fmt: skip


def worse_table(rows: Sequence[Row], severity: int) -> str:
    """At one label share and severity, an arm a column: mean Dice %, ADF mm, and share without a head found %."""
    arms = list(dict.fromkeys(row["arm"] for row in rows))
    draws = {arm: ", ".join(dict.fromkeys(row["seed"] for row in rows if row["arm"] == arm)) for arm in arms}
    kinds = dict.fromkeys(row["corruption"] for row in rows)
    chosen = [row for row in rows if int(row["severity"]) in (0, severity)]

    def cell(kind: str, arm: str) -> str:
        found = [row for row in chosen if row["corruption"] == kind and row["arm"] == arm]
        failed = values(found, "failures").sum() / values(found, "images").sum()
        return f"{mean(found, 'dice', 100)} / {mean(found, 'adf_mm')} / {100 * failed:.1f}"

    titles = (f"{arm} (draws {draws[arm]})" for arm in arms)
    return markdown(("corruption", *titles), ((kind, *(cell(kind, arm) for arm in arms)) for kind in kinds))


def groups(rows: Sequence[Row], *names: str) -> list[tuple[tuple[str, ...], list[Row]]]:
    """Rows by the values of some columns, the last of which is the label share, by which they are sorted."""
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in names), []).append(row)
    return sorted(found.items(), key=lambda group: share_order(group[0][-1]))


def share_order(labels: str) -> tuple[bool, float]:
    return labels.endswith("%"), float(labels.rstrip("%"))


def values(rows: Sequence[Row], name: str) -> npt.NDArray[np.float64]:
    return np.array([float(row[name]) for row in rows if row.get(name)])


def mean(rows: Sequence[Row], name: str, factor: float = 1) -> str:
    found = values(rows, name)
    return f"{factor * found.mean():.2f}" if len(found) else "-"


def mean_and_deviation(rows: Sequence[Row], name: str, factor: float = 1) -> str:
    """The mean over draws and, of several, their standard deviation."""
    found = factor * values(rows, name)
    return f"{mean(rows, name, factor)} ± {found.std(ddof=1):.2f}" if len(found) > 1 else mean(rows, name, factor)


def _failures(rows: Sequence[Row]) -> str:
    return f"{int(values(rows, 'failures').sum())} of {int(values(rows, 'images').sum())}"


def signed(row: Row, name: str) -> str:
    """A difference or an end of its interval in its unit, with its sign."""
    return f"{UNITS[row['metric']][1] * float(row[name]):+.2f}"


def interval(row: Row) -> str:
    """The interval of a difference; empty where one draw gives none."""
    return f"{signed(row, 'low')} to {signed(row, 'high')}" if row["low"] else ""
