"""Cuts, freezes, and pictures that are lost for a moment."""

from __future__ import annotations

import numpy as np
import pytest
from clip_making import moving

from fetalhead.phantoms import head_phantom
from fetalhead.phantoms.cine import motion_over
from fetalhead.videos.scenes import SceneFinder


def found(frames: list[np.ndarray], rate: float = 12.0) -> SceneFinder:
    finder = SceneFinder()
    for number, frame in enumerate(frames):
        finder.add(frame, number / rate)
    return finder


def sweep(seed: int, count: int = 10) -> list[np.ndarray]:
    head = head_phantom(seed, 0, (200, 296))
    return [frame.image.pixels for frame in motion_over(head.image, head.ellipse, seed, count) if frame.ellipse]


def test_motion_and_speckle_are_no_cut():
    assert set(found(sweep(1, 20)).scenes) == {0}


def test_a_cut_is_where_another_picture_begins():
    first, second = sweep(1), sweep(2)
    assert list(found(first + second).scenes) == [0] * len(first) + [1] * len(second)


def test_a_freeze_repeats_the_frame_before():
    first = sweep(1, 6)
    frozen = found([*first, first[-1], first[-1]]).frozen
    assert list(map(bool, frozen)) == [False] * len(first) + [True] * 2


def test_a_picture_that_is_lost_and_comes_back_is_one_scene():
    first = sweep(1, 12)
    dark = [frame[..., 0] // 30 for frame in moving(3, (200, 296))]
    assert set(found([*first[:6], *dark, *first[6:]]).scenes) == {0}
    long = [frame[..., 0] // 30 for frame in moving(20, (200, 296))]
    assert len(set(found([*first[:6], *long, *first[6:]]).scenes)) > 1


def test_black_frames_are_read():
    assert len(found([np.zeros((64, 96), np.uint8)] * 4).scenes) == 4


@pytest.mark.parametrize("rate", [12.0, 30.0, 60.0])
@pytest.mark.parametrize(("lost_s", "scenes"), [(0.5, 1), (0.8, 3)])
def test_what_is_lost_counts_by_time_at_any_rate(rate, lost_s, scenes):
    first = sweep(1, 6)
    dark = [frame[..., 0] // 30 for frame in moving(round(lost_s * rate), (200, 296))]
    assert len(set(found([*first, *dark, *first[::-1]], rate).scenes)) == scenes
