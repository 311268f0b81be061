from __future__ import annotations

from statistics import NormalDist

import pytest

from fetalhead.biometry.bpd import CONVENTION, outer_inner_bpd, outer_outer_bpd
from fetalhead.biometry.dating import gestational_age
from fetalhead.biometry.growth import NoGrowth, growth, with_growth
from fetalhead.biometry.known_age import KnownAge, UnknownAge
from fetalhead.biometry.measurement import HeadMeasurement


@pytest.mark.parametrize(
    ("measure", "weeks", "mean", "sd"),
    [
        ("hc", 20, 172.48, 7.44),
        ("bpd", 20, 48.45, 2.30),
        ("ofd", 20, 60.69, 2.78),
        ("hc", 28, 260.36, 8.94),
        ("hc", 40, 333.95, 12.92),
    ],
)
def test_mean_and_sd_are_the_published_ones(measure: str, weeks: float, mean: float, sd: float) -> None:
    at = growth(measure, mean, weeks)  # type: ignore[arg-type]
    assert at
    assert at.mean_mm == pytest.approx(mean, abs=0.006)
    assert at.sd_mm == pytest.approx(sd, abs=0.006)


def test_z_and_centile_follow_the_normal_distribution() -> None:
    for value in (150, 172.48, 180, 200):
        at = growth("hc", value, 20)
        assert at
        assert at.z == pytest.approx((value - 172.48) / 7.44, abs=0.002)
        assert at.centile == pytest.approx(100 * NormalDist().cdf(at.z), abs=1e-9)


@pytest.mark.parametrize("weeks", [13.9, 40.1, -3, float("nan")])
def test_an_age_outside_the_standard_gives_none_and_says_so(weeks: float) -> None:
    at = growth("hc", 170, weeks)
    assert isinstance(at, NoGrowth)
    assert not at
    assert "14 to 40 weeks" in at.reason


def test_a_measurement_is_compared_at_the_known_age() -> None:
    head = HeadMeasurement(status="ok", reason="told", hc_mm=180, ga_weeks=20.4)
    compared = with_growth(head, KnownAge(20))
    assert compared.hc_z == pytest.approx((180 - 172.48) / 7.44, abs=0.002)
    assert compared.hc_centile == pytest.approx(100 * NormalDist().cdf(compared.hc_z or 0))
    assert (compared.known_ga_weeks, compared.ga_weeks, compared.reason) == (20, 20.4, "told")


@pytest.mark.parametrize(
    ("age", "why"),
    [(KnownAge(13.9), "no z-score: 13.9 weeks is outside the 14 to 40"), (UnknownAge("lost"), "no z-score: lost")],
)
def test_a_measurement_without_z_score_says_why(age: KnownAge | UnknownAge, why: str) -> None:
    told = with_growth(HeadMeasurement(status="ok", reason="told", hc_mm=180), age)
    assert told.hc_z is told.hc_centile is told.known_ga_weeks is None
    assert told.reason.startswith(f"told; {why}")
    assert with_growth(HeadMeasurement(status="ok", hc_mm=180), age).reason.startswith(why)
    for headless in (HeadMeasurement(status="no_head", reason="dark"), HeadMeasurement(status="no_scale")):
        assert with_growth(headless, age) == with_growth(headless, KnownAge(20)) == headless


def test_an_age_derived_from_the_hc_is_never_taken() -> None:
    with pytest.raises(TypeError, match="from elsewhere, never a GestationalAge from the same HC"):
        with_growth(HeadMeasurement(status="ok", hc_mm=180), gestational_age(180))  # type: ignore[arg-type]


def test_bpd_conventions_are_those_of_wong() -> None:
    assert CONVENTION == "outer-outer"
    assert outer_outer_bpd(50) == pytest.approx(51.921834)
    assert outer_inner_bpd(50) == pytest.approx(48.167307)
    for bpd in (20, 50, 95):
        assert outer_inner_bpd(outer_outer_bpd(bpd)) == pytest.approx(bpd, abs=0.25)


@pytest.mark.parametrize(
    ("hc", "quality"), [(172.5, "accept"), (201.0, "accept"), (203.0, "review"), (142.0, "review")]
)
def test_a_head_that_is_unlikely_at_its_age_is_to_be_looked_at(hc: float, quality: str) -> None:
    found = with_growth(HeadMeasurement(status="ok", hc_mm=hc, quality="accept"), KnownAge(20.0))
    assert found.hc_z is not None and found.quality == quality
    assert found.quality_reasons == (("unlikely at that age",) if quality == "review" else ())
    refused = HeadMeasurement(status="ok", hc_mm=hc, quality="refuse", quality_reasons=("cut off",))
    assert with_growth(refused, KnownAge(20.0)).quality == "refuse"
