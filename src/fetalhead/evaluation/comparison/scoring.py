"""Whether a run's evaluation is what the grid asks for now, as its `metrics.json` tells."""

from __future__ import annotations

import json
from pathlib import Path

from fetalhead.datasets import DataArgument, parse_data
from fetalhead.evaluation.comparison.grid import Grid, Run, title_of

PLACE = "data_set.txt"
"""In an evaluation's folder: where the data set that was scored lies, on this machine."""


def record_place(folder: Path, argument: str) -> None:
    """Remember in an evaluation's folder which data set `argument` was scored."""
    (folder / PLACE).write_text(_place(parse_data(argument)) + "\n", encoding="utf-8")


def _place(data: DataArgument) -> str:
    return str((data.listing or data.folder).resolve())


def what_differs(folder: Path, grid: Grid, run: Run, argument: str) -> str:
    """In which way the evaluation of a run on the data set `argument` is another one; empty where it is this one.

    On more pictures made worse than are asked for it is this one still: those are left out of the tables.
    """
    data, title = parse_data(argument), title_of(argument)
    kind = data.kind
    try:
        document = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        split, of_kind = document["split"], document.get("data", kind)
        label = document.get("label") if "data" in document else data.label
        swept = {(row["corruption"], row["severity"]) for row in document.get("robustness", ())}
        place = (folder / PLACE).read_text(encoding="utf-8").strip() if (folder / PLACE).is_file() else _place(data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return f"its metrics.json of {title} cannot be read"
    if place != _place(data):
        return f"{title} was scored from {place}"
    if of_kind != kind:
        return f"{title} was scored as {of_kind}, not as {kind}"
    if label != data.label:
        return f"{title} was scored with label {label}, not {data.label}"
    if split != grid.split_of(title):
        return f"{title} was scored on split {split}, not {grid.split_of(title)}"
    if argument == grid.evaluate[0] and not grid.made_worse(run) <= swept:
        return f"{title} was not scored on all that the grid makes worse"
    return ""
