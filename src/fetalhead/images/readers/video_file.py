"""A video file's frames in the order of showing, with their times, and what is wrong with them; decoded by PyAV.

The file is handed to FFmpeg as a stream, and playlists, which name other files to open, are no video here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fetalhead.errors import MissingExtra, reason_of
from fetalhead.images.readers.containers import AS_A_STREAM
from fetalhead.images.readers.decoded_frames import FrameOrder, prepare
from fetalhead.images.readers.faults import check_size, unreadable

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

SHORT_S, SHORT_SHARE = 0.5, 0.02
"""A video that ends so much before the time that its header claims was cut off."""

NAMED = 8
"""So many damaged frames are named one by one."""


@dataclass(slots=True)
class Faults:
    """What went wrong while a clip was read."""

    damaged: list[str] = field(default_factory=list)
    """Numbers (or file names) of the frames that were skipped."""
    ending: str = ""
    """Why the clip ends before its end; empty where it does not."""

    def __bool__(self) -> bool:
        return bool(self.damaged or self.ending)

    def __str__(self) -> str:
        """All on one line."""
        parts = []
        if self.damaged:
            shown = ", ".join(self.damaged[:NAMED]) + (", ..." if len(self.damaged) > NAMED else "")
            count = len(self.damaged)
            parts.append(f"{count} damaged frame{'' if count == 1 else 's'} skipped ({shown})")
        return "; ".join([*parts, *([self.ending] if self.ending else [])])


@dataclass(frozen=True, slots=True)
class VideoPicture:
    """A sound frame of a video."""

    number: int
    """Counted from 0 in the order of showing, damaged ones included."""
    frame: VideoFrame
    time_s: float | None
    """Seconds since the first frame, rising; None where the file has no stamps."""
    aspect: Fraction
    """How much wider than high its pixels are, as they are stored."""


def require_av() -> Any:
    """The module `av`. Raises `MissingExtra`."""
    try:
        import av
    except ImportError as error:
        raise MissingExtra("reading and writing video", "av", "video") from error
    av.logging.set_level(av.logging.PANIC)
    return av


@contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    av = require_av()
    with open(path, "rb") as file:
        if not file.read(1):
            raise unreadable(path, "is empty")
        file.seek(0)
        try:
            container = av.open(file, mode="r", options=AS_A_STREAM, buffer_size=1 << 17)
        except av.FFmpegError as error:
            reason = f"is no video that can be read, or its start or index is missing ({error.strerror})"
            raise unreadable(path, reason) from error
        with container:
            streams = [stream for stream in container.streams.video if not _is_cover(stream)]
            if not streams:
                kinds = sorted({stream.type for stream in container.streams})
                raise unreadable(path, f"holds no video, only {' and '.join(kinds) or 'nothing'}")
            stream = streams[0]
            if stream.codec_context is None:
                raise unreadable(path, "its video is of a kind that no decoder is installed for")
            check_size(path, stream.codec_context.height or 16, stream.codec_context.width or 16)
            prepare(stream)
            yield container, stream


def _is_cover(stream: VideoStream) -> bool:
    disposition = getattr(stream, "disposition", None)
    return bool(disposition is not None and disposition & type(disposition).attached_pic)


def pictures_of(path: Path, faults: Faults) -> Iterator[VideoPicture]:
    """The sound frames; what is wrong with the others goes to `faults`. Raises `UnreadableImage`, `MissingExtra`."""
    av = require_av()
    with opened(path) as (container, stream):
        order = FrameOrder(container, stream)
        clock = _Clock(rate_of(stream))
        aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or Fraction(1)
        try:
            for decoded in order.frames():
                if decoded.frame is None:
                    faults.damaged.append(str(decoded.number))
                    continue
                check_size(path, decoded.frame.height, decoded.frame.width)
                yield VideoPicture(decoded.number, decoded.frame, clock.time_of(decoded.time_s), aspect)
        except (av.FFmpegError, OSError) as error:
            faults.ending = f"cannot be read on ({reason_of(error)})"
            return
        if _ends_early(path, container, stream, order):
            more = stream.frames > order.number
            claimed = f" of the {stream.frames} frames that its header claims" if more else " frames"
            faults.ending = f"ends early: {order.number - len(faults.damaged)}{claimed} could be read"


def rate_of(stream: VideoStream) -> Fraction | None:
    """Frames a second, as the header tells or FFmpeg guesses."""
    return stream.average_rate or stream.guessed_rate


def _ends_early(path: Path, container: InputContainer, stream: VideoStream, order: FrameOrder) -> bool:
    """Whether a video was cut off, as far as that is certain: a frame may last for many of those that AVI claims."""
    if order.ends_within:
        return True
    length = length_of(container, stream)
    if container.format.name == "avi":
        held, claimed = _riff_bytes(path)
        if held <= claimed + 1:  # the rest of a longer one is in further parts, which tell nothing
            return held < claimed and stream.frames > order.sent
        length = float((stream.duration or 0) * (stream.time_base or 0))
    elif stream.frames > order.number and stream.frames > order.sent:
        return True
    return bool(length and order.latest_s is not None and order.latest_s + SHORT_S + SHORT_SHARE * length < length)


def _riff_bytes(path: Path) -> tuple[int, int]:
    """How long an AVI file is, and how long its first part says that it is."""
    with open(path, "rb") as stream:
        head = stream.read(8)
        return stream.seek(0, 2), 8 + int.from_bytes(head[4:], "little")


def length_of(container: InputContainer, stream: VideoStream) -> float | None:
    """Seconds that the header claims, where nothing but the video can have made it so long."""
    if len(container.streams) > 1 or not container.duration or container.format.name not in ("matroska,webm",):
        return None
    return float(container.duration / 1_000_000)


class _Clock:
    """Seconds since the first frame, rising, from time stamps as a container has them."""

    def __init__(self, rate: Fraction | None) -> None:
        self._step = float(1 / rate) if rate else 0.04
        self._start: float | None = None
        self._latest_s: float | None = None

    def time_of(self, stamp: float | None) -> float | None:
        """Of the next frame in the order of showing; None where the file has no stamps."""
        if stamp is None:
            return None
        if self._start is None:
            self._start = stamp
        time_s = stamp - self._start
        if self._latest_s is not None and not (time_s > self._latest_s and math.isfinite(time_s)):
            time_s = self._latest_s + self._step  # a stamp that stands still or jumps back
        self._latest_s = time_s
        return time_s


def upright(pixels: npt.NDArray[Any], frame: VideoFrame) -> npt.NDArray[Any]:
    """(H, W, ...) values turned and mirrored as their frame's display matrix says, where it is of quarter turns."""
    entry: Any = frame.side_data.get("DISPLAYMATRIX")
    if entry is None:
        return pixels
    matrix = np.frombuffer(memoryview(entry), dtype=np.int32, count=9).reshape(3, 3)[:2, :2]
    straight, across = np.abs(np.diag(matrix)).min(), np.abs(np.diag(matrix[::-1])).min()
    if across > straight:  # x goes with the rows
        pixels, matrix = pixels.swapaxes(0, 1), matrix[::-1]
    return pixels[:: -1 if matrix[1, 1] < 0 else 1, :: -1 if matrix[0, 0] < 0 else 1]
