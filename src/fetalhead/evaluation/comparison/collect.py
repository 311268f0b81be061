"""What the finished runs of a comparison left, gathered into small files, from which its page and figures are made."""

from __future__ import annotations

import csv
import hashlib
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
        "images", "subjects", "data", "split", "steps", "seconds_a_step", "model_id", "machine")  # fmt: skip
CASES = (*RUN, "data", "name", "subject", "band", "status", "dice", "iou", "hd_mm", "adf_mm", "df_mm", "mask_dice",
         "adf_percent",
         *(f"{whose}_{part}" for whose in ("reference", "predicted")
           for part in ("center_x_px", "center_y_px", "semi_axis_a_px", "semi_axis_b_px", "angle_rad")))  # fmt: skip
ELSEWHERE = (*RUN, "data", "split", "images", "subjects", "failures", "dice", "iou", "mask_dice", "hd_px",
             "adf_percent", "plane_accuracy", "head_abdomen_femur_accuracy", "false_heads", "missed_heads")  # fmt: skip
CASES_ELSEWHERE = (*RUN, "data", "name", "subject", "dice", "mask_dice", "adf_percent")
ROBUSTNESS = (*RUN, "data", "corruption", "severity", "images", "subjects", "failures", "dice", "iou", "hd_mm",
              "adf_mm")  # fmt: skip
ROBUSTNESS_CASES = (*RUN, "data", "severity", "name", "subject", "dice")
"""A row a picture and severity: the mean over all kinds of corruption."""
PLAN = (*RUN, "steps", "finished")
MACHINES = "machines.json"
FILES = {
    "runs.csv": RUNS, "cases.csv": CASES, "elsewhere.csv": ELSEWHERE, "cases_elsewhere.csv": CASES_ELSEWHERE,
    "robustness.csv": ROBUSTNESS, "robustness_cases.csv": ROBUSTNESS_CASES,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finished:
    """A run whose results are all there."""

    run: Run
    rows: Mapping[str, Sequence[Row]]
    """What it adds to each of `FILES`, by name; nothing to those that are missing."""
    machine: Mapping[str, Any] | None = None
    """What it was trained on, as `this_machine` tells; None where that was not recorded."""


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
    """Write the files of the finished runs into `folder`, and remove the ones that would be empty."""
    machines = {_key(one.machine): one.machine for one in finished if one.machine}
    for name, columns in FILES.items():
        rows = [row | _machine_of(one, name) for one in finished for row in one.rows.get(name, ())]
        write_or_remove(folder / name, columns, rows)
    (folder / MACHINES).write_text(json.dumps(machines, indent=2) + "\n", encoding="utf-8")


def _machine_of(one: Finished, name: str) -> Row:
    return {"machine": _key(one.machine)} if name == "runs.csv" and one.machine else {}


def _key(machine: Mapping[str, Any] | None) -> str:
    return hashlib.sha256(json.dumps(machine, sort_keys=True).encode()).hexdigest()[:8]


def read_rows(path: Path) -> list[Row]:
    with open(path, newline="", encoding="utf-8", errors="surrogateescape") as stream:
        return list(csv.DictReader(stream))


def rows_if_any(path: Path) -> list[Row]:
    """The rows of a file that is left out where it would be empty."""
    return read_rows(path) if path.is_file() else []


def write_or_remove(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """The file with these rows; none, where there are none, not even that of an earlier grid."""
    if rows:
        write_rows(path, columns, rows)
    else:
        path.unlink(missing_ok=True)


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """The file appears when it is whole; columns that are not named are left out, missing values are empty."""
    partial = path.with_name(f"{path.name}.partial")
    with open(partial, "w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        writer = csv.DictWriter(stream, columns, restval="", extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    partial.replace(path)
