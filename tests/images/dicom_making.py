"""Small DICOM files for the tests, made with pydicom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

ULTRASOUND, ULTRASOUND_CINE = "1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.3.1"


def region(
    box: tuple[int, int, int, int] = (0, 0, 95, 63),
    delta: tuple[float, float] = (0.02, 0.02),
    *,
    format: int = 1,
    type: int = 1,
    units: tuple[int, int] = (3, 3),
) -> Dataset:
    """An ultrasound region; box is left, top, right, bottom, deltas in cm."""
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = format, type, 0
    item.RegionLocationMinX0, item.RegionLocationMinY0 = box[:2]
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = box[2:]
    item.PhysicalUnitsXDirection, item.PhysicalUnitsYDirection = units
    item.PhysicalDeltaX, item.PhysicalDeltaY = delta
    return item


def dataset(pixels: np.ndarray | None, *, syntax: str = ExplicitVRLittleEndian, frames: int = 0, **elements: Any):
    """A data set for (H, W), (H, W, 3), or with `frames` (N, H, W[, 3]) pixels; further elements by keyword."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.file_meta.MediaStorageSOPClassUID = ULTRASOUND_CINE if frames else ULTRASOUND
    made.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID
    made.Modality = "US"
    if frames:
        made.NumberOfFrames = frames
    if pixels is not None:
        shape = pixels.shape[1:] if frames else pixels.shape
        made.Rows, made.Columns = shape[:2]
        made.SamplesPerPixel = 3 if len(shape) == 3 else 1
        made.PhotometricInterpretation = "RGB" if len(shape) == 3 else "MONOCHROME2"
        if len(shape) == 3:
            made.PlanarConfiguration = 0
        made.BitsAllocated = made.BitsStored = 8 * pixels.dtype.itemsize
        made.HighBit = made.BitsStored - 1
        made.PixelRepresentation = int(pixels.dtype.kind == "i")
        made.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def save(made: Dataset, path: Path) -> Path:
    made.save_as(path, enforce_file_format=True)
    return path


def compressed(made: Dataset, frames: list[bytes], syntax: str, photometric: str) -> Dataset:
    """`made` with its pixels replaced by compressed frames."""
    made.file_meta.TransferSyntaxUID = syntax
    made.PhotometricInterpretation = photometric
    made.PixelData = encapsulate(frames)
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    return made
