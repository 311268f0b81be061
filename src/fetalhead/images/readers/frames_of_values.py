"""Frames of plain or zlib-packed numbers behind a header: what MetaImage and NIfTI files come to.

The first axis is x, the second y, and any further one time; frames are read one at a time. What the header claims is
compared with what the file holds before the first frame is given out, and never allocated beforehand. All frames of a
file share one window, so that a cine does not flicker.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
import numpy.typing as npt

from fetalhead.errors import FetalheadError
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.pixel_size import PixelSize, default_spacing
from fetalhead.images.readers.faults import check_claim, check_size, unreadable
from fetalhead.images.readers.grey import Grey, ValueRange, grey_of_colour, grey_of_values, over_black

PIECE = 1 << 18
"""Bytes that are read, or unpacked, at a time."""

EITHER_WRAPPER = 32 + zlib.MAX_WBITS
"""zlib's word for "a zlib or a gzip stream, as its first bytes tell"."""


@dataclass(frozen=True, slots=True)
class Values:
    """What a header says of the numbers behind it."""

    shape: tuple[int, ...]
    """Columns, rows, and any further axes."""
    dtype: np.dtype[Any]
    """Of one channel."""
    start: int
    """Bytes of the file before the numbers or, where they are packed, before the packed stream."""
    channels: int = 1
    """1 grey, 3 red green blue, 4 with alpha, together for each pixel."""
    packed: bool = False
    skip: int = 0
    """Bytes of the unpacked stream before the numbers."""
    slope: float = 1
    intercept: float = 0
    """What the numbers stand for is slope x number + intercept."""

    @property
    def frames(self) -> int:
        """Along the one further axis that is longer than 1."""
        return max(self.shape[2:], default=1)

    @property
    def frame_bytes(self) -> int:
        return self.shape[0] * self.shape[1] * self.channels * self.dtype.itemsize

    @property
    def bytes(self) -> int:
        """Of all frames."""
        return self.frames * self.frame_bytes

    @property
    def are_grey(self) -> bool:
        """Whether the numbers are grey values of 0 to 255 as they are."""
        return self.channels == 1 and self.dtype == np.uint8 and (self.slope, self.intercept) == (1, 0)


Item = TypeVar("Item")

Use = Callable[[Path, BinaryIO, Values, PixelSize], Iterator[Item]]
"""What is made of the numbers behind a header: pictures (`read_values`), or the numbers themselves (`read_numbers`)."""


def read_numbers(path: Path, stream: BinaryIO, values: Values, _: PixelSize) -> Iterator[npt.NDArray[Any]]:
    """The numbers of each frame, (H, W) or (H, W, channels), as they are. Raises as `read_values` does."""
    _check_header(path, values)
    _check_length(path, stream, values)
    yield from _frames(path, stream, values)


def read_values(path: Path, stream: BinaryIO, values: Values, pixel_size: PixelSize) -> Iterator[UltrasoundImage]:
    """The frames in `stream`. Raises `UnreadableImage` where the header makes no sense or does not fit the file."""
    _check_header(path, values)
    _check_length(path, stream, values)
    seen: ValueRange | None = None
    if values.packed or not values.are_grey:
        for frame in _frames(path, stream, values):
            seen = ValueRange.of(frame) | seen
    for number, frame in enumerate(_frames(path, stream, values)):
        yield UltrasoundImage(_grey(frame, seen), pixel_size, path, number if values.frames > 1 else None)


def pixel_size_of(x: float, y: float, mm: float = 1) -> PixelSize:
    """The size from the spacing along x and y in units of `mm`; 1 by 1 is what writers put where they know none."""
    if default := default_spacing(x, y) or default_spacing(x * mm, y * mm):
        return PixelSize.unknown(f"its spacing: {default}")
    try:
        return PixelSize.make(x * mm, y * mm, "image-header")
    except FetalheadError as error:
        return PixelSize.unknown(f"its header's {error}")


