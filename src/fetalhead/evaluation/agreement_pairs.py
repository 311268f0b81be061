"""Measured HC and a site's own caliper values of the same pictures: two CSV files, joined by the pictures' names."""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

from fetalhead.biometry.quality import POSSIBLE_HC_MM
from fetalhead.errors import FetalheadError, one_line

NAMES = ("path", "filename", "file", "image", "name")
VALUES = ("hc_mm", "head circumference (mm)", "head_circumference_mm", "hc (mm)", "hc")
SUBJECTS = ("subject", "patient", "patient_id")
LEAST_MM, MOST_MM = POSSIBLE_HC_MM
"""Outside these, a manual value is no head circumference in mm, but one in cm, or a slip: refused, not believed."""

Key = tuple[str, str]
"""Name and frame of a picture, as a file has them in plain form; the frame of a still is empty."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One picture's two values."""

    path: str
    frame: str
    subject: str
    """As the manual file says; the picture itself where it says none."""
    measured_mm: float
    readings_mm: tuple[float, ...]
    """The manual values: one, or several where it was measured several times."""
    quality: str = ""
    """The verdict of the measurement; empty where the file tells none."""

    @property
    def manual_mm(self) -> float:
        """The mean of the readings."""
        return float(np.mean(self.readings_mm))

    @property
    def difference_mm(self) -> float:
        """Measured minus manual."""
        return self.measured_mm - self.manual_mm

    @property
    def percent(self) -> float:
        """The difference in percent of the manual value."""
        return 100 * self.difference_mm / self.manual_mm

    @property
    def shown(self) -> str:
        """The picture on one line, for a person."""
        return _shown(self.path, self.frame)


@dataclass(frozen=True, slots=True)
class Unpaired:
    """What has no partner, by the reason, as lines to show."""

    not_measured: tuple[str, ...]
    """In the manual file, and measured without an HC in mm: no head, no scale, or an error."""
    only_manual: tuple[str, ...]
    only_measured: int


@dataclass(frozen=True, slots=True)
class _Measured:
    """A row of measurements.csv."""

    path: str
    frame: str
    hc_mm: float | None
    why_not: str
    """Status and reason, which tell why there is no HC in mm."""
    quality: str


@dataclass(slots=True)
class _Manual:
    """The manual values of one picture."""

    subject: str = ""
    readings_mm: list[float] = field(default_factory=list)

    def add(self, other: _Manual) -> None:
        self.subject = self.subject or other.subject
        self.readings_mm += other.readings_mm


def read_pairs(measured: Path, manual: Path) -> tuple[list[Pair], Unpaired]:
    """Pairs by picture: the manual file names it as `measurements.csv` does, by the end of its path, or without suffix.

    What is said of one picture under several names are readings of that one picture. Raises `FetalheadError` where a
    file is no such table, a value makes no sense, or a name fits several pictures.
    """
    rows, values = _measured_rows(measured), _manual_values(manual)
    by_name: dict[Key, list[_Measured]] = defaultdict(list)
    for row in rows:
        for name in _names_of(row.path):
            by_name[name, row.frame].append(row)
    only_manual: list[str] = []
    of_rows: dict[_Measured, _Manual] = {}
    for (name, frame), value in values.items():
        found = by_name.get((name, frame)) or by_name.get((name.strip(), frame), [])
        found = _exactly(name, found) or found
        if len(found) > 1:
            shown = ", ".join(sorted({one_line(row.path) for row in found})[:2])
            raise FetalheadError(
                f"{manual}: {_shown(name, frame)} fits several pictures ({shown}); give more of its path"
            )
        if found:
            of_rows.setdefault(found[0], _Manual()).add(value)
        else:
            only_manual.append(_shown(name, frame))
    pairs, not_measured = [], []
    for row, value in of_rows.items():
        if row.hc_mm is None:
            not_measured.append(f"{_shown(row.path, row.frame)}: {row.why_not}")
        else:
            readings = tuple(value.readings_mm)
            pairs.append(Pair(row.path, row.frame, value.subject or row.path, row.hc_mm, readings, row.quality))
    only_measured = sum(row.hc_mm is not None and row not in of_rows for row in rows)
    return pairs, Unpaired(tuple(not_measured), tuple(only_manual), only_measured)


def _exactly(name: str, rows: Sequence[_Measured]) -> list[_Measured]:
    """Those of the rows whose whole path it is; of those that end in it, the ones that do so with their suffix."""
    whole = [row for row in rows if _plain(row.path) == name]
    return whole or [row for row in rows if PurePosixPath(_plain(row.path)).name == PurePosixPath(name).name]


