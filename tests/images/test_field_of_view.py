"""The field of view: found in phantoms whose sector is known and in made pictures, and cropped to."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fetalhead.errors import FetalheadError
from fetalhead.images.cropping import crop_to_field_of_view
from fetalhead.images.field_limits import Arc, Limit, Line, depth_within, mask_within
from fetalhead.images.field_of_view import find_field_of_view
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.pixel_size import PixelSize
from fetalhead.images.scaled_region import ScaledRegion
from fetalhead.phantoms.phantom import head_phantom

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

SHAPE = (240, 320)
HALF_ANGLE = math.radians(32)


def sector(x: float, y: float, near: float, far: float, half_angle: float = HALF_ANGLE) -> list[Limit]:
    cos, sin = math.cos(half_angle), math.sin(half_angle)
    sides: list[Limit] = [Line(side * cos, sin, side * cos * x + sin * y) for side in (-1, 1)]
    return [*sides, Arc(x, y, near, True), Arc(x, y, far, False)]


CONVEX = mask_within(sector(160, -30, 50, 255), SHAPE)
BOX = mask_within([Line(1, 0, 60), Line(-1, 0, -250), Line(0, 1, 30), Line(0, -1, -200)], SHAPE)


def speckle(mask: Mask, seed: int = 0, level: float = 40) -> Pixels:
    noise = np.random.default_rng(seed).rayleigh(level, mask.shape)
    return np.asarray(np.where(mask, np.clip(noise, 3, 255), 0), dtype=np.uint8)


def overlap(pixels: Pixels | list[Pixels], truth: Mask) -> float:
    found = find_field_of_view(pixels)
    assert found
    assert found.mask.shape == truth.shape and found.mask.dtype == bool
    rows, columns = np.nonzero(found.mask)
    assert found.box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    return float((found.mask & truth).sum() / (found.mask | truth).sum())


@pytest.mark.parametrize("truth", [CONVEX, BOX, CONVEX[::-1], mask_within(sector(160, -60, 0, 260), SHAPE)])
def test_a_sector_or_a_rectangle_is_found(truth: Mask) -> None:
    assert overlap(speckle(truth), truth) > 0.985


def test_what_is_written_beside_the_sector_is_left_out() -> None:
    pixels = speckle(CONVEX)
    pixels[10:90, 4:10] = np.linspace(255, 0, 80)[:, None]  # the grey-scale bar
    pixels[5:235:10, 312:316] = 255  # a ruler
    for row in range(8, 50, 9):  # text
        pixels[row : row + 6, 262:300:3] = 230
    pixels[232:238] = 90  # a bar below
    assert overlap(pixels, CONVEX) > 0.985


def test_dark_areas_inside_belong_to_it() -> None:
    pixels = speckle(CONVEX)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    pixels[np.hypot(x - 160, y - 120) < 55] = 0  # fluid
    pixels[np.abs(x - 120 + (y - 100) * 0.2) < 12] = 0  # a shadow to the far edge
    assert overlap(pixels, CONVEX) > 0.97


def test_surroundings_need_not_be_black() -> None:
    pixels = np.maximum(speckle(CONVEX), 9)
    pixels[232:] = 0
    assert overlap(np.asarray(pixels), CONVEX) > 0.98


def test_several_frames_tell_overlays_from_ultrasound() -> None:
    panel = np.zeros(SHAPE, dtype=np.uint8)
    panel[:, :70] = 120  # as large as ultrasound, and it stands still
    truth = mask_within(sector(200, -30, 50, 255, math.radians(24)), SHAPE)
    frames = [np.maximum(speckle(truth, seed), panel) for seed in range(4)]
    assert overlap(frames, truth) > 0.98
    assert overlap([speckle(CONVEX)] * 3, CONVEX) > 0.985  # a frozen clip is a still


def test_a_picture_full_of_ultrasound_has_no_limits() -> None:
    found = find_field_of_view(speckle(np.ones(SHAPE, dtype=bool)))
    assert found and found.limits == () and found.mask.all() and found.box == (0, 0, 320, 240)
    assert np.isinf(found.depth(5, 7))


def test_no_field_of_view_says_why() -> None:
    text = np.zeros(SHAPE, dtype=np.uint8)
    text[20:26, 20:80:3] = 255
    for pixels in (text, np.zeros(SHAPE, dtype=np.uint8), [text, text]):
        found = find_field_of_view(pixels)
        assert not found and "stands out" in found.reason
    with pytest.raises(ValueError, match="one shape"):
        find_field_of_view([text, text[:-1]])
    with pytest.raises(ValueError, match="one shape"):
        find_field_of_view([])
    with pytest.raises(ValueError, match="no part"):
        find_field_of_view(text, (0, 0, 400, 100))


def test_phantoms_sectors() -> None:
    overlaps = []
    for index in range(8):
        phantom = head_phantom(21, index, (270, 400))
        scene = phantom.scene
        drawn, size = scene.sector, scene.pixel_size
        truth = mask_within(
            sector(drawn.apex_x / size, drawn.apex_y / size, drawn.near / size, drawn.far / size, drawn.half_angle),
            scene.shape,
        )
        overlaps.append(overlap(phantom.image.pixels, truth))
    assert np.median(overlaps) > 0.97 and min(overlaps) > 0.75


@settings(max_examples=30, deadline=None)
@given(
    x=st.floats(-40, 40), y=st.floats(-60, 10), half_angle=st.floats(0.3, 0.75), seed=st.integers(0, 9),
    far=st.floats(190, 270), level=st.floats(12, 80),
)
def test_any_sector_is_found_and_its_mirror_image_is_the_mirrored_one(
    x: float, y: float, half_angle: float, seed: int, far: float, level: float
) -> None:
    truth = mask_within(sector(160 + x, y, 30, far - y / 2, half_angle), SHAPE)
    pixels = speckle(truth, seed, level)
    assert overlap(pixels, truth) > 0.95
    assert overlap(np.ascontiguousarray(pixels[:, ::-1]), truth[:, ::-1]) > 0.95


@settings(max_examples=30, deadline=None)
@given(factor=st.floats(0.5, 4), x=st.floats(-50, 50), y=st.floats(-50, 50))
def test_depth_agrees_with_the_mask_and_moves_along(factor: float, x: float, y: float) -> None:
    limits = sector(160.3, -30.2, 50.1, 255.4)
    depth = depth_within(limits, np.arange(SHAPE[1]), np.arange(SHAPE[0])[:, None])
    sure = np.abs(depth) > 1e-3
    assert ((depth >= 0) == mask_within(limits, SHAPE))[sure].all()
    moved = [limit.moved(factor, x, y) for limit in limits]
    there = depth_within(moved, np.arange(SHAPE[1]) * factor + x, np.arange(SHAPE[0])[:, None] * factor + y)
    np.testing.assert_allclose(there, depth * factor, atol=1e-6)


def test_a_header_confines_it() -> None:
    pixels = speckle(np.ones(SHAPE, dtype=bool))
    image = UltrasoundImage(pixels, region=(40, 20, 300, 240))
    found = image.field_of_view
    assert found and found.box == (40, 20, 300, 240)
    assert image.field_of_view is found  # looked for once
    assert replace(image, region=None).field_of_view is not found


def test_cropping_keeps_pixels_and_geometry() -> None:
    size = PixelSize.make(0.2, 0.3, "user")
    regions = (ScaledRegion((50, 25, 200, 150), size), ScaledRegion((0, 0, 20, 20), size))
    image = UltrasoundImage(speckle(BOX), size, region=(50, 25, 200, 150), scaled_regions=regions)
    whole = replace(image, region=None)
    cropped = crop_to_field_of_view(whole)
    field = whole.field_of_view
    assert field
    x0, y0, x1, y1 = field.box
    assert np.abs(np.array(field.box) - (60, 30, 251, 201)).max() <= 1
    assert np.array_equal(cropped.pixels, image.pixels[y0:y1, x0:x1]) and cropped.pixel_size == size
    assert [region.box for region in cropped.scaled_regions] == [(0, 0, 200 - x0, 150 - y0)]
    assert crop_to_field_of_view(image).region == (0, 0, 200 - x0, 150 - y0)
    with pytest.raises(FetalheadError, match="no field of view to crop to"):
        crop_to_field_of_view(UltrasoundImage(np.zeros((64, 64), dtype=np.uint8)))
