"""The picture that everything else works on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fetalhead.images.ellipse import Ellipse
from fetalhead.images.pixel_size import UNKNOWN, PixelSize
from fetalhead.images.scaled_region import ScaledRegion, pixel_size_of_head

if TYPE_CHECKING:
    from fetalhead.images.field_of_view import FieldOfView, NoFieldOfView


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
    region: tuple[int, int, int, int] | None = None
    """x0, y0, x1, y1 (exclusive) of the ultrasound region that the file's header tells; None where it tells none."""
    scaled_regions: tuple[ScaledRegion, ...] = ()
    """The regions that a DICOM header calibrates; empty where one pixel size, or none, goes for the whole picture."""
    time_s: float | None = None
    """Seconds since the first frame of its clip; None for a single image, and where the clip does not tell."""

    _field_of_view: list[FieldOfView | NoFieldOfView] = field(init=False, repr=False, default_factory=list)

    @property
    def field_of_view(self) -> FieldOfView | NoFieldOfView:
        """Where there is ultrasound, within the header's region; looked for when first asked for."""
        if not self._field_of_view:
            from fetalhead.images.field_of_view import find_field_of_view

            self._field_of_view.append(find_field_of_view(self.pixels, self.region))
        return self._field_of_view[0]

    def with_field_of_view(self, field: FieldOfView | NoFieldOfView) -> UltrasoundImage:
        """The same picture, with a field of view that is known already."""
        known = replace(self)
        known._field_of_view.append(field)
        return known

    @property
    def shape(self) -> tuple[int, int]:
        height, width = self.pixels.shape
        return height, width

    def pixel_size_of(self, head: Ellipse) -> PixelSize:
        """The pixel size where `head` (px) lies: that of the region which holds it, unless `pixel_size` was given."""
        if self.scaled_regions and self.pixel_size.source in ("dicom-region", "unknown"):
            return pixel_size_of_head(self.scaled_regions, head)
        return self.pixel_size
