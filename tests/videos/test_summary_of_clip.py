"""What a clip comes to: best frames that neighbours bear out, and an interval that knows of common errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fetalhead.images.ellipse import Ellipse
from fetalhead.videos.state import state_of
from fetalhead.videos.summary import Figures, best_frames, clip_hc, disagreement, figures, hc_by_scene
from fetalhead.videos.track import Observations, Seen, follow

RATE = 12.0
COUNT = 48
MIDDLE = 26


def sweep(score_noise: float, seed: int) -> tuple[Figures, np.ndarray]:
    """A section that grows up to frame MIDDLE and shrinks again; scores of parts that differ by speckle alone."""
    rng = np.random.default_rng(seed)
    height = (np.arange(COUNT) - MIDDLE) / 30
    axes = 100 * np.sqrt(1 - height**2) * (1 + 0.002 * rng.standard_normal(COUNT))
    observations = Observations()
    for number, axis in enumerate(axes):
        state = state_of(Ellipse.make(200, 150, axis, 0.78 * axis, 0.2)).tolist()
        observations.add(number / RATE, Seen(state, 0.9, 0.95))
    times, scenes = np.asarray(observations.times), np.zeros(COUNT, dtype=int)
    track = follow(observations, scenes)
    hc = np.array([Ellipse.make(0, 0, axis, 0.78 * axis, 0).perimeter for axis in axes])
    parts = np.clip(0.8 + score_noise * rng.standard_normal(COUNT), 0.05, 1)
    return figures(track, times, hc, parts, np.ones((COUNT, 2)), scenes), times


def test_the_best_frame_is_near_the_largest_section_whatever_the_speckle() -> None:
    off = []
    for seed in range(20):
        found, times = sweep(0.25, seed)
        off.append(abs(best_frames(found.score, times)[0] - MIDDLE))
    assert np.mean(np.asarray(off) <= 1) >= 0.9, off


def test_scores_are_shares_that_rise_towards_the_largest_section() -> None:
    found, times = sweep(0.0, 0)
    assert (np.diff(found.score[MIDDLE - 12 : MIDDLE - 3]) > 0).all()
    assert np.nanmin(found.score) >= 0 and np.nanmax(found.score) <= 1
    assert abs(best_frames(found.score, times)[0] - MIDDLE) <= 1


def plain(hc: list[float], score: list[float]) -> Figures:
    values = np.asarray(hc)
    return Figures(values, values, values, values, np.asarray(score))


def test_the_interval_holds_the_spread_and_what_all_frames_share() -> None:
    rng = np.random.default_rng(0)
    values = 200 + rng.normal(0, 1, 400)
    found, counted = plain(values.tolist(), [0.9] * 400), np.ones(400, dtype=bool)
    alone = clip_hc(found, counted, np.full(400, np.nan))
    assert alone is not None
    assert (alone.low, alone.high) == (pytest.approx(198.04, abs=0.35), pytest.approx(201.96, abs=0.35))
    wider = clip_hc(found, counted, np.where(np.arange(400) % 2, 4.0, np.nan))
    assert wider is not None and wider.hc == alone.hc
    assert wider.hc - wider.low == pytest.approx(math.hypot(alone.hc - alone.low, 4.0))
    assert wider.high - wider.hc == pytest.approx(math.hypot(alone.high - alone.hc, 4.0))


def test_no_head_no_hc() -> None:
    nothing = np.full(5, np.nan)
    assert clip_hc(plain([math.nan] * 5, [math.nan] * 5), np.ones(5, dtype=bool), nothing) is None


def test_a_frame_whose_score_is_told_as_0_is_no_best_one() -> None:
    times = np.arange(4.0)
    assert best_frames(np.array([1e-9, 0.3, math.nan, 0.00004]), times) == [1]
    assert best_frames(np.array([1e-9, 0.0, math.nan, 0.00004]), times) == []


def test_scenes_that_disagree_are_told_apart() -> None:
    rng = np.random.default_rng(0)
    scenes = np.repeat([0, 1, 2], 40)
    sizes = np.repeat([200.0, 250.0, math.nan], 40) + rng.normal(0, 1, 120)
    counted = np.isfinite(sizes)
    counted[3] = False
    found = plain(sizes.tolist(), np.where(np.isfinite(sizes), 0.9, math.nan).tolist())
    unsure = np.full(120, 5.0)
    parts = hc_by_scene(found, counted, unsure, scenes)
    assert [(part.scene, part.first, part.last, part.frames) for part in parts] == [(0, 0, 39, 39), (1, 40, 79, 40)]
    assert [part.hc.hc for part in parts] == pytest.approx([200, 250], abs=0.5)
    said = disagreement(parts, "mm")
    assert said.startswith(f"scenes disagree ({parts[0].hc.hc:.1f} mm in scene 0, {parts[1].hc.hc:.1f} mm in scene 1)")
    assert disagreement(hc_by_scene(found, counted, np.full(120, 26.0), scenes), "mm") == ""
    assert disagreement(parts[:1], "mm") == disagreement([], "mm") == ""
