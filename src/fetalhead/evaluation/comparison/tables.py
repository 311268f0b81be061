"""A comparison's results as Markdown, from its small files alone: they can be regenerated wherever those are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fetalhead.evaluation.comparison.collect import Row, read_rows

UNITS = {"dice": (100, "points"), "adf_mm": (1, "mm")}


def results_tables(folder: Path) -> str:
    """The tables of the comparison in `folder`: what was reached, the differences, other data, worse pictures."""
    parts = [_reached(read_rows(folder / "runs.csv"))]
    for name, table in (("differences.csv", _differences), ("elsewhere.csv", _elsewhere), ("robustness.csv", _worse)):
        if (folder / name).is_file():
            parts.append(table(read_rows(folder / name)))
    return "\n\n".join(part for part in parts if part) + "\n"


def _reached(runs: Sequence[Row]) -> str:
    lines = [
        "| arm | labels | draws | Dice % | SD over draws | IoU % | Hausdorff mm | ADF mm | no head found | steps |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for (arm, labels), rows in _groups(runs, "arm", "labels"):
        dice = 100 * _values(rows, "dice")
        deviation = f"{dice.std(ddof=1):.2f}" if len(dice) > 1 else "-"
        failures, images = int(_values(rows, "failures").sum()), int(_values(rows, "images").sum())
        lines.append(
            f"| {arm} | {labels} | {len(rows)} | {dice.mean():.2f} | {deviation} | {_mean(rows, 'iou', 100)} "
            f"| {_mean(rows, 'hd_mm')} | {_mean(rows, 'adf_mm')} | {failures} of {images} | {rows[0]['steps']} |"
        )
    return "\n".join(lines)


def _differences(rows: Sequence[Row]) -> str:
    shown = [row for row in rows if row["metric"] in UNITS]
    if not shown:
        return ""
    lines = [
        f"Paired with {shown[0]['against']}, same draws and pictures; the interval resamples draws and subjects:",
        "",
        "| arm | labels | draws | metric | difference | 95 % interval |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in shown:
        factor, unit = UNITS[row["metric"]]
        interval = f"{factor * float(row['low']):+.2f} to {factor * float(row['high']):+.2f}" if row["low"] else "-"
        title = "Dice" if row["metric"] == "dice" else "ADF"
        lines.append(
            f"| {row['arm']} | {row['labels']} | {row['draws']} | {title} "
            f"| {factor * float(row['difference']):+.2f} {unit} | {interval} |"
        )
    return "\n".join(lines)


def _elsewhere(rows: Sequence[Row]) -> str:
    outlined = [row for row in rows if row.get("dice")]
    planes = [row for row in rows if row.get("false_heads") or row.get("plane_accuracy")]
    parts = []
    if outlined:
        lines = ["Other hospitals and views, in pixels:", "",
                 "| data | arm | labels | draws | Dice % | ADF % | no head found |",
                 "| --- | --- | --- | --- | --- | --- | --- |"]  # fmt: skip
        for (data, arm, labels), group in _groups(outlined, "data", "arm", "labels"):
            failures, images = int(_values(group, "failures").sum()), int(_values(group, "images").sum())
            lines.append(
                f"| {data} | {arm} | {labels} | {len(group)} | {_mean(group, 'dice', 100)} "
                f"| {_mean(group, 'adf_percent')} | {failures} of {images} |"
            )
        parts.append("\n".join(lines))
    if planes:
        lines = ["Planes:", "",
                 "| data | arm | labels | draws | accuracy % | head, abdomen, femur % | heads in other planes % "
                 "| heads missed % |",
                 "| --- | --- | --- | --- | --- | --- | --- | --- |"]  # fmt: skip
        for (data, arm, labels), group in _groups(planes, "data", "arm", "labels"):
            shares = ("plane_accuracy", "head_abdomen_femur_accuracy", "false_heads", "missed_heads")
            cells = " | ".join(_mean(group, name, 100) for name in shares)
            lines.append(f"| {data} | {arm} | {labels} | {len(group)} | {cells} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _worse(rows: Sequence[Row]) -> str:
    """Mean Dice by kind at the highest severity, an arm a column."""
    severity = max(int(row["severity"]) for row in rows)
    columns = list(dict.fromkeys((row["arm"], row["labels"]) for row in rows))
    titles = " | ".join(f"{arm}, {labels}" for arm, labels in columns)
    lines = [
        f"Pictures made worse, severity {severity} (one a subject; failures count as 0), Dice %:",
        "",
        f"| corruption | {titles} |",
        "| --- |" + " --- |" * len(columns),
    ]
    for kind in dict.fromkeys(row["corruption"] for row in rows):
        chosen = [row for row in rows if row["corruption"] == kind and int(row["severity"]) in (0, severity)]
        cells = [
            _mean([row for row in chosen if (row["arm"], row["labels"]) == column], "dice", 100) for column in columns
        ]
        lines.append(f"| {kind} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _groups(rows: Sequence[Row], *names: str) -> list[tuple[tuple[str, ...], list[Row]]]:
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return sorted(groups.items(), key=lambda group: _order(group[0]))


def _order(key: tuple[str, ...]) -> tuple[object, ...]:
    """By data set, then label share as a number; arms stay in the grid's order."""
    *front, _, labels = key
    return (*front, labels.endswith("%"), float(labels.rstrip("%")))


def _values(rows: Sequence[Row], name: str) -> np.ndarray:
    return np.array([float(row[name]) for row in rows if row.get(name)])


def _mean(rows: Sequence[Row], name: str, factor: float = 1) -> str:
    values = _values(rows, name)
    return f"{factor * values.mean():.2f}" if len(values) else "-"
