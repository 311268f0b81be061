"""Ellipses: exact where a formula is exact, and the same under every way round."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fetalhead.images.ellipse import Ellipse, fit_ellipse

quick = settings(max_examples=30, deadline=None)

heads = st.builds(
    Ellipse.make,
    st.floats(-500, 1500),
    st.floats(-500, 1500),
    st.floats(20, 400),
    st.floats(20, 400),
    st.floats(-10, 10),
)


def same(first: Ellipse, second: Ellipse, tolerance: float = 1e-6) -> None:
    """The two are one set of points; a near-circle's angle may be any."""
    points = second.points(64)
    distance = first.signed_distance(points[:, 0], points[:, 1])
    assert np.abs(distance).max() < tolerance * first.semi_axis_a
    assert first.semi_axis_a == pytest.approx(second.semi_axis_a, rel=tolerance)
    assert first.semi_axis_b == pytest.approx(second.semi_axis_b, rel=tolerance)


def test_normal_form():
    ellipse = Ellipse.make(1, 2, 3, 5, 0.1)
    assert (ellipse.semi_axis_a, ellipse.semi_axis_b) == (5, 3)
    assert ellipse.angle == pytest.approx(0.1 + math.pi / 2)
    assert Ellipse.make(0, 0, 2, 1, -1e-17).angle == 0
    assert Ellipse.make(0, 0, 2, 1, math.pi).angle == 0
    for bad in [(0, 1), (1, -1), (math.nan, 1), (math.inf, 1)]:
        with pytest.raises(ValueError, match="positive"):
            Ellipse.make(0, 0, *bad, 0)


@quick
@given(heads)
def test_angle_lies_in_half_a_turn(ellipse):
    assert 0 <= ellipse.angle < math.pi
    assert ellipse.semi_axis_a >= ellipse.semi_axis_b


@quick
@given(st.floats(1, 400), st.floats(0.4, 1))
def test_perimeter_is_the_integral(a, ratio):
    """The trapezoid rule on a periodic smooth function is exact to rounding with 2000 steps."""
    b = a * ratio
    t = np.arange(2000) * (2 * math.pi / 2000)
    integral = float(np.hypot(a * np.sin(t), b * np.cos(t)).mean()) * 2 * math.pi
    assert Ellipse.make(0, 0, a, b, 0).perimeter == pytest.approx(integral, rel=1e-6)


def test_perimeter_and_area_of_a_circle():
    circle = Ellipse.make(4, 5, 10, 10, 1)
    assert circle.perimeter == pytest.approx(20 * math.pi, rel=1e-15)
    assert circle.area == pytest.approx(100 * math.pi, rel=1e-15)


@quick
@given(heads)
def test_points_lie_on_the_outline_and_fit_back(ellipse):
    points = ellipse.points(50)
    assert np.abs(ellipse.signed_distance(points[:, 0], points[:, 1])).max() < 1e-8 * ellipse.semi_axis_a
    same(ellipse, fit_ellipse(points))


@quick
@given(heads, st.floats(0.2, 5), st.floats(0.2, 5))
def test_there_and_back_by_unlike_scales(ellipse, x, y):
    there = ellipse.scaled(x, y)
    same(ellipse, there.scaled(1 / x, 1 / y))
    assert there.area == pytest.approx(ellipse.area * x * y, rel=1e-9)
    same(there, fit_ellipse(ellipse.points(40) * [x, y]))


@quick
@given(heads, st.lists(st.floats(-2, 2), min_size=6, max_size=6))
def test_any_affine_image_is_the_image_of_its_points(ellipse, entries):
    matrix = np.array(entries).reshape(2, 3)
    if abs(np.linalg.det(matrix[:, :2])) < 0.2:
        return
    image = ellipse.transformed(matrix)
    points = ellipse.points(64) @ matrix[:, :2].T + matrix[:, 2]
    scale = image.semi_axis_a / image.semi_axis_b
    assert np.abs(image.signed_distance(points[:, 0], points[:, 1])).max() < 1e-7 * image.semi_axis_a * scale


@quick
@given(heads, st.lists(st.floats(-2, 2), min_size=12, max_size=12))
def test_one_image_after_the_other_is_the_image_under_both(ellipse, entries):
    """Area goes with the determinant, and the way back is the inverse matrix."""
    first, second = (np.vstack([np.array(part).reshape(2, 3), [0, 0, 1]]) for part in (entries[:6], entries[6:]))
    determinants = [abs(np.linalg.det(matrix)) for matrix in (first, second)]
    assume(min(determinants) > 0.2)
    both = ellipse.transformed(first[:2]).transformed(second[:2])
    assert both.area == pytest.approx(ellipse.area * determinants[0] * determinants[1], rel=1e-9)
    same(both, ellipse.transformed((second @ first)[:2]), tolerance=1e-5)
    same(ellipse, both.transformed(np.linalg.inv(second @ first)[:2]), tolerance=1e-5)


