"""Everything that a comparison's `--out` holds beside its runs, written from those that are finished."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fetalhead.datasets import open_data
from fetalhead.evaluation.comparison import figures as drawn
from fetalhead.evaluation.comparison.collect import (
    Finished,
    Row,
    gather,
    read_rows,
    rows_if_any,
    write_or_remove,
    write_plan,
)
from fetalhead.evaluation.comparison.grid import Grid, Run, in_file_name
from fetalhead.evaluation.comparison.page import results_page
from fetalhead.evaluation.comparison.paired import DIFFERENCES, differences, made_worse
from fetalhead.evaluation.figures import save

PAGE = "results.md"


def write_results(planned: Sequence[Run], finished: Sequence[Finished], grid: Grid, out: Path) -> str:
    """The CSV files, the figures and the page, whose text is given back."""
    write_plan(planned, finished, out)
    if finished:
        gather(finished, out)
        cases = all_cases(out)
        write_or_remove(out / "differences.csv", DIFFERENCES, differences(cases, grid.pairs))
        _draw(cases, grid, out)
    text = results_page(out)
    (out / PAGE).write_text(text, encoding="utf-8")
    return text


def all_cases(folder: Path) -> list[Row]:
    """The cases of all data sets and, as data sets of their own, of pictures made worse at each severity."""
    worse = [row | {"data": made_worse(row["data"], row["severity"])} for row in
             rows_if_any(folder / "robustness_cases.csv")]  # fmt: skip
    return [*read_rows(folder / "cases.csv"), *rows_if_any(folder / "cases_elsewhere.csv"), *worse]


def _draw(cases: Sequence[Row], grid: Grid, out: Path) -> None:
    runs = read_rows(out / "runs.csv")
    for earlier in (*out.glob("difficult_*.png"), *out.glob("robustness_*.png")):
        earlier.unlink()
    save(drawn.label_efficiency(runs), out / "label_efficiency.png")
    pictures = {case.name: case for case in open_data(grid.evaluate[0]).cases}
    outlined = [case for case in cases if case.get("reference_center_x_px")]  # in mm, of runs that were made here
    for labels in dict.fromkeys(row["labels"] for row in outlined):
        sheet = drawn.difficult_cases(outlined, labels, lambda name: pictures[name].pixels())
        save(sheet, out / f"difficult_{in_file_name(labels)}.png")
    corrupted = rows_if_any(out / "robustness.csv")
    for labels in dict.fromkeys(row["labels"] for row in corrupted):
        save(drawn.robustness_curves(corrupted, labels), out / f"robustness_{in_file_name(labels)}.png")
