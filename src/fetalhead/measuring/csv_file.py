"""`measurements.csv`: it grows in whole lines while a run goes on, and holds the rows in input order at its end.

UTF-8, comma, `"` doubled inside quotes, lines ended by `\\n`; names that are not UTF-8 keep their bytes (Python's
surrogateescape), and names with commas, quotes or line breaks are quoted, so that
`csv.DictReader(open(path, newline="", encoding="utf-8", errors="surrogateescape"))` gives them back as they were.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fetalhead.measuring.whole_files import append_descriptor, append_whole, write_whole
from fetalhead.reports.rows import Row


def csv_line(fields: Iterable[Any]) -> bytes:
    """One row of the file, its line end included."""
    stream = io.StringIO(newline="")
    # csv.writer quotes a field that holds a letter of its own line end; with "\n" alone, "\r" would stay unquoted.
    csv.writer(stream, lineterminator="\r\n").writerow(fields)
    return (stream.getvalue().removesuffix("\r\n") + "\n").encode("utf-8", "surrogateescape")


class CsvFile:
    """The growing file. Each call leaves whole lines behind, whenever the process is killed."""

    def __init__(self, path: Path, columns: tuple[str, ...], rows: Iterable[Row], scratch: Path) -> None:
        """Start the file anew with `rows`, of which `columns` are the first fields.

        `scratch` is a folder on the same file system, for the temporary file.
        """
        self._path = path
        self._columns = columns
        self._scratch = scratch
        self.rewrite(rows)
        self._descriptor = append_descriptor(path)

    def append(self, row: Row) -> None:
        append_whole(self._descriptor, self._line(row))

    def rewrite(self, rows: Iterable[Row]) -> None:
        """Replace the file in one step by these rows."""
        write_whole(self._path, b"".join([csv_line(self._columns), *map(self._line, rows)]), self._scratch)

    def close(self) -> None:
        os.close(self._descriptor)

    def _line(self, row: Row) -> bytes:
        return csv_line(row[: len(self._columns)])
