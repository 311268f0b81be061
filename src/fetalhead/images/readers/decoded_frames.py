"""The frames that come out of a video decoder, in the order of showing, without those that damage spoils.

Where a frame cannot be decoded, those after it (in the order of decoding) refer to what was never seen, up to the next
key frame: a decoder gives them all the same. In the order of showing, the key frame is where they end, since frames
that are decoded after it and shown before it may refer to what came before, too.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fetalhead.images.readers.faults import MOST_PIXELS

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream


@dataclass(frozen=True, slots=True)
class Decoded:
    """A frame in its place."""

    number: int
    """Counted from 0 in the order of showing, damaged ones included."""
    frame: VideoFrame | None
    """None where it is damaged."""
    time_s: float | None
    """As stamped; None where the file has no stamps."""


class _Tag:
    """Which packet it was: an object of its own, since PyAV knows what a packet carries by its address alone."""

    def __init__(self, index: int) -> None:
        self.index = index


def prepare(stream: VideoStream, most_pixels: int = MOST_PIXELS) -> None:
    """Set up the decoder before its first frame."""
    from av.codec.context import Flags

    # What a decoder patches over where a frame is damaged would be measured as if it were seen.
    stream.codec_context.options = {"err_detect": "explode", "max_pixels": str(most_pixels)}
    stream.codec_context.flags |= Flags.copy_opaque  # a frame tells which packet it was in
    stream.codec_context.thread_count = 2  # what is noticed, and lost with an error, depends on it: alike everywhere


class FrameOrder:
    """What was sent to the decoder of `stream`, and what came out of it."""

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self.sent = 0
        """Packets that hold something."""
        self.latest_s: float | None = None
        """The latest stamp of them."""
        self.ends_within = False
        """Whether the last of them is cut off."""
        self.number = 0
        """Of the next frame."""
        self._container, self._stream = container, stream
        codec = stream.codec_context
        self._alone = codec.codec.intra_only
        self._avi = container.format.name == "avi"
        self._reordered = bool(codec.has_b_frames)
        self._exact = True
        self._waiting: list[tuple[float, int]] = []  # place in the order of showing, as far as it is known; packet
        self._places: dict[int, float] = {}
        self._stamps: list[float] = []
        self._bad: list[int] = []
        self._key = -1
        self._told: set[int] = set()
        self._silent: set[int] = set()
        self._failures = 0

    def frames(self) -> Iterator[Decoded]:
        """All frames, the damaged ones too. Raises what the container does where it cannot be read on."""
        import av

        for packet in self._container.demux(self._stream):
            self._send(packet)
            try:
                frames = packet.decode()
            except av.FFmpegError:
                self._bad.append(self.sent - 1)
                self._failures += 1
                continue
            for frame in frames:
                yield from self._shown(frame)
        while self._waiting:
            yield from self._passed(heapq.heappop(self._waiting)[1])

    def _send(self, packet: Any) -> None:
        if not packet.size:
            return
        index = self.sent
        packet.opaque = _Tag(index)
        self.sent += 1
        stamp = packet.dts if self._avi else packet.pts
        place = float(index) if stamp is None or self._avi else float(stamp)
        self._exact &= not self._reordered if stamp is None or self._avi else True
        if stamp is not None:
            time_s = float(stamp * packet.time_base)
            self.latest_s = time_s if self.latest_s is None else max(self.latest_s, time_s)
            if self._avi and self._reordered:
                heapq.heappush(self._stamps, time_s)
        heapq.heappush(self._waiting, (place, index))
        self._places[index] = place
        self.ends_within = packet.is_corrupt
        if packet.is_corrupt:
            self._bad.append(index)

    def _shown(self, frame: VideoFrame) -> Iterator[Decoded]:
        tag = frame.opaque
        index = tag.index if isinstance(tag, _Tag) else self.sent - 1
        place = self._places.pop(index, None)
        while place is not None and self._waiting and self._waiting[0] < (place, index):
            yield from self._passed(heapq.heappop(self._waiting)[1])
        if place is not None and self._waiting and self._waiting[0] == (place, index):
            heapq.heappop(self._waiting)
        self._silent.discard(index)
        late = place is None and self._exact and bool(self._bad)  # its turn went by while the decoder was confused
        damaged = late or frame.is_corrupt or index in self._bad
        if damaged and index not in self._bad:
            self._bad.append(index)
        elif frame.key_frame and not damaged and index > self._key:
            yield from self._lost_beside()
            self._key = index
            self._bad = [bad for bad in self._bad if bad > index]
        if index in self._told:  # the stamps jump back, so that its turn seemed to have come
            self._told.discard(index)
            return
        yield self._next(None if damaged or self._is_spoilt(index) else frame, self._stamp_of(frame))

    def _passed(self, index: int) -> Iterator[Decoded]:
        """A packet whose turn has come without a frame; an undamaged one holds none that is shown."""
        self._places.pop(index, None)
        if index in self._bad or self._is_spoilt(index) or self._is_lost():
            self._told.add(index)
            yield self._next(None, None)
        else:
            self._silent.add(index)

    def _is_lost(self) -> bool:
        """Whether a frame that was ready may have been lost with the error of another: one for each error."""
        lost = self._reordered and self._failures > 0
        self._failures -= lost
        return lost

    def _lost_beside(self) -> Iterator[Decoded]:
        """Frames that were ready, and lost with the error of another: told at the next key frame."""
        if self._reordered:
            for _ in range(min(len(self._silent), self._failures)):
                yield self._next(None, None)
        self._silent.clear()
        self._failures = 0

    def _is_spoilt(self, index: int) -> bool:
        """Whether a frame refers to a damaged one."""
        return not self._alone and any(self._key < bad < index for bad in self._bad)

    def _next(self, frame: VideoFrame | None, time_s: float | None) -> Decoded:
        if self._stamps:  # AVI stamps packets in the order of decoding: in rising order they are those of the frames
            time_s = heapq.heappop(self._stamps)
        self.number += 1
        return Decoded(self.number - 1, frame, time_s)

    def _stamp_of(self, frame: VideoFrame) -> float | None:
        stamp = frame.dts if self._avi and not self._reordered else frame.pts
        return None if stamp is None or frame.time_base is None else float(stamp * frame.time_base)
