"""What the runs of a comparison left, gathered: `plan.csv`, `runs.csv`, `cases.csv`, `elsewhere.csv`, `robustness.csv`.

Everything is read back from the files that each run left (`fetalhead evaluate` wrote most), so that gathering can be
repeated, also while other runs still train.
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
         "hd_px", "adf_percent",
         *(f"{whose}_{part}" for whose in ("reference", "predicted")
           for part in ("center_x_px", "center_y_px", "semi_axis_a_px", "semi_axis_b_px", "angle_rad")))  # fmt: skip
ELSEWHERE = (*RUN, "data", "split", "images", "subjects", "failures", "dice", "iou", "mask_dice", "hd_px",
             "adf_percent", "plane_accuracy", "head_abdomen_femur_accuracy", "false_heads", "missed_heads")  # fmt: skip
ROBUSTNESS = (*RUN, "data", "corruption", "severity", "images", "subjects", "failures", "dice", "iou", "hd_mm",
              "adf_mm")  # fmt: skip
PLAN = (*RUN, "steps", "finished")
MACHINES = "machines.json"
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
    machine: Mapping[str, Any] | None = None
    """What it was trained on, as `this_machine` tells; None where that was not recorded."""

    @property
    def names(self) -> Row:
        return names_of(self.run)


def names_of(run: Run) -> Row:
    """What names a run in each of the files."""
    return {"strategy": run.options.strategy, "arm": run.arm, "labels": run.labels, "seed": str(run.seed)}


def write_plan(planned: Sequence[Run], finished: Sequence[Finished], folder: Path) -> None:
    """`plan.csv`: a row a run of the grid, and whether it is finished; steps are empty while they are not known."""
    done = {one.run.place: one.run for one in finished}
    runs = [done.get(run.place, run) for run in planned]
    rows = [
        names_of(run) | {
            "steps": "" if run.equal_time and run.place not in done else str(run.options.steps),
            "finished": "yes" if run.place in done else "no",
        }
        for run in runs
    ]  # fmt: skip
    write_rows(folder / "plan.csv", PLAN, rows)


def gather(finished: Sequence[Finished], folder: Path) -> None:
    """Write the files of the finished runs into `folder`; the ones that would be empty are left out."""
    rows: dict[str, list[Row]] = {name: [] for name in FILES}
    for one in finished:
        first, *others = one.evaluations.items()
        rows["cases.csv"] += _cases(one, *first)
        rows["runs.csv"].append(_run(one, _document(first[1])) | {"data": first[0]})
        for title, place in others:
            rows["elsewhere.csv"].append(one.names | {"data": title} | _elsewhere(_document(place)))
            rows["cases.csv"] += _cases(one, title, place)
        if (first[1] / "robustness.csv").is_file():
            corrupted = read_rows(first[1] / "robustness.csv")
            rows["robustness.csv"] += [one.names | {"data": first[0]} | row for row in corrupted]
    for name, columns in FILES.items():
        if rows[name]:
            write_rows(folder / name, columns, rows[name])
    _write_machines([one.machine for one in finished if one.machine], folder / MACHINES)


def _write_machines(machines: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Each machine once, and how many runs it trained."""
    distinct = [machine for place, machine in enumerate(machines) if machines.index(machine) == place]
    counted = [{**machine, "runs": machines.count(machine)} for machine in distinct]
    path.write_text(json.dumps(counted, indent=2) + "\n", encoding="utf-8")


def _cases(one: Finished, title: str, place: Path) -> list[Row]:
    """The pictures with an outline of one data set; of planes there are none."""
    path = place / "cases.csv"
    return [_case(row) | one.names | {"data": title} for row in read_rows(path)] if path.is_file() else []


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
