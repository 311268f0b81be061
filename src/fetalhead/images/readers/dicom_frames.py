"""The frames of a DICOM file's pixel data, one at a time, each checked against what the header claims."""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterator
from typing import BinaryIO

from fetalhead.images.readers.dicom_elements import BrokenDicom, Elements, fragments

log = logging.getLogger(__name__)

JPEG, JPEG_2000, JP2 = b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0c"
CODING_STYLE, START_OF_TILE = 0x52, 0x90
"""Second bytes of JPEG 2000's COD and SOT marks."""
STARTS = (JPEG, JPEG_2000, JP2)
"""How the first fragment of a frame begins: JPEG and JPEG-LS, JPEG 2000, JPEG 2000 in its file format."""


def native_bytes(stream: BinaryIO, elements: Elements) -> int:
    """Bytes of uncompressed pixel data that the file really holds. Raises `BrokenDicom` where it is compressed."""
    if elements.pixel_length is None:
        raise BrokenDicom("its pixel data is compressed, and its transfer syntax says that it is not")
    return min(elements.pixel_length, stream.seek(0, 2) - elements.pixel_start)


def encapsulated_frames(stream: BinaryIO, elements: Elements, claimed: int | None) -> Iterator[bytes]:
    """The compressed frames, whole.

    A frame starts at the fragment with the mark that a JPEG or JPEG 2000 stream begins with; RLE has none, and by
    the standard one fragment a frame. Offset tables, often empty or wrong, are not needed. Fewer or more frames than
    `claimed` are logged, unless that is None. Raises `BrokenDicom` after the last whole frame of a file that ends
    early.
    """
    places, fault = fragment_places(stream, elements)
    marked = [_begins(stream, start) for start, _ in places]
    count = 0
    for group in _grouped(places, marked if any(marked) else [True] * len(places)):
        frame = b"".join(_bytes(stream, place) for place in group)
        if frame:
            count += 1
            yield frame
    if fault is not None:
        raise fault
    if count == 0:
        raise BrokenDicom("its pixel data holds no frame")
    if claimed is not None:
        log_count(stream, claimed, count)


def log_count(stream: BinaryIO, claimed: int, count: int) -> None:
    """Log where a file holds another number of frames than its header claims."""
    if count != claimed:
        log.warning("%s: header claims %d frames, the file holds %d", getattr(stream, "name", ""), claimed, count)


Place = tuple[int, int]
"""Where a fragment starts, and how long it is."""


def fragment_places(stream: BinaryIO, elements: Elements) -> tuple[list[Place], BrokenDicom | None]:
    """The fragments without the offset table, as far as the file goes, and why no further."""
    found: list[Place] = []
    try:
        for place in fragments(stream, elements):
            found.append(place)
    except BrokenDicom as error:
        return found[1:], error
    return found[1:], None


def _bytes(stream: BinaryIO, place: Place) -> bytes:
    stream.seek(place[0])
    return stream.read(place[1])


def _begins(stream: BinaryIO, start: int) -> bool:
    return _bytes(stream, (start, 4)).startswith(STARTS)


def _grouped(places: list[Place], begins: list[bool]) -> Iterator[list[Place]]:
    group: list[Place] = []
    for place, begin in zip(places, begins, strict=True):
        if begin and group:
            yield group
            group = []
        group.append(place)
    if group:
        yield group


def stream_size(frame: bytes) -> tuple[int, int] | None:
    """Rows and columns that a JPEG, JPEG-LS or JPEG 2000 stream itself claims; None for another stream.

    ISO/IEC 10918-1 B.2.2 (frame header), 14495-1 C.2.2, 15444-1 A.5.1 (SIZ). Raises `BrokenDicom`.
    """
    if frame.startswith((JPEG_2000, JP2)) and (start := frame.find(JPEG_2000)) >= 0:
        right, bottom, left, top = struct.unpack(">4L", frame[start + 8 : start + 24].ljust(16, b"\0"))
        return bottom - top, right - left
    if not frame.startswith(JPEG):
        return None
    place = 2
    while place + 9 <= len(frame):
        if frame[place] != 0xFF:
            raise BrokenDicom("a frame's JPEG stream is damaged")
        kind = frame[place + 1]
        if kind == 0xFF or kind == 0x01 or 0xD0 <= kind <= 0xD8:  # fill bytes and marks without a length
            place += 1 if kind == 0xFF else 2
        elif kind == 0xF7 or (0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC)):
            return int.from_bytes(frame[place + 5 : place + 7], "big"), int.from_bytes(
                frame[place + 7 : place + 9], "big"
            )
        else:
            place += 2 + int.from_bytes(frame[place + 2 : place + 4], "big")
    raise BrokenDicom("a frame's JPEG stream ends within its header")


def holds_rgb(frame: bytes) -> bool:
    """Whether a JPEG 2000 stream transforms its colours itself, so that red, green, blue come out of it.

    ISO/IEC 15444-1 A.6.1: the multiple component transformation of the COD marker segment.
    """
    start = frame.find(JPEG_2000) if frame.startswith((JPEG_2000, JP2)) else -1
    place = start + 2
    while start >= 0 and place + 9 <= len(frame) and frame[place] == 0xFF and frame[place + 1] != START_OF_TILE:
        if frame[place + 1] == CODING_STYLE:
            return frame[place + 8] == 1
        place += 2 + int.from_bytes(frame[place + 2 : place + 4], "big")
    return False


def check_frame(frame: bytes, rows: int, columns: int, raw_bytes: int) -> None:
    """Raises `BrokenDicom` where a compressed frame claims another size than the header, or is larger than raw."""
    if len(frame) > 2 * raw_bytes + 1_000_000:
        raise BrokenDicom(f"a frame of {raw_bytes} bytes takes {len(frame)} compressed")
    size = stream_size(frame)
    if size is not None and size != (rows, columns):
        raise BrokenDicom(f"a frame is {size[1]} x {size[0]} where its header claims {columns} x {rows}")
