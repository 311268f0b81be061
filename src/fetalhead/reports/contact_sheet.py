"""A contact sheet: a data set's pictures side by side, with their outlines, their names and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.images.ellipse import Ellipse

COLUMNS = 8
CAPTION = 18
"""Height of the line with the name, pixels."""
GAP = 4
FONT_SIZE = 12
SHIFT = 4
"""Points are drawn at sixteenths of a pixel."""

PAPER, TEXT, OUTLINE, FAULT = (24, 24, 28), (210, 210, 210), (255, 205, 60), (235, 70, 60)
"""RGB."""


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """One picture of the sheet."""

    pixels: npt.NDArray[np.uint8]
    """(h, w) grey; all tiles of a sheet have one shape."""
    name: str
    ellipse: Ellipse | None = None
    """In pixels of the tile."""
    is_faulty: bool = False


def contact_sheet(tiles: Sequence[Tile]) -> npt.NDArray[np.uint8]:
    """(H, W, 3) BGR sheet of at least one tile; always `COLUMNS` wide, so that sheets go one below the other."""
    from PIL import Image, ImageDraw, ImageFont

    height, width = tiles[0].pixels.shape
    rows = -(-len(tiles) // COLUMNS)
    step_x, step_y = width + GAP, height + CAPTION + GAP
    sheet = np.full((rows * step_y + GAP, COLUMNS * step_x + GAP, 3), PAPER, dtype=np.uint8)
    places = [(GAP + step_x * (i % COLUMNS), GAP + step_y * (i // COLUMNS)) for i in range(len(tiles))]
    for tile, (left, top) in zip(tiles, places, strict=True):
        sheet[top : top + height, left : left + width] = draw_tile(tile)
    picture = Image.fromarray(sheet)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(FONT_SIZE)
    for tile, (left, top) in zip(tiles, places, strict=True):
        colour = FAULT if tile.is_faulty else TEXT
        draw.text((left + 2, top + height + 1), _fitting(tile.name, width - 4, font.getlength), fill=colour, font=font)
    return np.asarray(picture)[:, :, ::-1].copy()


def draw_tile(tile: Tile) -> npt.NDArray[np.uint8]:
    """(h, w, 3) RGB picture of a tile, with its outline, and a frame where something is wrong with it."""
    picture = cv2.cvtColor(tile.pixels, cv2.COLOR_GRAY2RGB)
    if tile.ellipse:
        points = np.round(tile.ellipse.points(180) * (1 << SHIFT)).astype(np.int32)
        cv2.polylines(picture, [points], True, OUTLINE, 1, cv2.LINE_AA, SHIFT)
    if tile.is_faulty:
        cv2.rectangle(picture, (0, 0), (picture.shape[1] - 1, picture.shape[0] - 1), FAULT, 3)
    return np.asarray(picture, dtype=np.uint8)


def _fitting(name: str, width: float, length: Callable[[str], float]) -> str:
    """The end of the name that fits, in the letters that the font has."""
    text = "".join(letter if " " <= letter <= "~" else "?" for letter in name)
    if length(text) <= width:
        return text
    while len(text) > 1 and length(f"...{text}") > width:
        text = text[1:]
    return f"...{text}"
