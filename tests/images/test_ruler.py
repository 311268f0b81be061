"""The size of a pixel from a depth ruler: right within 1 % for known graduations, no answer for what is ambiguous."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest
from toys import bright_head

import fetalhead
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.pixel_size import PixelSize
from fetalhead.images.ruler import read_ruler, sized_by_ruler
from fetalhead.images.ruler.ticks import SMALLEST_PERIOD
from fetalhead.images.scaled_region import ScaledRegion
from fetalhead.phantoms.burned_in import Ruler, draw_ruler, draw_text

SHAPE = (540, 800)

KNOWN = {
    "1 cm and 5 cm": Ruler(10, (5,)),
    "5 mm and 1 cm": Ruler(5, (2,), side="right"),
    "5 mm, 1 cm and 5 cm": Ruler(5, (2, 10), dots=True, numbers=True),
    "1 mm, 5 mm and 1 cm": Ruler(1, (5, 10), offset=0.06),
    "5 mm and 5 cm": Ruler(5, (10,), grey=200),
    "grey and with an axis": Ruler(5, (2, 10), axis=True, grey=180),
}


def speckled(seed: int = 0, pixel_mm: float = 0.2) -> np.ndarray:
    """(540, 800) grey speckle as fine as a pulse of obstetric probes makes it, dark towards the sides."""
    rng = np.random.default_rng(seed)
    grain = 0.33 / pixel_mm
    field = cv2.GaussianBlur(rng.standard_normal(SHAPE), (0, 0), 2 * grain, sigmaY=grain)
    across = np.abs(np.linspace(-1, 1, SHAPE[1]))
    return np.clip((90 + 40 * field / field.std()) * (across < 0.8), 0, 255).astype(np.uint8)


def ruled(ruler: Ruler, pixel_mm: float, seed: int = 0) -> np.ndarray:
    picture = speckled(seed, pixel_mm)
    draw_ruler(picture, pixel_mm, ruler)
    return picture


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("pixel_mm", [0.1523, 0.2317])
def test_a_known_graduation_is_read_within_one_percent(name: str, pixel_mm: float) -> None:
    if KNOWN[name].tick_mm / pixel_mm < SMALLEST_PERIOD:
        assert not read_ruler(ruled(KNOWN[name], pixel_mm))
        return
    size = read_ruler(ruled(KNOWN[name], pixel_mm))
    assert size, size.reason
    assert size.source == "ruler"
    assert size.y == pytest.approx(pixel_mm, rel=0.01)
    assert size.x == size.y
    assert "confidence 0." in size.reason or "confidence 1.00" in size.reason
    assert "x assumed equal to y" in size.reason


def test_text_and_jpeg_do_not_make_the_answer_wrong() -> None:
    answered = 0
    for seed in range(6):
        picture = ruled(KNOWN["5 mm, 1 cm and 5 cm"], 0.2, seed)
        draw_text(picture, np.random.default_rng(seed), words=6)
        _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
        size = read_ruler(np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), dtype=np.uint8))
        answered += bool(size)
        assert not size or size.y == pytest.approx(0.2, rel=0.01)
    assert answered >= 4


def test_ticks_that_are_all_alike_give_no_answer() -> None:
    size = read_ruler(ruled(Ruler(10, ()), 0.2))
    assert not size
    assert "do not tell their distance" in size.reason


def test_a_picture_without_a_ruler_gives_no_answer() -> None:
    picture = speckled()
    draw_text(picture, np.random.default_rng(1), words=12)
    size = read_ruler(picture)
    assert not size
    assert size.reason == "no depth ruler found in the picture"


@pytest.mark.parametrize(
    ("along", "told"), [(0.2, "x read from a ruler too"), (0.25, "the rulers along x and y disagree")]
)
def test_a_ruler_along_the_picture_must_agree(along: float, told: str) -> None:
    picture = ruled(Ruler(5, (2, 10)), 0.2)
    picture[:40] = 0
    turned = np.ascontiguousarray(picture.T)
    draw_ruler(turned, along, Ruler(5, (2, 10), offset=0.04, start=0.1))
    size = read_ruler(np.ascontiguousarray(turned.T))
    assert told in size.reason
    assert bool(size) == (along == 0.2)


def test_two_rulers_that_disagree_give_no_answer() -> None:
    picture = ruled(Ruler(5, (2, 10)), 0.2)
    draw_ruler(picture, 0.15, Ruler(5, (2, 10), side="right"))
    assert read_ruler(picture).reason == "two rulers were found that disagree"


def test_what_a_file_tells_comes_before_its_ruler() -> None:
    picture = ruled(Ruler(5, (2, 10)), 0.2)
    header = PixelSize(0.3, 0.3, "dicom-region")
    assert sized_by_ruler(UltrasoundImage(picture, header)).pixel_size == header
    bare = UltrasoundImage(picture, PixelSize.unknown("the header tells none"))
    assert sized_by_ruler(bare).pixel_size.source == "ruler"
    by_region = dataclasses.replace(bare, scaled_regions=(ScaledRegion((0, 0, 800, 540), header),))
    assert sized_by_ruler(by_region).pixel_size == bare.pixel_size


def test_measure_takes_auto(toy_model: Path) -> None:
    picture = cv2.resize(bright_head(Ellipse(96, 64, 40, 30, 0.4)), (800, 540))
    draw_ruler(picture, 0.2, Ruler(5, (2, 10)))
    head = fetalhead.measure(picture, pixel_size="auto", model=toy_model)
    assert head.pixel_size.source == "ruler"
    assert head.hc_mm == pytest.approx(Ellipse(0, 0, 40 * 800 / 192 * 0.2, 30 * 540 / 128 * 0.2, 0).perimeter, rel=0.02)
    assert "confidence" in head.reason


def test_without_a_ruler_both_reasons_are_told() -> None:
    bare = UltrasoundImage(speckled(), PixelSize.unknown("the header tells none"))
    assert sized_by_ruler(bare).pixel_size.reason == "the header tells none; no depth ruler found in the picture"
