"""The size of a pixel in a DICOM ultrasound picture (PS3.3 C.8.5.5, Sequence of Ultrasound Regions).

Better no size than a wrong one: what is calibrated in other units, contradicts itself or no longer fits the picture
gives none, with the reason. Where a file has no calibrated 2-D region at all, Pixel Spacing counts.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fetalhead.errors import FetalheadError
from fetalhead.images.pixel_size import PixelSize

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

TWO_DIMENSIONAL = 1
TISSUE, COLOUR_FLOW = 1, 2
CENTIMETRES = 3
OVERHANG_PX = 1
"""Makers write a box's last column or row as one past the edge; more means the picture was cut or resized since."""

SAME = 1e-3
"""Relative difference up to which two deltas are one."""


@dataclass(frozen=True, slots=True)
class Region:
    """One ultrasound region: its box (first and last column and row, inclusive) and its size of a pixel or why not."""

    kind: int
    left: int
    top: int
    right: int
    bottom: int
    pixel_size: PixelSize

    def meets(self, other: Region) -> bool:
        return (
            max(self.left, other.left) < min(self.right, other.right)
            and max(self.top, other.top) < min(self.bottom, other.bottom)
        )

    def agrees(self, other: Region) -> bool:
        mine, theirs = self.pixel_size, other.pixel_size
        return math.isclose(mine.x, theirs.x, rel_tol=SAME) and math.isclose(mine.y, theirs.y, rel_tol=SAME)


def pixel_size_of(dataset: Dataset, rows: int, columns: int) -> PixelSize:
    """The size of a pixel that `dataset` tells for its picture of `rows` by `columns`, or a falsy one with the reason.

    A 2-D tissue region counts, or else a colour-flow one; deltas are in cm and may be negative.
    """
    items = dataset.get("SequenceOfUltrasoundRegions") or []
    regions = [region for item in items if (region := _region(item)) is not None]
    calibrated = [region for region in regions if region.pixel_size]
    fault = _fault(calibrated, rows, columns)
    if fault:
        return PixelSize.unknown(fault)
    for kind in (TISSUE, COLOUR_FLOW):
        of_kind = [region for region in calibrated if region.kind == kind]
        if any(not first.agrees(second) for first, second in itertools.combinations(of_kind, 2)):
            return PixelSize.unknown("ultrasound regions side by side differ in pixel size")
        if of_kind:
            return of_kind[0].pixel_size
    spacing = _spacing(dataset)
    if spacing or not items:
        return spacing
    reason = regions[0].pixel_size.reason if regions else "no ultrasound region shows 2-D tissue"
    return PixelSize.unknown(f"{reason}; {spacing.reason}")


def _fault(calibrated: list[Region], rows: int, columns: int) -> str:
    """What forbids to believe any of the calibrated regions; empty for nothing."""
    for region in calibrated:
        box = f"{region.left},{region.top} to {region.right},{region.bottom}"
        if not (0 <= region.left < region.right and 0 <= region.top < region.bottom):
            return f"the ultrasound region's box {box} is none"
        if region.right > columns - 1 + OVERHANG_PX or region.bottom > rows - 1 + OVERHANG_PX:
            return f"the ultrasound region {box} reaches beyond the picture of {columns} x {rows}"
    for first, second in itertools.combinations(calibrated, 2):
        if first.meets(second) and not first.agrees(second):
            return "two ultrasound regions over the same pixels differ in pixel size"
    return ""


def _region(item: Dataset) -> Region | None:
    """The 2-D tissue or colour-flow region in `item`; None for a region of another kind."""
    try:
        kind = int(item.RegionDataType)
        if int(item.RegionSpatialFormat) != TWO_DIMENSIONAL or kind not in (TISSUE, COLOUR_FLOW):
            return None
        left, top = int(item.RegionLocationMinX0), int(item.RegionLocationMinY0)
        right, bottom = int(item.RegionLocationMaxX1), int(item.RegionLocationMaxY1)
        return Region(kind, left, top, right, bottom, _region_size(item))
    except Exception:  # pydicom converts when asked, and raises what the damaged value makes it stumble over
        return Region(TISSUE, 0, 0, 0, 0, PixelSize.unknown("the ultrasound region cannot be read"))


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
    if x == y == 1:
        return PixelSize.unknown("PixelSpacing 1 1 is a default, not a measurement")
    return _checked(x, y, "dicom-pixel-spacing", "PixelSpacing")


def _checked(x: float, y: float, source: str, what: str) -> PixelSize:
    try:
        return PixelSize.make(x, y, source)
    except FetalheadError as error:
        return PixelSize.unknown(f"{what}: {error}")
