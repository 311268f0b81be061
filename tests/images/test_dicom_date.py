"""The day on which a DICOM picture was made: which element tells it, and when none is believed."""

from __future__ import annotations

import os
import warnings
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from images.dicom_making import dataset, save
from pydicom.data import get_testdata_file

from fetalhead.images.readers.dicom_date import NoDate, examination_date

ALL = {
    "AcquisitionDate": "20260101",
    "AcquisitionDateTime": "20260102235959.500000+0100",
    "ContentDate": "20260103",
    "SeriesDate": "20260104",
    "StudyDate": "20260105",
}


def written(tmp_path: Path, **elements: Any) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom dislikes the dates that are none
        return save(dataset(None, **elements), tmp_path / "a.dcm")


def test_the_date_nearest_to_the_picture_comes_first(tmp_path: Path) -> None:
    left = dict(ALL)
    for day, keyword in enumerate(ALL, 1):
        assert examination_date(written(tmp_path, **left)) == date(2026, 1, day)
        left[keyword] = ""
    assert isinstance(examination_date(written(tmp_path, **left)), NoDate)


def test_when_a_derived_picture_was_worked_on_does_not_count(tmp_path: Path) -> None:
    derived = {"ImageType": ["DERIVED", "SECONDARY"], "ContentDate": "20260301", "SeriesDate": "20260301"}
    assert examination_date(written(tmp_path, **derived, StudyDate="20260105")) == date(2026, 1, 5)
    assert examination_date(written(tmp_path, **derived, AcquisitionDate="20260106")) == date(2026, 1, 6)
    assert not examination_date(written(tmp_path, **derived))


@pytest.mark.parametrize("value", ["2026", "202613", "20261301", "20260230", "2026-1-5", "202601051", "0000", "x"])
def test_what_is_no_date_is_passed_over(tmp_path: Path, value: str) -> None:
    assert examination_date(written(tmp_path, AcquisitionDate=value, StudyDate="20260105")) == date(2026, 1, 5)
    assert not examination_date(written(tmp_path, StudyDate=value))


def test_dates_with_points_are_those_of_before_1993(tmp_path: Path) -> None:
    assert examination_date(written(tmp_path, StudyDate="1992.11.05")) == date(1992, 11, 5)


@pytest.mark.parametrize("changed", ["REMOVED", "MODIFIED"])
def test_dates_that_a_deidentification_changed_are_not_believed(tmp_path: Path, changed: str) -> None:
    day = examination_date(written(tmp_path, **ALL, LongitudinalTemporalInformationModified=changed))
    assert isinstance(day, NoDate) and "de-identified" in day.reason
    assert examination_date(written(tmp_path, **ALL, LongitudinalTemporalInformationModified="UNMODIFIED"))


def test_other_files_and_damaged_ones_tell_none(tmp_path: Path) -> None:
    whole = written(tmp_path, **ALL).read_bytes()
    for name, content in {"a.png": b"\x89PNG", "empty.dcm": b"", "cut.dcm": whole[:200]}.items():
        (tmp_path / name).write_bytes(content)
        assert isinstance(examination_date(tmp_path / name), NoDate)
    os.mkfifo(tmp_path / "pipe.dcm")
    for name in ("pipe.dcm", "nothing.dcm", "."):
        assert isinstance(examination_date(tmp_path / name), NoDate)


def test_real_scanners_dates_are_found() -> None:
    for name, day in {
        "examples_palette.dcm": date(2011, 5, 25),  # acquisition
        "examples_ybr_color.dcm": date(2016, 5, 3),  # derived: study
        "examples_rgb_color.dcm": date(2004, 8, 26),  # study alone
    }.items():
        assert examination_date(Path(str(get_testdata_file(name)))) == day
