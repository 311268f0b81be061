from __future__ import annotations

from statistics import NormalDist

import pytest

from fetalhead.biometry.bpd import CONVENTION, outer_inner_bpd, outer_outer_bpd
from fetalhead.biometry.growth import NoGrowth, growth


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


def test_bpd_conventions_are_those_of_wong() -> None:
    assert CONVENTION == "outer-outer"
    assert outer_outer_bpd(50) == pytest.approx(51.921834)
    assert outer_inner_bpd(50) == pytest.approx(48.167307)
    for bpd in (20, 50, 95):
        assert outer_inner_bpd(outer_outer_bpd(bpd)) == pytest.approx(bpd, abs=0.25)
