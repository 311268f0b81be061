"""Tables with a row a picture, in which what is told twice must be told alike, and tables with a row a sequence."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, TypeVar

from fetalhead.datasets.faults import tell
from fetalhead.errors import FetalheadError, one_line, warn
from fetalhead.images.inputs import PICTURE_SUFFIXES
from fetalhead.images.natural_order import by_number
from fetalhead.images.pixel_size import read_table

SEQUENCES = "sequences.csv"
"""A data set's list of sequences, in its folder."""

Told = TypeVar("Told")


def told_once(
    path: object, rows: Iterable[tuple[str, Told]], faults: list[str] | None = None, quiet: bool = False
) -> dict[str, Told]:
    """What the table at `path` tells of each picture, by name; of `rows` that say the same of one, the first.

    Warns of those, unless `quiet`. What is told in two ways is added to `faults`, or raised as `FetalheadError` where
    there is no such list.
    """
    found: dict[str, Told] = {}
    for name, told in rows:
        if name not in found:
            found[name] = told
        elif found[name] != told:
            both = f"{one_line(_text(found[name]))} and {one_line(_text(told))}"
            tell(faults, f"{one_line(path)}: {one_line(name)} is listed twice, as {both}; keep the row that is right")
        elif not quiet:
            warn(f"{one_line(path)}: {one_line(name)} is listed twice, alike: it counts once")
    return found


class FrameSequence(NamedTuple):
    """Pictures that are consecutive frames, in the order of the numbers in their names."""

    name: str
    stems: list[str]


def read_sequences(path: Path, stems: Iterable[str]) -> list[FrameSequence]:
    """The sequences that the table at `path` lists, each with those of `stems` from its first to its last.

    Raises `FetalheadError` where a column is lacking, and where a row has no name or none of `stems`.
    """
    table = read_table(path)
    if not {"sequence", "first", "last"} <= table.columns:
        raise FetalheadError(f"{one_line(path)}: wants the columns sequence, first and last")
    ordered = {stem: by_number(stem) for stem in sorted(stems, key=by_number)}
    sequences = []
    for row in table.rows:
        name, *ends = (row[column].strip() for column in ("sequence", "first", "last"))
        if not name and not any(ends):
            continue
        first, last = (by_number(end if end in ordered else _without_suffix(end)) for end in ends)
        within = [stem for stem, key in ordered.items() if first <= key <= last]
        if not (name and within):
            raise FetalheadError(
                f"{one_line(path)}: the row {one_line(','.join((name, *ends)))} names no sequence, or no picture that "
                "is here from its first to its last; correct it, or take the row out"
            )
        sequences.append(FrameSequence(name, within))
    return sequences


def _without_suffix(name: str) -> str:
    return Path(name).stem if Path(name).suffix.lower() in PICTURE_SUFFIXES else name


def _text(told: object) -> str:
    return ", ".join(map(str, told)) if isinstance(told, tuple) else str(told)
