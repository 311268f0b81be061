"""Lines of writing in a picture, found by their letters, so that what they say need not be shown.

Letters are thin, sharp strokes of one grey and of about one height that stand in a row on one base line. Nothing is
read: what looks like a line of writing counts as one. Bright level lines are looked for in grey and in the brightest
channel; dark ones, and upright bright ones, must be plainer, as tissue and rulers look like them more often.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.images.cleaning import sharp_part, stand_out
from fetalhead.images.margins import Box

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.intp]

STROKES = (5, 9)
"""Widths in pixels from which on a thing is no stroke: small letters run together where large ones are looked for."""


class Plainness(NamedTuple):
    """What a line of writing must have at least."""

    contrast: int
    """Grey levels that a stroke stands out above its surroundings."""
    step: int
    """Grey levels by which a sharp pixel exceeds a neighbour."""
    pieces: int
    letters: int
    """Touching ones are told by their width."""


USUAL = Plainness(contrast=30, step=24, pieces=3, letters=4)
RARE = Plainness(contrast=50, step=40, pieces=5, letters=5)
"""Of writing that is dark or upright."""

LEAST_COLOUR = 24
"""Levels by which the brightest channel exceeds grey somewhere in a picture that holds colour."""

LEAST_SHARP = 0.45
"""Share of a letter's pixels that are sharp."""

LEAST_HEIGHT, LEAST_PIXELS, MOST_HEIGHT, LARGEST = 5, 5, 14, 0.07
"""Of a letter, in pixels; it may be higher where that is no more than the last, as a share of the picture's height."""

MOST_WIDTH, LEAST_INK = 8, 0.12
"""Of a letter or letters that touch: width over height, and ink over the box around it."""

GAP, HEIGHTS, BASE, TOP = 1.3, 1.8, 0.15, 0.4
"""Neighbours in a line: gap, ratio of heights, distance of base lines (or tops), and of the other; shares of the
higher one's height."""

FRINGE = 2
"""Pixels above and below a line that its blurred edge reaches."""

LEAST_LENGTH = 2.0
"""A line is so much longer than high."""

MOST_PIXELS = 12_000_000
"""A larger picture is looked at in a smaller copy: it would take a gigabyte, and its letters are large."""

LETTER = 0.9
"""Width of a letter over its height."""

AROUND, CLEAR = 2, 0.4
"""Within so many heights around a line ink is sparser than in it by such a factor; in speckle it is everywhere."""


