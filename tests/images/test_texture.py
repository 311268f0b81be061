"""Texture: finite for every picture, unlike where pictures look unlike."""

from __future__ import annotations

import numpy as np
import pytest

from fetalhead.images.texture import NUMBERS, texture


@pytest.mark.parametrize("shape", [(1, 288), (192, 1), (1, 1), (2, 3), (192, 288)])
def test_every_picture_has_a_texture(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    for pixels in (np.zeros(shape), np.full(shape, 255), rng.integers(0, 256, shape)):
        found = texture(pixels.astype(np.uint8))
        assert found.shape == (NUMBERS,) and np.isfinite(found).all()


def test_what_it_tells() -> None:
    ramp = np.tile(np.arange(200, dtype=np.uint8), (100, 1))
    mean, spread, dark, _, bright, _, right, _, down, *_ = texture(ramp)
    assert (64 * mean, 64 * spread) == pytest.approx((99.5, 57.73), abs=0.01)
    assert (dark, bright) == (0.04, 0)
    assert np.exp(right) - 0.5 == pytest.approx(2, abs=0.05), "two greys a pixel at half the size"
    assert np.exp(down) - 0.5 == pytest.approx(0, abs=0.05)
    rng = np.random.default_rng(0)
    grainy = np.clip(ramp + rng.normal(0, 20, ramp.shape), 0, 255).astype(np.uint8)
    assert texture(grainy)[12] > texture(ramp)[12] + 0.5, "grain"
