"""A clip without its titles, sound and surroundings: pictures alone, encoded anew (H.264), each at its own time."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fetalhead.datasets.deidentify.area import area_of_clip
from fetalhead.errors import MissingExtra
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.readers.containers import AS_A_STREAM
from fetalhead.images.readers.faults import check_size, reason_of, unreadable
from fetalhead.images.readers.grey import Grey

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import OutputContainer
    from av.video.stream import VideoStream

NEARLY_LOSSLESS = {"crf": "14", "preset": "veryfast"}


def deidentify_video(path: Path, target: Path) -> None:
    """Write the clip at `path` to `target`, a name that ends in .mp4. Raises `UnreadableImage`, `MissingExtra`."""
    try:
        import av
    except ImportError as error:
        raise MissingExtra("de-identifying videos", "av", "video") from error
    try:
        area = area_of_clip(path, (UltrasoundImage(_grey(frame), frame=0) for frame, _ in _frames(path)))
        with av.open(str(target), "w", format="mp4") as out:
            track = None
            start = 0
            for frame, aspect in _frames(path):
                turns = round((getattr(frame, "rotation", 0) or 0) / 90) % 4
                if track is None:
                    track = _new_track(out, np.rot90(area.mask, turns).shape, 1 / aspect if turns % 2 else aspect)
                    track.codec_context.time_base = frame.time_base or Fraction(1, 1000)
                    start = frame.pts or 0
                pixels = np.where(area.mask[..., np.newaxis], frame.to_ndarray(format="rgb24"), np.uint8(0))
                made = av.VideoFrame.from_ndarray(np.ascontiguousarray(np.rot90(pixels, turns)), format="rgb24")
                made.time_base, made.pts = frame.time_base, (frame.pts or 0) - start
                _mux(out, track, made, frame.duration)
            if track is not None:
                _mux(out, track, None, frame.duration)
    except av.FFmpegError as error:
        raise unreadable(path, f"cannot be read as a video: {error.strerror or reason_of(error)}") from error


def _new_track(out: OutputContainer, shape: tuple[int, ...], aspect: Fraction) -> VideoStream:
    height, width = shape
    track = out.add_stream("libx264", options=NEARLY_LOSSLESS)
    track.width, track.height = width, height
    # the usual half colour resolution is for even sides only
    track.pix_fmt = "yuv420p" if width % 2 == height % 2 == 0 else "yuv444p"
    track.codec_context.sample_aspect_ratio = aspect
    return track


def _grey(frame: VideoFrame) -> Grey:
    return np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8)


def _mux(out: OutputContainer, track: VideoStream, frame: VideoFrame | None, duration: int) -> None:
    for packet in track.encode(frame):
        packet.duration = duration  # which the encoder does not tell: a clip would end with its last frame's start
        out.mux(packet)


def _frames(path: Path) -> Iterator[tuple[VideoFrame, Fraction]]:
    """The frames as they are stored, and how much wider than high their pixels are."""
    import av

    with open(path, "rb") as file, av.open(file, mode="r", options=AS_A_STREAM) as container:
        if not container.streams.video:
            raise unreadable(path, "holds no pictures")
        stream = container.streams.video[0]
        aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or Fraction(1)
        for frame in container.decode(stream):
            check_size(path, frame.height, frame.width)
            yield frame, aspect
