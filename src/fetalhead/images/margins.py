"""Flat margins around a picture: a page's white, a viewer's black bars. They hold nothing, and make it small."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Box = tuple[int, int, int, int]
"""x0, y0, x1, y1 (exclusive)."""

FLAT = 8
"""Grey values of a margin's row or column differ by no more, which leaves room for JPEG's traces."""

DARKEST = 64
"""Flat surroundings of ultrasound are no brighter; a brighter margin is cut off however narrow it is."""

LEAST_LEFT = 0.75
"""Dark margins stay where they leave so much of both sides: scanners have them, and networks learn from such pictures
(of those in HC18, FETAL_PLANES_DB and two other sets, none has less than 0.82 left)."""

RIM = 0.1
"""Of each side that is left, so much of a dark margin stays: what alone is bright in the dark may be the head."""


def box_within_margins(pixels: npt.NDArray[np.uint8]) -> Box | None:
    """The box x0, y0, x1, y1 (exclusive) of an (H, W) picture to look at, where it has flat margins to be cut off.

    None where it has none, or narrow dark ones, and where all of its rows or columns are flat.
    """
    height, width = pixels.shape
    top, bottom = _flat(pixels), _flat(pixels[::-1])
    if top == height:
        return None
    rows = pixels[top : height - bottom]
    left, right = _flat(rows.T), _flat(rows.T[::-1])
    if left == width:
        return None
    dark = (
        not left or rows[0, 0] <= DARKEST,
        not top or pixels[0, 0] <= DARKEST,
        not right or rows[0, -1] <= DARKEST,
        not bottom or pixels[-1, 0] <= DARKEST,
    )
    across, down = width - left - right, height - top - bottom
    if all(dark) and across >= LEAST_LEFT * width and down >= LEAST_LEFT * height:
        return None
    rims = (RIM * across, RIM * down) * 2
    cut = [
        max(0, margin - round(rim)) if is_dark else margin
        for margin, rim, is_dark in zip((left, top, right, bottom), rims, dark, strict=True)
    ]
    return cut[0], cut[1], width - cut[2], height - cut[3]


def is_bright_beyond(pixels: npt.NDArray[np.uint8], box: Box) -> bool:
    """Whether a bright margin of an (H, W) picture lies beyond `box`, as `box_within_margins` gives it."""
    x0, y0, x1, y1 = box
    beyond = pixels[:y0], pixels[y1:], pixels[:, :x0], pixels[:, x1:]
    return any(part.size > 0 and int(part.max()) > DARKEST + FLAT for part in beyond)


def _flat(lines: npt.NDArray[np.uint8]) -> int:
    """How many of the first lines are flat."""
    for number, line in enumerate(lines):
        if int(line.max()) - int(line.min()) > FLAT:
            return number
    return len(lines)
