"""`fetalhead data inspect`."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass
from pathlib import Path

from fetalhead.catalog import DATA_KINDS
from fetalhead.cli.command import parse
from fetalhead.errors import FetalheadError, WrongUsage
from fetalhead.options import option


@dataclass(frozen=True, slots=True)
class Options:
    """Tell what data sets hold, which pictures are broken or lack their outline, which are near-duplicates, and which
    subjects would leak between splits, within a set and between the sets given together.

    Writes inspection.html, inspection.json, pictures.csv, near_duplicates.csv and contact_sheet.png into OUT. Ends
    with status 1 where something is broken or leaks.
    """

    data: list[str] = option(
        f"data sets as KIND=DIR ({', '.join(DATA_KINDS)}), or folders whose layout tells their kind", positional=True
    )
    out: str = option("folder to write to; files of the same names are replaced")
    sheet: int = option("pictures of each set in the contact sheet, evenly spread over it", default=48)


def main(argv: Sequence[str]) -> int:
    options = parse(Options, argv, "fetalhead data inspect")
    if options.sheet < 1:
        raise WrongUsage(f"--sheet {options.sheet}: give 1 or more")
    out = Path(options.out)
    if out.exists() and not out.is_dir():
        raise FetalheadError(f"--out {out}: is no folder")

    import cv2
    import numpy as np

    from fetalhead.datasets.inspection import inspect
    from fetalhead.datasets.inspection_record import (
        PAIR_COLUMNS,
        PICTURE_COLUMNS,
        leak_line,
        pair_rows,
        picture_rows,
        record,
    )
    from fetalhead.progress import progress
    from fetalhead.reports.inspection_page import make_page, sheet_of_set

    inspection = inspect(options.data, options.sheet, lambda members: progress(members, "inspect"), out)
    found = record(inspection)
    sheets = [sheet_of_set(inspection, number, options.sheet) for number in range(len(inspection.sets))]
    out.mkdir(parents=True, exist_ok=True)
    (out / "inspection.json").write_text(json.dumps(found, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    _write_csv(out / "pictures.csv", PICTURE_COLUMNS, picture_rows(inspection))
    _write_csv(out / "near_duplicates.csv", PAIR_COLUMNS, pair_rows(inspection))
    (out / "inspection.html").write_text(make_page(inspection, sheets), encoding="utf-8")
    if drawn := [sheet for sheet in sheets if sheet is not None]:
        (out / "contact_sheet.png").write_bytes(cv2.imencode(".png", np.vstack(drawn))[1].tobytes())

    for fault in inspection.faults:
        print(f"fetalhead data inspect: {fault}", file=sys.stderr)
    for leak in found["leaks"]:
        print(f"fetalhead data inspect: leak: {leak_line(leak)}", file=sys.stderr)
    for one in found["sets"]:
        counts = f"{one['pictures']} pictures of {one['subjects']} subjects, {one['with_outline']} outlines"
        print(f"{one['data']}: {counts}")
    print(
        f"{_count(inspection.faults, 'fault')}, {_count(inspection.pairs, 'pair')} of near-duplicates, "
        f"{_count(inspection.leaks, 'leak')} between splits -> {out / 'inspection.html'}"
    )
    return 0 if inspection.is_sound else 1


def _count(found: Sized, word: str) -> str:
    return f"{len(found)} {word}{'' if len(found) == 1 else 's'}"


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with open(path, "w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
