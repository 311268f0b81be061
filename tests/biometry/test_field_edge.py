"""Heads cut off by the edge of the field of view: fitted to the rest of their contour, and said to be cut."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fetalhead.biometry.measurement import HeadMeasurement, measure_head
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.field_limits import Line, mask_within
from fetalhead.images.field_of_view import FieldOfView, NoFieldOfView
from fetalhead.images.geometry import Letterbox
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.pixel_size import PixelSize
from fetalhead.inference.measuring import measure_image
from fetalhead.inference.predictor import Predictor
from fetalhead.phantoms.phantom import head_phantom

SHAPE, GRID = (256, 384), (192, 288)
LETTERBOX = Letterbox.fit(SHAPE, GRID)
SIZE = PixelSize.make(0.25, 0.25, "user")
HEAD = Ellipse.make(190, 128, 120, 92, 0.4)


def right_side(head: Ellipse, distance: float, tilt: float = 0.5) -> Line:
    """A sector's right side at a share of the head's half-width from its centre."""
    across, down = math.cos(tilt), -math.sin(tilt)
    turn = math.atan2(down, across) - head.angle
    reach = math.hypot(head.semi_axis_a * math.cos(turn), head.semi_axis_b * math.sin(turn))
    return Line(-across, -down, -(across * head.center_x + down * head.center_y + distance * reach))


def probability(head: Ellipse, side: Line, *, beyond: str) -> npt.NDArray[np.float64]:
    """What a network may say: the head up to the side, and beyond it nothing, the true head or a bulge."""
    within = mask_within([side], SHAPE)
    there = head.coverage(SHAPE)
    guess = {"nothing": np.zeros(SHAPE), "head": there, "bulge": np.roll(there, 45, axis=1)}[beyond]
    return np.asarray(LETTERBOX.to_grid(np.where(within, there, guess)), dtype=np.float64)


def measured(head: Ellipse, side: Line, beyond: str, field: FieldOfView | NoFieldOfView | None) -> HeadMeasurement:
    return measure_head(probability(head, side, beyond=beyond), LETTERBOX, SIZE, field_of_view=field)


@pytest.mark.parametrize("distance", [0.687, 0.492, 0.33])  # 10, 20 and 30 % of the head's area beyond
@pytest.mark.parametrize("beyond", ["nothing", "head", "bulge"])
def test_a_cut_head_is_fitted_to_the_contour_off_the_edge(distance: float, beyond: str) -> None:
    side = right_side(HEAD, distance)
    found = measured(HEAD, side, beyond, FieldOfView(SHAPE, (side,)))
    assert found.hc_mm == pytest.approx(HEAD.perimeter / 4, rel=0.01)
    assert found.cut_by_edge
    assert found.support is not None
    assert math.acos(-distance) / math.pi == pytest.approx(found.support, abs=0.06)
    told = f"outline supported on {100 * found.support:.0f} % of its perimeter; cut by the edge of the field of view"
    assert (found.status, found.reason) == ("ok", told)


def test_without_the_edge_a_bulge_is_measured_along() -> None:
    side = right_side(HEAD, 0.492)
    found = measured(HEAD, side, "bulge", None)
    assert found.hc_mm is not None
    assert abs(found.hc_mm / (HEAD.perimeter / 4) - 1) > 0.02


@settings(max_examples=20, deadline=None)
@given(
    angle=st.floats(0, 3), ratio=st.floats(0.7, 0.9), distance=st.floats(0.35, 0.9), tilt=st.floats(-0.7, 0.7),
    beyond=st.sampled_from(["nothing", "head"]),
)
def test_any_cut_leaves_the_size(angle: float, ratio: float, distance: float, tilt: float, beyond: str) -> None:
    head = Ellipse.make(180, 126, 110, 110 * ratio, angle)
    side = right_side(head, distance, tilt)
    found = measured(head, side, beyond, FieldOfView(SHAPE, (side,)))
    assert found.hc_mm == pytest.approx(head.perimeter / 4, rel=0.02)


@pytest.mark.parametrize("field", [None, NoFieldOfView("dark"), FieldOfView(SHAPE, ())])
def test_a_head_off_the_edge_is_measured_as_ever(field: FieldOfView | NoFieldOfView | None) -> None:
    far = right_side(HEAD, 1.1)
    expected = measure_head(np.float64(LETTERBOX.to_grid(HEAD.coverage(SHAPE))), LETTERBOX, SIZE)
    assert measured(HEAD, far, "head", field) == expected
    assert measured(HEAD, far, "head", FieldOfView(SHAPE, (far,))) == expected
    assert not expected.cut_by_edge and expected.reason == ""


def test_a_head_quite_outside_the_field_is_none() -> None:
    found = measured(HEAD, right_side(HEAD, 1.1), "head", FieldOfView(SHAPE, (right_side(HEAD, -1.2),)))
    assert found.status == "no_head" and found.reason.startswith("no head")
    assert found.hc_mm is None


def test_a_cut_phantom_is_said_to_be_cut() -> None:
    phantom = head_phantom(5, 4)
    whole = phantom.image.pixels
    side = right_side(phantom.ellipse, 0.492)
    pixels = np.where(mask_within([side], whole.shape), whole, 0).astype(np.uint8)
    cut = UltrasoundImage(pixels, phantom.image.pixel_size)
    found, _ = measure_image(cut, Predictor("standard", threads=1))
    assert found.hc_mm == pytest.approx(phantom.hc_mm, rel=0.06)
    assert found.reason.endswith("cut by the edge of the field of view")
    uncut, _ = measure_image(phantom.image, Predictor("standard", threads=1))
    assert "cut" not in uncut.reason
