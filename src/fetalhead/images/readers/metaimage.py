"""MetaImage (.mha, .mhd): a text header, then numbers in the same file or in one beside it.

Parsed here rather than by a library: the header is a dozen lines of `Name = value`, and the libraries that read it open
whatever file it names, and allocate whatever size it claims.

- A header opens data files of its own folder only: no path, no list of files, no pattern, no link out of the folder.
- The spacing of the first two axes is the pixel size; 1 by 1 means that the writer knew none. A third axis is time.
- The picture is shown as it is stored, first axis to the right, second down. `TransformMatrix` says how it lies in a
  room that freehand ultrasound does not know, not how the scanner showed it: a direction of -1 turns nothing, as in
  the arrays that other readers give. Lengths do not depend on it.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import Any, BinaryIO, TypeVar

import numpy as np
import numpy.typing as npt

from fetalhead.errors import UnreadableImage, reason_of
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.pixel_size import PixelSize
from fetalhead.images.readers.faults import unreadable
from fetalhead.images.readers.frames_of_values import Item, Use, Values, pixel_size_of, read_numbers, read_values

Number = TypeVar("Number", int, float)

USUAL_HEADER, LONGEST_HEADER = 1 << 18, 1 << 22
"""Bytes; headers take less than a thousand, with all of a DICOM file's elements in them a few ten thousand. A tracked
cine has several transforms a frame."""

LAST_FIELD = "ElementDataFile"

TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4",
    "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip
"""MET_LONG is not among them: it has 4 bytes or 8, as the machine had that wrote it."""

LOCAL = ("LOCAL", "Local", "local")
"""Words for "in this file, behind this line"."""

AT_THE_END = -1
"""A `HeaderSize` that says: the numbers are the last of the file, whatever comes before them."""

UNITS = {"": 1.0, "?": 1.0, "mm": 1.0, "um": 0.001, "cm": 10.0}
"""`DistanceUnits` in mm; where they are not told, readers take mm."""

NO_SPACING = PixelSize.unknown("its header tells no spacing")


def recognises(head: bytes, path: Path) -> bool:
    """A first line `Name = value`, and the number of axes in the first 4096 bytes, of an image or of who knows what."""
    kind = re.search(rb"^ObjectType\s*=\s*(\w*)", head, re.MULTILINE)
    return (
        re.match(rb"\s*[A-Za-z]\w*\s*=", head) is not None
        and re.search(rb"^NDims\s*=", head, re.MULTILINE) is not None
        and (kind is None or kind[1] == b"Image")
    )


def holds_picture(path: Path) -> bool:
    return True


def read(path: Path) -> Iterator[UltrasoundImage]:
    """The frames. Raises `UnreadableImage`."""
    return _read(path, read_values)


def numbers(path: Path) -> Iterator[npt.NDArray[Any]]:
    """The numbers of each frame as they are, such as the values of a mask. Raises `UnreadableImage`."""
    return _read(path, read_numbers)


def data_file(path: Path) -> Path | None:
    """The file beside a header at `path` that holds its numbers; None where there is none, or none that may be read."""
    try:
        with open(path, "rb") as stream:
            name = _Header.read(path, stream).text(LAST_FIELD)
            return None if name in LOCAL else _data_file(path, name)
    except (UnreadableImage, OSError):
        return None


def _read(path: Path, use: Use[Item]) -> Iterator[Item]:
    try:
        with open(path, "rb") as stream:
            header = _Header.read(path, stream)
            if header.text(LAST_FIELD) in LOCAL:
                yield from _frames(header, stream, header.length, use)
                return
        with open(_data_file(path, header.text(LAST_FIELD)), "rb") as stream:
            yield from _frames(header, stream, 0, use)
    except UnreadableImage:
        raise
    except Exception as error:
        raise unreadable(path, f"cannot be read as a MetaImage: {reason_of(error)}") from error


@dataclass(frozen=True, slots=True)
class _Header:
    """The fields of a header, checked as they are asked for."""

    path: Path
    fields: dict[str, str]
    length: int
    """Bytes up to the end of the line that names the data file, the last one."""

    @classmethod
    def read(cls, path: Path, stream: BinaryIO) -> _Header:
        content = stream.read(USUAL_HEADER)
        if LAST_FIELD.encode() not in content:
            content += stream.read(LONGEST_HEADER - USUAL_HEADER)
        fields: dict[str, str] = {}
        length = 0
        for line in content.splitlines(keepends=True):
            length += len(line)
            name, sign, value = line.decode("utf-8", "replace").partition("=")
            if sign:
                fields[name.strip()] = value.strip()
                if name.strip() == LAST_FIELD:
                    return cls(path, fields, length)
            elif name.strip():
                break
        raise unreadable(path, "damaged MetaImage header: it does not come to ElementDataFile")

    def text(self, name: str, default: str | None = None) -> str:
        value = self.fields.get(name, default)
        if value is None:
            raise unreadable(self.path, f"damaged MetaImage header: it has no {name}")
        return value

    def numbers(self, name: str, kind: Callable[[str], Number], default: str | None = None) -> list[Number]:
        text = self.text(name, default)
        try:
            return [kind(word) for word in text.split()]
        except (ValueError, OverflowError):
            raise unreadable(self.path, f"damaged MetaImage header: {name} is {text[:40]!r}") from None

    def number(self, name: str, default: str | None = None) -> int:
        numbers = self.numbers(name, int, default)
        if len(numbers) != 1:
            raise unreadable(self.path, f"damaged MetaImage header: {name} is {self.text(name, default)[:40]!r}")
        return numbers[0]

    def flag(self, *names: str, default: str = "False") -> bool:
        return next((self.fields[name] for name in names if name in self.fields), default)[:1] in ("T", "t", "1")

    @property
    def shape(self) -> tuple[int, ...]:
        shape = tuple(self.numbers("DimSize", int))
        if not 2 <= self.number("NDims") == len(shape):
            raise unreadable(self.path, f"its header claims {self.text('NDims')} axes, and {len(shape)} sizes of them")
        return shape

    @property
    def dtype(self) -> np.dtype[np.generic]:
        kind = self.text("ElementType")
        if kind not in TYPES:
            raise unreadable(self.path, f"values of type {kind[:40]} are not read ({', '.join(TYPES)})")
        order = ">" if self.flag("BinaryDataByteOrderMSB", "ElementByteOrderMSB") else "<"
        return np.dtype(order + TYPES[kind])

    @property
    def pixel_size(self) -> PixelSize:
        # ElementSize is how large an element is, which tells their distance where nothing else does
        name = next((name for name in ("ElementSpacing", "ElementSize") if name in self.fields), None)
        if name is None:
            return NO_SPACING
        unit = self.text("DistanceUnits", "")
        try:
            x, y = map(float, self.fields[name].split()[:2])
            return pixel_size_of(x, y, UNITS[unit])
        except (ValueError, KeyError):
            return PixelSize.unknown(f"its header's {name} is {self.fields[name][:40]!r} {unit[:40]}".rstrip())


def _frames(header: _Header, stream: BinaryIO, after: int, use: Use[Item]) -> Iterator[Item]:
    """The frames in `stream`, whose numbers start `after` the header, or as much further as the header says."""
    if not header.flag("BinaryData", default="True"):
        raise unreadable(header.path, "its pixels are written as text, which is not read")
    further = header.number("HeaderSize", "0")
    packed = header.flag("CompressedData")
    values = Values(
        header.shape, header.dtype, after + max(0, further), header.number("ElementNumberOfChannels", "1"), packed
    )
    if further == AT_THE_END and not packed:
        values = replace(values, start=max(after, os.fstat(stream.fileno()).st_size - values.bytes))
    yield from use(header.path, stream, values, header.pixel_size)


def _data_file(path: Path, name: str) -> Path:
    """The file `name` in the folder of the header at `path`. Raises `UnreadableImage` for one anywhere else."""
    if name.split()[:1] == ["LIST"] or "%" in name:
        raise unreadable(path, f"its data is spread over several files ({name[:80]!r}); write it as one .mha file")
    if not name or name in (".", "..") or "\0" in name or PureWindowsPath(name).name != name:
        raise unreadable(path, f"its data file {name[:80]!r} is no name of a file in the header's own folder")
    data = path.parent / name
    try:
        real = data.resolve(strict=True)
        if real.parent != path.parent.resolve(strict=True):
            raise unreadable(path, f"its data file {name[:80]!r} is a link out of the header's own folder")
        if not stat.S_ISREG(real.stat().st_mode):
            raise unreadable(path, f"its data file {name[:80]!r} is no regular file")
    except (OSError, RuntimeError) as error:
        raise unreadable(path, f"its data file {name[:80]!r} cannot be opened: {reason_of(error)}") from error
    return real
