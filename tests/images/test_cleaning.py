"""What is drawn over a picture is found and filled; what is not drawn stays as it is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fetalhead.images.cleaning import clean, find_overlays
from fetalhead.phantoms.burned_in import Ruler, draw_caliper, draw_colour, draw_ruler, draw_text

SHAPE = (540, 800)


def echoes() -> np.ndarray:
    """(540, 800) grey speckle with a bright ring of a skull, as wide and as blurred as echoes are."""
    rng = np.random.default_rng(3)
    field = cv2.GaussianBlur(rng.standard_normal(SHAPE), (0, 0), 4, sigmaY=2)
    picture = np.clip(70 + 25 * field / field.std(), 0, 255)
    ring = np.zeros(SHAPE)
    cv2.ellipse(ring, (400, 270), (200, 150), 0, 0, 360, 180, 7)
    return np.asarray(np.clip(picture + cv2.GaussianBlur(ring, (0, 0), 2), 0, 255), dtype=np.uint8)


def drawn(kind: str, picture: np.ndarray) -> np.ndarray:
    written = picture.copy()
    if kind == "text":
        draw_text(written, np.random.default_rng(0), words=6)
    elif kind == "caliper":
        draw_caliper(written, (210, 250), (590, 290))
    else:
        draw_ruler(written, 0.2, Ruler(5, (2, 10), numbers=True))
    return written


@pytest.mark.parametrize("kind", ["text", "caliper", "ruler"])
def test_strokes_are_found_and_filled(kind: str) -> None:
    before = echoes()
    after = drawn(kind, before)
    strokes = np.abs(after.astype(int) - before) > 60
    assert strokes.sum() > 50
    assert (find_overlays(after) & strokes).sum() >= 0.95 * strokes.sum()
    left = np.abs(clean(after).astype(float) - before)[strokes].mean()
    assert left < 0.2 * np.abs(after.astype(float) - before)[strokes].mean()


def test_skull_and_speckle_are_left_alone() -> None:
    picture = echoes()
    assert not find_overlays(picture).any()
    assert clean(picture) is picture


def test_text_on_the_skull_does_not_take_the_skull_along() -> None:
    picture = echoes()
    cv2.putText(picture, "BPD", (380, 128), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 1, cv2.LINE_AA)
    beside = np.ones(SHAPE, dtype=bool)
    beside[105:140, 365:440] = False
    assert not (find_overlays(picture) & beside).any()


def test_colour_is_found_whatever_the_tint() -> None:
    grey = echoes()
    for tint in ((1.0, 1.0, 1.0), (1.0, 0.85, 0.6)):
        before = (grey[..., None] * np.array(tint)).astype(np.uint8)
        assert not find_overlays(before).any()
        after = before.copy()
        draw_colour(after, np.random.default_rng(1))
        coloured = np.abs(after.astype(int) - before).max(axis=2) > 100
        assert (find_overlays(after) & coloured).sum() >= 0.9 * coloured.sum()
        assert clean(after).shape == after.shape
