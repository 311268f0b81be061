"""What a DICOM picture's header claims of its pixels, checked for sense before anything is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from fetalhead.errors import reason_of
from fetalhead.images.readers import dicom_elements
from fetalhead.images.readers.dicom_elements import BrokenDicom, Elements, kept_bytes, name_of
from fetalhead.images.readers.faults import unreadable

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

REGIONS, MODALITY_TABLES, TABLES_OF_INTEREST = 0x00186011, 0x00283000, 0x00283010
KEPT = (
    0x00080005, REGIONS, 0x00280002, 0x00280004, 0x00280006, 0x00280008, 0x00280010, 0x00280011, 0x00280030,
    0x00280100, 0x00280101, 0x00280102, 0x00280103, 0x00280120, 0x00280121, 0x00281050, 0x00281051, 0x00281052,
    0x00281053, 0x00281101, 0x00281102, 0x00281103, 0x00281199, 0x00281201, 0x00281202, 0x00281203, 0x00281221,
    0x00281222, 0x00281223, MODALITY_TABLES, TABLES_OF_INTEREST,
)  # fmt: skip
"""Regions, the image pixel module, spacing, padding, window, rescale, palettes and tables: all else is never parsed."""

LONGEST = {REGIONS: 100_000, MODALITY_TABLES: 400_000, TABLES_OF_INTEREST: 400_000}
"""Bytes of a sequence; a real region takes about 400, a table up to 131,072. Each item costs pydicom a hundred times
its length."""

GREY = ("MONOCHROME1", "MONOCHROME2")
COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
PALETTE = "PALETTE COLOR"
VIDEO_COLOUR = "YBR_PARTIAL_420"


@dataclass(frozen=True, slots=True)
class Header:
    """The image pixel module (PS3.3 C.7.6.3)."""

    rows: int
    columns: int
    frames: int
    samples: int
    bits: int
    """Allocated for each sample: 8, 16 or 32."""
    stored_bits: int
    """Of those, the bits in use."""
    photometric: str

    @classmethod
    def of(cls, path: Path, dataset: Dataset, elements: Elements, *, video: bool) -> Header:
        """The header of `dataset`. Raises `UnreadableImage` where it cannot be that of a picture."""
        if elements.pixel_tag != dicom_elements.PIXEL_DATA[0]:
            raise unreadable(path, "DICOM pixels stored as floats are no ultrasound picture")
        try:
            bits = int(dataset.BitsAllocated)
            header = cls(
                int(dataset.Rows),
                int(dataset.Columns),
                int(dataset.get("NumberOfFrames") or 1),
                int(dataset.get("SamplesPerPixel") or 1),
                bits,
                min(int(dataset.get("BitsStored") or bits), bits),
                str(dataset.PhotometricInterpretation),
            )
        except Exception as error:  # pydicom raises whatever a damaged value makes it stumble over
            raise unreadable(path, f"DICOM header without size, bits or colours: {reason_of(error)}") from error
        if header.bits not in (8, 16, 32):
            raise unreadable(path, f"DICOM pixels of {header.bits} bits are not read")
        highest = dataset.get("HighBit")
        if header.stored_bits < header.bits and highest is not None and int(highest) + 1 != header.stored_bits:
            shown = f"{header.stored_bits} of {header.bits} bits, the highest of them bit {highest}"
            raise unreadable(path, f"DICOM pixels stored in {shown}, are not read: write them with the lowest bits")
        colour = (*COLOUR, VIDEO_COLOUR) if video else COLOUR
        samples = 3 if header.photometric in colour else 1
        if header.photometric not in (*GREY, *colour, PALETTE) or header.samples != samples:
            raise unreadable(path, f"DICOM colours {header.photometric} of {header.samples} samples are not read")
        return header

    @property
    def frame_bytes(self) -> int:
        """Of an uncompressed frame in the file."""
        samples = 2 if self.photometric == "YBR_FULL_422" else self.samples
        return self.rows * self.columns * samples * self.bits // 8

    @property
    def raw_bytes(self) -> int:
        """Of a decoded frame."""
        return self.rows * self.columns * self.samples * self.bits // 8


def header_dataset(stream: BinaryIO, elements: Elements) -> Dataset:
    """pydicom's view of the elements that count. Raises `BrokenDicom`."""
    from pydicom.filereader import read_dataset

    for tag, longest in LONGEST.items():
        _, start, end = elements.spans.get(tag, (0, 0, 0))
        if end - start > longest:
            name = "of ultrasound regions" if tag == REGIONS else name_of(tag)
            raise BrokenDicom(f"its sequence {name} is absurdly long ({end - start} bytes)")
    content = kept_bytes(stream, elements, KEPT)
    return read_dataset(BytesIO(content), not elements.explicit, elements.little)
