"""DICOM, known by its content: single and multi-frame, uncompressed or in a transfer syntax that pydicom can decode.

The size of a pixel comes from the file (see `dicom_calibration`). What the header claims is compared with what the
file holds before anything is decoded, and frames are decoded one at a time.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import numpy as np
import numpy.typing as npt

from fetalhead.errors import UnreadableImage
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.readers import dicom_elements
from fetalhead.images.readers.dicom_calibration import pixel_size_of
from fetalhead.images.readers.dicom_elements import BrokenDicom, Elements, kept_bytes, open_elements
from fetalhead.images.readers.dicom_frames import (
    check_frame,
    check_native,
    encapsulated_frames,
    rescaled,
    voi_window,
)
from fetalhead.images.readers.faults import check_size, reason_of, unreadable
from fetalhead.images.readers.grey import Grey, grey_of_colour, grey_of_values, windowed

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pydicom.pixels.decoders.base import Decoder

Result = TypeVar("Result")

DIRECTORY_RECORDS = 0x00041220

PICTURE_CLASSES = tuple(f"1.2.840.10008.5.1.4.1.1.{number}" for number in ("3.1", "6.1", "7"))
"""Ultrasound multi-frame, ultrasound, secondary capture: a picture even where its rows are missing."""

REGIONS = 0x00186011
KEPT = (
    0x00080005, REGIONS, 0x00280002, 0x00280004, 0x00280006, 0x00280008, 0x00280010, 0x00280011, 0x00280030,
    0x00280100, 0x00280101, 0x00280102, 0x00280103, 0x00281050, 0x00281051, 0x00281052, 0x00281053, 0x00281101,
    0x00281102, 0x00281103, 0x00281199, 0x00281201, 0x00281202, 0x00281203, 0x00281221, 0x00281222, 0x00281223,
)  # fmt: skip
"""Regions, the image pixel module, spacing, window, rescale and palettes: all else is never parsed."""

LONGEST_REGIONS = 100_000
"""Bytes of the region sequence; a real region takes about 400. Each item costs pydicom a hundred times its length."""

GREY = ("MONOCHROME1", "MONOCHROME2")
COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
PALETTE = "PALETTE COLOR"


def recognises(head: bytes, path: Path) -> bool:
    return dicom_elements.looks_like_dicom(head)


def holds_picture(path: Path) -> bool:
    """Whether the file has pixel data, or is a damaged one that should: no directory, no report."""
    try:
        with open(path, "rb") as file:
            stream, elements = open_elements(path, file)
            if elements.pixel_tag is not None or dicom_elements.ROWS in elements.spans:
                return True
            _, start, end = elements.spans.get(dicom_elements.SOP_CLASS, (0, 0, 0))
            stream.seek(start)
            return stream.read(min(end - start, 64)).decode("ascii", "replace").startswith(PICTURE_CLASSES)
    except (OSError, BrokenDicom):
        return True


def read(path: Path) -> Iterator[UltrasoundImage]:
    """The file's frames, one at a time. Raises `UnreadableImage`."""
    try:
        with open(path, "rb") as file:
            yield from _read(path, file)
    except UnreadableImage:
        raise
    except Exception as error:  # pydicom raises whatever a damaged file makes it stumble over
        raise unreadable(path, f"damaged DICOM file: {reason_of(error)}") from error


def _read(path: Path, file: BinaryIO) -> Iterator[UltrasoundImage]:
    stream, elements = open_elements(path, file)
    if elements.pixel_tag is None:
        kind = "DICOM directory" if DIRECTORY_RECORDS in elements.spans else "DICOM file"
        raise unreadable(path, f"is a {kind} without pixel data")
    dataset = _quietly(lambda: _dataset(stream, elements))
    header = _quietly(lambda: _Header.of(path, dataset, elements))
    check_size(path, header.rows, header.columns)
    decoder = _decoder(path, elements.transfer_syntax)
    pixel_size = _quietly(lambda: pixel_size_of(dataset, header.rows, header.columns))
    frames = _frames(stream, elements, header, dataset, decoder)
    first = _quietly(lambda: next(frames))
    second = _quietly(lambda: next(frames, None))
    single = second is None and header.frames == 1
    yield UltrasoundImage(first, pixel_size, path, None if single else 0)
    number = 1
    while second is not None:
        yield UltrasoundImage(second, pixel_size, path, number)
        number += 1
        second = _quietly(lambda: next(frames, None))


