"""Where the elements of a DICOM file lie, without decoding any: PS3.5 section 7, walked in a flat loop.

pydicom parses nested sequences by recursion and builds an object for each item, so a small hostile file costs it
the stack or the memory. Here headers are hopped over, nesting is a counter, and only the few elements that a picture
needs are handed on.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"

TRANSFER_SYNTAX, SOP_CLASS, ROWS = 0x00020010, 0x00080016, 0x00280010
DIRECTORY_RECORDS, REFERENCED_FILE = 0x00041220, 0x00041500
PIXEL_DATA = (0x7FE00010, 0x7FE00008, 0x7FE00009)

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD

LITTLE_HEADER, BIG_HEADER = struct.Struct("<HHL").unpack, struct.Struct(">HHL").unpack

LONG_LENGTHS = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
OTHER_BYTES = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW"}

DEEPEST = 64
"""Sequences within sequences; real reports reach about 20."""
MOST_INFLATED = 64_000_000
MOST_HEADERS = 100_000
"""Elements before the pixel data; a cine of 1000 frames with a full description of each has about 50,000."""
MOST_WITHIN = 200_000
"""Elements in the records of a directory; one of 10,000 pictures has about 150,000."""
LONGEST_NAME = 1000
LONGEST_TEXT = 256
MOST_KEPT = 4_000_000
"""Bytes of one element that is handed on; the largest real one is a palette of 128 kB."""


class BrokenDicom(Exception):
    """A file whose elements cannot be walked; the message says why."""


@dataclass(slots=True)
class Elements:
    """The top level of a DICOM file."""

    transfer_syntax: str
    explicit: bool
    little: bool
    spans: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    """Tag -> where the element's header starts, its value starts, and it ends."""
    pixel_tag: int | None = None
    pixel_start: int = 0
    """Where the value of the pixel data starts."""
    pixel_length: int | None = None
    """Bytes of pixel data in the header's words; None where encapsulated."""
    pixel_vr: str | None = None

    @property
    def order(self) -> str:
        return "<" if self.little else ">"


class _Header(NamedTuple):
    tag: int
    vr: bytes
    length: int
    start: int
    value: int


def looks_like_dicom(head: bytes) -> bool:
    """Whether `head`, a file's first bytes, has DICOM's mark, or starts with elements in rising order without it."""
    if head[128:132] == b"DICM":
        return True
    if len(head) < 16 or _guess_syntax(head) is None:
        return False
    stream, tags = BytesIO(head), list[int]()
    syntax = _guess_syntax(head) or IMPLICIT_LITTLE
    explicit, little = syntax != IMPLICIT_LITTLE, syntax != EXPLICIT_BIG
    while len(tags) < 4 and (header := _header(stream, explicit, little)) is not None:
        tags.append(header.tag)
        if header.length > len(head):
            break
        stream.seek(header.value + header.length)
    return len(tags) > 2 and all(first < second for first, second in itertools.pairwise(tags))


def open_elements(path: Path, stream: BinaryIO) -> tuple[BinaryIO, Elements]:
    """The stream that the spans refer to (`stream` itself, or its inflated content) and its elements.

    Raises `BrokenDicom`, for a file whose elements run past its end, too, unless the pixel data does: then the
    reader of the pixel data can say how much is missing.
    """
    head = stream.read(132)
    stream.seek(132 if head[128:132] == b"DICM" else 0)
    syntax = _transfer_syntax(stream)
    if syntax == DEFLATED:
        stream = _inflated(stream)
    start = stream.tell()
    guess = _guess_syntax(stream.read(16))
    stream.seek(start)
    syntax = syntax or guess or IMPLICIT_LITTLE
    explicit = syntax != IMPLICIT_LITTLE or guess == EXPLICIT_LITTLE  # the latter by a slip of some writers
    elements = Elements(syntax, explicit=explicit, little=syntax != EXPLICIT_BIG)
    _walk(stream, elements)
    return stream, elements


