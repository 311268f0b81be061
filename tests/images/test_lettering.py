"""Lines of writing are found on tissue, in any grey; tissue and noise are none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from fetalhead.images.lettering import area_of, find_lettering, written_area
from fetalhead.phantoms import head_phantom

NAMES = ("DOE^JANE", "Anna Kowalska", "SMITH, MARY 12.03.1988", "St. Mary Hospital", "ID 4711-0815")


def written(picture: np.ndarray, text: str, place: tuple[int, int], size: float, grey: int) -> tuple[np.ndarray, tuple]:
    """The picture with a text, and the box around the text's ink."""
    image = Image.fromarray(picture)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size)
    draw.text(place, text, font=font, fill=grey)
    return np.asarray(image), draw.textbbox(place, text, font=font)


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_names_over_tissue_are_found(scale: float) -> None:
    rng = np.random.default_rng(0)
    found = total = 0
    for seed in range(4):
        whole = head_phantom(seed).image.pixels
        picture = cv2.resize(whole, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        for name in NAMES:
            height, width = picture.shape
            place = int(rng.uniform(0.02, 0.5) * width), int(rng.uniform(0, 0.9) * height)
            size = max(11, rng.uniform(0.024, 0.05) * height)
            shown, (x0, y0, x1, y1) = written(picture, name, place, size, int(rng.choice([255, 220, 180])))
            total += 1
            found += written_area(shown)[y0:y1, x0:x1].mean() > 0.75
    assert found >= 0.85 * total


def test_a_name_in_large_letters_is_found() -> None:
    shown, (x0, y0, x1, y1) = written(np.zeros((540, 800), np.uint8), "DOE JANE", (40, 20), 36, 255)
    assert written_area(shown)[y0:y1, x0:x1].all()


def test_heads_and_speckle_are_no_writing() -> None:
    rng = np.random.default_rng(1)
    assert sum(len(find_lettering(head_phantom(seed).image.pixels)) for seed in range(8)) <= 1
    for blur in (0.0, 0.7, 1.2, 2.0):
        for _ in range(4):
            speckle = np.clip(rng.rayleigh(60, (300, 400)), 0, 255).astype(np.uint8)
            assert not find_lettering(cv2.GaussianBlur(speckle, (0, 0), blur) if blur else speckle)
    assert not find_lettering(np.zeros((64, 64), np.uint8))
    assert not find_lettering(np.zeros((1, 1), np.uint8))


def test_a_ruler_is_no_writing() -> None:
    picture = np.zeros((400, 300), np.uint8)
    picture[20:380:20, 8:14] = 255
    assert not find_lettering(picture)


def test_writing_in_an_enormous_picture_is_found_in_a_smaller_copy() -> None:
    picture = cv2.resize(head_phantom(0).image.pixels, (4800, 3240), interpolation=cv2.INTER_CUBIC)
    shown, (x0, y0, x1, y1) = written(picture, "SMITH, MARY 12.03.1988", (700, 900), 130, 255)
    area = written_area(shown)
    assert area.shape == shown.shape and area[y0:y1, x0:x1].mean() > 0.75 and area.mean() < 0.1


def coloured(grey: np.ndarray, colour: tuple[int, int, int], place: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The picture as RGB with a name in a colour, and an (H, W) bool of its ink."""
    picture = np.dstack([grey] * 3)
    ink = np.zeros_like(grey)
    cv2.putText(ink, NAME, place, cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 2)
    picture[ink > 0] = colour
    return picture, ink > 0


NAME = "DOE JANE 1990-01-01"
COLOURS = {"red": (255, 0, 0), "magenta": (255, 0, 255), "blue": (0, 60, 255), "green": (0, 200, 0)}


@pytest.mark.parametrize("colour", COLOURS)
def test_coloured_names_over_tissue_are_found(colour: str) -> None:
    picture, ink = coloured(TISSUE, COLOURS[colour], (60, 120))
    assert not find_lettering(np.dstack([TISSUE] * 3))
    assert area_of(find_lettering(picture), ink.shape)[ink].mean() > 0.9


def test_a_white_name_over_colours_of_flow_is_found() -> None:
    flow = np.zeros((200, 400, 3), np.uint8)
    flow[...] = (255, 60, 0)
    cv2.putText(flow, NAME, (60, 120), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 2)
    assert area_of(find_lettering(flow), flow.shape[:2])[flow[..., 2] > 200].mean() > 0.9


TISSUE = cv2.GaussianBlur(np.random.default_rng(5).normal(110, 60, (240, 400)), (0, 0), 3).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("label", [False, True])
def test_black_names_are_found(label: bool) -> None:
    picture = TISSUE.copy()
    if label:
        picture[90:140, 50:320] = 230
    ink = np.zeros_like(picture)
    cv2.putText(ink, NAME, (60, 120), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 2)
    picture[ink > 0] = 0
    assert not find_lettering(TISSUE)
    assert written_area(picture)[ink > 0].mean() > 0.9


@pytest.mark.parametrize("turns", [1, 3])
@pytest.mark.parametrize("colour", [(255, 255, 255), (255, 0, 0)])
def test_upright_names_are_found(colour: tuple[int, int, int], turns: int) -> None:
    picture, ink = coloured(TISSUE, colour, (60, 120))
    turned, there = np.rot90(picture, turns), np.rot90(ink, turns)
    assert area_of(find_lettering(np.ascontiguousarray(turned)), there.shape)[there].mean() > 0.9
