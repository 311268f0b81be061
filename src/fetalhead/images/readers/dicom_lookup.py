"""Lookup tables of a DICOM picture's grey values: Modality LUT (PS3.3 C.11.1) and VOI LUT (C.11.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fetalhead.images.readers.dicom_elements import BrokenDicom

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MOST_ENTRIES = 65536


@dataclass(frozen=True, slots=True)
class Lookup:
    """A table of what values come to, from `first` on; those beyond its ends come to its ends."""

    first: int
    table: npt.NDArray[np.generic]

    def __call__(self, values: npt.NDArray[Any]) -> npt.NDArray[np.generic]:
        """An array of the same shape."""
        return self.table[np.clip(values.astype(np.int64) - self.first, 0, len(self.table) - 1)]


def lookup_of(dataset: Dataset, sequence: str) -> Lookup | None:
    """The first table of `sequence` (ModalityLUTSequence or VOILUTSequence), None where there is none.

    Raises `BrokenDicom` for one that cannot be read.
    """
    if sequence not in dataset:
        return None
    try:
        items = dataset[sequence].value
        if not items:
            return None
        count, first, bits = (int(value) for value in items[0].LUTDescriptor)
        count = count or MOST_ENTRIES
        if first > 0x7FFF and dataset.get("PixelRepresentation"):
            first -= 0x10000
        return Lookup(first, _entries(items[0].LUTData, count, bits, little=dataset.original_encoding[1] is not False))
    except Exception as error:  # whatever a damaged table makes pydicom stumble over
        raise BrokenDicom(f"its {sequence} cannot be read ({error})") from error


def _entries(data: Any, count: int, bits: int, *, little: bool) -> npt.NDArray[np.generic]:
    """The `count` entries, stored as numbers or as bytes: a word each or, of 8 bits, a byte each."""
    if isinstance(data, bytes):
        wide = len(data) >= 2 * count or bits > 8
        data = np.frombuffer(data, ("<u2" if little else ">u2") if wide else np.uint8)
    entries = np.atleast_1d(np.asarray(data, dtype=np.uint16))[:count]
    if len(entries) < count or count > MOST_ENTRIES:
        raise ValueError(f"{len(entries)} entries where {count} are claimed")
    return np.asarray(entries)
