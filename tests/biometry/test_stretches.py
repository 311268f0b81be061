"""All stretches of a contour at once: the same ellipses as one by one."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from fetalhead.biometry.stretches import agreeing
from fetalhead.images.ellipse import Ellipse, fit_ellipse


@pytest.mark.parametrize("seed", range(6))
def test_counts_are_those_of_fits_one_by_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ellipse = Ellipse.make(140, 100, rng.uniform(50, 90), rng.uniform(30, 50), rng.uniform(0, 3))
    points = ellipse.points(240) + rng.normal(0, 0.3, (240, 2))
    points[:, 0] = np.minimum(points[:, 0], 140 + rng.uniform(0, 30))
    lengths = np.repeat([60, 96, 144, 192], 12)
    starts = np.tile(np.arange(12) * 20, 4)
    expected = []
    for start, length in zip(starts, lengths, strict=True):
        found = fit_ellipse(points[(start + np.arange(length)) % 240])
        distance = np.abs(found.signed_distance(*points.T)) if found else np.full(240, np.inf)
        expected.append(int((distance <= 1.5).sum()))
    counts = agreeing(points, starts, lengths, 1.5)
    assert max(expected) > 120
    assert np.abs(counts - expected).max() <= 1  # a point may lie on the limit itself


def test_what_no_ellipse_fits_agrees_with_nothing() -> None:
    starts, lengths = np.array([0, 2]), np.array([6, 6])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not agreeing(np.zeros((0, 2)), np.zeros(2, np.int64), np.zeros(2, np.int64), 1.0).any()
        assert not agreeing(np.ones((10, 2)), starts, lengths, 1.0).any()
        line = np.stack([np.arange(10.0), 2 * np.arange(10.0)], axis=1)
        assert not agreeing(line, starts, lengths, 1e-3).any()
