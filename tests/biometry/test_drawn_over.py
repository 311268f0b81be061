"""Ellipses, dots and calipers over a head: those along its outline are told, taken out, and reviewed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from fetalhead import measure
from fetalhead.biometry.drawn_over import is_drawn_over
from fetalhead.evaluation.corruptions import corrupt
from fetalhead.images.ellipse import Ellipse
from fetalhead.inference.predictor import Predictor
from fetalhead.phantoms import head_phantom

PHANTOM = head_phantom(0)
PICTURE, TRUE = PHANTOM.image.pixels, PHANTOM.ellipse


def grown(share: float) -> Ellipse:
    return dataclasses.replace(TRUE, semi_axis_a=TRUE.semi_axis_a * share, semi_axis_b=TRUE.semi_axis_b * share)


def with_line(outline: Ellipse, grey: int = 226, width: int = 2, part: float = 1.0) -> np.ndarray:
    points = np.rint(outline.points(720)[: round(720 * part)] * 16).astype(np.int32)
    return cv2.polylines(PICTURE.copy(), [points], part == 1, grey, width, cv2.LINE_AA, 4)


def with_dots(outline: Ellipse, count: int = 120) -> np.ndarray:
    drawn = PICTURE.copy()
    for x, y in outline.points(count):
        cv2.circle(drawn, (round(x), round(y)), 2, 226, -1, cv2.LINE_AA)
    return drawn


@pytest.mark.parametrize("share", [0.85, 1.1, 1.15])
@pytest.mark.parametrize("draw", [with_line, with_dots])
def test_what_is_drawn_inside_or_outside_of_the_skull_moves_no_outline(draw, share: float) -> None:
    predictor = Predictor("standard", threads=1)
    alone, found = (measure(pixels, PHANTOM.image.pixel_size.x, predictor) for pixels in (PICTURE, draw(grown(share))))
    assert alone.hc_mm is not None and found.hc_mm is not None
    assert found.hc_mm == pytest.approx(alone.hc_mm, rel=0.015)
    assert (alone.quality, found.quality) == ("accept", "review")
    assert "drawn over" in found.quality_reasons
    assert found.reason == "what is drawn along the outline is taken out"


def test_a_head_with_nothing_or_little_drawn_is_measured_as_it_is() -> None:
    assert not is_drawn_over(PICTURE, TRUE)
    calipers = PICTURE.copy()
    for x, y in TRUE.points(4):
        cv2.drawMarker(calipers, (round(x), round(y)), 240, cv2.MARKER_CROSS, 15, 1)
    assert not is_drawn_over(calipers, TRUE)
    assert not is_drawn_over(with_line(grown(1.1), part=0.5), TRUE)
    assert is_drawn_over(with_line(grown(1.1), part=0.7), TRUE)
    assert not is_drawn_over(with_line(grown(0.6)), TRUE)
    assert not is_drawn_over(with_line(grown(1.35)), TRUE)


@pytest.mark.parametrize("kind", ["noise", "speckle"])
@pytest.mark.parametrize("severity", [3, 5])
def test_noise_is_no_drawing(kind: str, severity: int) -> None:
    worse, _ = corrupt(PICTURE, TRUE, kind, severity, 0)
    assert not is_drawn_over(worse, TRUE)


def test_in_small_pictures_it_is_not_told() -> None:
    for width, told in ((320, True), (319, False)):
        half = np.array([[width / 800, 0, 0], [0, width / 800, 0]])
        small = cv2.resize(PICTURE, (width, 216), interpolation=cv2.INTER_AREA)
        outline = grown(1.1).transformed(half)
        cv2.polylines(small, [np.rint(outline.points(720) * 16).astype(np.int32)], True, 240, 1, cv2.LINE_AA, 4)
        assert is_drawn_over(small, TRUE.transformed(half)) == told


def test_an_ellipse_that_leaves_the_picture_is_looked_at_where_it_is_in_it() -> None:
    for kept, told in ((-0.7, True), (0.5, False)):  # all but an end of it, and an end alone
        left = int(TRUE.center_x + kept * TRUE.semi_axis_a)
        moved = TRUE.transformed(np.array([[1.0, 0, -left], [0, 1, 0]]))
        assert is_drawn_over(with_line(grown(1.1))[:, left:], moved) == told


def test_without_a_head_in_what_is_left_there_is_none(toy_model: Path) -> None:
    """The toy takes what is bright for head: a ring of thick dots is one, until the dots are taken out."""
    picture = np.full((540, 800), 40, dtype=np.uint8)
    cv2.ellipse(picture, (400, 270), (220, 170), 0, 0, 360, 226, 4, cv2.LINE_AA)
    found = measure(picture, 0.5, toy_model)
    assert not found
    assert found.reason.startswith("no head")
