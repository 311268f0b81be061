"""What a DICOM ultrasound picture's header tells of its pixels (PS3.3 C.8.5.5, Sequence of Ultrasound Regions).

Better no size than a wrong one: what is calibrated in other units, contradicts itself or no longer fits the picture
gives none, with the reason. Where a file has no calibrated 2-D region at all, Pixel Spacing counts.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fetalhead.errors import FetalheadError
from fetalhead.images.pixel_size import PixelSize, default_spacing
from fetalhead.images.scaled_region import ScaledRegion, agree

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

TWO_DIMENSIONAL = 1
TISSUE, COLOUR_FLOW = 1, 2
CENTIMETRES = 3
OVERHANG_PX = 1
"""Makers write a box's last column or row as one past the edge; more means the picture was cut or resized since."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The size of a picture's pixels, and the regions that it holds for."""

    pixel_size: PixelSize
    """That of all regions; falsy where they differ, or tell none."""
    region: tuple[int, int, int, int] | None
    """x0, y0, x1, y1 (exclusive) around the 2-D regions, within the picture; None where no box fits the picture."""
    scaled_regions: tuple[ScaledRegion, ...] = ()
    """The 2-D regions, where at least one is calibrated: the one that holds the head then says the size."""


@dataclass(frozen=True, slots=True)
class _Region:
    """A 2-D tissue or colour-flow region: its first and last column and row, and its size of a pixel or why not."""

    left: int
    top: int
    right: int
    bottom: int
    pixel_size: PixelSize

    def meets(self, other: _Region) -> bool:
        return (
            max(self.left, other.left) < min(self.right, other.right)
            and max(self.top, other.top) < min(self.bottom, other.bottom)
        )

    def fault(self, rows: int, columns: int) -> str:
        """What is wrong with the box in a picture of `rows` by `columns`; empty for nothing."""
        box = f"{self.left},{self.top} to {self.right},{self.bottom}"
        if not (0 <= self.left < self.right and 0 <= self.top < self.bottom):
            return f"the ultrasound region's box {box} is none"
        if self.right > columns - 1 + OVERHANG_PX or self.bottom > rows - 1 + OVERHANG_PX:
            return f"the ultrasound region {box} reaches beyond the picture of {columns} x {rows}"
        return ""

    def scaled(self, rows: int, columns: int) -> ScaledRegion:
        box = (self.left, self.top, min(self.right + 1, columns), min(self.bottom + 1, rows))
        return ScaledRegion(box, self.pixel_size)


def calibration_of(dataset: Dataset, rows: int, columns: int) -> Calibration:
    """What `dataset` tells of its picture of `rows` by `columns`.

    2-D tissue and colour-flow regions count, and of those without a size only the box; deltas are in cm and may be
    negative.
    """
    items = dataset.get("SequenceOfUltrasoundRegions") or []
    regions = [region for item in items if (region := _region(item)) is not None]
    calibrated = [region for region in regions if region.pixel_size]
    sound = [region.scaled(rows, columns) for region in regions if not region.fault(rows, columns)]
    box = _around([part for part in sound if part.pixel_size] or sound)
    for region in calibrated:
        if fault := region.fault(rows, columns):
            return Calibration(PixelSize.unknown(fault), None)
    pairs = list(itertools.combinations(calibrated, 2))
    unlike = [pair for pair in pairs if not agree(pair[0].pixel_size, pair[1].pixel_size)]
    if any(first.meets(second) for first, second in unlike):
        return Calibration(PixelSize.unknown("two ultrasound regions over the same pixels differ in pixel size"), box)
    if unlike:
        differ = PixelSize.unknown("ultrasound regions differ in pixel size, and no head says which one counts")
        return Calibration(differ, box, tuple(sound))
    if calibrated:
        return Calibration(calibrated[0].pixel_size, box, tuple(sound))
    spacing = _spacing(dataset)
    if spacing or not items:
        return Calibration(spacing, box)
    reason = regions[0].pixel_size.reason if regions else "no ultrasound region shows 2-D tissue"
    return Calibration(PixelSize.unknown(f"{reason}; {spacing.reason}"), box)


def _around(parts: list[ScaledRegion]) -> tuple[int, int, int, int] | None:
    if not parts:
        return None
    left, top, right, bottom = zip(*(part.box for part in parts), strict=True)
    return min(left), min(top), max(right), max(bottom)


def _region(item: Dataset) -> _Region | None:
    """The 2-D tissue or colour-flow region in `item`; None for a region of another kind."""
    try:
        kind = int(item.RegionDataType)
        if int(item.RegionSpatialFormat) != TWO_DIMENSIONAL or kind not in (TISSUE, COLOUR_FLOW):
            return None
        left, top = int(item.RegionLocationMinX0), int(item.RegionLocationMinY0)
        right, bottom = int(item.RegionLocationMaxX1), int(item.RegionLocationMaxY1)
        return _Region(left, top, right, bottom, _region_size(item))
    except Exception:  # pydicom converts when asked, and raises what the damaged value makes it stumble over
        return _Region(0, 0, 0, 0, PixelSize.unknown("the ultrasound region cannot be read"))


def _region_size(item: Dataset) -> PixelSize:
    units = int(item.PhysicalUnitsXDirection), int(item.PhysicalUnitsYDirection)
    if units != (CENTIMETRES, CENTIMETRES):
        return PixelSize.unknown("the ultrasound region's units are not cm")
    return _checked(
        10 * abs(float(item.PhysicalDeltaX)), 10 * abs(float(item.PhysicalDeltaY)), "dicom-region", "ultrasound region"
    )


def _spacing(dataset: Dataset) -> PixelSize:
    """Pixel Spacing (0028,0030): the distance of rows first, so y, then that of columns, x."""
    try:
        values: Any = dataset.get("PixelSpacing")
        if not values:
            return PixelSize.unknown("the DICOM file tells no pixel size")
        y, x = (float(value) for value in values)
    except Exception:
        return PixelSize.unknown("PixelSpacing cannot be read")
    if default := default_spacing(x, y):
        return PixelSize.unknown(f"PixelSpacing: {default}")
    return _checked(x, y, "dicom-pixel-spacing", "PixelSpacing")


def _checked(x: float, y: float, source: str, what: str) -> PixelSize:
    try:
        return PixelSize.make(x, y, source)
    except FetalheadError as error:
        return PixelSize.unknown(f"{what}: {error}")
