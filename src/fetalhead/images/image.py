"""The picture that everything else works on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fetalhead.images.pixel_size import UNKNOWN, PixelSize


@dataclass(frozen=True, slots=True, eq=False)
class UltrasoundImage:
    """One grey picture as shown (orientation applied), with the size of its pixels and where it came from."""

    pixels: npt.NDArray[np.uint8]
    """(H, W) grey values, 0 to 255."""
    pixel_size: PixelSize = field(default=UNKNOWN)
    source: Path | None = None
    """The file; None for an array."""
    frame: int | None = None
    """0-based frame of a file that holds several; None for a single image."""

    @property
    def shape(self) -> tuple[int, int]:
        height, width = self.pixels.shape
        return height, width
