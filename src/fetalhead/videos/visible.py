"""The part of a clip's pictures that may be shown: ultrasound, without the names, dates and hospitals around it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.images.field_of_view import find_field_of_view
from fetalhead.images.image import UltrasoundImage

Pixels = npt.NDArray[np.uint8]

WORKING_SIDE, CHANGE = 256, 6
KERNEL = np.ones((5, 5), dtype=np.uint8)
"""What changes is told at so many pixels a side, by so many grey values, and is as large as this."""

KEPT = 8
"""Frames in memory at a time from which the field of view is found."""


class Spread:
    """A few frames, spread evenly over all that were added, however many they are."""

    def __init__(self) -> None:
        self.frames: list[Pixels] = []
        self._every, self._count = 1, 0

    def add(self, pixels: Pixels) -> None:
        if self._count % self._every == 0:
            if len(self.frames) == 2 * KEPT:
                del self.frames[1::2]
                self._every *= 2
            if self._count % self._every == 0:
                self.frames.append(pixels)
        self._count += 1


def visible_mask(first: UltrasoundImage, frames: Sequence[Pixels]) -> tuple[npt.NDArray[np.bool_] | None, str]:
    """(H, W) bool of what may be shown, and where that is from; None where no ultrasound can be told from the rest.

    The region that a DICOM header tells comes first, then what changes from frame to frame, then, in a clip that
    stands still, what is lit in its first picture.
    """
    if first.region is not None:
        x0, y0, x1, y1 = first.region
        mask = np.zeros(first.shape, dtype=bool)
        mask[y0:y1, x0:x1] = True
        return mask, "region of the DICOM header"
    field = find_field_of_view(frames) if len(frames) > 1 else None
    if field:
        return field.mask & _box_of_change(frames), "what changes between frames"
    field = find_field_of_view(first.pixels)
    return (field.mask, "what is lit in the first frame") if field else (None, "none found: nothing is shown")


def _box_of_change(frames: Sequence[Pixels]) -> npt.NDArray[np.bool_]:
    """(H, W) bool of the box around all that changes, but for small things such as a clock's digits.

    A field of view goes on to the picture's edge where it shows no limit of its own, and names stand there.
    """
    lowest, highest = frames[0], frames[0]
    for frame in frames[1:]:
        lowest, highest = np.minimum(lowest, frame), np.maximum(highest, frame)
    height, width = lowest.shape
    scale = min(1.0, WORKING_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    changes = (cv2.resize(highest - lowest, size, interpolation=cv2.INTER_AREA) > CHANGE).astype(np.uint8)
    closed = cv2.morphologyEx(changes, cv2.MORPH_CLOSE, KERNEL)
    changing = np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, KERNEL), dtype=np.uint8)
    box = np.ones((height, width), dtype=bool)
    if changing.any():
        x, y, across, down = cv2.boundingRect(changing)
        box[:] = False
        box[int(y / scale) : math.ceil((y + down) / scale), int(x / scale) : math.ceil((x + across) / scale)] = True
    return box


def only(pixels: Pixels, mask: npt.NDArray[np.bool_] | None) -> Pixels:
    """The picture with all black but what may be shown."""
    return np.zeros_like(pixels) if mask is None else np.asarray(pixels * mask, dtype=np.uint8)
