"""Flat margins: which are cut off, and which stay."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fetalhead.images.margins import box_within_margins, is_bright_beyond

PICTURE = np.random.default_rng(0).integers(0, 200, (100, 160), dtype=np.uint8)


def framed(value: int, left: int = 0, top: int = 0, right: int = 0, bottom: int = 0) -> np.ndarray:
    return np.pad(PICTURE, ((top, bottom), (left, right)), constant_values=value)


@pytest.mark.parametrize("value", [65, 200, 255])
def test_a_bright_frame_goes_however_narrow_it_is(value: int) -> None:
    assert box_within_margins(framed(value, 1, 2, 3, 4)) == (1, 2, 161, 102)
    assert box_within_margins(framed(value, bottom=300)) == (0, 0, 160, 100)


@pytest.mark.parametrize("value", [0, 64])
def test_narrow_dark_margins_stay_and_of_wide_ones_a_rim(value: int) -> None:
    assert box_within_margins(PICTURE) is None
    assert box_within_margins(framed(value, 20, 15, 33, 18)) is None  # 75 % of both sides is left
    assert box_within_margins(framed(value, 20, 15, 34, 18)) == (4, 5, 196, 125)
    assert box_within_margins(framed(value, right=160)) == (0, 0, 176, 100)


def test_a_dark_margin_beside_a_bright_one_keeps_its_rim() -> None:
    dark = framed(0, left=30)
    assert box_within_margins(np.pad(dark, ((0, 0), (0, 9)), constant_values=255)) == (14, 0, 190, 100)


def test_traces_of_jpeg_do_not_keep_a_margin() -> None:
    _, coded = cv2.imencode(".jpg", framed(255, 40, 40, 40, 40), [cv2.IMWRITE_JPEG_QUALITY, 80])
    x0, y0, x1, y1 = box_within_margins(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)) or (0, 0, 0, 0)
    np.testing.assert_allclose([x0, y0, x1, y1], [40, 40, 200, 140], atol=8)


def test_what_is_flat_all_over_has_no_margins() -> None:
    ramp = np.tile(np.arange(30, dtype=np.uint8) * 8, (20, 1))
    for picture in (np.zeros((20, 30), np.uint8), np.full((20, 30), 255, np.uint8), ramp, ramp.T):
        assert box_within_margins(picture) is None


def test_bright_margins_are_told_from_dark_ones() -> None:
    for value, bright in ((0, False), (64, False), (200, True)):
        picture = framed(value, right=200)
        assert is_bright_beyond(picture, box_within_margins(picture) or (0, 0, 0, 0)) == bright
    assert not is_bright_beyond(PICTURE, (0, 0, 160, 100))
