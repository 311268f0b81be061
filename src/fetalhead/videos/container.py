"""Video files (MP4, MOV, AVI, WebM, MKV, MPEG) as clips of grey pictures with square pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.images.image import UltrasoundImage
from fetalhead.images.pixel_size import PixelSize
from fetalhead.images.readers.video_file import Faults, length_of, opened, pictures_of, rate_of, upright

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

NO_SIZE = PixelSize.unknown("a video tells no pixel size")

Source = Callable[[Faults], Iterator[UltrasoundImage]]


def open_container(path: Path) -> tuple[Source, int | None, float | None]:
    """How to read a video's frames, how many its header claims, and their rate. Raises `UnreadableImage`."""
    with opened(path) as (container, stream):
        rate = rate_of(stream)
        length = length_of(container, stream)
        expected = stream.frames or (round(length * rate) if length and rate else None)
    return lambda faults: _images(path, faults), expected, float(rate) if rate else None


def _images(path: Path, faults: Faults) -> Iterator[UltrasoundImage]:
    for one in pictures_of(path, faults):
        yield UltrasoundImage(_as_shown(one.frame, one.aspect), NO_SIZE, path, one.number, time_s=one.time_s)


def _as_shown(frame: VideoFrame, aspect: Fraction) -> npt.NDArray[np.uint8]:
    """(H, W) grey values with square pixels, turned upright."""
    pixels = np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8)
    if aspect != 1 and 0.1 < aspect < 10:
        width = max(1, round(frame.width * aspect))
        if width != frame.width:
            method = cv2.INTER_AREA if width < frame.width else cv2.INTER_LINEAR
            pixels = np.asarray(cv2.resize(pixels, (width, frame.height), interpolation=method), dtype=np.uint8)
    return np.ascontiguousarray(upright(pixels, frame))
