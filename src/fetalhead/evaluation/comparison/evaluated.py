"""The results of one run, from the folders that `fetalhead evaluate` wrote of its model."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from fetalhead.evaluation.comparison.collect import Row, names_of, rows_if_any
from fetalhead.evaluation.comparison.grid import Run

MEANS = ("dice", "iou", "mask_dice", "hd_mm", "hd95_mm", "adf_mm", "df_mm", "adf_percent")
MEANS_ELSEWHERE = ("dice", "iou", "mask_dice", "hd_px", "adf_percent")
SHARES = {"plane_accuracy": "accuracy", "head_abdomen_femur_accuracy": "accuracy_of_three",
          "false_heads": "false_heads", "missed_heads": "missed_heads"}  # fmt: skip
"""Columns of planes, and what `evaluate` calls them."""

LONG_NAMES = {"hausdorff_mm": "hd_mm"}
"""What `evaluate` calls by a longer name."""


Asked = Collection[tuple[str, int]]
"""Kinds and severities of corruption."""


def evaluated_rows(
    run: Run, evaluations: Mapping[str, Path], seconds_a_step: float, made_worse: Asked | None = None
) -> dict[str, list[Row]]:
    """What a run adds to each file; of the folders, by the data set's title, the first is the one in mm.

    With `made_worse`, of the pictures made worse only those, and the clean ones beside them.
    """
    (title, first), *others = evaluations.items()
    names = names_of(run)
    of_first = names | {"data": title}
    document = _document(first)
    training = {"steps": str(run.options.steps), "seconds_a_step": format(seconds_a_step, ".3g")}
    return {
        "runs.csv": [of_first | _run(document) | training],
        "cases.csv": _cases(first, of_first),
        "elsewhere.csv": [names | {"data": other} | _elsewhere(_document(place)) for other, place in others],
        "cases_elsewhere.csv": [row for other, place in others for row in _cases(place, names | {"data": other})],
        "robustness.csv": [of_first | row for row in _worse(first / "robustness.csv", made_worse)],
        "robustness_cases.csv": [
            of_first | row for row in _over_kinds(_worse(first / "robustness_cases.csv", made_worse))
        ],
    }


def _cases(place: Path, names: Row) -> list[Row]:
    """The pictures with an outline of one data set; of planes there are none."""
    return [{LONG_NAMES.get(key, key): value for key, value in row.items()} | names
            for row in rows_if_any(place / "cases.csv")]  # fmt: skip


def _worse(path: Path, asked: Asked | None) -> list[Row]:
    """The rows of the file that are asked for; all where `asked` is None."""
    rows = rows_if_any(path)
    if asked is None:
        return rows
    return [row for row in rows if asked and (row["severity"] == "0" or _kind(row) in asked)]


def _kind(row: Row) -> tuple[str, int]:
    return row["corruption"], int(row["severity"])


def _over_kinds(rows: Sequence[Row]) -> list[Row]:
    """Of each picture at each severity, the mean Dice over all kinds of corruption.

    A mean of distances would be over the kinds in which one arm found a head: other kinds than of the next arm.
    """
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        if row["severity"] != "0":
            groups.setdefault((row["severity"], row["name"], row["subject"]), []).append(row)
    return [
        {"severity": severity, "name": name, "subject": subject, "dice": _mean(group, "dice")}
        for (severity, name, subject), group in groups.items()
    ]


def _mean(rows: Sequence[Row], name: str) -> str:
    values = [float(row[name]) for row in rows if row[name]]
    return _number(fmean(values) if values else None)


def _run(document: Mapping[str, Any]) -> Row:
    counts = {name: str(document[name]) for name in ("failures", "images", "subjects", "split", "model_id")}
    return _means(document["overall"]["metrics"], MEANS) | counts


def _elsewhere(document: Mapping[str, Any]) -> Row:
    """The figures of another data set: outlines in pixels or in mm, or planes."""
    counts = {name: str(document[name]) for name in ("split", "images", "subjects")}
    if "false_heads" in document:
        shares = {column: document[name] for column, name in SHARES.items()}
        return counts | {column: _number(share and share["share"]) for column, share in shares.items()}
    metrics = document["overall"]["metrics"] if "overall" in document else document["metrics"]
    return counts | {"failures": str(document["failures"])} | _means(metrics, MEANS_ELSEWHERE)


def _means(metrics: Mapping[str, Any], names: Sequence[str]) -> Row:
    """By column: the means of `evaluate`'s metrics, empty where there is none."""
    columns = {LONG_NAMES.get(name, name): numbers for name, numbers in metrics.items()}
    return {name: _number(columns[name]["mean"]) for name in names if name in columns}


def _number(value: float | None) -> str:
    return "" if value is None else format(value, ".6g")


def _document(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / "metrics.json").read_text(encoding="utf-8"))
    return found