def text_of(stream: BinaryIO, elements: Elements, tag: int) -> str:
    """A top-level element's value as text, at most `LONGEST_TEXT` bytes of it; empty where there is none."""
    _, start, end = elements.spans.get(tag, (0, 0, 0))
    stream.seek(start)
    return stream.read(min(end - start, LONGEST_TEXT)).decode("ascii", "replace").strip("\0 ")


def kept_bytes(stream: BinaryIO, elements: Elements, tags: tuple[int, ...]) -> bytes:
    """The elements of `tags` that there are, one behind the other, as they lie in the file. Raises `BrokenDicom`."""
    parts = []
    for tag in sorted(set(tags) & elements.spans.keys()):
        start, _, end = elements.spans[tag]
        if end - start > MOST_KEPT:
            raise BrokenDicom(f"element {name_of(tag)} of {end - start} bytes is absurdly long")
        stream.seek(start)
        parts.append(stream.read(end - start))
    return b"".join(parts)


def fragments(stream: BinaryIO, elements: Elements) -> Iterator[tuple[int, int]]:
    """Where each fragment of encapsulated pixel data starts and how long it is; the offset table is the first.

    Raises `BrokenDicom` where the data ends early or is no row of items.
    """
    size = stream.seek(0, 2)
    place = elements.pixel_start
    while True:
        stream.seek(place)
        head = stream.read(8)
        if len(head) < 8:
            raise BrokenDicom("the file ends within its pixel data")
        group, element, length = struct.unpack(elements.order + "HHL", head)
        tag = group << 16 | element
        if tag == SEQUENCE_END:
            return
        if tag != ITEM or length == UNDEFINED:
            raise BrokenDicom(f"{name_of(tag)} stands where a fragment of pixel data should")
        if place + 8 + length > size:
            raise BrokenDicom("the file ends within its pixel data")
        yield place + 8, length
        place += 8 + length


def values_within(stream: BinaryIO, elements: Elements, sequence: int, tag: int) -> Iterator[bytes]:
    """The values of `tag` in the items of a top-level sequence, in order. Raises `BrokenDicom` for absurdly many."""
    _, start, end = elements.spans[sequence]
    stream.seek(start)
    for _ in range(MOST_WITHIN):
        header = _header(stream, elements.explicit, elements.little)
        if header is None or header.start >= end:
            return
        if header.tag in (ITEM, ITEM_END, SEQUENCE_END) or header.length == UNDEFINED:
            continue
        if header.tag == tag:
            yield stream.read(min(header.length, LONGEST_NAME))
        stream.seek(header.value + header.length)
    raise BrokenDicom(f"its sequence {name_of(sequence)} holds more than {MOST_WITHIN} elements")


