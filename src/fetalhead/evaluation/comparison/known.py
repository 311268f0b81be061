"""Runs that were finished before or on another machine, of which only a comparison's small files are left."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fetalhead.errors import FetalheadError
from fetalhead.evaluation.comparison.collect import FILES, MACHINES, Finished, Row, names_of, rows_if_any
from fetalhead.evaluation.comparison.grid import Grid, Run

SCORED_ALIKE = ("evaluate", "split", "splits", "corruptions", "severities")
"""What two grids must have in common so that figures of both stand in one table."""

COLUMNS, OF_RUNS = {"arm", "labels", "seed"}, {"steps", "machine"}
"""What is read of each file's rows, and of those of runs besides."""

WORSE = ("robustness.csv", "robustness_cases.csv")
"""The files of pictures made worse."""


def known_runs(folder: Path, planned: tuple[Grid, Sequence[Run]], theirs: tuple[Grid, Sequence[Run]]) -> list[Finished]:
    """Those of the `planned` runs that are finished in `folder`, of whose own grid and runs `theirs` tells.

    It may have more and other runs. Raises `FetalheadError` where one was trained or scored otherwise.
    """
    (grid, runs), (their_grid, their_runs) = planned, theirs
    for name in SCORED_ALIKE:
        if getattr(grid, name) != getattr(their_grid, name):
            raise FetalheadError(f"{folder}: scored its runs otherwise: {name} in its grid.yaml differs")
    found, machines = _read(folder)
    options = {run.place: run.options for run in their_runs}
    finished = []
    for run in runs:
        rows = found.get((run.arm, run.labels, str(run.seed)), {})
        if "runs.csv" not in rows:
            continue
        if options.get(run.place) != run.options:
            raise FetalheadError(f"{folder}: trained {run} with other options; its grid.yaml says which")
        whole = rows["runs.csv"][0]
        if (steps := whole["steps"]) != str(run.options.steps):
            raise FetalheadError(f"{folder}: trained {run} for {steps} steps, not {run.options.steps}")
        if not grid.made_worse(run) <= their_grid.made_worse(run):
            raise FetalheadError(f"{folder}: did not score {run} on pictures made worse; its grid.yaml says on which")
        if not grid.made_worse(run):  # its share was scored so there, and is not here
            rows = {name: kept for name, kept in rows.items() if name not in WORSE}
        named = {name: [row | names_of(run) for row in kept] for name, kept in rows.items()}
        finished.append(Finished(run, named, machines.get(whole["machine"])))
    return finished


def _read(folder: Path) -> tuple[dict[tuple[str, str, str], dict[str, list[Row]]], dict[str, Any]]:
    """Rows by run (arm, labels, seed) and file, and the machines by their id. Raises `FetalheadError`."""
    found: dict[tuple[str, str, str], dict[str, list[Row]]] = {}
    for name in FILES:
        for row in rows_if_any(folder / name):
            if lacking := (COLUMNS | OF_RUNS if name == "runs.csv" else COLUMNS) - row.keys():
                raise FetalheadError(f"{folder / name}: has no column {min(lacking)}, so no file of a comparison")
            found.setdefault((row["arm"], row["labels"], row["seed"]), {}).setdefault(name, []).append(row)
    path = folder / MACHINES
    try:
        machines = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError as error:
        raise FetalheadError(f"{path}: damaged; take it from the comparison again, or leave it out") from error
    return found, machines