def _measured_rows(path: Path) -> list[_Measured]:
    header, rows = _table(path)
    missing = {"path", "frame", "status", "reason", "hc_mm"} - set(header)
    if missing:
        raise FetalheadError(f"{path}: no measurements.csv of 'fetalhead measure': it has no column {min(missing)}")
    return [
        _Measured(
            row["path"],
            _plain_frame(row["frame"]),
            _measured_mm(path, line, row["hc_mm"].strip()),
            one_line(f"{row['status']}, {row['reason']}"),
            row.get("quality", ""),
        )
        for line, row in rows
    ]


def _measured_mm(path: Path, line: int, text: str) -> float | None:
    """The HC in a row of measurements.csv; None where it has none."""
    if not text:
        return None
    number = _number(text)
    if not 0 < number < math.inf:
        raise FetalheadError(f"{path}, line {line}: hc_mm {text!r} is no length in mm{_comma(text)}")
    return number


def _manual_values(path: Path) -> dict[Key, _Manual]:
    """Subject and values by the picture's name and frame, in the order of the file."""
    header, rows = _table(path)
    name, value = _column(path, header, NAMES, "the picture"), _column(path, header, VALUES, "the manual HC in mm")
    subject, frame = _known(path, header, SUBJECTS), _known(path, header, ("frame",))
    found: dict[Key, _Manual] = {}
    for line, row in rows:
        text = row[value].strip()
        if not text:
            continue
        number = _number(text)
        if not LEAST_MM <= number <= MOST_MM:
            unit = ", but may be one in cm; give mm" if LEAST_MM <= 10 * number <= MOST_MM else ""
            raise FetalheadError(
                f"{path}, line {line}: {text!r} is no head circumference in mm, {LEAST_MM:g} to {MOST_MM:g}"
                f"{unit or _comma(text)}"
            )
        key = _plain(row[name]), _plain_frame(row[frame]) if frame else ""
        found.setdefault(key, _Manual()).add(_Manual(row[subject].strip() if subject else "", [number]))
    if not found:
        raise FetalheadError(f"{path}: holds no manual HC")
    return found


def _number(text: str) -> float:
    """NaN for what is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _comma(text: str) -> str:
    return "; write it with a decimal point" if re.fullmatch(r"\d+,\d+", text) else ""


def _table(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """The header, and the rows with the lines where they end; cells that are not there are empty."""
    try:
        with open(path, newline="", encoding="utf-8-sig", errors="surrogateescape") as stream:
            sample = stream.read(4096)
            stream.seek(0)
            header = sample.splitlines()[0] if sample.strip() else ""
            delimiter = ";" if header.count(";") > header.count(",") else ","
            reader = csv.DictReader(stream, delimiter=delimiter, restval="")
            return list(reader.fieldnames or ()), [(reader.line_num, row) for row in reader]
    except (OSError, csv.Error) as error:
        raise FetalheadError(f"{path}: cannot be read as a CSV file: {error}") from error


def _column(path: Path, header: Sequence[str], known: Sequence[str], what: str) -> str:
    found = _known(path, header, known)
    if found is None:
        raise FetalheadError(f"{path}: no column for {what}; name it {known[0]}")
    return found


def _known(path: Path, header: Sequence[str], known: Sequence[str]) -> str | None:
    """The column with the first of these names that is there; None for none. Raises `FetalheadError` for two."""
    names = [column.strip().lower() for column in header]
    found = next((name for name in known if name in names), None)
    if found is not None and names.count(found) > 1:
        raise FetalheadError(f"{path}: two columns are called {found}, and which one counts is not told")
    return None if found is None else header[names.index(found)]


def _names_of(path: str) -> set[str]:
    """Everything that a manual file may call the picture at `path`: each end of its path, with and without suffix."""
    whole = PurePosixPath(_plain(path))
    ends = {"/".join(whole.parts[start:]).replace("//", "/") for start in range(len(whole.parts))}
    names = ends | {end.removesuffix(whole.suffix) for end in ends}
    return names | {name.strip() for name in names}


def _plain(name: str) -> str:
    """The name as it is compared: `./a`, `a` and the ways to write an accent are one."""
    return str(PurePosixPath(unicodedata.normalize("NFC", name).replace("\\", "/")))


def _plain_frame(text: str) -> str:
    """The frame's number, which programs also write as `3.0`; empty for a still."""
    number = _number(text)
    return str(int(number)) if number.is_integer() else text.strip()


def _shown(name: str, frame: str) -> str:
    return one_line(f"{name}, frame {frame}" if frame else name)
