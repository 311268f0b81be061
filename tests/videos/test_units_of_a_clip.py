"""One unit for a clip: a frame without a head needs no pixel size of its own, and pixels are those of the axes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fetalhead.images.ellipse import Ellipse
from fetalhead.reports.rows import Row
from fetalhead.videos.frame_ledger import FrameRecord
from fetalhead.videos.measured import MeasuredClip
from fetalhead.videos.state import state_of
from fetalhead.videos.track import Seen

HEAD = Ellipse.make(96, 64, 50, 38, 0.3)


def clip_of(sizes: list[float | None], lost: set[int], elsewhere: frozenset[int] = frozenset()) -> MeasuredClip:
    """Frames of one head with the sizes (mm) of the regions that hold it; without a head a frame has none."""
    measured = MeasuredClip()
    for number, size in enumerate(sizes):
        head = Ellipse.make(150, 64, 20, 15, 0) if number in elsewhere else HEAD
        if number in lost:
            record = FrameRecord(Row("c", number, "no_head", "none"), number / 25, Seen(None, 0.05, 0.0), None)
        else:
            hc = None if size is None else round(size * head.perimeter, 4)
            row = Row(
                "c", number, "ok" if size else "no_scale", "", pixel_size_x_mm=size, pixel_size_y_mm=size,
                semi_axis_a_px=head.semi_axis_a, semi_axis_b_px=head.semi_axis_b, hc_mm=hc,
            )  # fmt: skip
            record = FrameRecord(row, number / 25, Seen(state_of(head).tolist(), 0.9, 0.95), 0.8)
        pixels = np.random.default_rng(0).integers(0, 255, (64, 96)).astype(np.uint8)
        pixels[0, 0] = 10 * number  # no frame repeats the one before
        measured.add(pixels, record)
    return measured


def test_a_bridged_frame_has_the_size_of_the_frames_around_it():
    outcome = clip_of([0.5] * 20, {8, 9}).outcome()
    assert list(np.flatnonzero(outcome.track.bridged)) == [8, 9]
    assert outcome.unit == "mm" and outcome.best and outcome.hc is not None
    assert outcome.figures.smooth == pytest.approx([0.5 * HEAD.perimeter] * 20, rel=1e-3)
    assert outcome.hc.hc == pytest.approx(0.5 * HEAD.perimeter, rel=1e-3)


def test_an_outlier_in_another_region_has_no_say_in_the_size():
    sizes: list[float | None] = [0.5] * 20
    sizes[8] = 0.2
    outcome = clip_of(sizes, set(), frozenset({8})).outcome()
    assert outcome.track.bridged[8] and outcome.unit == "mm"
    assert outcome.figures.smooth[8] == pytest.approx(0.5 * HEAD.perimeter, rel=1e-3)


def test_where_a_head_has_no_size_all_is_in_pixels():
    sizes: list[float | None] = [0.5] * 20
    sizes[12] = None
    outcome = clip_of(sizes, {8}).outcome()
    assert outcome.unit == "px" and outcome.best and outcome.hc is not None
    assert outcome.hc.hc == pytest.approx(HEAD.perimeter, rel=1e-3)
    own = outcome.figures.hc
    assert math.isnan(own[8]) and np.delete(own, 8) == pytest.approx([HEAD.perimeter] * 19, rel=1e-6)
