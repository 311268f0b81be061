"""DICOM cines stored as a video (MPEG-2, MPEG-4, H.264, HEVC), decoded by PyAV a frame at a time."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from fetalhead.images.readers.containers import AS_A_STREAM
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


def video_frames(stream: BinaryIO, elements: Elements, rows: int, columns: int, claimed: int) -> Iterator[Grey]:
    """The (H, W) frames of the video in the pixel data, as many as the stream holds.

    A count other than `claimed` is logged. Raises `BrokenDicom`, after the frames before the fault.
    """
    import av

    places, fault = fragment_places(stream, elements)
    options = {**AS_A_STREAM, "max_pixels": str((rows + CODED_MARGIN) * (columns + CODED_MARGIN))}
    count = 0
    try:
        with av.open(Joined(stream, places), mode="r", options=options) as container:
            if not container.streams.video:
                raise BrokenDicom("its video holds no pictures")
            for frame in container.decode(container.streams.video[0]):
                if (frame.height, frame.width) != (rows, columns):
                    raise BrokenDicom(
                        f"its video is {frame.width} x {frame.height} where its header claims {columns} x {rows}"
                    )
                if frame.is_corrupt:
                    raise BrokenDicom(f"frame {count} of its video is damaged")
                count += 1
                yield np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8)
    except av.FFmpegError as error:
        raise fault or BrokenDicom(f"its video cannot be decoded ({error.strerror})") from error
    if fault is not None:
        raise fault
    if count == 0:
        raise BrokenDicom("its video holds no frame")
    log_count(stream, claimed, count)


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
