from __future__ import annotations

import math

import pytest

from fetalhead.biometry.dating import NoAge, gestational_age, hadlock1984, intergrowth21
from fetalhead.catalog import DATING
from fetalhead.errors import FetalheadError

PUBLISHED = {
    100: (14.66, 14.19),
    150: (18.07, 18.18),
    175: (20.02, 20.22),
    200: (22.16, 22.36),
    250: (27.15, 27.11),
    300: (33.26, 32.96),
    340: (39.11, 38.87),
}


@pytest.mark.parametrize(("hc_mm", "weeks"), PUBLISHED.items())
def test_formulas_give_the_published_weeks(hc_mm: float, weeks: tuple[float, float]) -> None:
    assert hadlock1984(hc_mm) == pytest.approx(weeks[0], abs=0.005)
    assert intergrowth21(hc_mm) == pytest.approx(weeks[1], abs=0.005)


@pytest.mark.parametrize(
    ("hc_mm", "margin"),
    [(68, 1.19), (144, 1.19), (147, 1.48), (219, 1.48), (221, 2.06), (280, 2.06), (282, 2.98), (325, 2.98),
     (326, 3.2), (360, 3.2)],
)  # fmt: skip
def test_hadlock_interval_is_two_sd_of_its_band_and_the_wider_one_between_bands(hc_mm: float, margin: float) -> None:
    age = gestational_age(hc_mm, "hadlock1984")
    assert age
    assert age.weeks - age.low == pytest.approx(margin)
    assert age.high - age.weeks == pytest.approx(margin)


@pytest.mark.parametrize("hc_mm", [67.9, 360.1, 5, 2000])
def test_hadlock_gives_no_age_outside_its_range(hc_mm: float) -> None:
    age = gestational_age(hc_mm, "hadlock1984")
    assert isinstance(age, NoAge)
    assert not age
    assert f"HC {hc_mm:.1f} mm" in age.reason


def test_intergrowth_dates_14_to_26_weeks_without_an_interval() -> None:
    age = gestational_age(200, "intergrowth21")
    assert age
    assert (age.low, age.high) == (None, None)
    dated = [hc for hc in range(50, 400) if gestational_age(hc, "intergrowth21")]
    first, last = dated[0], dated[-1]
    assert len(dated) == last - first + 1
    assert gestational_age(first, "intergrowth21").weeks == pytest.approx(14, abs=0.1)
    assert (last, gestational_age(last, "intergrowth21").weeks) == (239, pytest.approx(26, abs=0.1))
    for beyond in (0.1, first - 1, last + 1, 1e9):
        assert "14 to 26 weeks" in gestational_age(beyond, "intergrowth21").reason


def test_every_formula_of_the_catalog_dates_a_head() -> None:
    for formula in DATING:
        assert gestational_age(175, formula).weeks == pytest.approx(20.1, abs=0.2)


def test_an_unknown_formula_is_named_with_those_there_are() -> None:
    with pytest.raises(FetalheadError, match="'chitty'; there are hadlock1984, intergrowth21"):
        gestational_age(175, "chitty")


@pytest.mark.parametrize("hc_mm", [0, -1, math.nan, math.inf])
def test_an_hc_that_is_no_length_is_refused(hc_mm: float) -> None:
    with pytest.raises(ValueError, match="HC"):
        gestational_age(hc_mm, "hadlock1984")
