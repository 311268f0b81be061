"""What the objects say in codes: concepts of the standard's dictionaries, the algorithm, and texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fetalhead.biometry.bpd import CONVENTION
from fetalhead.images.readers.dicom import OWN

if TYPE_CHECKING:
    from fetalhead.biometry.measurement import HeadMeasurement
    from fetalhead.reports.rows import Row

MANUFACTURER = OWN
FETUS = "1"
"""Fetuses are numbered within a report; a picture does not tell which of several it shows."""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """What made the result."""

    version: str
    model_id: str

    @property
    def parameters(self) -> str:
        return f"model {self.model_id}"

    @property
    def equipment(self) -> dict[str, Any]:
        """The arguments by which highdicom describes the equipment that made an object."""
        return {
            "manufacturer": MANUFACTURER,
            "manufacturer_model_name": self.model_id,
            "software_versions": self.version,
            "device_serial_number": self.model_id,
        }


def comment(row: Row, measurement: HeadMeasurement, dating: str) -> str:
    """In words what has no code: why something is missing, what is doubtful, and how ages and diameters are meant."""
    parts = []
    if row.reason:
        parts.append(row.reason)
    if row.hc_mm is not None:
        parts.append(f"diameters {CONVENTION}")
    if row.hc_low_mm is not None and row.hc_high_mm is not None:
        parts.append(f"HC between {row.hc_low_mm:.1f} and {row.hc_high_mm:.1f} mm")
    if row.ga_weeks is not None:
        span = "" if row.ga_low_weeks is None else f", between {row.ga_low_weeks:.1f} and {row.ga_high_weeks:.1f} weeks"
        parts.append(f"gestational age by {dating}{span}")
    if measurement.pixel_size:
        parts.append(f"pixel size from {measurement.pixel_size.source}")
    if row.quality:
        parts.append("; ".join([f"quality {row.quality}", *measurement.quality_reasons]))
    return ". ".join(parts)
