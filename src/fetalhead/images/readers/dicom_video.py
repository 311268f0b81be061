"""DICOM cines stored as a video (MPEG-2, MPEG-4, H.264, HEVC), decoded by PyAV a frame at a time."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from fetalhead.images.readers.containers import AS_A_STREAM
from fetalhead.images.readers.decoded_frames import FrameOrder, prepare
from fetalhead.images.readers.dicom_elements import BrokenDicom, Elements
from fetalhead.images.readers.dicom_frames import Place, fragment_places, log_count
from fetalhead.images.readers.faults import unreadable
from fetalhead.images.readers.grey import Grey

VIDEO = {
    "1.2.840.10008.1.2.4.100": "MPEG-2",
    "1.2.840.10008.1.2.4.100.1": "MPEG-2",
    "1.2.840.10008.1.2.4.101": "MPEG-2",
    "1.2.840.10008.1.2.4.101.1": "MPEG-2",
    "1.2.840.10008.1.2.4.102": "MPEG-4 H.264",
    "1.2.840.10008.1.2.4.102.1": "MPEG-4 H.264",
    "1.2.840.10008.1.2.4.103": "MPEG-4 H.264",
    "1.2.840.10008.1.2.4.103.1": "MPEG-4 H.264",
    "1.2.840.10008.1.2.4.104": "MPEG-4 H.264",
    "1.2.840.10008.1.2.4.104.1": "MPEG-4 H.264",
    "1.2.840.10008.1.2.4.107": "HEVC H.265",
    "1.2.840.10008.1.2.4.108": "HEVC H.265",
}
"""Transfer syntaxes of PS3.5 8.2.5 to 8.2.9, less the stereoscopic ones, in which a frame holds two pictures."""

CODED_MARGIN = 64
"""Coded pictures are padded to whole blocks, of at most so many pixels."""

NAMED = 8
"""So many damaged frames are named one by one."""


def check_decoder(path: Path, transfer_syntax: str) -> None:
    """Raises `UnreadableImage` where PyAV is not installed."""
    try:
        import av  # noqa: F401
    except ImportError as error:
        raise unreadable(
            path,
            f"{VIDEO[transfer_syntax]} video in DICOM needs the package av, which is not installed: "
            "pip install 'fetalhead[video]'",
        ) from error


class DamagedFrames(BrokenDicom):
    """Frames that were left out; all others were given."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.numbers = numbers
        named = ", ".join(map(str, numbers[:NAMED])) + (", ..." if len(numbers) > NAMED else "")
        what = "1 frame of its video is" if len(numbers) == 1 else f"{len(numbers)} frames of its video are"
        super().__init__(f"{what} damaged and left out ({named})")


def video_frames(stream: BinaryIO, elements: Elements, rows: int, columns: int, claimed: int) -> Iterator[Grey]:
    """The (H, W) sound frames of the video in the pixel data, as many as the stream holds.

    A count other than `claimed` is logged. Raises `BrokenDicom`, after the frames before the fault, and `DamagedFrames`
    after all others.
    """
    return (pixels for _, pixels in numbered_frames(stream, elements, rows, columns, claimed))


def numbered_frames(
    stream: BinaryIO, elements: Elements, rows: int, columns: int, claimed: int
) -> Iterator[tuple[int, Grey]]:
    """As `video_frames`, each with its number, counted from 0 with the damaged ones."""
    import av

    places, fault = fragment_places(stream, elements)
    most_pixels = (rows + CODED_MARGIN) * (columns + CODED_MARGIN)
    options = {**AS_A_STREAM, "max_pixels": str(most_pixels)}
    damaged: list[int] = []
    count = 0
    try:
        with av.open(Joined(stream, places), mode="r", options=options) as container:
            if not container.streams.video:
                raise BrokenDicom("its video holds no pictures")
            prepare(container.streams.video[0], most_pixels)
            for decoded in FrameOrder(container, container.streams.video[0]).frames():
                count += 1
                if (frame := decoded.frame) is None:
                    damaged.append(decoded.number)
                    continue
                if (frame.height, frame.width) != (rows, columns):
                    raise BrokenDicom(
                        f"its video is {frame.width} x {frame.height} where its header claims {columns} x {rows}"
                    )
                yield decoded.number, np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8)
    except av.FFmpegError as error:
        raise fault or BrokenDicom(f"its video cannot be decoded ({error.strerror})") from error
    if fault is not None:
        raise BrokenDicom(f"{fault}; {DamagedFrames(damaged)}") if damaged else fault
    if count == len(damaged):
        raise BrokenDicom(f"its video holds no frame{' that is not damaged' if damaged else ''}")
    log_count(stream, claimed, count)
    if damaged:
        raise DamagedFrames(damaged)


class Joined(io.RawIOBase):
    """Fragments of a stream as one stream, read where they lie."""

    def __init__(self, stream: BinaryIO, places: Sequence[Place]) -> None:
        self._stream, self._places = stream, places
        self._size = sum(length for _, length in places)
        self._here = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._here

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._here, io.SEEK_END: self._size}[whence]
        self._here = max(0, origin + offset)
        return self._here

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Up to the end of the fragment that the position lies in; 0 at the end of the last."""
        left = self._here
        for start, length in self._places:
            if left < length:
                self._stream.seek(start + left)
                content = self._stream.read(min(len(buffer), length - left))
                buffer[: len(content)] = content
                self._here += len(content)
                return len(content)
            left -= length
        return 0