@dataclass(frozen=True, slots=True)
class _Header:
    """What the header claims of the pixels, checked for sense."""

    rows: int
    columns: int
    frames: int
    samples: int
    bits: int
    photometric: str

    @classmethod
    def of(cls, path: Path, dataset: Dataset, elements: Elements) -> _Header:
        if elements.pixel_tag != dicom_elements.PIXEL_DATA[0]:
            raise unreadable(path, "DICOM pixels stored as floats are no ultrasound picture")
        try:
            header = cls(
                int(dataset.Rows),
                int(dataset.Columns),
                int(dataset.get("NumberOfFrames") or 1),
                int(dataset.get("SamplesPerPixel") or 1),
                int(dataset.BitsAllocated),
                str(dataset.PhotometricInterpretation),
            )
        except Exception as error:
            raise unreadable(path, f"DICOM header without size, bits or colours: {reason_of(error)}") from error
        if header.bits not in (8, 16, 32):
            raise unreadable(path, f"DICOM pixels of {header.bits} bits are not read")
        samples = 3 if header.photometric in COLOUR else 1
        if header.photometric not in (*GREY, *COLOUR, PALETTE) or header.samples != samples:
            raise unreadable(path, f"DICOM colours {header.photometric} of {header.samples} samples are not read")
        return header

    @property
    def frame_bytes(self) -> int:
        samples = 2 if self.photometric == "YBR_FULL_422" else self.samples
        return self.rows * self.columns * samples * self.bits // 8

    @property
    def raw_bytes(self) -> int:
        return self.rows * self.columns * self.samples * self.bits // 8


def _dataset(stream: BinaryIO, elements: Elements) -> Dataset:
    """pydicom's view of the elements that count."""
    from pydicom.filereader import read_dataset

    _, start, end = elements.spans.get(REGIONS, (0, 0, 0))
    if end - start > LONGEST_REGIONS:
        raise BrokenDicom(f"its sequence of ultrasound regions is absurdly long ({end - start} bytes)")
    content = kept_bytes(stream, elements, KEPT)
    return read_dataset(BytesIO(content), not elements.explicit, elements.little)


def _decoder(path: Path, transfer_syntax: str) -> Decoder:
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID

    syntax = UID(transfer_syntax)
    name = f"{syntax.name} ({syntax})" if syntax.name != syntax else f"{syntax}"
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError as error:
        raise unreadable(path, f"DICOM pixels in the transfer syntax {name} are not read") from error
    if not decoder.is_available:
        raise unreadable(
            path,
            f"DICOM pixels in the transfer syntax {name} need a decoder that is not installed: "
            "pip install 'fetalhead[dicom]'",
        )
    return decoder


def _frames(
    stream: BinaryIO, elements: Elements, header: _Header, dataset: Dataset, decoder: Decoder
) -> Iterator[Grey]:
    from pydicom.pixels.utils import as_pixel_options

    options = as_pixel_options(dataset, pixel_keyword="PixelData", pixel_vr=elements.pixel_vr or "OW")
    if decoder.is_native:
        check_native(stream, elements, header.frames, header.frame_bytes)
        for index in range(header.frames):
            stream.seek(elements.pixel_start)
            yield _grey(decoder.as_array(stream, index=index, **options)[0], header, dataset)
        return
    options["number_of_frames"] = 1
    for frame in encapsulated_frames(stream, elements, header.frames):
        check_frame(frame, header.rows, header.columns, header.raw_bytes)
        yield _grey(_decoded(decoder, frame, options), header, dataset)


def _decoded(decoder: Decoder, frame: bytes, options: dict[str, Any]) -> npt.NDArray[Any]:
    """The values of one compressed frame, given to the decoder as encapsulated data with an empty offset table."""
    from pydicom.encaps import encapsulate

    try:
        return decoder.as_array(encapsulate([frame], has_bot=False), index=0, **options)[0]
    except Exception as error:  # the first line only counts the decoders that failed; the last says why one did
        reason = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        raise BrokenDicom(f"its {decoder.UID.name} frames cannot be decoded ({reason[0].strip()})") from error


def _grey(values: npt.NDArray[Any], header: _Header, dataset: Dataset) -> Grey:
    """(H, W) grey of a decoded frame: colour to luma, palette looked up, window or range to 8 bits, dark is low."""
    from pydicom.pixels.processing import apply_color_lut

    if header.photometric == PALETTE:
        values = apply_color_lut(values, dataset)
    if values.ndim == 3:
        return grey_of_colour(_eight_bits(values))
    if values.dtype == np.uint8:
        grey: Grey = values
    else:
        values = rescaled(values, dataset)
        window = voi_window(dataset)
        grey = grey_of_values(values) if window is None else windowed(values, *window)
    return 255 - grey if header.photometric == "MONOCHROME1" else grey


def _eight_bits(colour: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    if colour.dtype == np.uint8:
        return colour
    return np.asarray(colour >> (8 * (colour.dtype.itemsize - 1)), dtype=np.uint8)


def _quietly(work: Callable[[], Result]) -> Result:
    """The result of `work` without pydicom's warnings: what matters is told in our own words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return work()
