"""Video files (MP4, MOV, AVI, WebM, MKV, MPEG), decoded by PyAV a frame at a time.

The file is handed to FFmpeg as a stream, and playlists, which name other files to open, are no video here.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.errors import MissingExtra
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.pixel_size import PixelSize
from fetalhead.images.readers.containers import AS_A_STREAM
from fetalhead.images.readers.faults import MOST_PIXELS, check_size, reason_of, unreadable
from fetalhead.videos.clip import Faults

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

NO_SIZE = PixelSize.unknown("a video tells no pixel size")

TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}
"""By degrees counter-clockwise."""

SHORT_S, SHORT_SHARE = 0.5, 0.02
"""A video that ends so much before the time that its header claims was cut off."""

Source = Callable[[Faults], Iterator[UltrasoundImage]]


def require_av() -> Any:
    """The module `av`. Raises `MissingExtra`."""
    try:
        import av
    except ImportError as error:
        raise MissingExtra("reading and writing video", "av", "video") from error
    av.logging.set_level(av.logging.PANIC)
    return av


def open_container(path: Path) -> tuple[Source, int | None, float | None]:
    """How to read a video's frames, how many its header claims, and their rate. Raises `UnreadableImage`."""
    with _opened(path) as (container, stream):
        rate = stream.average_rate or stream.guessed_rate
        length = _length(container, stream)
        expected = stream.frames or (round(length * rate) if length and rate else None)
    return lambda faults: _frames(path, faults), expected, float(rate) if rate else None


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
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
            # What a decoder patches over where a frame is damaged would be measured as if it were seen.
            stream.codec_context.options = {"err_detect": "explode", "max_pixels": str(MOST_PIXELS)}
            yield container, stream


def _is_cover(stream: VideoStream) -> bool:
    disposition = getattr(stream, "disposition", None)
    return bool(disposition is not None and disposition & type(disposition).attached_pic)


def _frames(path: Path, faults: Faults) -> Iterator[UltrasoundImage]:
    av = require_av()
    with _opened(path) as (container, stream):
        stamps = _Stamps(stream.average_rate or stream.guessed_rate, in_decoding_order=container.format.name == "avi")
        number = packets = 0
        truncated = False
        aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or Fraction(1)
        try:
            for packet in container.demux(stream):
                packets += packet.size > 0
                truncated |= packet.is_corrupt
                stamps.note(packet)
                try:
                    frames = packet.decode()
                except av.FFmpegError:
                    faults.damaged.append(str(number))
                    number += 1
                    continue
                for frame in frames:
                    time_s = stamps.time_of(frame)
                    if frame.is_corrupt:
                        faults.damaged.append(str(number))
                    else:
                        check_size(path, frame.height, frame.width)
                        yield UltrasoundImage(_as_shown(frame, aspect), NO_SIZE, path, number, time_s=time_s)
                    number += 1
        except (av.FFmpegError, OSError) as error:
            faults.ending = f"cannot be read on ({reason_of(error)})"
            return
        length = _length(container, stream)
        if stream.frames and packets < stream.frames:
            truncated = True
        elif length and stamps.latest_s is not None:
            truncated |= stamps.latest_s + SHORT_S + SHORT_SHARE * length < length
        if truncated:
            claimed = f" of the {stream.frames} frames that its header claims" if stream.frames else ""
            faults.ending = f"ends early: {number - len(faults.damaged)}{claimed or ' frames'} could be read"


def _length(container: InputContainer, stream: VideoStream) -> float | None:
    """Seconds that the header claims, where nothing but the video can have made it so long."""
    if len(container.streams) > 1 or not container.duration or container.format.name not in ("matroska,webm",):
        return None
    return float(container.duration / 1_000_000)


class _Stamps:
    """Seconds since the first frame, rising, from time stamps as a container has them."""

    def __init__(self, rate: Fraction | None, *, in_decoding_order: bool) -> None:
        """AVI stamps packets in the order of decoding: its stamps belong, in rising order, to the frames as shown."""
        self._step = float(1 / rate) if rate else 0.04
        self._in_decoding_order = in_decoding_order
        self._start: float | None = None
        self._waiting: list[float] = []
        self.latest_s: float | None = None

    def note(self, packet: Any) -> None:
        """A packet on its way to the decoder."""
        if self._in_decoding_order and packet.dts is not None and packet.size:
            heapq.heappush(self._waiting, float(packet.dts * packet.time_base))

    def time_of(self, frame: VideoFrame) -> float | None:
        """Of the next frame in the order of showing; None where the file has no stamps."""
        if self._waiting:
            stamp: float | None = heapq.heappop(self._waiting)
        else:
            stamp = None if frame.pts is None or frame.time_base is None else float(frame.pts * frame.time_base)
        if stamp is None:
            return None
        if self._start is None:
            self._start = stamp
        time_s = stamp - self._start
        if self.latest_s is not None and not (time_s > self.latest_s and math.isfinite(time_s)):
            time_s = self.latest_s + self._step  # a stamp that stands still or jumps back
        self.latest_s = time_s
        return time_s


def _as_shown(frame: VideoFrame, aspect: Fraction) -> npt.NDArray[np.uint8]:
    """(H, W) grey values with square pixels, turned upright."""
    pixels = np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8)
    if aspect != 1 and 0.1 < aspect < 10:
        width = max(1, round(frame.width * aspect))
        if width != frame.width:
            method = cv2.INTER_AREA if width < frame.width else cv2.INTER_LINEAR
            pixels = np.asarray(cv2.resize(pixels, (width, frame.height), interpolation=method), dtype=np.uint8)
    turn = TURNS.get(round(getattr(frame, "rotation", 0) or 0) % 360)
    return pixels if turn is None else np.asarray(cv2.rotate(pixels, turn), dtype=np.uint8)
