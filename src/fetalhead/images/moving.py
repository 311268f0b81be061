"""Where a clip moves."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

WORKING_SIDE, CHANGE = 256, 6
KERNEL = np.ones((5, 5), dtype=np.uint8)
"""What changes is told at so many pixels a side, by so many grey values, and is as large as this."""

LEAST_SHARE = 0.06
"""Of the picture: a clip in which less changes stands still, and what changes says nothing of the rest."""


def box_of_change(frames: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.bool_]:
    """(H, W) bool of the box around all that changes between the frames, but for small things such as a clock's digits.

    All of the picture where hardly anything changes.
    """
    lowest, highest = np.minimum.reduce(frames), np.maximum.reduce(frames)
    height, width = lowest.shape
    scale = min(1.0, WORKING_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    changes = (cv2.resize(highest - lowest, size, interpolation=cv2.INTER_AREA) > CHANGE).view(np.uint8)
    closed = cv2.morphologyEx(changes, cv2.MORPH_CLOSE, KERNEL)
    changing = np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, KERNEL), dtype=np.uint8)
    if changing.mean() < LEAST_SHARE:
        return np.ones((height, width), dtype=np.bool_)
    box = np.zeros((height, width), dtype=np.bool_)
    x, y, across, down = cv2.boundingRect(changing)
    box[int(y / scale) : math.ceil((y + down) / scale), int(x / scale) : math.ceil((x + across) / scale)] = True
    return box
