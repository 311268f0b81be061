"""What `convert` and `crop` share: one data set read, another written, and what could not be told in a line each."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from fetalhead.datasets import open_data
from fetalhead.datasets.convert import convert
from fetalhead.datasets.layouts import Piece
from fetalhead.errors import FetalheadError


def write_data(argument: str, kind: str, out: str, change: Callable[[Piece], Piece], command: str) -> int:
    """Write the set `KIND=DIR` in the layout `kind`; gives the exit status: 1 where a picture could not be written."""
    faults: list[str] = []
    data = open_data(argument, faults)
    if kind != "pictures" and all(case.annotation_path is None for case in data.cases):
        raise FetalheadError(f"{argument}: no outlines to write as {kind}" + (f" ({faults[0]})" if faults else ""))
    written = convert(data.cases, kind, Path(out), change)
    for fault in faults + written.faults:
        print(f"fetalhead {command}: {fault}", file=sys.stderr)
    left_out = f", {written.unannotated} without an outline left out" if written.unannotated else ""
    failed = len(faults) + len(written.faults)
    print(f"{out}: {written.pictures} pictures as {kind}{left_out}" + (f", {failed} failed" if failed else ""))
    return 1 if failed or not written.pictures else 0
