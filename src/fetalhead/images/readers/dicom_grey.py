"""From the decoded values of a DICOM frame to grey, dark is low."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from fetalhead.images.readers.dicom_elements import BrokenDicom
from fetalhead.images.readers.dicom_header import PALETTE, Header
from fetalhead.images.readers.dicom_lookup import lookup_of
from fetalhead.images.readers.grey import Grey, ValueRange, grey_of_colour, grey_of_values, windowed

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MOST_COLOURS = 65536


class GreyFrames:
    """Turns decoded frames of one file into grey: colour to luma, tables looked up, window or range to 8 bits."""

    def __init__(self, header: Header, dataset: Dataset) -> None:
        """Raises `BrokenDicom` for a palette or a lookup table that is none."""
        self._header, self._dataset = header, dataset
        self._palette = _Palette(dataset) if header.photometric == PALETTE else None
        self._modality = lookup_of(dataset, "ModalityLUTSequence")
        self._window = voi_window(dataset)
        self._interest = lookup_of(dataset, "VOILUTSequence") if self._window is None else None
        self._padding = _padding(dataset)
        self._seen: ValueRange | None = None
        if self._interest is not None:
            self._seen = ValueRange.of(self._interest.table)

    @property
    def wants_range(self) -> bool:
        """Whether frames are windowed by the values in use: all frames are then to be shown to `see` first."""
        unsigned = not self._dataset.get("PixelRepresentation")
        plain = self._header.bits == 8 and unsigned and self._modality is None
        grey = self._header.samples == 1 and self._palette is None
        return grey and not plain and self._window is None and self._interest is None

    def see(self, values: npt.NDArray[Any]) -> None:
        """Let the window, which all frames share, reach over the (H, W) values of this one."""
        self._seen = ValueRange.of(self._told(values[~self._padded(values)])) | self._seen

    def grey(self, values: npt.NDArray[Any]) -> Grey:
        """(H, W) uint8 of (H, W) values or (H, W, 3) red, green, blue."""
        if self._palette is not None:
            return self._palette.grey(values)
        if values.ndim == 3:
            return grey_of_colour(_eight_bits(values, self._header.stored_bits))
        grey = self._shown(values)
        grey = 255 - grey if self._header.photometric == "MONOCHROME1" else grey
        if self.wants_range:
            grey[self._padded(values)] = 0
        return grey

    def _shown(self, values: npt.NDArray[Any]) -> Grey:
        if values.dtype == np.uint8 and self._modality is None and self._interest is None:
            return values
        told = self._told(values)
        if self._window is not None:
            return windowed(told, *self._window)
        return grey_of_values(told if self._interest is None else self._interest(told), self._seen)

    def _padded(self, values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Where the values are what a machine fills up with, beyond the picture."""
        low, high = self._padding or (1, 0)
        return np.asarray((values >= low) & (values <= high))

    def _told(self, values: npt.NDArray[Any]) -> npt.NDArray[np.generic]:
        """What the stored (H, W) values stand for: looked up, or rescaled."""
        return rescaled(values, self._dataset) if self._modality is None else self._modality(values)


class _Palette:
    """A palette (PS3.3 C.7.6.3.1.5 and 6, or segmented, C.7.9.2) as a table of grey values."""

    def __init__(self, dataset: Dataset) -> None:
        from pydicom.pixels.processing import apply_color_lut

        try:
            order_bytes(dataset)
            count, self._first, _ = (int(value) for value in dataset.RedPaletteColorLookupTableDescriptor)
            places = np.arange(count or MOST_COLOURS) + self._first
            colours = apply_color_lut(places[np.newaxis], dataset)[..., :3]
        except Exception as error:  # whatever damaged tables make pydicom stumble over
            raise BrokenDicom(f"its palette cannot be read ({error})") from error
        # Some writers put values of 8 bits into 16 without scaling them, which would come out black.
        bits = 8 if colours.max() <= 255 else 8 * colours.dtype.itemsize
        self._table = grey_of_colour(_eight_bits(colours, bits))[0]

    def grey(self, values: npt.NDArray[Any]) -> Grey:
        places = np.clip(values.astype(np.int64) - self._first, 0, len(self._table) - 1)
        return np.asarray(self._table[places])


def order_bytes(dataset: Dataset) -> None:
    """Turn the words of a big-endian file's tables round, which pydicom hands on as they lie, and takes for little."""
    _, little = dataset.original_encoding
    for name in ("Red", "Green", "Blue"):
        element = dataset.get_item(f"{name}PaletteColorLookupTableData")
        if element is not None and not little:
            element = dataset[element.tag]
            element.value = np.frombuffer(element.value, dtype=np.uint16).byteswap().tobytes()


def _eight_bits(colour: npt.NDArray[Any], bits: int) -> npt.NDArray[np.uint8]:
    """Values of `bits` bits in use as values of 8."""
    return np.asarray(colour if colour.dtype == np.uint8 else colour >> max(bits - 8, 0), dtype=np.uint8)


def voi_window(dataset: Dataset) -> tuple[float, float] | None:
    """Low and high value of the first window (0028,1050 and 1051; PS3.3 C.11.2.1.2), or None."""
    center, width = dataset.get("WindowCenter"), dataset.get("WindowWidth")
    if center is None or width is None:
        return None
    first = [float(np.ravel(np.asarray(value, dtype=np.float64))[0]) for value in (center, width)]
    if not (np.isfinite(first).all() and first[1] > 1):
        return None
    return first[0] - 0.5 - (first[1] - 1) / 2, first[0] - 0.5 + (first[1] - 1) / 2


def _padding(dataset: Dataset) -> tuple[int, int] | None:
    """The lowest and highest value of padding (0028,0120 and 0121; PS3.3 C.7.5.1.1.2), or None."""
    ends = [dataset.get(name) for name in ("PixelPaddingValue", "PixelPaddingRangeLimit")]
    signed, little = bool(dataset.get("PixelRepresentation")), dataset.original_encoding[1]
    order: Literal["little", "big"] = "little" if little else "big"
    # Of two kinds of number, as the values are signed or not, pydicom hands on the bytes where the file tells neither.
    known = [int.from_bytes(end, order, signed=signed) if isinstance(end, bytes) else end for end in ends]
    numbers = [int(end) for end in known if end not in (None, "")]
    return (min(numbers), max(numbers)) if known[0] not in (None, "") else None


def rescaled(values: npt.NDArray[np.generic], dataset: Dataset) -> npt.NDArray[np.generic]:
    """Values after rescale slope and intercept (0028,1053 and 1052), which a window is told in."""
    slope, intercept = dataset.get("RescaleSlope"), dataset.get("RescaleIntercept")
    if slope is None or intercept is None or (float(slope), float(intercept)) == (1, 0):
        return values
    return np.asarray(values, dtype=np.float32) * np.float32(slope) + np.float32(intercept)
