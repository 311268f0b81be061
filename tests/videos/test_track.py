"""Outliers rejected, gaps bridged up to a limit, never across a cut, no head invented; angles and circles."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fetalhead.biometry.measurement import HeadMeasurement
from fetalhead.images.ellipse import Ellipse
from fetalhead.videos.state import ellipse_of, state_of
from fetalhead.videos.track import Observations, Seen, Track, follow

RATE = 25.0


def sway(number: int) -> Ellipse:
    return Ellipse.make(200 + 0.4 * number, 150 + 5 * math.sin(number / 15), 100, 78, 0.3)


def observed(ellipses: list[Ellipse | None], weights: list[float] | None = None) -> Observations:
    observations = Observations()
    for number, ellipse in enumerate(ellipses):
        weight = weights[number] if weights else 0.9
        state = None if ellipse is None else state_of(ellipse).tolist()
        observations.add(number / RATE, Seen(state, weight, 0.95))
    return observations


def noisy(count: int, noise: float = 0.01, seed: int = 0) -> list[Ellipse | None]:
    rng = np.random.default_rng(seed)
    made: list[Ellipse | None] = []
    for number in range(count):
        e = sway(number)
        f = 1 + noise * rng.standard_normal(2)
        made.append(Ellipse.make(e.center_x + rng.normal(), e.center_y + rng.normal(), 100 * f[0], 78 * f[1], e.angle))
    return made


def tracked(ellipses: list[Ellipse | None], scenes: list[int] | None = None) -> Track:
    return follow(observed(ellipses), scenes or [0] * len(ellipses))


def perimeters(track: Track) -> np.ndarray:
    found = [ellipse_of(state) for state in track.states]
    return np.array([np.nan if ellipse is None else ellipse.perimeter for ellipse in found])


@pytest.mark.parametrize("angle", [0, 0.001, 1.2, math.pi / 2, 3.14])
@pytest.mark.parametrize("ratio", [0.6, 0.999999, 1.0])
def test_a_state_is_an_ellipse(angle, ratio):
    there = Ellipse.make(10, 20, 50, 50 * ratio, angle)
    back = ellipse_of(state_of(there))
    assert back is not None
    assert np.abs(back.points(720)[:, None] - there.points(90)).min(axis=0).max() < 0.5
    assert back.perimeter == pytest.approx(there.perimeter)


def test_angles_just_below_and_above_zero_are_neighbours():
    low, high = Ellipse.make(0, 0, 50, 40, math.pi - 0.01), Ellipse.make(0, 0, 50, 40, 0.01)
    between = ellipse_of((state_of(low) + state_of(high)) / 2)
    assert between is not None and between.semi_axis_a == pytest.approx(50, abs=0.01)
    assert min(between.angle, math.pi - between.angle) < 1e-6


def test_circles_may_turn_as_they_like():
    rng = np.random.default_rng(1)
    axes = 60 + rng.normal(size=(40, 2)) / 9
    track = tracked([Ellipse.make(100, 100, first, second, rng.uniform(0, 3)) for first, second in axes])
    assert track.accepted.all()
    assert perimeters(track) == pytest.approx(2 * math.pi * 60, rel=2e-3)


def test_jitter_is_less_than_half_and_nothing_is_shifted():
    ellipses = noisy(100)
    track = tracked(ellipses)
    own = np.array([ellipse.perimeter for ellipse in ellipses])
    true = sway(0).perimeter
    smooth = perimeters(track)
    assert track.accepted.all() and not track.bridged.any()
    assert np.diff(smooth).std() < 0.25 * np.diff(own).std()
    assert np.abs(smooth - true).mean() < 0.5 * np.abs(own - true).mean()
    off = track.states[:, :2] - [[sway(n).center_x, sway(n).center_y] for n in range(100)]
    assert np.abs(off).mean() < 0.5
    inside = np.abs(smooth / true - 1) < 1.96 * track.size_sd
    assert inside.mean() > 0.8


def test_a_section_that_grows_and_shrinks_is_not_flattened():
    heights = np.linspace(-0.9, 0.9, 60)
    sections = [Ellipse.make(200, 150, 100 * math.sqrt(1 - z * z), 78 * math.sqrt(1 - z * z), 0.3) for z in heights]
    smooth = perimeters(tracked(list(sections)))
    assert smooth == pytest.approx([section.perimeter for section in sections], rel=5e-3)


def test_an_outlier_is_rejected_and_bridged():
    ellipses = noisy(60)
    ellipses[30] = Ellipse.make(200, 150, 160, 120, 0.3)
    ellipses[40] = Ellipse.make(350, 150, 100, 78, 0.3)
    track = tracked(ellipses)
    assert list(np.flatnonzero(~track.accepted)) == [30, 40] == list(np.flatnonzero(track.bridged))
    assert perimeters(track)[[30, 40]] == pytest.approx(sway(0).perimeter, rel=0.01)


def test_a_sure_frame_counts_more_than_an_unsure_one():
    ellipses = [sway(number) for number in range(41)]
    ellipses[20] = Ellipse.make(ellipses[20].center_x, ellipses[20].center_y, 103, 80, 0.3)
    off = []
    for weight in (0.9, 0.4):
        track = follow(observed(list(ellipses), [weight if n == 20 else 0.9 for n in range(41)]), [0] * 41)
        off.append(perimeters(track)[20] - sway(0).perimeter)
    assert off[0] > 1.5 * off[1] > 0


def test_gaps_are_bridged_up_to_a_limit():
    for gap, bridged in [(8, True), (20, False)]:
        ellipses = noisy(30) + [None] * gap + noisy(60)[30 + gap :]
        track = tracked(ellipses)
        inside = slice(30, 30 + gap)
        assert track.bridged[inside].all() == bridged and track.followed[inside].any() == bridged
        assert not track.accepted[inside].any()


def test_no_bridge_and_no_smoothing_across_a_cut():
    small = [Ellipse.make(200, 150, 60, 50, 0.3)] * 30
    track = tracked([*noisy(30), None, None, *small], [0] * 31 + [1] * 31)
    assert not track.followed[30:32].any()
    assert perimeters(track)[32:] == pytest.approx(small[0].perimeter, rel=1e-3)
    assert perimeters(track)[:30] == pytest.approx(sway(0).perimeter, rel=0.02)


def test_a_head_that_is_seen_now_and_then_is_none():
    rng = np.random.default_rng(0)
    ellipses: list[Ellipse | None] = [None] * 60
    for number in (5, 20, 21, 41):
        ellipses[number] = Ellipse.make(*rng.uniform(50, 200, 2), 60, 50, 0)
    assert not tracked(ellipses).followed.any()


def test_nothing_is_followed_before_the_first_and_after_the_last():
    track = tracked([None] * 10 + noisy(30) + [None] * 10)
    assert list(np.flatnonzero(track.followed)) == list(range(10, 40))


def test_another_thing_after_the_head_is_another_stretch():
    track = tracked([*noisy(20), *[Ellipse.make(200, 150, 180, 150, 0.3)] * 20])
    hc = perimeters(track)
    assert hc[:20] == pytest.approx(sway(0).perimeter, rel=0.02)
    assert hc[20:] == pytest.approx(Ellipse.make(0, 0, 180, 150, 0).perimeter, rel=0.01)


@pytest.mark.parametrize("count", [1, 2])
def test_a_clip_of_one_or_two_frames(count):
    assert tracked(noisy(count)).accepted.all()
    assert not tracked([None] * count).followed.any()


def test_a_repeated_frame_tells_nothing_new():
    ellipses = noisy(30)
    ellipses[10:20] = [ellipses[10]] * 10
    frozen = [False] * 11 + [True] * 9 + [False] * 10
    alone = follow(observed(ellipses), [0] * 30)
    known = follow(observed(ellipses), [0] * 30, frozen)
    assert known.accepted.all() and known.size_sd[15] > alone.size_sd[15]


@pytest.mark.parametrize(("first", "frozen", "after"), [(30, 750, 0), (30, 100, 30), (0, 900, 0), (0, 50, 30)])
def test_a_frozen_picture_stays_where_it_is(first, frozen, after):
    """Before, within or after a sweep, or alone; however long."""
    ellipses = noisy(first + 1 + after)
    ellipses[first : first + 1] = [ellipses[first]] * (1 + frozen)
    repeats = [first < number <= first + frozen for number in range(len(ellipses))]
    track = follow(observed(ellipses), [0] * len(ellipses), repeats)
    shown = slice(first, first + 1 + frozen)
    assert track.accepted[shown].all() and not track.bridged.any()
    assert perimeters(track)[shown] == pytest.approx(ellipses[first].perimeter, rel=0.03)
    assert np.ptp(perimeters(track)[shown]) == 0 and track.size_sd.max() < 0.05


def test_a_frame_in_another_plane_is_no_head():
    seen = HeadMeasurement(
        status="no_scale", ellipse_px=sway(0), support=1.0, head_confidence=0.99, plane="abdomen"
    )
    assert Seen.of(seen).state is None
    unsure = HeadMeasurement(status="no_scale", ellipse_px=sway(0), support=0.8, head_confidence=0.6)
    assert Seen.of(unsure).state is None
    sure = HeadMeasurement(status="no_scale", ellipse_px=sway(0), support=1.0, head_confidence=0.99, plane="head")
    assert Seen.of(sure).state == pytest.approx(state_of(sway(0)).tolist())


def test_without_times_a_frame_s_number_tells_its_time():
    observations = Observations()
    for number in range(0, 100, 5):
        there = number < 40 or number >= 80
        state = state_of(sway(number)).tolist() if there else None
        observations.add(None, Seen(state, 0.9, 0.95), number)
    assert list(observations.times) == pytest.approx([number / 25 for number in range(0, 100, 5)])
    track = follow(observations, [0] * 20)
    assert not track.bridged.any() and track.accepted.sum() == 12  # 1.6 s are no gap to bridge
