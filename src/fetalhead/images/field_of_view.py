"""The field of view: the sector or rectangle of a picture where there is ultrasound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.errors import Nothing
from fetalhead.images.field_limits import FloatArray, Limit, Line, depth_within, mask_within
from fetalhead.images.field_shape import limits_of
from fetalhead.images.margins import DARKEST

Mask = npt.NDArray[np.bool_]
Pixels = npt.NDArray[np.uint8]

WORKING_SIDE = 288
"""The field is looked for in a picture of about so many pixels a side."""

MARGIN = 1
"""Grey levels over the flat surroundings from which on a working pixel is lit."""

FLAT_SHARE = 0.1
"""Of the picture's edge, so much is of one grey value where it shows flat surroundings."""

STEP = 16
"""Surroundings are no brighter than `DARKEST`, and where they have several grey values, these lie within this."""

BAR_SHARE, BAR_LEAST = 0.5, 24
"""A row or column of which so much, both ends included, is of one grey value, brighter than the second, is a bar that
text is written on."""

CHANGE = 2
"""A lit pixel that changes by more than this between frames shows ultrasound; the others are overlays."""

CLOSING = 3
"""Dark gaps narrower than this (working pixels) between speckles count as lit."""

OPENING = 7
"""What is narrower than this (working pixels) is text, a ruler, a grey-scale bar."""

LEAST_PIECE, LEAST_FIELD = 0.15, 0.06
"""A piece of ultrasound has so much of the largest piece's area, and all of it so much of the picture's."""


@final
@dataclass(frozen=True, slots=True)
class FieldOfView:
    """Where there is ultrasound: what lies within all the limits."""

    shape: tuple[int, int]
    """(H, W) of the picture."""
    limits: tuple[Limit, ...]
    """In pixels of the picture; empty where ultrasound fills it."""
    lit_share: float = 1.0
    """How much of it is lit; where that is little, the limits may be those of something bright in the dark."""
    lit_box: tuple[int, int, int, int] | None = None
    """x0, y0, x1, y1 (exclusive) around all that is lit in large pieces: beyond it nothing but small things shows."""

    @property
    def mask(self) -> Mask:
        """(H, W) bool, drawn anew each time."""
        return mask_within(self.limits, self.shape)

    @property
    def box(self) -> tuple[int, int, int, int]:
        """The mask's bounding box x0, y0, x1, y1 (exclusive)."""
        x, y, width, height = cv2.boundingRect(self.mask.view(np.uint8))
        return x, y, x + width, y + height

    def depth(self, x: npt.ArrayLike, y: npt.ArrayLike) -> FloatArray:
        """How far (px) points lie within, negative outside; the picture's own edge is no limit. x and y broadcast."""
        return depth_within(self.limits, x, y)


@final
@dataclass(frozen=True, slots=True)
class NoFieldOfView(Nothing):
    """No field of view could be told: falsy, and holds the reason."""


