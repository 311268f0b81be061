"""The field of view of a clip's frames: the machine's, so that it is looked for now and then rather than each time."""

from __future__ import annotations

import cv2
import numpy as np

from fetalhead.images.image import UltrasoundImage

EVERY = 25
"""Frames for which a field of view holds at most."""

THUMBNAIL = (32, 24)
CHANGE = 6.0
"""Grey levels by which the thumbnails (width, height) of two frames differ on average where the picture is another one:
a cut, another depth or gain."""


class SteadyField:
    """Gives frames their field of view, as long as they look like the one in which it was found."""

    def __init__(self) -> None:
        self._found: UltrasoundImage | None = None
        self._look = np.zeros(THUMBNAIL[::-1], dtype=np.float32)
        self._age = 0

    def of(self, image: UltrasoundImage) -> UltrasoundImage:
        """The next frame, with its field of view. What it is depends on the frames so far, and on nothing else."""
        look = cv2.resize(image.pixels, THUMBNAIL, interpolation=cv2.INTER_AREA).astype(np.float32)
        found = self._found
        self._age += 1
        alike = found is not None and (found.shape, found.region) == (image.shape, image.region)
        if found is not None and alike and self._age < EVERY and np.abs(look - self._look).mean() <= CHANGE:
            return image.with_field_of_view(found.field_of_view)
        self._found, self._look, self._age = image, look, 0
        return image
