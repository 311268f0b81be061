"""Writing video that a browser plays: H.264, yuv420p, MP4 with its index in front."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.errors import FetalheadError
from fetalhead.images.readers.video_file import require_av

CLOCK = Fraction(1, 90_000)
"""Unit of the time stamps: fine enough for any frame rate."""


LEAST_RATE, MOST_RATE = Fraction(1, 60), Fraction(1000)
"""Frames a second that a header may tell, whatever the clip does."""

LONGEST_S = 60
"""A frame is shown for so long at most, which MP4 can hold: a longer gap in time is cut short."""


class VideoWriter:
    """A video file that grows by frames, and is complete when closed."""

    def __init__(self, path: Path, shape: tuple[int, int], rate: float, quality: int = 23) -> None:
        """`shape` is (H, W) of the frames; an odd side gains a black pixel. `quality` is x264's (0 best, 51 worst).

        `rate` is what the header tells; frames come when their own times say, a minute after the last at the latest.
        Raises `FetalheadError`.
        """
        av = require_av()
        self._av = av
        self._path = path
        self._given = shape
        self._shape = tuple(side + side % 2 for side in shape)
        try:
            self._container = av.open(str(path), "w", format="mp4", options={"movflags": "faststart"})
            name = "libx264" if "libx264" in av.codecs_available else "h264"
            self._stream = self._container.add_stream(name, rate=_told(rate))
        except (av.FFmpegError, OSError, ValueError) as error:
            raise FetalheadError(f"{path}: no H.264 video can be written: {error}") from error
        self._stream.height, self._stream.width = self._shape
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"preset": "superfast", "crf": str(quality)}
        self._stream.codec_context.time_base = CLOCK
        self._stream.thread_type = "FRAME"
        self._latest, self._cut = -1, 0

    def add(self, picture: npt.NDArray[np.uint8], time_s: float) -> None:
        """The next frame, (H, W) grey or (H, W, 3) BGR, at `time_s`.

        Raises `FetalheadError`, for a frame of another size than was said, too; those before it stay.
        """
        if picture.shape[:2] != self._given:
            (height, width), (rows, columns) = self._given, picture.shape[:2]
            change = f"from {width} x {height} to {columns} x {rows} pixels"
            raise FetalheadError(f"{self._path}: ends here, since the picture changes {change}: record to another file")
        bottom, right = (have - side for have, side in zip(self._shape, picture.shape, strict=False))
        if bottom or right:
            picture = np.asarray(cv2.copyMakeBorder(picture, 0, bottom, 0, right, cv2.BORDER_CONSTANT), dtype=np.uint8)
        code = cv2.COLOR_GRAY2BGR if picture.ndim == 2 else None
        colour = picture if code is None else cv2.cvtColor(picture, code)
        planes = np.asarray(cv2.cvtColor(colour, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)
        frame = self._av.VideoFrame.from_ndarray(planes, format="yuv420p")
        self._latest = self._stamp(time_s)
        frame.pts, frame.time_base = self._latest, CLOCK
        self._mux(frame)

    def _stamp(self, time_s: float) -> int:
        """Of the next frame, in units of the clock."""
        stamp, longest = round(time_s / CLOCK) - self._cut, round(LONGEST_S / CLOCK)
        if self._latest >= 0 and stamp - self._latest > longest:
            self._cut += stamp - self._latest - longest
            stamp = self._latest + longest
        return max(stamp, self._latest + 1)

    def close(self) -> None:
        """Write what is left. Raises `FetalheadError`."""
        self._mux(None)
        self._container.close()

    def _mux(self, frame: Any) -> None:
        try:
            self._container.mux(self._stream.encode(frame))
        except (self._av.FFmpegError, OSError) as error:
            raise FetalheadError(f"{self._path}: cannot be written: {error.strerror}") from error

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._container.close()


def _told(rate: float) -> Fraction:
    return min(max(Fraction(rate).limit_denominator(1000), LEAST_RATE), MOST_RATE)