@settings(max_examples=20, deadline=None)
@given(
    st.builds(Ellipse.make, st.floats(40, 60), st.floats(35, 45), *[st.floats(12, 30)] * 2, st.floats(0, 4)),
    st.integers(-7, 7), st.integers(-7, 7),
)  # fmt: skip
def test_coverage_moves_and_turns_with_the_ellipse(ellipse, right, down):
    """By whole pixels, mirrored and turned by a quarter: the same shares in new places, and never out of 0 to 1."""
    shares = ellipse.coverage((80, 100))
    assert shares.min() >= 0 and shares.max() <= 1
    moved = ellipse.transformed([[1, 0, right], [0, 1, down]]).coverage((80, 100))
    np.testing.assert_allclose(moved[10:-10, 10:-10], np.roll(shares, (down, right), (0, 1))[10:-10, 10:-10], atol=1e-3)
    mirrored = ellipse.transformed([[-1, 0, 99], [0, 1, 0]]).coverage((80, 100))
    np.testing.assert_allclose(mirrored, shares[:, ::-1], atol=1e-3)
    turned = ellipse.transformed([[0, -1, 79], [1, 0, 0]]).coverage((100, 80))
    np.testing.assert_allclose(turned, np.rot90(shares, -1), atol=1e-3)


@settings(max_examples=20, deadline=None)
@given(heads, st.tuples(st.integers(1, 60), st.integers(1, 60)))
def test_coverage_of_a_head_anywhere_is_finite(ellipse, shape):
    """Partly or wholly outside the picture, or round all of it."""
    shares = ellipse.coverage(shape)
    assert shares.shape == shape and np.isfinite(shares).all()
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(float)
    far = np.abs(ellipse.signed_distance(x, y)) > 1
    np.testing.assert_array_equal(shares[far], (ellipse.signed_distance(x, y) < 0)[far])


def test_rotation_by_a_quarter_turn():
    turned = Ellipse.make(10, 20, 8, 5, 0.3).transformed([[0, -1, 99], [1, 0, 0]])
    assert (turned.center_x, turned.center_y) == (79, 10)
    assert turned.angle == pytest.approx(0.3 + math.pi / 2)


def test_signed_distance():
    circle = Ellipse.make(10, 20, 5, 5, 0)
    x, y = np.array([10.0, 16, 10, 13]), np.array([20.0, 20, 14, 24])
    np.testing.assert_allclose(circle.signed_distance(x, y), [-5, 1, 1, 0], atol=1e-12)
    ellipse = Ellipse.make(0, 0, 60, 40, 0)
    x, y = np.array([60.2, 0]), np.array([0, 39.9])
    np.testing.assert_allclose(ellipse.signed_distance(x, y), [0.2, -0.1], atol=1e-3)


@settings(max_examples=10, deadline=None)
@given(
    st.builds(
        Ellipse.make, st.floats(90, 110), st.floats(70, 80), st.floats(30, 60), st.floats(25, 50), st.floats(0, 4)
    )
)
def test_coverage_has_the_area_and_fits_back(ellipse):
    coverage = ellipse.coverage((150, 200))
    assert coverage.dtype == np.float32 and coverage.min() == 0 and coverage.max() == 1
    assert float(coverage.sum()) == pytest.approx(ellipse.area, abs=2)
    y, x = np.mgrid[0:150, 0:200]
    assert float((coverage * x).sum() / coverage.sum()) == pytest.approx(ellipse.center_x, abs=0.01)
    assert float((coverage * y).sum() / coverage.sum()) == pytest.approx(ellipse.center_y, abs=0.01)


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (np.zeros((0, 2)), "fewer than 5"),
        ([[0, 0], [1, 0], [0, 1], [1, 1]], "fewer than 5"),
        ([[3, 4]] * 9, "all contour points are one"),
        ([[n, 2 * n] for n in range(20)], "line"),
        ([[n, n % 2 * 1e-9] for n in range(20)], ""),
    ],
)
def test_no_ellipse_says_why(points, reason):
    found = fit_ellipse(points)
    assert not found
    assert reason in found.reason and found.reason


def test_fit_is_unbiased_enough_under_noise():
    true = Ellipse.make(400, 270, 210, 160, 0.7)
    draw = np.random.default_rng(0)
    errors = [
        fit_ellipse(true.points(400) + draw.normal(0, 1, (400, 2))).perimeter / true.perimeter - 1 for _ in range(50)
    ]
    assert abs(np.mean(errors)) < 2e-4 and np.abs(errors).max() < 2e-3
