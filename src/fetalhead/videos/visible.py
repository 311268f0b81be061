"""The part of a clip's pictures that may be shown: ultrasound, without the names, dates and hospitals around it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fetalhead.images.field_of_view import find_field_of_view
from fetalhead.images.image import UltrasoundImage

Pixels = npt.NDArray[np.uint8]

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
        return field.mask, "what changes between frames"
    field = find_field_of_view(first.pixels)
    return (field.mask, "what is lit in the first frame") if field else (None, "none found: nothing is shown")


def only(pixels: Pixels, mask: npt.NDArray[np.bool_] | None) -> Pixels:
    """The picture with all black but what may be shown."""
    return np.zeros_like(pixels) if mask is None else np.asarray(pixels * mask, dtype=np.uint8)