def find_lettering(picture: Pixels) -> list[Box]:
    """Boxes around the lines of writing in an (H, W) grey or (H, W, 3) RGB picture.

    They have room at both ends for letters that were missed.
    """
    height, width = picture.shape[:2]
    if (step := math.ceil(math.sqrt(height * width / MOST_PIXELS))) > 1:
        smaller = cv2.resize(picture, (width // step, height // step), interpolation=cv2.INTER_AREA)
        found = (np.multiply(box, step).tolist() for box in find_lettering(np.asarray(smaller, dtype=np.uint8)))
        return [_grown((x0, y0, x1, y1), step, step, picture.shape) for x0, y0, x1, y1 in found]
    grey, brightest = _grey_and_brightest(picture)
    boxes = _bright_lines(grey, USUAL) + _bright_lines(np.asarray(255 - grey, dtype=np.uint8), RARE)
    if brightest is not grey:
        boxes += _bright_lines(brightest, USUAL)
    upright = _bright_lines(np.ascontiguousarray(brightest.T), RARE)
    return boxes + [(x0, y0, x1, y1) for y0, x0, y1, x1 in upright]


def _grey_and_brightest(picture: Pixels) -> tuple[Pixels, Pixels]:
    """The picture in grey and its brightest channel, which is the grey itself where there is no colour."""
    if picture.ndim == 2:
        return picture, picture
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    red, green, blue = cv2.split(picture)
    brightest = np.asarray(cv2.max(cv2.max(red, green), blue), dtype=np.uint8)
    return grey, brightest if (cv2.subtract(brightest, grey) >= LEAST_COLOUR).any() else grey


def _bright_lines(grey: Pixels, least: Plainness) -> list[Box]:
    """Boxes around the level lines of bright letters in an (H, W) picture."""
    boxes = []
    for width in STROKES:
        ink = _ink(grey, width, least.contrast)
        letters = _letters(grey, ink, least.step)
        for line in _lines(letters, _highest(grey)):
            x, y, w, h = letters[line].T
            box = int(x.min()), int(y.min()), int((x + w).max()), int((y + h).max())
            count = np.maximum(1, np.round(w / (LETTER * h))).sum()
            long = box[2] - box[0] >= LEAST_LENGTH * (box[3] - box[1])
            if len(line) >= least.pieces and count >= least.letters and long and _stands_clear(ink, box):
                boxes.append(_grown(box, round(GAP * (box[3] - box[1])), FRINGE, grey.shape))
    return boxes


def written_area(grey: Pixels) -> Mask:
    """(H, W) bool: the boxes around the lines of writing."""
    return area_of(find_lettering(grey), grey.shape)


def area_of(boxes: Iterable[Box], shape: tuple[int, ...]) -> Mask:
    """(H, W) bool: what lies within any of the boxes."""
    area = np.zeros(shape, dtype=np.bool_)
    for x0, y0, x1, y1 in boxes:
        area[y0:y1, x0:x1] = True
    return area


class ClipLettering:
    """The writing on a clip, whose frames are added one after the other: it may come late, and go.

    What is taken for a line of letters in one frame alone is mostly none, unless it is the first.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.lasting: Mask = np.zeros(shape, dtype=np.bool_)
        """(H, W) bool of what the first frame has, or two of the others."""
        self._once = self.lasting
        self._is_first = True

    def add(self, frame: Pixels) -> list[Box]:
        """The boxes around the lines of writing in the next frame, (H, W) grey or (H, W, 3) RGB."""
        if boxes := find_lettering(frame):
            there = area_of(boxes, frame.shape[:2])
            self.lasting = self.lasting | (there if self._is_first else there & self._once)
            self._once = self._once | there
        self._is_first = False
        return boxes


def _highest(grey: Pixels) -> float:
    return float(max(MOST_HEIGHT, LARGEST * grey.shape[0]))


def _ink(grey: Pixels, width: int, contrast: int) -> Mask:
    """(H, W) bool of strokes thinner than `width` that stand out by `contrast`.

    A letter is of one grey: the tissue that it touches, and its own blurred fringe, are less than half as bright.
    """
    over = stand_out(grey, width)
    return np.asarray((over >= contrast) & (over >= cv2.dilate(over, np.ones((7, 7), np.uint8)) // 2))


def _letters(grey: Pixels, ink: Mask, step: int) -> Numbers:
    """(N, 4) boxes x, y, w, h of what may be letters, from left to right."""
    # Grana's way (2010, IEEE Trans Image Process 19:1596) takes half the time of OpenCV's choice.
    count, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
        ink.view(np.uint8), connectivity=8, ltype=cv2.CV_32S, ccltype=cv2.CCL_GRANA
    )
    sharp = np.bincount(labels[sharp_part(grey, ink, step)], minlength=count)
    x, _, w, h, pixels = stats.T
    good = (h >= LEAST_HEIGHT) & (h <= _highest(grey)) & (w <= MOST_WIDTH * h) & (pixels >= LEAST_PIXELS)
    good &= (pixels >= LEAST_INK * w * h) & (sharp >= LEAST_SHARP * pixels)
    good[0] = False  # what is no ink
    kept = np.flatnonzero(good)
    return np.asarray(stats[kept[np.argsort(x[kept])], :4], dtype=np.intp)


def _stands_clear(ink: Mask, box: Box) -> bool:
    """Whether there is much more ink within the box than around it."""
    room = AROUND * (box[3] - box[1])
    x0, y0, x1, y1 = _grown(box, room, room, ink.shape)
    around = ink[y0:y1, x0:x1]
    within = ink[box[1] : box[3], box[0] : box[2]]
    ours, beside = np.count_nonzero(within), np.count_nonzero(around) - np.count_nonzero(within)
    return bool(beside * within.size <= CLEAR * ours * (around.size - within.size))


def _grown(box: Box, across: int, down: int, shape: tuple[int, ...]) -> Box:
    """The box, so much larger on each side, within a picture of `shape`."""
    x0, y0, x1, y1 = box
    return max(0, x0 - across), max(0, y0 - down), min(shape[1], x1 + across), min(shape[0], y1 + down)


def _lines(letters: Numbers, highest: float) -> Iterator[list[int]]:
    """The letters' numbers, a line at a time."""
    line_of = list(range(len(letters)))

    def line(number: int) -> int:
        while line_of[number] != number:
            number = line_of[number]
        return number

    boxes = letters.tolist()
    for number, (x, y, w, h) in enumerate(boxes):
        for other in range(number + 1, len(boxes)):
            other_x, other_y, _, other_h = boxes[other]
            gap, high, low = other_x - x - w, max(h, other_h), min(h, other_h)
            if gap > GAP * highest:
                break
            near, far = sorted((abs(y - other_y), abs(y + h - other_y - other_h)))
            if gap <= GAP * high and high <= HEIGHTS * low and near <= BASE * high + 1 and far <= TOP * high + 1:
                line_of[line(other)] = line(number)
    lines: dict[int, list[int]] = {}
    for number in range(len(boxes)):
        lines.setdefault(line(number), []).append(number)
    yield from lines.values()
