"""What machines draw over a picture, found and taken out: text, calipers, ruler ticks, coloured overlays.

Drawn strokes are thin, bright and sharp: brighter than the picture on both sides within a few pixels, where the echo
of a beam is as wide as its pulse and fades. Colour is told by what differs from the picture's own tint.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

STROKE = 1 / 110
"""Width of the widest stroke, share of the picture's longer side: what is thicker is tissue."""

LEAST_CONTRAST = 60
"""Grey levels that a stroke stands out above what lies to either side of it."""

LEAST_GREY = 150
"""Machines draw in the brightest greys."""

STEP = 60
"""Grey levels by which a stroke's pixel may exceed its neighbour: skull and speckle rise over several pixels."""

LEAST_SHARP = 0.45
"""Share of a stroke's pixels, nearby, that exceed a neighbour by a `STEP`: 98 of 100 bright thin echoes in HC18's
training pictures have less, and 99 of 100 strokes of drawn text and calipers, saved as JPEG of quality 90, more."""

NEARBY = 9
"""Pixels of the window in which that share is taken, so that a letter on the skull does not take the skull along."""

LEAST_COLOUR = 48
"""Levels by which a pixel's channels differ, beyond the picture's tint, from which on it is coloured."""

FRINGE = 2
"""Pixels to which a stroke is blurred on either side."""

INPAINT_RADIUS = 3.0


def find_overlays(picture: Pixels, longer_side: int | None = None) -> Mask:
    """(H, W) bool: where something is drawn over an (H, W) grey or (H, W, 3) RGB picture, with its blurred fringe.

    `longer_side` is that of the whole picture, where a part of it is given.
    """
    longer_side = longer_side or max(picture.shape[:2])
    if picture.ndim == 2:
        return _grown(_strokes(picture, longer_side))
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    return _grown(_strokes(grey, longer_side) | _coloured(picture))


def clean(picture: Pixels) -> Pixels:
    """The picture with what is drawn over it filled from around; itself where there is nothing."""
    overlays = find_overlays(picture)
    if not overlays.any():
        return picture
    filled = cv2.inpaint(picture, overlays.astype(np.uint8), INPAINT_RADIUS, cv2.INPAINT_TELEA)
    return np.asarray(filled, dtype=np.uint8)


def stand_out(grey: Pixels, width: int) -> Pixels:
    """(H, W) grey levels by which what is narrower than `width` pixels stands out above what lies to either side."""
    opened = cv2.morphologyEx(
        grey, cv2.MORPH_OPEN, np.ones((width, width), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    return np.asarray(cv2.subtract(grey, opened), dtype=np.uint8)


def sharp_part(grey: Pixels, mask: Mask, step: int) -> Mask:
    """The pixels of the mask that exceed a neighbour by `step` grey levels."""
    return np.asarray(mask & steps(grey, step))


def steps(grey: Pixels, step: int = STEP) -> Mask:
    """The pixels that exceed a neighbour by `step` grey levels; every stroke has some."""
    lowest = cv2.erode(grey, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
    return np.asarray(cv2.subtract(grey, lowest) >= step)


def _strokes(grey: Pixels, longer_side: int) -> Mask:
    """Thin, bright, sharp strokes."""
    over = stand_out(grey, 2 * max(2, round(STROKE * longer_side / 2)) + 1)
    thin = over >= LEAST_CONTRAST
    sharp = sharp_part(grey, thin, STEP)
    share = _sum(sharp) / np.maximum(_sum(thin), 1)
    brightest = cv2.dilate(grey, np.ones((3, 3), np.uint8))
    sure = (thin & (share >= LEAST_SHARP) & (brightest >= LEAST_GREY)).astype(np.uint8)
    beside = cv2.dilate(sure, np.ones((NEARBY, NEARBY), np.uint8)) > 0
    return np.asarray(beside & (over >= LEAST_CONTRAST // 2) & (brightest >= LEAST_GREY))


def _sum(mask: Mask) -> npt.NDArray[np.float32]:
    """How many pixels of the mask are nearby."""
    window = (NEARBY, NEARBY)
    total = cv2.boxFilter(mask.astype(np.float32), -1, window, normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(total, dtype=np.float32)


def _coloured(picture: Pixels) -> Mask:
    """Where the channels differ by more than in the picture at large, which may be tinted."""
    colour = picture.astype(np.float32)
    brightest = colour.max(axis=2)
    lit = brightest > LEAST_COLOUR
    if not lit.any():
        return np.zeros(picture.shape[:2], dtype=bool)
    tint = np.median(colour[lit] / brightest[lit][:, None], axis=0)
    untinted = colour - brightest[..., None] * tint
    return np.asarray(np.ptp(untinted, axis=2) >= LEAST_COLOUR)


def _grown(mask: Mask) -> Mask:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((2 * FRINGE + 1,) * 2, np.uint8)) > 0)
