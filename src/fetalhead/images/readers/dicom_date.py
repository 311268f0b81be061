"""The day on which a DICOM picture was made: read where an age is counted to it, and never kept or written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import final

from fetalhead.errors import Nothing
from fetalhead.images.readers import HEAD_BYTES
from fetalhead.images.readers.dicom_elements import BrokenDicom, looks_like_dicom, open_elements, text_of

ACQUISITION_DATE, ACQUISITION_DATE_TIME, CONTENT_DATE = 0x00080022, 0x0008002A, 0x00080023
SERIES_DATE, STUDY_DATE = 0x00080021, 0x00080020

NEAREST_FIRST = (ACQUISITION_DATE, ACQUISITION_DATE_TIME, CONTENT_DATE, SERIES_DATE, STUDY_DATE)
"""When the echoes came in; when the pixels were made of them; when the series, and the study, began. The nearer to the
picture the better: a study may be opened a day before, or go on past midnight."""

DERIVED = (ACQUISITION_DATE, ACQUISITION_DATE_TIME, STUDY_DATE)
"""Of a derived picture, content and series may date from when somebody worked on it, weeks later."""

IMAGE_TYPE, DATES_MODIFIED = 0x00080008, 0x00280303


@final
@dataclass(frozen=True, slots=True)
class NoDate(Nothing):
    """No day that could be believed: falsy, and holds the reason, which quotes nothing of the file."""


def examination_date(path: Path) -> date | NoDate:
    """The day on which the picture at `path` was made. Never raises for what the file holds."""
    none = NoDate("the file tells no day of examination")
    if not path.is_file():  # opening a pipe would wait for ever
        return none
    try:
        with open(path, "rb") as file:
            if not looks_like_dicom(file.read(HEAD_BYTES)):
                return none
            file.seek(0)
            stream, elements = open_elements(path, file)
            if text_of(stream, elements, DATES_MODIFIED) in ("REMOVED", "MODIFIED"):
                return NoDate("the file's dates were changed when it was de-identified")
            derived = text_of(stream, elements, IMAGE_TYPE).startswith("DERIVED")
            days = (_day(text_of(stream, elements, tag)) for tag in (DERIVED if derived else NEAREST_FIRST))
            return next((day for day in days if day), none)
    except (OSError, BrokenDicom):
        return none  # reading its picture tells what is wrong


def _day(text: str) -> date | None:
    """The day of a DICOM date (with points before 1993; PS3.5 6.2) or date and time; None for anything else."""
    parts = re.fullmatch(r"(\d{4})(\.?)(\d\d)\2(\d\d)((\d\d)+(\.\d+)?)?([+-]\d{4})?", text)
    try:
        return date(int(parts[1]), int(parts[3]), int(parts[4])) if parts else None
    except ValueError:
        return None
