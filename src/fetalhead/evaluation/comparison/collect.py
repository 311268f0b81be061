"""What the runs of a comparison left, gathered: `runs.csv`, `cases.csv`, `elsewhere.csv`, `robustness.csv`.

Everything is read back from the files that `fetalhead evaluate` wrote for each run, so that gathering can be repeated.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fetalhead.evaluation.comparison.grid import Run

Row = dict[str, str]
RUN = ("strategy", "arm", "labels", "seed")
"""What names a run in each of the files."""

RUNS = (*RUN, "dice", "iou", "hd_mm", "adf_mm", "failures", "mask_dice", "hd95_mm", "df_mm", "adf_percent",
        "images", "subjects", "data", "split", "steps", "seconds_a_step", "model_id")  # fmt: skip
CASES = (*RUN, "data", "name", "subject", "band", "status", "dice", "iou", "hd_mm", "adf_mm", "df_mm", "mask_dice",
         *(f"{whose}_{part}" for whose in ("reference", "predicted")
           for part in ("center_x_px", "center_y_px", "semi_axis_a_px", "semi_axis_b_px", "angle_rad")))  # fmt: skip
ELSEWHERE = (*RUN, "data", "images", "subjects", "failures", "dice", "iou", "mask_dice", "hd_px", "adf_percent",
             "plane_accuracy", "head_abdomen_femur_accuracy", "false_heads", "missed_heads")  # fmt: skip
ROBUSTNESS = (*RUN, "data", "corruption", "severity", "images", "subjects", "failures", "dice", "iou", "hd_mm",
              "adf_mm")  # fmt: skip
FILES = {"runs.csv": RUNS, "cases.csv": CASES, "elsewhere.csv": ELSEWHERE, "robustness.csv": ROBUSTNESS}

MEANS = ("dice", "iou", "mask_dice", "hd_mm", "hd95_mm", "adf_mm", "df_mm", "adf_percent")
MEANS_ELSEWHERE = ("dice", "iou", "mask_dice", "hd_px", "adf_percent")
SHARES = {"plane_accuracy": "accuracy", "head_abdomen_femur_accuracy": "accuracy_of_three",
          "false_heads": "false_heads", "missed_heads": "missed_heads"}  # fmt: skip
"""Columns of planes, and what `evaluate` calls them."""

LONG_NAMES = {"hausdorff_mm": "hd_mm"}
"""What `evaluate` calls by a longer name."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A run whose results are all there."""

    run: Run
    evaluations: Mapping[str, Path]
    """Folders as `fetalhead evaluate` writes them, by the data set's title; the first is the one in mm."""
    seconds_a_step: float

    @property
    def names(self) -> Row:
        run = self.run
        return {"strategy": run.options.strategy, "arm": run.arm, "labels": run.labels, "seed": str(run.seed)}


def gather(finished: Sequence[Finished], folder: Path) -> None:
    """Write the four files into `folder`; the ones that would be empty are left out."""
    rows: dict[str, list[Row]] = {name: [] for name in FILES}
    for one in finished:
        first, *others = one.evaluations.items()
        cases = [_case(row) | one.names | {"data": first[0]} for row in read_rows(first[1] / "cases.csv")]
        rows["cases.csv"] += cases
        rows["runs.csv"].append(_run(one, _document(first[1])) | {"data": first[0]})
        for title, place in others:
            rows["elsewhere.csv"].append(one.names | {"data": title} | _elsewhere(_document(place)))
        if (first[1] / "robustness.csv").is_file():
            corrupted = read_rows(first[1] / "robustness.csv")
            rows["robustness.csv"] += [one.names | {"data": first[0]} | row for row in corrupted]
    for name, columns in FILES.items():
        if rows[name]:
            write_rows(folder / name, columns, rows[name])


def _case(row: Row) -> Row:
    return {LONG_NAMES.get(name, name): value for name, value in row.items()}


def _run(one: Finished, document: Mapping[str, Any]) -> Row:
    return one.names | _means(document["overall"]["metrics"], MEANS) | {
        **{name: str(document[name]) for name in ("failures", "images", "subjects", "split", "model_id")},
        "steps": str(one.run.options.steps),
        "seconds_a_step": format(one.seconds_a_step, ".3g"),
    }  # fmt: skip


def _elsewhere(document: Mapping[str, Any]) -> Row:
    """The figures of another data set: outlines in pixels or in mm, or planes."""
    counts = {name: str(document[name]) for name in ("images", "subjects")}
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


def read_rows(path: Path) -> list[Row]:
    with open(path, newline="", encoding="utf-8", errors="surrogateescape") as stream:
        return list(csv.DictReader(stream))


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """The file appears when it is whole; columns that are not named are left out, missing values are empty."""
    partial = path.with_name(f"{path.name}.partial")
    with open(partial, "w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        writer = csv.DictWriter(stream, columns, restval="", extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    partial.replace(path)
