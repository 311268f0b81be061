"""The orientation tag of EXIF and TIFF (274): from the picture as stored to the picture as shown."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

TAG = 274


def as_shown(stored: npt.NDArray[np.generic], orientation: int) -> npt.NDArray[np.generic]:
    """(H, W, ...) array turned as tag value 1 to 8 tells (TIFF 6.0, page 36); other values turn nothing.

    The value names where the stored first row and first column are in the picture as shown: 1 top left, 2 top
    right, 3 bottom right, 4 bottom left, 5 left top, 6 right top, 7 right bottom, 8 left bottom.
    """
    turned = stored.swapaxes(0, 1) if orientation in (5, 6, 7, 8) else stored
    if orientation in (3, 4, 7, 8):
        turned = turned[::-1]
    if orientation in (2, 3, 6, 7):
        turned = turned[:, ::-1]
    return np.ascontiguousarray(turned)