def find_field_of_view(
    pixels: Pixels | Sequence[Pixels], region: tuple[int, int, int, int] | None = None
) -> FieldOfView | NoFieldOfView:
    """The field of view of a picture (H, W) uint8, or of several frames of one clip, each (H, W).

    In a still it is what is brighter than the flat surroundings, in several frames what changes as well; text, rulers
    and bars, which are narrow or small, are left out. Its sides are the straight lines that the lit area ends on, its
    top and bottom arcs about the point where the sides meet, or rows; where it shows no such limit it goes on to the
    picture's edge. What is dark within belongs to it. `region` is the box x0, y0, x1, y1 (exclusive) to which a header
    confines it. Gives `NoFieldOfView`, with the reason, where too little is lit. Raises ValueError for no frames, for
    frames of unlike shapes, or for an empty region.
    """
    frames = [pixels] if isinstance(pixels, np.ndarray) and pixels.ndim == 2 else list(pixels)
    if not frames or any(frame.shape != frames[0].shape for frame in frames):
        raise ValueError("a field of view is found in one or more pictures of one shape")
    height, width = frames[0].shape
    x0, y0, x1, y1 = region or (0, 0, width, height)
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        raise ValueError(f"the region {region} is no part of a picture of {width} x {height}")
    factor = max(1, round(max(x1 - x0, y1 - y0) / WORKING_SIDE))
    lit = _without_small_things(_lit([_shrunk(frame[y0:y1, x0:x1], factor) for frame in frames]))
    if lit.mean() < LEAST_FIELD:
        return NoFieldOfView(f"only {100 * lit.mean():.0f} % of the picture stands out from flat surroundings")
    # A working pixel's centre is that of the block of `factor` pixels a side which it stands for.
    centre = 0.5 * factor - 0.5
    found = limits_of(lit)
    within = mask_within(found, (lit.shape[0], lit.shape[1]))
    lit_share = int(np.count_nonzero(lit & within)) / max(1, int(np.count_nonzero(within)))
    limits = [limit.moved(factor, x0 + centre, y0 + centre) for limit in found]
    box = [
        (x0, Line(1, 0, x0 - 0.5)), (y0, Line(0, 1, y0 - 0.5)),
        (width - x1, Line(-1, 0, 0.5 - x1)), (height - y1, Line(0, -1, 0.5 - y1)),
    ]  # fmt: skip
    rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
    lit_box = (
        x0 + factor * int(columns[0]), y0 + factor * int(rows[0]),
        x1 if columns[-1] + 1 == lit.shape[1] else x0 + factor * (int(columns[-1]) + 1),
        y1 if rows[-1] + 1 == lit.shape[0] else y0 + factor * (int(rows[-1]) + 1),
    )  # fmt: skip
    return FieldOfView((height, width), (*limits, *(line for gap, line in box if gap)), lit_share, lit_box)


def _shrunk(picture: Pixels, factor: int) -> Pixels:
    """The picture by a whole factor, so that circles stay circles; a last broken row or column is left out."""
    height, width = (max(1, side // factor) for side in picture.shape)
    whole = picture[: height * factor, : width * factor]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _lit(frames: Sequence[Pixels]) -> Mask:
    """(h, w) bool where frames change, or, of one frame or of frames that hardly change, where there is light."""
    highest = np.maximum.reduce(frames)
    edge = np.concatenate([highest[0], highest[-1], highest[:, 0], highest[:, -1]])
    flat = np.flatnonzero(np.bincount(edge, minlength=256)[: DARKEST + 1] >= FLAT_SHARE * len(edge))
    # Black bars may lie around surroundings that are not quite black: the brighter of the two counts.
    level = flat[flat <= flat[0] + STEP][-1] + MARGIN if len(flat) else -1
    light = (highest > level) & ~_bars(highest)
    changing = light & (highest - np.minimum.reduce(frames) > CHANGE)
    moves = len(frames) > 1 and _without_small_things(changing).mean() >= LEAST_FIELD
    return np.asarray(changing if moves else light)


def _bars(picture: Pixels) -> Mask:
    """(h, w) bool of the bars' grey in rows and columns most of which are of one value, to one level either way."""
    bars = np.zeros(picture.shape, dtype=np.bool_)
    for lines, found in ((picture, bars), (picture.T, bars.T)):
        first, last = lines[:, 0].astype(np.int16), lines[:, -1].astype(np.int16)
        for number in np.flatnonzero((np.minimum(first, last) >= BAR_LEAST) & (np.abs(first - last) <= 2)):
            line, of_line = lines[number], found[number]
            counts = np.convolve(np.bincount(line, minlength=256), np.ones(3), mode="same")
            value = int(counts.argmax())
            ours = np.abs(line.astype(np.int16) - value) <= 1
            if value > BAR_LEAST and counts[value] >= BAR_SHARE * line.size and ours[0] and ours[-1]:
                of_line |= ours
    return bars


def _without_small_things(lit: Mask) -> Mask:
    """The large pieces of (h, w) `lit`; what is narrow or small goes."""
    values = lit.view(np.uint8)
    kernel = np.ones((OPENING, OPENING), dtype=np.uint8)
    closed = cv2.morphologyEx(values, cv2.MORPH_CLOSE, np.ones((CLOSING, CLOSING), dtype=np.uint8))
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, kernel, borderType=cv2.BORDER_REPLICATE)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    areas = np.array(stats[:, cv2.CC_STAT_AREA])
    areas[0] = 0
    large = (areas >= LEAST_PIECE * areas.max()) & (areas > 0)
    # The opening rounds the corners off: what lies beside the opened pieces comes back.
    return np.asarray((cv2.dilate(large[labels].view(np.uint8), kernel) > 0) & lit)
