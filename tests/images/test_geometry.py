"""Letterboxing: onto the grid and exactly back, without distortion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fetalhead.images.contour import level_points
from fetalhead.images.ellipse import Ellipse, fit_ellipse
from fetalhead.images.geometry import Letterbox, resize

quick = settings(max_examples=30, deadline=None)
shapes = st.tuples(st.integers(16, 1200), st.integers(16, 1200))
grids = st.tuples(st.integers(32, 512), st.integers(32, 512))


@quick
@given(shapes, grids)
def test_the_picture_fills_the_grid_one_way_and_lies_in_its_middle(source, grid):
    box = Letterbox.fit(source, grid)
    (top, left), (height, width) = box.offset, box.inner
    assert 1 <= height <= grid[0] and 1 <= width <= grid[1]
    assert height == grid[0] or width == grid[1]
    assert 0 <= (grid[0] - height) - 2 * top <= 1 and 0 <= (grid[1] - width) - 2 * left <= 1
    # no distortion: each side is the common scale's to within half a pixel of the grid
    scale = min(grid[0] / source[0], grid[1] / source[1])
    for side, length in zip((height, width), source, strict=True):
        assert abs(side - length * scale) <= 0.5 + 1e-9 or side == 1


@quick
@given(shapes, grids, st.tuples(st.floats(-50, 1300), st.floats(-50, 1300)))
def test_there_and_back_is_where_it_was(source, grid, point):
    box = Letterbox.fit(source, grid)
    there = box.matrix @ [*point, 1]
    np.testing.assert_allclose(box.inverse @ [*there, 1], point, atol=1e-6)


@quick
@given(shapes, grids)
def test_corners_of_the_picture_are_corners_of_its_place(source, grid):
    """The outer corner of the first pixel is at -0.5, -0.5 on both sides, and so on for the last."""
    box = Letterbox.fit(source, grid)
    (top, left), (height, width) = box.offset, box.inner
    np.testing.assert_allclose(box.matrix @ [-0.5, -0.5, 1], [left - 0.5, top - 0.5], atol=1e-9)
    last = box.matrix @ [source[1] - 0.5, source[0] - 0.5, 1]
    np.testing.assert_allclose(last, [left + width - 0.5, top + height - 0.5], atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([(540, 800), (240, 320), (800, 540), (131, 97)]), st.sampled_from([(192, 288), (256, 384)]))
def test_an_outline_survives_the_grid(source, grid):
    """Coverage onto the grid, level set there, back by the matrix: the perimeter is off by less than 0.1 px a side."""
    true = Ellipse.make(source[1] * 0.48, source[0] * 0.52, min(source) * 0.4, min(source) * 0.3, 0.6)
    box = Letterbox.fit(source, grid)
    points = level_points(np.asarray(box.to_grid(true.coverage(source)), dtype=np.float64))
    back = points @ box.inverse[:, :2].T + box.inverse[:, 2]
    assert np.abs(true.signed_distance(back[:, 0], back[:, 1])).mean() < 0.1 * max(1, source[0] / box.inner[0])
    assert fit_ellipse(back).perimeter == pytest.approx(true.perimeter, rel=1e-3)
    matrix = box.matrix
    assert fit_ellipse(points).perimeter == pytest.approx(true.transformed(matrix).perimeter, rel=1e-3)


@st.composite
def masks_and_grids(draw):
    """A binary mask of a head, in a picture that the grid shrinks to a sixth at most, and the grid.

    The head's semi-axes are at least 20 grid pixels: what is smaller is blurred as much as it is curved.
    """
    grid = draw(st.tuples(st.integers(96, 400), st.integers(96, 400)))
    source = draw(st.tuples(st.integers(48, 1000), st.integers(48, 1000)))
    box = Letterbox.fit(source, grid)
    assume(max(source[0] / grid[0], source[1] / grid[1]) <= 6 and min(box.inner) >= 80)
    side = min(source)
    head = Ellipse.make(
        source[1] / 2 + draw(st.floats(-0.04, 0.04)) * side, source[0] / 2 + draw(st.floats(-0.04, 0.04)) * side,
        draw(st.floats(0.25, 0.42)) * side, draw(st.floats(0.25, 0.42)) * side, draw(st.floats(0, 3.2)),
    )  # fmt: skip
    return head, head.coverage(source) >= 0.5, box


@settings(max_examples=40, deadline=None)
@given(masks_and_grids())
def test_a_mask_taken_there_and_back_moves_by_less_than_a_tenth_of_a_pixel(made):
    """The area between the old border and the new one, over the length of the border; and the centre, and the area."""
    head, mask, box = made
    shares = box.to_grid(mask)
    assert shares.dtype == np.float32 and shares.min() >= 0 and shares.max() <= 1 + 1e-6
    back = box.from_grid(shares) > 0.5
    assert back.shape == mask.shape
    assert (back ^ mask).sum() / head.perimeter < 0.1
    assert abs(int(back.sum()) - int(mask.sum())) / head.perimeter < 0.06
    for before, after in zip(np.nonzero(mask), np.nonzero(back), strict=True):
        assert abs(before.mean() - after.mean()) < 0.03


@settings(max_examples=30, deadline=None)
@given(masks_and_grids())
def test_an_outline_found_on_the_grid_comes_back_in_its_place(made):
    """By its points, as measuring does it: the ellipse through them is the mask's own to a tenth of a pixel."""
    _, mask, box = made
    found = fit_ellipse(box.points_from_grid(level_points(box.to_grid(mask))))
    own = fit_ellipse(level_points(mask.astype(np.float64)))
    assert abs(found.perimeter - own.perimeter) < 2 * np.pi * 0.1
    assert np.hypot(found.center_x - own.center_x, found.center_y - own.center_y) < 0.05


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([(540, 800), (150, 100), (64, 512)]))
def test_a_map_comes_back_in_the_picture(source):
    true = Ellipse.make(source[1] / 2, source[0] / 2, min(source) * 0.4, min(source) * 0.35, 0)
    box = Letterbox.fit(source, (192, 288))
    back = box.from_grid(np.asarray(box.to_grid(true.coverage(source)), dtype=np.float32))
    assert back.shape == source
    assert np.abs(back - true.coverage(source)).mean() < 0.02
    assert fit_ellipse(level_points(back)).perimeter == pytest.approx(true.perimeter, rel=2e-3)


