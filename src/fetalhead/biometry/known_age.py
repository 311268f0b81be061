"""The gestational age that is known without the head: told in weeks, or counted from the last menstrual period.

It is another thing than `dating.GestationalAge`, which comes from HC and therefore says nothing about HC's growth.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import final

from fetalhead.errors import FetalheadError, Nothing
from fetalhead.images.readers.dicom_date import NoDate, examination_date

LONGEST_WEEKS = 45.0
"""No pregnancy lasts longer: more is a slip, days taken for weeks for instance."""


@dataclass(frozen=True, slots=True)
class KnownAge:
    """Exact weeks (days are sevenths) on the day of the examination."""

    weeks: float


@final
@dataclass(frozen=True, slots=True)
class UnknownAge(Nothing):
    """An age that cannot be told: falsy, and holds the reason."""


class KnownAges:
    """What is given of the age, and so what it is in each picture."""

    def __init__(self, ga: float | str | None, lmp: date | str | None, exam_date: date | str | None) -> None:
        """`ga` as `parse_weeks` takes it, or `lmp`, the first day of the last menstrual period.

        With the latter the age is that on `exam_date`, else on the day that a DICOM file tells. Raises
        `FetalheadError` for both or neither, for what is no age or date, and for an examination before that period.
        """
        if ga is not None and lmp is not None:
            raise FetalheadError("ga and lmp exclude each other: give the age or the last menstrual period")
        if lmp is None and exam_date is not None:
            raise FetalheadError("exam date without lmp: it is the day to which the last menstrual period is counted")
        self._told: KnownAge | date
        if ga is not None:
            self._told = KnownAge(parse_weeks(ga))
        elif lmp is not None:
            self._told = parse_date(lmp, "last menstrual period")
        else:
            raise FetalheadError("neither ga nor lmp is given")
        self._exam = None if exam_date is None else parse_date(exam_date, "examination")
        if self._exam and isinstance(age := self.of(None), UnknownAge):
            raise FetalheadError(age.reason)

    @classmethod
    def given(
        cls, ga: float | str | None, lmp: date | str | None, exam_date: date | str | None
    ) -> KnownAges | None:
        """None where nothing is given; else as the constructor."""
        return None if ga is None and lmp is None and exam_date is None else cls(ga, lmp, exam_date)

    def of(self, path: Path | None) -> KnownAge | UnknownAge:
        """The age in the pictures of the file at `path` (None: an array). What it says holds no date."""
        if isinstance(self._told, KnownAge):
            return self._told
        day = self._exam or (examination_date(path) if path else NoDate("an array tells no day of examination"))
        if isinstance(day, NoDate):
            return UnknownAge(f"{day.reason}, and no exam date was given")
        days = (day - self._told).days
        if days < 0:
            return UnknownAge("the examination lies before the last menstrual period")
        return KnownAge(days / 7)


def parse_weeks(given: float | str) -> float:
    """Exact weeks of a number of weeks (21.4) or of weeks and days (21w3d, 21+3). Raises `FetalheadError`."""
    text = str(given).strip()
    number = re.fullmatch(r"\d+(?:\.\d*)?", text)
    parts = re.fullmatch(r"(\d+)(?:w|w?\+(?=\d))(?:([0-6])d?)?", text.lower())
    weeks = float(text) if number else int(parts[1]) + int(parts[2] or 0) / 7 if parts else math.nan
    if not 0 < weeks <= LONGEST_WEEKS:
        raise FetalheadError(
            f"gestational age {text!r}: wants weeks up to {LONGEST_WEEKS:g}, as 21.4, "
            "or with days (0 to 6), as 21w3d or 21+3"
        )
    return weeks


def parse_date(given: date | str, name: str) -> date:
    """The day in YYYY-MM-DD; `name` is what it is the day of. Raises `FetalheadError`."""
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", str(given)):
            return date.fromisoformat(str(given))
    except ValueError:
        pass
    raise FetalheadError(f"date of the {name} {str(given)!r}: wants a day as 2026-06-01")
