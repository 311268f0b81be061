"""Heads that touch something else (fluid, a limb): the head is measured, neither refused nor stretched."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from fetalhead.biometry.measurement import HeadMeasurement, measure_head
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.geometry import Letterbox
from fetalhead.images.pixel_size import PixelSize

GRID = (256, 384)
LETTERBOX = Letterbox.fit((512, 768), GRID)
HEAD = Ellipse.make(190, 130, 95, 72, 0.5)
HC_MM = HEAD.perimeter * 2 * 0.3

Mask = npt.NDArray[np.float32]
Point = npt.NDArray[np.float64]


def measured(mask: Mask) -> HeadMeasurement:
    return measure_head(mask, LETTERBOX, PixelSize.make(0.3, 0.3, "user"))


def border(turn: float) -> tuple[Point, Point]:
    """A point on the head's border, and the direction away from its centre there."""
    point = HEAD.points(3600)[round(math.degrees(turn) * 10)]
    outward = point - [HEAD.center_x, HEAD.center_y]
    return point, outward / np.hypot(*outward)


def blob(turn: float, radius: float, beyond: float = 0.8) -> Mask:
    """A disc whose centre lies `beyond` radii outside the border."""
    (x, y), (u, v) = border(turn)
    return Ellipse.make(x + u * radius * beyond, y + v * radius * beyond, radius, radius, 0).coverage(GRID)


def spur(turn: float, width: float, length: float) -> Mask:
    """A bar that stands out of the border."""
    point, outward = border(turn)
    side = np.array([-outward[1], outward[0]]) * width / 2
    foot, end = point - 10 * outward, point + length * outward
    corners = np.stack([foot - side, foot + side, end + side, end - side])
    bar = np.zeros(GRID, dtype=np.uint8)
    cv2.fillPoly(bar, [np.rint(corners).astype(np.int32)], 1)
    return bar.astype(np.float32)


@pytest.mark.parametrize("turn", [0.3, 1.9, 3.5])
@pytest.mark.parametrize("radius", [8, 20, 30, 45, 60])
def test_a_blob_beside_a_head_neither_hides_nor_stretches_it(turn: float, radius: float) -> None:
    found = measured(np.maximum(HEAD.coverage(GRID), blob(turn, radius)))
    assert found.status == "ok", found.reason
    assert found.hc_mm == pytest.approx(HC_MM, rel=0.01)
    assert found.support is not None
    assert found.support > 0.85
    assert found.reason == ""


@pytest.mark.parametrize("turn", [0.3, 1.9, 3.5])
@pytest.mark.parametrize(("width", "length"), [(6, 40), (15, 40), (15, 60), (20, 40), (25, 50), (50, 12), (60, 8)])
def test_a_spur_of_any_size_is_left_out(turn: float, width: float, length: float) -> None:
    found = measured(np.maximum(HEAD.coverage(GRID), spur(turn, width, length)))
    assert found.status == "ok", found.reason
    assert found.hc_mm == pytest.approx(HC_MM, rel=0.01)


def test_the_reason_is_that_of_the_ellipse_with_more_support() -> None:
    # Either of two like discs could be the head; the ellipse through both is neither.
    left, right = (Ellipse.make(x, 128, 60, 60, 0).coverage(GRID) for x in (130, 230))
    found = measured(np.maximum(left, right))
    assert found.status == "no_head"
    assert found.support is not None
    assert 0.75 < found.support < 0.9
    assert f"(one is supported on {100 * found.support:.0f} % of its perimeter)" in found.reason
    box = np.zeros(GRID, dtype=np.float32)
    box[60:200, 60:300] = 1  # a sliver along a side has more support than the ellipse through the whole
    assert "outline supported on" in measured(box).reason


@pytest.mark.parametrize("spread", [0.35, 0.5, 0.7])
@pytest.mark.parametrize("start", [30, 60, 100])
def test_a_fan_is_no_head(spread: float, start: float) -> None:
    y, x = np.mgrid[-20 : GRID[0] - 20, 0 : GRID[1]].astype(np.float64)
    depth, turn = np.hypot(x - 192, y + 40), np.arctan2(x - 192, y + 40)
    assert not measured(((depth > start) & (depth < 240) & (np.abs(turn) < spread)).astype(np.float32))


@pytest.mark.parametrize("rounding", [0, 10, 30])
@pytest.mark.parametrize("width", [140, 240])
def test_a_box_is_no_head(rounding: float, width: float) -> None:
    y, x = np.mgrid[0 : GRID[0], 0 : GRID[1]].astype(np.float64)
    over_x = np.maximum(np.abs(x - 192) - width / 2 + rounding, 0)
    over_y = np.maximum(np.abs(y - 128) - 70 + rounding, 0)
    assert not measured((np.hypot(over_x, over_y) <= rounding).astype(np.float32))


def test_a_stadium_is_no_head() -> None:
    y, x = np.mgrid[0 : GRID[0], 0 : GRID[1]].astype(np.float64)
    assert not measured((np.hypot(np.maximum(np.abs(x - 190) - 70, 0), y - 128) <= 50).astype(np.float32))