def test_the_rest_of_the_grid_is_fill():
    box = Letterbox.fit((10, 10), (20, 40))
    grid = box.to_grid(np.full((10, 10), 9, np.uint8), fill=3)
    assert grid.dtype == np.uint8
    np.testing.assert_array_equal(grid[:, 10:30], 9)
    np.testing.assert_array_equal(grid[:, :10], 3)
    np.testing.assert_array_equal(grid[:, 30:], 3)


def test_a_picture_of_another_size_is_refused():
    with pytest.raises(ValueError, match="letterbox"):
        Letterbox.fit((10, 12), (20, 40)).to_grid(np.zeros((12, 10)))


def test_shrinking_averages():
    checks = np.indices((40, 60)).sum(axis=0) % 2 * 200.0
    np.testing.assert_allclose(resize(checks, (20, 30)), 100)
    np.testing.assert_array_equal(resize(checks, (40, 60)), checks)


def test_pixels_that_are_not_square_are_square_on_the_grid():
    box = Letterbox.fit((100, 300), (96, 144), tallness=1.5)
    assert box.inner == (72, 144)
    assert box.matrix[1, 1] / box.matrix[0, 0] == pytest.approx(1.5)
    corners = box.points_from_grid(np.array([[-0.5, 11.5], [143.5, 83.5]]))
    np.testing.assert_allclose(corners, [[-0.5, -0.5], [299.5, 99.5]])


@quick
@given(shapes, grids, st.tuples(*[st.floats(0, 0.4)] * 4))
def test_what_is_shown_of_a_picture_lies_as_a_picture_of_its_own_would(source, grid, cut):
    """A shown box is placed as if it alone were the picture, and its points come back to where they are in that."""
    x0, y0 = int(cut[0] * source[1]), int(cut[1] * source[0])
    x1, y1 = source[1] - int(cut[2] * source[1]), source[0] - int(cut[3] * source[0])
    box, alone = Letterbox.fit(source, grid, box=(x0, y0, x1, y1)), Letterbox.fit((y1 - y0, x1 - x0), grid)
    assert (box.inner, box.offset) == (alone.inner, alone.offset)
    corners = np.array([[0.0, 0.0], [grid[1] - 1, grid[0] - 1]])
    moved = alone.points_from_grid(corners) + np.array([x0, y0])
    np.testing.assert_allclose(box.points_from_grid(corners), moved, atol=1e-6)
    np.testing.assert_allclose(box.inverse @ [*(box.matrix @ [x0, y1, 1]), 1], [x0, y1], atol=1e-6)


def test_what_is_not_shown_reaches_no_grid_and_holds_no_head():
    picture = np.random.default_rng(0).random((60, 90)).astype(np.float32)
    box = Letterbox.fit((60, 90), (32, 48), box=(30, 10, 75, 40))
    np.testing.assert_array_equal(
        box.to_grid(picture), Letterbox.fit((30, 45), (32, 48)).to_grid(picture[10:40, 30:75])
    )
    back = box.from_grid(np.ones((32, 48), dtype=np.float32))
    assert back.sum() == 30 * 45
    assert (back[10:40, 30:75] == 1).all()


def test_of_one_side_that_shrinks_and_one_that_grows_the_former_is_averaged():
    stripes = np.tile(np.array([0, 200], dtype=np.uint8), (20, 40))
    np.testing.assert_array_equal(resize(stripes, (40, 40)), np.full((40, 40), 100))
