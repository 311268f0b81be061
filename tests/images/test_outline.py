"""Drawn outlines become the ellipse along their centre line, or are refused with the reason."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fetalhead.images.ellipse import Ellipse
from fetalhead.images.outline import ellipse_of_outline

HEAD = Ellipse.make(200.3, 150.8, 120, 90, 0.5)


def ring(ellipse: Ellipse = HEAD, width: float = 3, shape: tuple[int, int] = (300, 400)) -> np.ndarray:
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(float)
    return (np.abs(ellipse.signed_distance(x, y)) <= width / 2) * np.uint8(255)


@pytest.mark.parametrize("width", [1.5, 3, 5])
@pytest.mark.parametrize("angle", [0, 0.5, 1.6, 3])
def test_the_centre_line_whatever_the_width(width, angle):
    true = Ellipse.make(200.3, 150.8, 120, 90, angle)
    found = ellipse_of_outline(ring(true, width))
    assert found.perimeter == pytest.approx(true.perimeter, rel=6e-4)
    assert (found.center_x, found.center_y) == pytest.approx((200.3, 150.8), abs=0.05)


def test_a_line_drawn_by_opencv():
    drawn = np.zeros((300, 400), np.uint8)
    cv2.ellipse(drawn, (200, 150), (120, 90), 30, 0, 360, 255, 3)
    found = ellipse_of_outline(drawn)
    assert found.perimeter == pytest.approx(Ellipse.make(0, 0, 120, 90, 0).perimeter, rel=2e-3)


def test_any_value_counts_as_drawn():
    assert ellipse_of_outline(ring() // 255) == ellipse_of_outline(ring())
    assert ellipse_of_outline(ring() > 0) == ellipse_of_outline(ring())


@pytest.mark.parametrize(
    ("drawn", "reason"),
    [
        (np.zeros((50, 60)), "empty"),
        (HEAD.coverage((300, 400)) > 0.5, "filled"),
        (np.pad(np.zeros((90, 140)), 3, constant_values=1), "no ellipse"),
        (np.eye(100), "line"),
    ],
)
def test_what_is_no_outline(drawn, reason):
    found = ellipse_of_outline(drawn)
    assert not found and reason in found.reason


def test_a_stray_stroke_is_noticed():
    drawn = ring()
    drawn[10:14, 10:14] = 255
    assert "no ellipse" in ellipse_of_outline(drawn).reason
