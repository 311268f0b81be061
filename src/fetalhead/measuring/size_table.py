"""The CSV of `--pixel-size-csv`: HC18's columns, parted by commas, or by semicolons or tabs as spreadsheets do."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

from fetalhead.images.pixel_size import PixelSize, Table, pixel_sizes, read_table

COLUMNS = {"filename", "pixelsize(mm)"}


def read_size_table(path: Path) -> dict[str, PixelSize]:
    """Pixel sizes by file name; what cannot be used is falsy, with the reason. Raises `FetalheadError`.

    Where columns are not parted by commas, a size may have a decimal comma.
    """
    by_commas = read_table(path)
    if by_commas.columns >= COLUMNS:
        return pixel_sizes(path, by_commas)
    others = (table for table in _parted_otherwise(path) if table.columns >= COLUMNS)
    return pixel_sizes(path, next(others, by_commas))


def _parted_otherwise(path: Path) -> Iterator[Table]:
    for delimiter in ";\t":
        table = read_table(path, delimiter)
        yield dataclasses.replace(table, rows=[_with_points(row) for row in table.rows])


def _with_points(row: dict[str, str]) -> dict[str, str]:
    size = row.get("pixelsize(mm)", "")
    return row | {"pixelsize(mm)": re.sub(r"^\s*(\d*),(\d+)\s*$", r"\1.\2", size)}
