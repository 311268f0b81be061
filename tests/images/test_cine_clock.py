"""When the frames of a DICOM cine were taken: the vector summed, else the frame time, else a rate, else unknown."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from dicom_making import dataset, save

from fetalhead.videos.clip import open_clip


@pytest.mark.parametrize(
    ("elements", "steps"),
    [
        ({"FrameTime": 40}, [0.04] * 4),
        ({"FrameTimeVector": [0, 125, 124, 126, 130], "FrameTime": 40}, [0.125, 0.124, 0.126, 0.13]),
        ({"FrameTimeVector": [0, 125], "FrameTime": 40}, [0.04] * 4),
        ({"FrameTimeVector": [0, 0, 0, 0, 0], "CineRate": 20}, [0.05] * 4),
        ({"CineRate": 25}, [0.04] * 4),
        ({"FrameTime": 0, "RecommendedDisplayFrameRate": 50}, [0.02] * 4),
        ({}, None),
        ({"FrameTime": 0}, None),
    ],
)
def test_rate_assumed(tmp_path, elements, steps):
    pixels = np.random.default_rng(0).integers(0, 255, (5, 64, 96)).astype(np.uint8)
    path = save(dataset(pixels, frames=5, **elements), tmp_path / "a.dcm")
    clip = open_clip(path)
    images = list(clip.frames())
    wanted = [None] * 5 if steps is None else list(itertools.accumulate(steps, initial=0.0))
    assert [image.time_s for image in images] == (wanted if steps is None else pytest.approx(wanted))
    assert [image.frame for image in images] == list(range(5)) and clip.expected == 5


def test_a_dicom_picture_of_one_frame_is_a_clip_of_one(tmp_path):
    path = save(dataset(np.full((64, 96), 90, np.uint8)), tmp_path / "a.dcm")
    assert [(image.frame, image.time_s) for image in open_clip(path).frames()] == [(0, None)]