def name_of(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _transfer_syntax(stream: BinaryIO) -> str:
    """The transfer syntax that the file's meta group names ("" for none), always explicit and little endian."""
    syntax = ""
    size = _size(stream)
    while (header := _header(stream, explicit=True, little=True)) is not None and header.tag >> 16 == 0x0002:
        value = stream.read(min(header.length, 128)) if header.tag == TRANSFER_SYNTAX else b""
        syntax = value.rstrip(b"\0 ").decode("ascii", "replace") if value else syntax
        if header.value + header.length > size:
            raise BrokenDicom(f"the file ends within element {name_of(header.tag)}")
        stream.seek(header.value + header.length)
    if header is None:
        raise BrokenDicom("the file ends where its data set should begin")
    stream.seek(header.start)
    return syntax


def _size(stream: BinaryIO) -> int:
    """The length of the whole stream, which stays where it is."""
    here = stream.tell()
    size = stream.seek(0, 2)
    stream.seek(here)
    return size


def _walk(stream: BinaryIO, elements: Elements) -> None:
    size = _size(stream)
    depth, top, count = 0, _Header(0, b"", 0, 0, 0), 0
    while (header := _header(stream, elements.explicit, elements.little)) is not None:
        count += 1
        if count > MOST_HEADERS:
            raise BrokenDicom(f"it has more than {MOST_HEADERS} elements before its pixel data")
        if header.tag in (ITEM, ITEM_END):
            continue
        if header.tag == SEQUENCE_END:
            depth -= 1
            if depth < 0:
                raise BrokenDicom("a sequence ends that never began")
        elif depth == 0 and header.tag in PIXEL_DATA:
            _note_pixel_data(elements, header)
            return
        elif header.length == UNDEFINED and header.vr not in OTHER_BYTES:
            top = header if depth == 0 else top
            depth += 1
            if depth > DEEPEST:
                raise BrokenDicom(f"sequences are nested more than {DEEPEST} deep")
        else:
            top = header if depth == 0 else top
            end = _end_of_fragments(stream, elements) if header.length == UNDEFINED else header.value + header.length
            if end > size:
                raise BrokenDicom(f"the file ends within element {name_of(header.tag)}")
            if end != header.value:
                stream.seek(end)
        if depth == 0:
            elements.spans[top.tag] = (top.start, top.value, stream.tell())
    if depth or stream.read().strip(b"\0"):
        raise BrokenDicom("the file ends within a sequence or an element")


def _note_pixel_data(elements: Elements, header: _Header) -> None:
    elements.pixel_tag = header.tag
    elements.pixel_start = header.value
    elements.pixel_length = None if header.length == UNDEFINED else header.length
    elements.pixel_vr = header.vr.decode("ascii", "replace") or None


def _header(stream: BinaryIO, explicit: bool, little: bool) -> _Header | None:
    """The element header here; None at the end of the file, with the stream left before what is too short for one."""
    start = stream.tell()
    raw = stream.read(8)
    if len(raw) < 8:
        stream.seek(start)
        return None
    group, element, length = (LITTLE_HEADER if little else BIG_HEADER)(raw)
    vr = raw[4:6]
    if not explicit or group == 0xFFFE or not b"AA" <= vr <= b"ZZ":  # the last: a writer's slip into implicit
        return _Header(group << 16 | element, b"", length, start, start + 8)
    if vr not in LONG_LENGTHS:
        return _Header(group << 16 | element, vr, int.from_bytes(raw[6:], _byte_order(little)), start, start + 8)
    more = stream.read(4)
    if len(more) < 4:
        stream.seek(start)
        return None
    return _Header(group << 16 | element, vr, int.from_bytes(more, _byte_order(little)), start, start + 12)


def _byte_order(little: bool) -> Literal["little", "big"]:
    return "little" if little else "big"


def _end_of_fragments(stream: BinaryIO, elements: Elements) -> int:
    """Where encapsulated bytes that are no pixel data end, behind their delimiter."""
    nested = Elements("", elements.explicit, elements.little, pixel_start=stream.tell())
    end = nested.pixel_start
    for start, length in fragments(stream, nested):
        end = start + length
    return end + 8


def _guess_syntax(head: bytes) -> str | None:
    """The transfer syntax of a data set without a meta group, told from its first element; None if it is none."""
    first = {head[:2], head[1::-1]}
    if b"\x08\x00" not in first and b"\x02\x00" not in first:
        return None
    little = head[1] == 0
    if head[4:6].isalpha() and head[4:6].isupper():
        return EXPLICIT_LITTLE if little else EXPLICIT_BIG
    return IMPLICIT_LITTLE if little and int.from_bytes(head[4:8], "little") < 4096 else None


def _inflated(stream: BinaryIO) -> BinaryIO:
    try:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        content = inflater.decompress(stream.read(), MOST_INFLATED)
    except zlib.error as error:
        raise BrokenDicom(f"its deflated content is damaged ({error})") from error
    if inflater.unconsumed_tail:
        raise BrokenDicom(f"its deflated content is larger than {MOST_INFLATED // 1_000_000} MB")
    return BytesIO(content)
