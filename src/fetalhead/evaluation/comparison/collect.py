"""What the runs of a comparison left, gathered: `runs.csv`, `cases.csv`, `elsewhere.csv`, `robustness.csv`.

Everything is read back from the files that `fetalhead evaluate` wrote for each run, so that gathering can be repeated.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fetalhead.catalog import PLANES
from fetalhead.evaluation.comparison.grid import Run

Row = dict[str, str]
HEAD = PLANES[0]
OF_THREE = PLANES[:3]

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

LONG_NAMES = {"hausdorff_mm": "hd_mm"}
"""What `evaluate` calls by a longer name."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A run whose results are all there."""

    run: Run
    evaluations: Mapping[str, Path]
    """Folders as `fetalhead evaluate` writes them, by the data set's title; the first is the one in mm."""
    split: str
    seconds_a_step: float
    model_id: str

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
        rows["runs.csv"].append(_run(one, cases) | {"data": first[0]})
        for title, place in others:
            rows["elsewhere.csv"].append(one.names | {"data": title} | _elsewhere(place))
        if (first[1] / "robustness.csv").is_file():
            corrupted = read_rows(first[1] / "robustness.csv")
            rows["robustness.csv"] += [one.names | {"data": first[0]} | row for row in corrupted]
    for name, columns in FILES.items():
        if rows[name]:
            write_rows(folder / name, columns, rows[name])


def _case(row: Row) -> Row:
    return {LONG_NAMES.get(name, name): value for name, value in row.items()}


def _run(one: Finished, cases: Sequence[Row]) -> Row:
    means = ("dice", "iou", "mask_dice", "hd_mm", "hd95_mm", "adf_mm", "df_mm", "adf_percent")
    return one.names | {name: mean_of(cases, name) for name in means} | {
        "failures": str(sum(case["status"] != "ok" for case in cases)),
        "images": str(len(cases)),
        "subjects": str(len({case["subject"] for case in cases})),
        "split": one.split,
        "steps": str(one.run.options.steps),
        "seconds_a_step": format(one.seconds_a_step, ".3g"),
        "model_id": one.model_id,
    }  # fmt: skip


def _elsewhere(place: Path) -> Row:
    """The figures of a data set without pixel sizes: outlines in pixels, or planes."""
    if (place / "planes.csv").is_file():
        return _planes(read_rows(place / "planes.csv"))
    cases = read_rows(place / "cases.csv")
    means = ("dice", "iou", "mask_dice", "hd_px", "adf_percent")
    failures = sum(bool(case["reason"]) for case in cases)
    return _counts(cases) | {"failures": str(failures)} | {name: mean_of(cases, name) for name in means}


def _planes(cases: Sequence[Row]) -> Row:
    told = [case for case in cases if case["predicted"]]
    known = [case for case in told if case["plane"]]
    three = [case for case in known if case["plane"] in OF_THREE]
    others = [case for case in cases if case["plane"] != HEAD]
    heads = [case for case in cases if case["plane"] == HEAD]
    return _counts(cases) | {
        "plane_accuracy": _share(case["plane"] == case["predicted"] for case in known),
        "head_abdomen_femur_accuracy": _share(case["plane"] == case["predicted"] for case in three),
        "false_heads": _share(case["head_outlined"] == "true" for case in others),
        "missed_heads": _share(case["head_outlined"] != "true" for case in heads),
    }


def _counts(cases: Sequence[Row]) -> Row:
    return {"images": str(len(cases)), "subjects": str(len({case["subject"] for case in cases}))}


def _share(holds: Iterable[bool]) -> str:
    values = list(holds)
    return _number(float(np.mean(values))) if values else ""


def mean_of(rows: Sequence[Row], name: str) -> str:
    """The mean of a column over the rows that have a value; empty where none has."""
    values = [float(row[name]) for row in rows if row.get(name)]
    return _number(float(np.mean(values))) if values else ""


def _number(value: float) -> str:
    return format(value, ".6g")


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
