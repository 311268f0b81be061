"""The times that DICOM cines, GIFs and animated PNGs tell of their frames."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from fetalhead.images.readers.dicom_elements import kept_bytes, looks_like_dicom, open_elements
from fetalhead.images.readers.pillow import format_of, open_picture

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

FRAMES, FRAME_TIME, FRAME_TIME_VECTOR = 0x00280008, 0x00181063, 0x00181065
CINE_RATE, DISPLAY_RATE = 0x00180040, 0x00082144


@dataclass(frozen=True, slots=True)
class Clock:
    """When the frames of a file were taken."""

    count: int | None = None
    """Frames that the file claims."""
    step_s: float | None = None
    """Seconds from frame to frame, where they are alike."""
    steps_s: tuple[float, ...] = ()
    """Seconds from each frame to the next, where they are told one by one."""

    @property
    def rate(self) -> float | None:
        """Frames a second on average."""
        if self.steps_s:
            return len(self.steps_s) / sum(self.steps_s)
        return None if self.step_s is None else 1 / self.step_s

    def times(self) -> Iterator[float | None]:
        """Seconds since the first frame, frame by frame; None where they are not known."""
        if self.steps_s:
            yield from itertools.accumulate(self.steps_s, initial=0.0)
        elif self.step_s is not None:
            yield from (number * self.step_s for number in itertools.count())


def clock_of(path: Path) -> Clock:
    """The clock of a DICOM file, a GIF or an animated PNG; one that knows nothing for other and for damaged files."""
    with open(path, "rb") as stream:
        head = stream.read(4096)
        stream.seek(0)
        try:
            if looks_like_dicom(head):
                return _dicom_clock(path)
            if format_of(head) in ("GIF", "PNG"):
                return _gif_clock(path)
            if format_of(head) == "TIFF":
                return Clock(getattr(open_picture(path, stream), "n_frames", None))
        except Exception:  # a header that is damaged tells no time; what is wrong, the reader says
            return Clock()
    return Clock()


def _dicom_clock(path: Path) -> Clock:
    """Frame Time Vector summed, else Frame Time, else a rate (PS3.3 C.7.6.5)."""
    from pydicom.filereader import read_dataset

    with open(path, "rb") as file:
        stream, elements = open_elements(path, file)
        tags = FRAME_TIME, FRAME_TIME_VECTOR, CINE_RATE, DISPLAY_RATE, FRAMES
        content = kept_bytes(stream, elements, tags)
        dataset = read_dataset(BytesIO(content), not elements.explicit, elements.little)
    count = int(_numbers(dataset, FRAMES)[0]) if _numbers(dataset, FRAMES) else 1
    steps = [value / 1000 for value in _numbers(dataset, FRAME_TIME_VECTOR)[1:]]
    if steps and len(steps) >= count - 1 and min(steps) > 0 and math.isfinite(sum(steps)):
        return Clock(count, None, tuple(steps))
    for tag, numerator in ((FRAME_TIME, None), (CINE_RATE, 1.0), (DISPLAY_RATE, 1.0)):
        value = next(iter(_numbers(dataset, tag)), 0.0)
        if value > 0 and math.isfinite(value):
            return Clock(count, value / 1000 if numerator is None else numerator / value)
    return Clock(count)


def _numbers(dataset: Dataset, tag: int) -> list[float]:
    value = dataset[tag].value if tag in dataset else None
    if value is None or value == "":
        return []
    values: Sequence[object] = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    return [float(str(one)) for one in values]


def _gif_clock(path: Path) -> Clock:
    """The frames' durations; a GIF or PNG whose first frame has none tells no times."""
    durations = []
    with open(path, "rb") as stream:
        picture = open_picture(path, stream)
        for frame in range(getattr(picture, "n_frames", 1)):
            picture.seek(frame)
            durations.append(picture.info.get("duration", 0) / 1000)
    if min(durations) <= 0:
        return Clock(len(durations))
    return Clock(len(durations), None, tuple(durations[:-1])) if len(durations) > 1 else Clock(1)
