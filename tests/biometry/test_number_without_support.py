"""CASES, "number without support": masks that show too little of a head give no HC, with the reason."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

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
SIZE = PixelSize.make(0.3, 0.3, "user")
HEAD = Ellipse.make(190, 130, 95, 72, 0.5)

Mask = npt.NDArray[np.float32]


def measured(mask: Mask) -> HeadMeasurement:
    return measure_head(mask, LETTERBOX, SIZE)


def turn(head: Ellipse) -> npt.NDArray[np.float64]:
    """(h, w) parameter of the ellipse, -pi to pi, in whose direction a pixel lies."""
    y, x = np.mgrid[0 : GRID[0], 0 : GRID[1]]
    cos, sin = math.cos(head.angle), math.sin(head.angle)
    dx, dy = x - head.center_x, y - head.center_y
    return np.arctan2((dy * cos - dx * sin) / head.semi_axis_b, (dx * cos + dy * sin) / head.semi_axis_a)


def wedge(start: float, degrees: float) -> Mask:
    """The part of the head between two directions, as a slice of cake."""
    inside = (turn(HEAD) - start) % (2 * math.pi) <= math.radians(degrees)
    return np.asarray(HEAD.coverage(GRID) * inside, dtype=np.float32)


def segment(start: float, degrees: float) -> Mask:
    """The part of the head beyond a straight cut that leaves so many degrees of skull."""
    ends = [HEAD.points(3600)[round(math.degrees(t) * 10) % 3600] for t in (start, start + math.radians(degrees))]
    (x0, y0), (x1, y1) = ends
    y, x = np.mgrid[0 : GRID[0], 0 : GRID[1]]
    beyond = (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) <= 0
    return np.asarray(HEAD.coverage(GRID) * beyond, dtype=np.float32)


def arc(start: float, degrees: float, thickness: float) -> Mask:
    """A stretch of skull of some thickness."""
    inner = Ellipse.make(190, 130, 95 - thickness, 72 - thickness, 0.5)
    return np.asarray(wedge(start, degrees) - inner.coverage(GRID) * (wedge(start, degrees) > 0), dtype=np.float32)


def jagged(mask: Mask, amplitude: float, seed: int) -> Mask:
    """The mask with a border that wanders by about `amplitude` pixels."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0 : GRID[0], 0 : GRID[1]].astype(np.float32)
    moves = [cv2.GaussianBlur(random.standard_normal(GRID).astype(np.float32), (0, 0), 3) for _ in range(2)]
    dx, dy = (amplitude * move / move.std() for move in moves)
    return np.asarray(cv2.remap(mask, x + dx, y + dy, cv2.INTER_LINEAR), dtype=np.float32)


@pytest.mark.parametrize("degrees", [120, 90, 60, 40])
@pytest.mark.parametrize(
    "shape", [wedge, segment, *(functools.partial(arc, thickness=thickness) for thickness in (20, 6, 2))]
)
def test_a_third_of_a_head_or_less_gives_no_hc(shape: Callable[[float, float], Mask], degrees: float) -> None:
    for seed, start in enumerate((0.0, 1.0, 2.5)):
        found = measured(jagged(shape(start, degrees), 0.5, seed))
        assert not found
        assert found.status == "no_head"
        assert found.reason.startswith("no head: ")
        assert (found.hc_mm, found.bpd_mm, found.ga_weeks, found.ellipse_px) == (None,) * 4


def test_the_reason_names_the_supported_share() -> None:
    found = measured(jagged(segment(0.0, 120), 0.5, 0))
    assert found.support is not None
    assert found.support < 0.42
    assert f"supported on {100 * found.support:.0f} % of its perimeter" in found.reason


@pytest.mark.parametrize(("degrees", "within"), [(300, 0.01), (240, 0.01), (200, 0.05)])
@pytest.mark.parametrize("shape", [wedge, segment])
def test_more_of_a_head_is_measured_by_its_skull(
    shape: Callable[[float, float], Mask], degrees: float, within: float
) -> None:
    for seed, start in enumerate((0.0, 1.0, 2.5)):
        found = measured(jagged(shape(start, degrees), 0.5, seed))
        assert found.status == "ok", found.reason
        assert found.hc_mm == pytest.approx(HEAD.perimeter * 2 * 0.3, rel=within)
        assert found.support == pytest.approx(degrees / 360, abs=0.06)


def test_a_wandering_outline_is_still_a_head() -> None:
    for seed in range(3):
        found = measured(jagged(HEAD.coverage(GRID), 2.5, seed))
        assert found.hc_mm == pytest.approx(HEAD.perimeter * 2 * 0.3, rel=0.02)


def test_specks_and_lines_are_no_heads() -> None:
    speck = np.zeros(GRID, dtype=np.float32)
    speck[100:102, 50:52] = 1
    assert measured(speck).reason == "no head: a speck of 4 grid pixels"
    line = np.zeros(GRID, dtype=np.float32)
    line[100, 20:300] = 1
    assert not measured(line)
    slanted = np.zeros(GRID, dtype=np.float32)
    cv2.line(slanted, (30, 40), (300, 200), 1, 3)
    assert not measured(slanted)
    assert not measured(jagged(slanted, 1, 0))
    frame = np.zeros(GRID, dtype=np.float32)
    frame[:, 0] = 1
    assert not measured(frame)


def test_nothing_and_everything_are_no_heads() -> None:
    nothing = measured(np.zeros(GRID, dtype=np.float32))
    assert (nothing.status, nothing.head_confidence, nothing.support) == ("no_head", 0.0, None)
    assert nothing.reason == "no head: nothing in the picture looks like one"
    assert not measured(np.full(GRID, 0.5, dtype=np.float32))
    everything = measured(np.ones(GRID, dtype=np.float32))
    assert everything.status == "no_head"
    assert everything.cut_by_edge
    assert not measured(np.full(GRID, np.nan, dtype=np.float32))


def test_an_ellipse_is_never_more_than_the_picture_can_hold() -> None:
    y, x = np.mgrid[0 : GRID[0], 0 : GRID[1]].astype(np.float32)
    for radius in (300, 1000, 5000):  # a border that barely bends
        huge = Ellipse.make(192, 128 + radius, radius, 0.8 * radius, 0.1).coverage(GRID)
        found = measured(huge)
        if found:
            assert found.ellipse_px is not None
            assert 2 * found.ellipse_px.semi_axis_a <= math.hypot(512, 768)
    assert not measured(((x + y) / 640 > 0.5).astype(np.float32))


def test_noise_gives_no_head() -> None:
    random = np.random.default_rng(5)
    for sigma in (2, 4, 8):
        noise = cv2.GaussianBlur(random.random(GRID, dtype=np.float32), (0, 0), sigma)
        assert not measured((noise - noise.min()) / (noise.max() - noise.min()))
