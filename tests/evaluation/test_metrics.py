"""Every metric against a second implementation (scikit-image, scipy), and by its properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fetalhead.evaluation.metrics import (
    circumference_difference,
    dice,
    ellipse_distances,
    filled,
    iou,
    mask_distances,
)
from fetalhead.evaluation.surfaces import (
    distances_to_ellipse,
    distances_to_points,
    ellipse_in_mm,
    equal_arc_points,
    mask_outline,
)
from fetalhead.images.ellipse import Ellipse

SHAPE = (90, 130)
EMPTY = np.zeros(SHAPE, dtype=bool)
DISC = filled(Ellipse.make(60, 45, 30, 20, 0.4), SHAPE)

ellipses = st.builds(
    Ellipse.make,
    st.floats(50, 80), st.floats(35, 55), st.floats(12, 40), st.floats(12, 40), st.floats(0, 3.1),
)
spacings = st.tuples(st.floats(0.05, 0.6), st.floats(0.05, 0.6))


@pytest.mark.parametrize(
    ("reference", "predicted", "overlap", "distance"),
    [
        (EMPTY, EMPTY, math.nan, math.nan),
        (EMPTY, DISC, 0.0, math.nan),
        (DISC, EMPTY, 0.0, math.nan),
        (DISC, DISC, 1.0, 0.0),
        (DISC, ~DISC, 0.0, None),
    ],
    ids=["both empty", "reference empty", "prediction empty", "equal", "apart"],
)
def test_the_table_of_empty_masks(
    reference: np.ndarray, predicted: np.ndarray, overlap: float, distance: float | None
) -> None:
    assert dice(reference, predicted) == pytest.approx(overlap, nan_ok=True)
    assert iou(reference, predicted) == pytest.approx(overlap, nan_ok=True)
    distances = mask_distances(reference, predicted, (0.2, 0.3))
    values = (distances.hausdorff, distances.hd95, distances.average)
    if distance is None:
        assert all(math.isfinite(value) for value in values)
    else:
        assert values == pytest.approx((distance,) * 3, nan_ok=True)


def test_masks_of_unlike_shape_or_kind_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        dice(DISC, DISC[:-1])
    with pytest.raises(ValueError, match="bool"):
        mask_distances(DISC, DISC.astype(np.uint8) * 255, (1, 1))


@settings(max_examples=8, deadline=None)
@given(ellipses, ellipses)
def test_overlap_against_scikit_learn(one: Ellipse, two: Ellipse) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    a, b = filled(one, SHAPE), filled(two, SHAPE)
    assert dice(a, b) == pytest.approx(metrics.f1_score(a.ravel(), b.ravel()), abs=1e-12)
    assert iou(a, b) == pytest.approx(metrics.jaccard_score(a.ravel(), b.ravel()), abs=1e-12)
    assert dice(a, b) == dice(b, a)
    assert dice(a, b) == pytest.approx(2 * iou(a, b) / (1 + iou(a, b)))


@settings(max_examples=8, deadline=None)
@given(ellipses, ellipses, spacings)
def test_mask_distances_against_scikit_image_and_scipy(
    one: Ellipse, two: Ellipse, spacing: tuple[float, float]
) -> None:
    measure = pytest.importorskip("skimage.measure")
    spatial = pytest.importorskip("scipy.spatial")
    a, b = filled(one, SHAPE), filled(two, SHAPE)

    def contour(mask: np.ndarray) -> np.ndarray:
        loops = measure.find_contours(np.pad(mask, 1).astype(float), 0.5)
        return np.unique(np.concatenate(loops), axis=0) * spacing  # row, column

    first, second = contour(a), contour(b)
    there, back = spatial.cKDTree(second).query(first)[0], spatial.cKDTree(first).query(second)[0]
    distances = mask_distances(a, b, spacing)
    assert distances.hausdorff == pytest.approx(max(there.max(), back.max()), abs=1e-9)
    assert distances.hd95 == pytest.approx(max(np.percentile(there, 95), np.percentile(back, 95)), abs=1e-9)
    assert distances.average == pytest.approx((there.mean() + back.mean()) / 2, abs=1e-9)


@settings(max_examples=8, deadline=None)
@given(ellipses, ellipses, spacings)
def test_ellipse_distances_against_dense_points(one: Ellipse, two: Ellipse, spacing: tuple[float, float]) -> None:
    """To half a step between the 720 points: a distance changes by no more than the way along the outline."""
    spatial = pytest.importorskip("scipy.spatial")
    scale = np.array([spacing[1], spacing[0]])
    first, second = one.points(5_000) * scale, two.points(5_000) * scale
    hausdorff = max(
        spatial.cKDTree(second).query(first)[0].max(), spatial.cKDTree(first).query(second)[0].max()
    )
    half_step = max(ellipse.scaled(*scale).perimeter for ellipse in (one, two)) / 720 / 2
    assert ellipse_distances(one, two, spacing).hausdorff == pytest.approx(hausdorff, abs=half_step + 2e-3)


def test_ellipse_distances_against_scikit_image() -> None:
    metrics = pytest.importorskip("skimage.metrics")
    one, two = Ellipse.make(200, 160, 120, 90, 0.3), Ellipse.make(207, 155, 126, 84, 0.4)
    edges = []
    for ellipse in (one, two):
        mask = filled(ellipse, (320, 400))
        inner = np.pad(mask, 1)
        edges.append(mask & ~(inner[:-2, 1:-1] & inner[2:, 1:-1] & inner[1:-1, :-2] & inner[1:-1, 2:]))
    assert ellipse_distances(one, two, (1, 1)).hausdorff == pytest.approx(metrics.hausdorff_distance(*edges), abs=1)


@settings(max_examples=6, deadline=None)
@given(ellipses, st.integers(0, 2**31))
def test_distance_to_an_ellipse_is_exact(ellipse: Ellipse, seed: int) -> None:
    """Against the nearest of 50,000 points; on the axes and at the centre too, where the root degenerates."""
    spatial = pytest.importorskip("scipy.spatial")
    generator = np.random.default_rng(seed)
    centre = np.array([ellipse.center_x, ellipse.center_y])
    along = np.array([math.cos(ellipse.angle), math.sin(ellipse.angle)])
    across = np.array([-along[1], along[0]])
    points = np.concatenate([
        generator.uniform(0, 130, (50, 2)),
        centre + np.outer(np.linspace(-60, 60, 25), along),
        centre + np.outer(np.linspace(-60, 60, 25), across),
    ])
    expected = spatial.cKDTree(ellipse.points(50_000)).query(points)[0]
    assert distances_to_ellipse(points, ellipse) == pytest.approx(expected, abs=1e-2)
    assert distances_to_ellipse(ellipse.points(60), ellipse) == pytest.approx(0, abs=1e-7)


@settings(max_examples=15, deadline=None)
@given(ellipses, ellipses, ellipses, spacings)
def test_properties_of_a_distance(one: Ellipse, two: Ellipse, three: Ellipse, spacing: tuple[float, float]) -> None:
    there, back = ellipse_distances(one, two, spacing), ellipse_distances(two, one, spacing)
    assert there.hausdorff == pytest.approx(back.hausdorff)
    assert there.average == pytest.approx(back.average)
    assert 0 <= there.average <= there.hd95 + 1e-9 <= there.hausdorff + 2e-9
    around = ellipse_distances(one, three, spacing).hausdorff + ellipse_distances(three, two, spacing).hausdorff
    assert there.hausdorff <= around + 1e-3
    same = ellipse_distances(one, one, spacing)
    assert same.hausdorff == pytest.approx(0, abs=1e-6)


def test_known_distances() -> None:
    circle = Ellipse.make(50, 50, 20, 20, 0)
    grown = ellipse_distances(circle, Ellipse.make(50, 50, 23, 23, 0), (0.5, 0.5))
    assert (grown.hausdorff, grown.hd95, grown.average) == pytest.approx((1.5, 1.5, 1.5))
    moved = ellipse_distances(circle, Ellipse.make(54, 50, 20, 20, 0), (0.5, 0.5))
    assert moved.hausdorff == pytest.approx(2.0)
    assert moved.hd95 < 2.0


def test_spacing_is_row_then_column() -> None:
    """A shift along x counts in column mm, one along y in row mm; both for ellipses and for masks."""
    circle = Ellipse.make(60, 45, 20, 20, 0)
    for shifted, expected in ((Ellipse.make(64, 45, 20, 20, 0), 1.2), (Ellipse.make(60, 49, 20, 20, 0), 0.4)):
        assert ellipse_distances(circle, shifted, (0.1, 0.3)).hausdorff == pytest.approx(expected, abs=1e-3)
        masks = filled(circle, SHAPE), filled(shifted, SHAPE)
        assert mask_distances(*masks, (0.1, 0.3)).hausdorff == pytest.approx(expected, abs=0.15)


def test_masks_and_their_ellipses_agree() -> None:
    one, two = Ellipse.make(60, 45, 35, 25, 0.3), Ellipse.make(63, 44, 38, 24, 0.5)
    exact = ellipse_distances(one, two, (0.2, 0.3))
    drawn = mask_distances(filled(one, SHAPE), filled(two, SHAPE), (0.2, 0.3))
    assert drawn.hausdorff == pytest.approx(exact.hausdorff, abs=0.15)
    assert drawn.average == pytest.approx(exact.average, abs=0.08)


def test_outlines_in_mm() -> None:
    ellipse = Ellipse.make(60, 45, 35, 15, 0.3)
    points = equal_arc_points(ellipse_in_mm(ellipse, (0.2, 0.3)))
    steps = np.hypot(*(np.roll(points, -1, axis=0) - points).T)
    assert np.ptp(steps) < 1e-3 * steps.mean()
    assert distances_to_ellipse(points / [0.3, 0.2], ellipse) == pytest.approx(0, abs=1e-6)
    cut_off = np.ones((4, 6), dtype=bool)
    assert mask_outline(cut_off, (1, 1)).min(axis=0) == pytest.approx([-0.5, -0.5])
    assert mask_outline(cut_off, (1, 1)).max(axis=0) == pytest.approx([5.5, 3.5])
    assert distances_to_points(np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([[3.0, 0.0]])) == pytest.approx([3, 4])


def test_circumference_difference_keeps_its_sign() -> None:
    short = circumference_difference(200.0, 195.0)
    assert (short.df_mm, short.adf_mm, short.adf_percent) == (-5.0, 5.0, 2.5)
    assert circumference_difference(200.0, 205.0).df_mm == 5.0
