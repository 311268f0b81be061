"""What machines draw over a picture: depth rulers, text, calipers, coloured overlays.

Everything is drawn in place on an (H, W) grey or an (H, W, 3) RGB picture, at whole pixels as machines do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_WORDS = (
    "GA=21w3d", "FHR 142", "HC 18.6cm", "BPD", "12cm", "25Hz", "Head", "MI 0.9", "TIs 0.4", "Gn -2", "C6/M7", "Trim 2",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ruler:
    """How a machine draws its depth ruler."""

    tick_mm: float = 10
    steps: tuple[int, ...] = (5,)
    """Every how many ticks one is of a higher rank; empty for ticks that are all alike."""
    side: Literal["left", "right"] = "left"
    dots: bool = False
    """Whether the lowest rank is a dot rather than a dash."""
    numbers: bool = False
    """Whether the highest rank has its depth in cm beside it."""
    axis: bool = False
    """Whether a line runs along the ticks."""
    grey: int = 255
    offset: float = 0.03
    """Place from the side, share of the picture's width."""
    start: float = 0.02
    """Where depth 0 lies, share of the picture's height."""


def draw_ruler(picture: Picture, pixel_mm: float, ruler: Ruler) -> None:
    """Draw the depth ruler of a picture whose pixels are `pixel_mm` high."""
    height, width = picture.shape[:2]
    inwards = 1 if ruler.side == "left" else -1
    x = round(ruler.offset * width) if ruler.side == "left" else width - 1 - round(ruler.offset * width)
    ink = _ink(picture, ruler.grey)
    if ruler.axis:
        cv2.line(picture, (x, round(ruler.start * height)), (x, height - 1), ink)
    for number in range(int((1 - ruler.start) * height * pixel_mm / ruler.tick_mm) + 1):
        y = round(ruler.start * height + number * ruler.tick_mm / pixel_mm)
        rank = sum(number % step == 0 for step in ruler.steps)
        length = (1 if ruler.dots else 2) + 3 * rank
        cv2.line(picture, (x, y), (x + inwards * length, y), ink)
        if ruler.numbers and ruler.steps and rank == len(ruler.steps):
            text = f"{number * ruler.tick_mm / 10:g}"
            (wide, _), _ = cv2.getTextSize(text, _FONT, 0.3, 1)
            left = x + 13 if ruler.side == "left" else x - 13 - wide
            cv2.putText(picture, text, (left, y + 3), _FONT, 0.3, ink, 1, cv2.LINE_AA)


def draw_text(picture: Picture, rng: np.random.Generator, words: int = 5, inside: bool = True) -> None:
    """Write some words, anywhere or (not `inside`) along the top."""
    height, width = picture.shape[:2]
    for _ in range(words):
        size = float(rng.uniform(0.4, 0.8)) * height / 540
        y = int(rng.uniform(0.06, 0.96 if inside else 0.12) * height)
        place = (int(rng.uniform(0.02, 0.8) * width), y)
        cv2.putText(picture, str(rng.choice(_WORDS)), place, _FONT, size, _ink(picture, 255), 1, cv2.LINE_AA)


def draw_caliper(picture: Picture, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A cross at both ends (x, y) and a dotted line between."""
    ink = _ink(picture, 255)
    for x, y in (start, end):
        cv2.drawMarker(picture, (round(x), round(y)), ink, cv2.MARKER_CROSS, 11, 1)
    count = max(2, int(np.hypot(end[0] - start[0], end[1] - start[1]) / 7))
    for share in np.linspace(0, 1, count):
        place = (round(start[0] + share * (end[0] - start[0])), round(start[1] + share * (end[1] - start[1])))
        cv2.circle(picture, place, 0, ink)


def draw_colour(picture: Picture, rng: np.random.Generator) -> None:
    """A patch of colour flow with its box and colour bar, on an (H, W, 3) picture."""
    height, width = picture.shape[:2]
    x, y = int(rng.uniform(0.25, 0.6) * width), int(rng.uniform(0.25, 0.6) * height)
    wide, tall = int(rng.uniform(0.12, 0.25) * width), int(rng.uniform(0.12, 0.25) * height)
    flow = cv2.GaussianBlur(rng.standard_normal((tall, wide)).astype(np.float32), (0, 0), 5 * height / 540)
    strength = np.clip(np.abs(flow) / flow.std() - 0.8, 0, 1)[..., None]
    towards = np.where(flow[..., None] > 0, np.array([255, 60, 0]), np.array([0, 80, 255]))
    box = picture[y : y + tall, x : x + wide]
    box[:] = np.where(strength > 0, (80 + 175 * strength) / 255 * towards, box)
    cv2.rectangle(picture, (x, y), (x + wide, y + tall), (0, 255, 0), 1)
    bar = np.linspace(1, -1, height // 4)[:, None, None]
    colours = np.where(bar > 0, bar * np.array([255, 60, 0]), -bar * np.array([0, 80, 255]))
    picture[height // 8 : height // 8 + len(bar), width - 14 : width - 4] = colours


def _ink(picture: Picture, grey: int) -> Any:
    return grey if picture.ndim == 2 else (grey, grey, grey)
