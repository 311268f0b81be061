"""Overlays: the picture untouched but for the lines, the outline where the head is, a caption below."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import cv2
import numpy as np
import pytest

from fetalhead.biometry.measurement import HeadMeasurement
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.pixel_size import PixelSize
from fetalhead.reports.overlay import OUTLINE, axes_in_pixels, caption, draw_overlay, encode_png

ELLIPSE = Ellipse(200.3, 150.6, 120, 90, 0.5)
SCALED = HeadMeasurement(
    status="ok",
    ellipse_px=ELLIPSE,
    ellipse_mm=ELLIPSE.scaled(0.2, 0.3),
    pixel_size=PixelSize(0.2, 0.3, "user"),
    hc_mm=165.25,
    hc_low_mm=160.0,
    hc_high_mm=170.0,
    bpd_mm=45.0,
    ofd_mm=57.0,
    ga_weeks=19.5,
    ga_low_weeks=18.0,
    ga_high_weeks=21.0,
)


def _text(measurement: HeadMeasurement) -> str:
    return "\n".join("   ".join(text for text, _ in line) for line in caption(measurement, "hadlock1984"))


def test_the_outline_lies_on_the_ellipse_and_the_rest_is_the_picture() -> None:
    pixels = np.full((320, 400), 70, np.uint8)
    overlay = draw_overlay(pixels, HeadMeasurement(status="no_scale", ellipse_px=ELLIPSE, reason="none"), "hadlock1984")
    assert overlay.shape[0] > 320 and overlay.shape[1] == 400
    picture = overlay[:320].astype(int)
    drawn = np.abs(picture - np.array(OUTLINE[::-1])).sum(axis=2) < 200
    rows, columns = np.nonzero(drawn)
    assert len(rows) > 400
    assert np.abs(ELLIPSE.signed_distance(columns.astype(float), rows.astype(float))).max() < 1.5
    y, x = np.mgrid[0:320, 0:400].astype(float)
    assert (picture[ELLIPSE.signed_distance(x, y) > 2] == 70).all()


def test_the_caption_tells_lengths_interval_age_and_source() -> None:
    text = _text(SCALED)
    assert "HC 165.2 mm (160.0 to 170.0)   BPD 45.0 mm   OFD 57.0 mm" in text
    assert "GA 19w3d (18w0d to 21w0d), hadlock1984" in text
    assert "pixel size 0.2 x 0.3 mm (user)" in text


@pytest.mark.parametrize(("centile", "told"), [(34.2, "34"), (0.4, "below 1"), (99.6, "above 99")])
def test_the_caption_tells_where_hc_stands_at_the_given_age(centile: float, told: str) -> None:
    compared = dataclasses.replace(SCALED, hc_z=-0.408, hc_centile=centile, known_ga_weeks=21 + 3 / 7)
    assert f"HC z -0.41, centile {told} at the given 21w3d, INTERGROWTH-21st" in _text(compared)
    assert "centile" not in _text(SCALED)


def test_the_caption_tells_why_there_is_no_head_or_scale() -> None:
    assert _text(HeadMeasurement(status="no_head", reason="all black")) == "no head: all black"
    assert _text(HeadMeasurement(status="no_head", reason="no head: a speck")) == "no head: a speck"
    ageless = dataclasses.replace(SCALED, ga_weeks=None, reason="no gestational age: HC is too short")
    assert "no GA: HC is too short" in _text(ageless)
    assert "no scale: unknown" in _text(HeadMeasurement(status="no_scale", reason="unknown", ellipse_px=ELLIPSE))


@pytest.mark.parametrize("gap", [{}, {"ga_weeks": None}, {"status": "no_scale", "hc_mm": None}])
def test_the_caption_tells_how_little_of_the_outline_is_seen(gap: dict[str, Any]) -> None:
    told = "outline supported on 62 % of its perimeter; cut by the edge of the picture"
    text = _text(dataclasses.replace(SCALED, reason=told, **gap))
    assert text.count(told) == 1
    assert "outline" not in _text(SCALED)


def test_axes_are_those_in_millimetres() -> None:
    ofd, bpd = axes_in_pixels(SCALED)
    assert SCALED.ellipse_mm is not None
    for ends, semi_axis in ((ofd, SCALED.ellipse_mm.semi_axis_a), (bpd, SCALED.ellipse_mm.semi_axis_b)):
        length = math.hypot(*((ends[1] - ends[0]) * [0.2, 0.3]))
        assert abs(length - 2 * semi_axis) < 1e-9
        assert np.abs(ELLIPSE.signed_distance(ends[:, 0], ends[:, 1])).max() < 1e-6


def test_narrow_and_tiny_pictures_have_a_readable_caption() -> None:
    reason = "the picture is all black " * 10
    overlay = draw_overlay(np.zeros((1, 1), np.uint8), HeadMeasurement(status="no_head", reason=reason), "hadlock1984")
    assert overlay.shape[1] == 300
    assert np.all(overlay[:, -4:] == overlay[0, -1])  # the text was wrapped within


def test_pngs_come_back_and_hold_no_metadata() -> None:
    picture = np.random.default_rng(0).integers(0, 65536, (40, 30)).astype(np.uint16)
    content = encode_png(picture)
    assert np.array_equal(np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)), picture)
    assert not any(chunk in content[:60] for chunk in (b"tEXt", b"iTXt", b"eXIf", b"tIME"))
