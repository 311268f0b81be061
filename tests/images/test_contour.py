"""The outline in a probability map, to sub-pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fetalhead.images.contour import fill_holes, largest_region, level_points
from fetalhead.images.ellipse import Ellipse, fit_ellipse


def test_level_points_of_a_ramp_are_exact():
    y, x = np.mgrid[0:5, 0:7].astype(float)
    points = level_points(x / 10, 0.234)
    assert len(points) == 5
    np.testing.assert_allclose(points[:, 0], 2.34)
    assert sorted(points[:, 1]) == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(level_points(y / 10, 0.05)[:, 1], 0.5)


def test_a_flat_map_has_no_points():
    for value in (0.0, 0.5, 1.0):
        assert level_points(np.full((6, 6), value)).shape == (0, 2)


@settings(max_examples=25, deadline=None)
@given(arrays(np.float32, (8, 9), elements=st.floats(0, 1, width=32)))
def test_level_points_lie_where_the_map_crosses(values):
    points = level_points(values)
    assert np.isfinite(points).all()
    for x, y in points:
        assert x == int(x) or y == int(y)
        left, top = int(x), int(y)
        ends = [values[top, left], values[int(np.ceil(y)), int(np.ceil(x))]]
        share = (x - left) + (y - top)
        assert float(ends[0] + (ends[1] - np.float64(ends[0])) * share) == pytest.approx(0.5, abs=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.floats(70, 80), st.floats(45, 55), st.floats(25, 40), st.floats(18, 35), st.floats(0, 3))
def test_an_ellipse_comes_back_from_its_coverage(x, y, a, b, angle):
    true = Ellipse.make(x, y, a, b, angle)
    found = fit_ellipse(level_points(true.coverage((100, 150))))
    assert found
    assert found.perimeter == pytest.approx(true.perimeter, rel=6e-4)
    assert (found.center_x, found.center_y) == pytest.approx((x, y), abs=0.02)


def test_the_largest_region_is_kept_and_filled():
    values = np.zeros((40, 60))
    values[5:25, 5:35] = 0.9
    values[10:15, 10:15] = 0.1
    values[30:35, 40:50] = 0.8
    region, share = largest_region(values)
    expected = np.zeros((40, 60), bool)
    expected[5:25, 5:35] = True
    np.testing.assert_array_equal(region, expected)
    assert share == pytest.approx((600 - 25) / (600 - 25 + 50))


def test_regions_that_touch_by_a_corner_are_two():
    values = np.zeros((20, 20))
    values[0:10, 0:10], values[10:15, 10:15] = 1, 1
    region, share = largest_region(values)
    assert region.sum() == 100 and share == 0.8


def test_nothing_above_the_level():
    region, share = largest_region(np.zeros((7, 8)))
    assert region.shape == (7, 8) and not region.any() and share == 0


def test_a_bay_that_reaches_the_frame_is_no_hole():
    ring = np.zeros((9, 9), bool)
    ring[2:7, 2:7] = True
    ring[3:6, 3:6] = False
    assert fill_holes(ring)[2:7, 2:7].all()
    ring[2, 4] = False
    np.testing.assert_array_equal(fill_holes(ring), ring)
    edge = np.zeros((5, 5), bool)
    edge[:, 2] = True
    np.testing.assert_array_equal(fill_holes(edge), edge)