def _check_header(path: Path, values: Values) -> None:
    columns, rows = values.shape[:2]
    if min(values.shape) < 1:
        raise unreadable(path, f"its header claims a size of {' x '.join(map(str, values.shape))}")
    check_size(path, rows, columns)
    if sum(length > 1 for length in values.shape[2:]) > 1:
        shown = " x ".join(map(str, values.shape))
        raise unreadable(path, f"a picture of {shown}: beyond x and y only one axis, time, may be longer than 1")
    if values.dtype.kind not in "iuf" or values.dtype.itemsize > 8:
        raise unreadable(path, f"values of type {values.dtype} are no grey values")
    if values.channels not in (1, 3, 4) or (values.channels > 1 and values.dtype != np.uint8):
        raise unreadable(path, f"{values.channels} values of {values.dtype} a pixel are neither grey nor 8-bit colour")


def _check_length(path: Path, stream: BinaryIO, values: Values) -> None:
    """Plain numbers fit the file to the byte. Packed ones are counted as they are first unpacked, if at all likely."""
    held = os.fstat(stream.fileno()).st_size - values.start
    if values.packed:
        check_claim(path, values.frame_bytes, values.bytes + values.skip, held)
    elif held != values.bytes:
        raise _misfit(path, values, f"{max(held, 0)} bytes")


def _misfit(path: Path, values: Values, held: str) -> FetalheadError:
    shown = " x ".join(map(str, values.shape))
    return unreadable(
        path,
        f"its header claims {shown} pixels ({values.bytes} bytes) and the data has {held}",
    )


def _frames(path: Path, stream: BinaryIO, values: Values) -> Iterator[npt.NDArray[Any]]:
    """(H, W) or (H, W, channels) numbers of each frame; raises where packed ones do not fit the header."""
    stream.seek(values.start)
    source = _Unpacked(path, stream) if values.packed else stream
    shape = (values.shape[1], values.shape[0], *((values.channels,) if values.channels > 1 else ()))
    left = values.skip
    while left and (piece := source.read(min(PIECE, left))):
        left -= len(piece)
    for _ in range(values.frames):
        content = bytearray(source.read(values.frame_bytes))  # bytes would make arrays that nobody may write to
        if len(content) < values.frame_bytes:
            raise _misfit(path, values, "less")
        numbers = np.frombuffer(content, values.dtype).reshape(shape)
        if (values.slope, values.intercept) != (1, 0):
            numbers = numbers * np.float32(values.slope) + np.float32(values.intercept)
        yield numbers
    if source.read(1):
        raise _misfit(path, values, "more")


def _grey(frame: npt.NDArray[Any], seen: ValueRange | None) -> Grey:
    if frame.ndim == 3:
        return grey_of_colour(frame) if frame.shape[2] == 3 else over_black(frame)
    return frame if frame.dtype == np.uint8 else grey_of_values(frame, seen)


class _Unpacked:
    """A zlib or gzip stream (of one member or several) as bytes to read, never more of them than asked for."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self._path, self._stream = path, stream
        self._unpacker = zlib.decompressobj(EITHER_WRAPPER)
        self._waiting = b""

    def read(self, count: int) -> bytes:
        """`count` bytes, or what is left. Raises `UnreadableImage` where the stream is damaged."""
        got = bytearray()
        while len(got) < count:
            if self._unpacker.eof:
                self._waiting = self._unpacker.unused_data
                self._unpacker = zlib.decompressobj(EITHER_WRAPPER)
            self._waiting = self._waiting or self._stream.read(PIECE)
            if not self._waiting:
                break
            try:
                got += self._unpacker.decompress(self._waiting, min(count - len(got), PIECE))
            except zlib.error as error:
                raise unreadable(self._path, f"its packed data is damaged: {error}") from error
            self._waiting = self._unpacker.unconsumed_tail
        return bytes(got)
