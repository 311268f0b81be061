"""Cines: truth for every frame, planes beside the head, motion that is known, the same from the same seed."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from fetalhead.images.ellipse import Ellipse
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.pixel_size import PixelSize
from fetalhead.phantoms import head_phantom
from fetalhead.phantoms.cine import motion_over, phantom_cine

SHAPE = (160, 240)


@pytest.fixture(scope="module")
def cine():
    return list(phantom_cine(3, 1, SHAPE, frames=25, rate=8))


def test_a_sweep_begins_and_ends_beside_the_head(cine):
    assert [frame.image.frame for frame in cine] == list(range(25))
    assert [frame.image.time_s for frame in cine] == pytest.approx([number / 8 for number in range(25)])
    assert cine[0].ellipse is None and cine[-1].ellipse is None and cine[0].plane == "tissue"
    heads = [frame for frame in cine if frame.ellipse]
    assert len(heads) > 10 and all(frame.plane == "head" for frame in heads)
    largest = max(heads, key=lambda frame: frame.hc_mm)
    assert largest.offset == min(frame.offset for frame in heads)
    for frame in heads:
        assert frame.hc_mm / largest.hc_mm == pytest.approx(
            np.sqrt((1 - frame.offset**2) / (1 - largest.offset**2)), rel=1e-6
        )


def test_the_skull_is_where_the_truth_says(cine):
    for frame in (frame for frame in cine if frame.ellipse and frame.offset < 0.5):
        distance = frame.ellipse.signed_distance(*np.meshgrid(np.arange(SHAPE[1]), np.arange(SHAPE[0])))
        pixels = frame.image.pixels
        ring, inside = pixels[(distance > -5) & (distance < 0)], pixels[(distance < -10)]
        assert ring.mean() > 1.3 * inside.mean()


def test_frames_differ_and_a_seed_says_all(cine):
    again = next(iter(phantom_cine(3, 1, SHAPE, frames=25, rate=8)))
    assert np.array_equal(again.image.pixels, cine[0].image.pixels)
    assert all(not np.array_equal(a.image.pixels, b.image.pixels) for a, b in itertools.pairwise(cine))


def test_a_probe_may_lose_contact():
    planes = [frame.plane for seed in range(6) for frame in phantom_cine(seed, 0, (64, 96), frames=20, rate=5)]
    assert "air" in planes and "abdomen" in planes


def test_motion_over_a_picture_is_known():
    pixels = np.zeros((200, 300), np.uint8)
    ellipse = Ellipse.make(150, 100, 60, 45, 0.4)
    pixels[ellipse.coverage((200, 300)) > 0.5] = 200
    image = UltrasoundImage(pixels, PixelSize.make(0.2, 0.2, "user"))
    frames = list(motion_over(image, ellipse, 4, 20))
    places = {(round(frame.ellipse.center_x, 2), round(frame.ellipse.center_y, 2)) for frame in frames if frame.ellipse}
    assert len(places) > 10
    for frame in frames:
        if frame.ellipse is None:
            assert frame.plane == "air" and frame.image.pixels.mean() < 20
            continue
        assert frame.hc_mm == pytest.approx(0.2 * ellipse.perimeter, rel=1e-6)
        smooth = cv2.GaussianBlur(frame.image.pixels, (0, 0), 3)
        moments = cv2.moments((smooth > 100).astype(np.uint8), binaryImage=True)
        center = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
        assert center == pytest.approx((frame.ellipse.center_x, frame.ellipse.center_y), abs=1.5)


def test_speckle_is_new_in_every_frame():
    head = head_phantom(1, 0, SHAPE)
    first, second = (frame.image.pixels for frame in motion_over(head.image, head.ellipse, 1, 2, rate=1000))
    assert np.abs(first.astype(int) - second).mean() > 1
