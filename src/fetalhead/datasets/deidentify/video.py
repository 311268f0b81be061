"""A clip without its titles, sound and surroundings: pictures alone, encoded anew (H.264), each at its own time."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fetalhead.datasets.deidentify.area import area_of_coloured_clip
from fetalhead.errors import reason_of
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.readers.faults import unreadable
from fetalhead.images.readers.video_file import Faults, VideoPicture, pictures_of, require_av, upright

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import OutputContainer
    from av.video.stream import VideoStream

NEARLY_LOSSLESS = {"crf": "14", "preset": "veryfast"}

CLOCK = Fraction(1, 90_000)
"""Seconds that a time stamp counts."""

NOMINAL_STEP = round(1 / (25 * CLOCK))
"""Stamps from frame to frame of a clip that tells no times, and of the last one."""


def deidentify_video(path: Path, target: Path) -> None:
    """Write the clip at `path` to `target`, a name that ends in .mp4.

    Raises `UnreadableImage`, also for a clip with damaged frames or without its end, and `MissingExtra`.
    """
    av = require_av()
    area = area_of_coloured_clip(path, ((_image(one), _colours(one)) for one in _whole(path)))
    try:
        with av.open(str(target), "w", format="mp4") as out:
            track, stamp, step = None, -NOMINAL_STEP, NOMINAL_STEP
            for number, one in enumerate(_whole(path)):
                pixels = np.where(area.of(number)[..., np.newaxis], _colours(one), np.uint8(0))
                shown = np.ascontiguousarray(upright(pixels, one.frame))
                if track is None:
                    turned = shown.shape[:2] != pixels.shape[:2]
                    track = _new_track(out, shown.shape, 1 / one.aspect if turned else one.aspect)
                due = stamp + step if one.time_s is None else round(one.time_s / CLOCK)
                step = due - stamp if number else NOMINAL_STEP
                stamp = due
                made = av.VideoFrame.from_ndarray(shown, format="rgb24")
                made.time_base, made.pts = CLOCK, stamp
                _mux(out, track, made, step)
            if track is not None:
                _mux(out, track, None, step)
    except av.FFmpegError as error:
        raise unreadable(path, f"cannot be written as a video: {error.strerror or reason_of(error)}") from error


def _whole(path: Path) -> Iterator[VideoPicture]:
    """The frames. Raises `UnreadableImage` after the last where some are missing."""
    faults = Faults()
    yield from pictures_of(path, faults)
    if faults:
        raise unreadable(path, f"{faults}; what is not whole is not passed on")


def _image(one: VideoPicture) -> UltrasoundImage:
    return UltrasoundImage(np.asarray(one.frame.to_ndarray(format="gray"), dtype=np.uint8), frame=one.number)


def _colours(one: VideoPicture) -> npt.NDArray[np.uint8]:
    """(H, W, 3) red, green, blue."""
    return np.asarray(one.frame.to_ndarray(format="rgb24"), dtype=np.uint8)


def _new_track(out: OutputContainer, shape: tuple[int, ...], aspect: Fraction) -> VideoStream:
    height, width = shape[:2]
    track = out.add_stream("libx264", options=NEARLY_LOSSLESS)
    track.width, track.height = width, height
    # the usual half colour resolution is for even sides only
    track.pix_fmt = "yuv420p" if width % 2 == height % 2 == 0 else "yuv444p"
    track.codec_context.time_base = CLOCK
    track.codec_context.sample_aspect_ratio = aspect
    return track


def _mux(out: OutputContainer, track: VideoStream, frame: VideoFrame | None, duration: int) -> None:
    for packet in track.encode(frame):
        packet.duration = duration  # which the encoder does not tell: a clip would end with its last frame's start
        out.mux(packet)
