"""A clip: frames in order with true time stamps, whatever it is stored as. One frame is in memory at a time."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from fetalhead.errors import UnreadableImage, one_line, reason_of
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.inputs import PICTURE_SUFFIXES
from fetalhead.images.natural_order import by_number
from fetalhead.images.readers import HEAD_BYTES, is_picture, read_images
from fetalhead.images.readers.dicom_video import DamagedFrames
from fetalhead.images.readers.faults import unreadable
from fetalhead.images.readers.video_file import Faults
from fetalhead.videos.clock import clock_of

STILLS = (b"\x89PNG", b"\xff\xd8\xff", b"BM")
"""Files that hold one picture."""

ANIMATION = b"acTL"
"""The chunk that says, before the first pixels, that a PNG is animated."""


@dataclass(slots=True, eq=False)
class Clip:
    """A clip that can be read, as often as is wanted."""

    path: Path
    source: Callable[[Faults], Iterator[UltrasoundImage]]
    """Opens the clip anew. Raises `UnreadableImage`; damaged frames go to the faults and are left out."""
    expected: int | None = None
    """Frames that the header claims; None where it does not tell."""
    rate: float | None = None
    """Frames a second on average, where the header tells."""
    faults: Faults = field(default_factory=Faults)
    """Of the latest reading, so far."""
    readings: list[Faults] = field(default_factory=list)
    """The faults of every reading, the latest included."""

    @property
    def told(self) -> str:
        """The faults of all readings on one line, each once; empty where there are none."""
        return "; ".join(dict.fromkeys(str(faults) for faults in self.readings if faults))

    @property
    def damaged(self) -> int:
        """Frames that were skipped as damaged, in whichever reading."""
        return len({name for faults in self.readings for name in faults.damaged})

    def frames(self) -> Iterator[UltrasoundImage]:
        """The sound frames: `frame` counts from 0, damaged ones included; `time_s` rises from 0 where there is one.

        All are of one shape. Raises `UnreadableImage` where there is no frame at all; what ends a clip later is told
        in `faults`, and the frames before it stand.
        """
        self.faults = faults = Faults()
        self.readings.append(faults)
        first: UltrasoundImage | None = None
        try:
            for number, image in enumerate(self.source(faults)):
                if first is not None and image.shape != first.shape:
                    (rows, columns), (height, width) = image.shape, first.shape
                    change = f"from {width} x {height} to {columns} x {rows} pixels"
                    faults.ending = f"changes {change} and is read up to there"
                    return
                first = first or image
                yield image if image.frame is not None else replace(image, frame=number)
        except (UnreadableImage, OSError) as error:
            told = error if isinstance(error, UnreadableImage) else unreadable(self.path, _unread(error))
            if first is None:
                raise told from error
            faults.ending = str(told).removeprefix(f"{one_line(self.path)}: ")
        if first is None:
            what = f"all {len(faults.damaged)} frames are damaged" if faults.damaged else "holds no frames"
            raise unreadable(self.path, what)


def open_clip(path: Path | str) -> Clip:
    """The clip in a video file, a GIF, a DICOM cine, a file of several pictures, or a folder of frames.

    Told by content, whatever the name ends in. Raises `UnreadableImage`, or `MissingExtra` without PyAV.
    """
    path = Path(path)
    try:
        return _opened(path)
    except OSError as error:
        raise unreadable(path, f"cannot be opened: {reason_of(error)}") from error


def _opened(path: Path) -> Clip:
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        files = frame_files(path)
        if not files:
            raise unreadable(path, "holds no pictures that could be frames")
        return Clip(path, lambda faults: _folder_frames(files, faults), len(files))
    if not stat.S_ISREG(mode):  # opening a pipe would wait for ever
        raise unreadable(path, "is no regular file")
    if is_picture(path):
        if is_still(path):
            raise unreadable(path, "is a single picture, no clip: use fetalhead measure")
        clock = clock_of(path)
        return Clip(path, lambda faults: _timed(read_images(path), clock.times(), faults), clock.count, clock.rate)
    from fetalhead.videos.container import open_container

    source, expected, rate = open_container(path)
    return Clip(path, source, expected, rate)


def frame_files(folder: Path) -> list[Path]:
    """The pictures of a folder as frames, in the order of the numbers in their names."""
    files = [file for file in folder.iterdir() if file.is_file() and not file.name.startswith(".")]
    pictures = [file for file in files if file.suffix.lower() in PICTURE_SUFFIXES or is_picture(file)]
    return sorted(pictures, key=lambda file: by_number(file.name))


def _unread(error: OSError) -> str:
    return f"cannot be read: {reason_of(error)}"


def _folder_frames(files: Sequence[Path], faults: Faults) -> Iterator[UltrasoundImage]:
    for number, file in enumerate(files):
        try:
            yield replace(next(iter(read_images(file))), frame=number)
        except (UnreadableImage, StopIteration):
            faults.damaged.append(file.name)


def _timed(
    images: Iterator[UltrasoundImage], times: Iterator[float | None], faults: Faults
) -> Iterator[UltrasoundImage]:
    """The pictures with the times of their places; those that the reader left out pass by."""
    place = 0
    try:
        for image in images:
            passed = max((image.frame or 0) - place, 0)
            place += passed + 1
            yield replace(image, time_s=next(islice(times, passed, None), None))
    except UnreadableImage as error:
        if not isinstance(error.__cause__, DamagedFrames):
            raise
        faults.damaged += map(str, error.__cause__.numbers)


def is_still(path: Path) -> bool:
    """Whether a file is of a format that holds one picture, and not one of the PNGs that are animated."""
    with open(path, "rb") as stream:
        head = stream.read(HEAD_BYTES)
    return head.startswith(STILLS) and ANIMATION not in head.partition(b"IDAT")[0]
