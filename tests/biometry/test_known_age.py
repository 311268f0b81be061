"""The age that is known without the head: how it is given, what is refused, and that it holds no date."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from images.dicom_making import dataset, save

from fetalhead.biometry.known_age import KnownAge, KnownAges, UnknownAge, parse_date, parse_weeks
from fetalhead.errors import FetalheadError


@pytest.mark.parametrize(
    ("given", "weeks"),
    [
        ("21.4", 21.4), (21.4, 21.4), (" 21 ", 21), ("21w3d", 21 + 3 / 7), ("21W3D", 21 + 3 / 7), ("21w3", 21 + 3 / 7),
        ("21+3", 21 + 3 / 7), ("21w+3d", 21 + 3 / 7), ("21w", 21), ("9+6", 9 + 6 / 7), ("14+0", 14), (45, 45),
    ],
)  # fmt: skip
def test_weeks_are_decimal_or_with_days(given: float | str, weeks: float) -> None:
    assert parse_weeks(given) == pytest.approx(weeks, abs=1e-12)


@pytest.mark.parametrize(
    "given",
    ["", "21w7d", "21+9", "21+", "+3", "150", "-3", "0", "nan", "inf", "21,4", "21d", "w3", "2_1", 46, "2026-06-01"],
)
def test_what_is_no_age_is_refused_in_one_line(given: float | str) -> None:
    with pytest.raises(FetalheadError, match=r"gestational age .*21w3d") as refused:
        parse_weeks(given)
    assert "\n" not in str(refused.value)


def test_days_are_iso_dates_alone() -> None:
    assert parse_date("2024-02-29", "examination") == parse_date(date(2024, 2, 29), "examination") == date(2024, 2, 29)
    for given in ("", "2026-02-29", "2026-13-01", "01.06.2026", "20260601", "2026-W23-1", "2026-6-1", "2026-06-01T00"):
        with pytest.raises(FetalheadError, match=r"date of the examination .*2026-06-01"):
            parse_date(given, "examination")


def test_an_age_is_given_in_one_way() -> None:
    assert KnownAges.given(None, None, None) is None
    with pytest.raises(FetalheadError, match="neither"):
        KnownAges(None, None, None)
    for given in ((21, "2026-06-01", None), (21, "2026-06-01", "2026-10-01")):
        with pytest.raises(FetalheadError, match="exclude each other"):
            KnownAges.given(*given)
    for alone in ((None, None, "2026-10-01"), (21, None, "2026-10-01")):
        with pytest.raises(FetalheadError, match="exam date without lmp"):
            KnownAges.given(*alone)
    with pytest.raises(FetalheadError, match="lies before the last menstrual period"):
        KnownAges.given(None, "2026-06-01", "2026-05-31")


def test_the_age_is_counted_in_days_to_the_examination(tmp_path: Path) -> None:
    picture = save(dataset(None, StudyDate="20261026"), tmp_path / "a.dcm")
    for ages, weeks in (
        (KnownAges("20w6d", None, None), 20 + 6 / 7),
        (KnownAges(None, "2026-06-01", None), 21.0),
        (KnownAges(None, date(2026, 6, 1), "2026-06-01"), 0.0),  # given days come before the file's
        (KnownAges(None, "2026-06-01", date(2026, 10, 29)), 21 + 3 / 7),
    ):
        age = ages.of(picture)
        assert isinstance(age, KnownAge) and age.weeks == pytest.approx(weeks, abs=1e-12)


def test_an_age_that_cannot_be_counted_says_why_without_a_date(tmp_path: Path) -> None:
    dated, undated = tmp_path / "a.dcm", tmp_path / "a.png"
    save(dataset(None, StudyDate="20260531"), dated)
    undated.write_bytes(b"no DICOM")
    ages = KnownAges(None, "2026-06-01", None)
    for path, why in ((dated, "before the last menstrual period"), (undated, "no day"), (None, "no day")):
        age = ages.of(path)
        assert isinstance(age, UnknownAge) and not age
        assert why in age.reason and "2026" not in age.reason and "2026" not in repr(age)
