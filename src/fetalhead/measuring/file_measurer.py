"""What one process does with one input: its pictures read, measured and drawn, one row each."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.biometry.growth import with_growth
from fetalhead.biometry.known_age import KnownAge, UnknownAge
from fetalhead.biometry.measurement import HeadMeasurement
from fetalhead.errors import FetalheadError, one_line
from fetalhead.images.cleaning import clean
from fetalhead.images.contour import largest_region
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.readers import read_images
from fetalhead.images.readers.content import content_digest
from fetalhead.images.readers.logs import tell_logs
from fetalhead.images.surroundings import without_surroundings
from fetalhead.inference.measuring import measure_image
from fetalhead.inference.predictor import Prediction, Predictor
from fetalhead.measuring.given_pixel_size import GivenSize
from fetalhead.measuring.places import Place
from fetalhead.measuring.whole_files import write_whole
from fetalhead.reports.overlay import draw_overlay, encode_png
from fetalhead.reports.rows import Row, error_row, measured_row

STAGES = ("read", "measure", "draw", "write")

LARGEST_16_BIT = 65535


class NotWritten(FetalheadError):
    """A result that could not be written: no fault of the input, and the end of the run."""


@dataclass(frozen=True, slots=True)
class Measuring:
    """All that a process needs to know once."""

    out: Path
    scratch: Path
    """A folder on the file system of `out` for temporary files."""
    model: Path
    provider: str
    threads: int
    """Cores for each process."""
    dating: str
    save: tuple[str, ...]
    """Of `masks` and `probabilities`."""
    clean: bool
    """Whether what is drawn over a picture is taken out before the network sees it."""


@dataclass(frozen=True, slots=True)
class FileTask:
    """One input to measure."""

    path: Path
    name: str
    place: Place
    given: GivenSize
    age: KnownAge | UnknownAge | None
    """None where no age was asked for."""
    content: str
    """Digest of the file's content; empty where it is not yet known."""
    finished: frozenset[int | None]
    """Frames whose rows are there from an earlier run."""


@dataclass(frozen=True, slots=True)
class MeasuredRow:
    """A row, with what was written and how long it took."""

    row: Row
    content: str
    """Digest of the input's content; empty where it could not be read."""
    pictures: tuple[str, ...] = ()
    """Paths below the output folder."""
    seconds: tuple[float, ...] = (0.0,) * len(STAGES)
    """By stage."""


class FileMeasurer:
    """Measures inputs with one model, one after the other."""

    def __init__(self, measuring: Measuring) -> None:
        cv2.setNumThreads(measuring.threads)
        tell_logs()
        self._measuring = measuring
        self._predictor = Predictor(measuring.model, measuring.provider, measuring.threads)

    def __call__(self, task: FileTask) -> Iterator[MeasuredRow]:
        """The rows of an input, each after its pictures are written; what cannot be measured ends in an `error` row.

        Raises `NotWritten` where a picture cannot be written.
        """
        content, frame, found = task.content, None, False
        try:
            if not content and task.path.is_file():  # what is no file, the reader names
                content = content_digest(task.path)
            start = time.perf_counter()
            for image in read_images(task.path):
                frame, found = image.frame, True
                if frame not in task.finished:
                    seconds = time.perf_counter() - start
                    yield self._measure(task, task.given.sized(image), content, seconds)
                frame = None if frame is None else frame + 1
                start = time.perf_counter()
            if not found:
                raise FetalheadError("holds no picture")
        except NotWritten:
            raise
        except Exception as error:
            # A batch outlives any one file, whatever a decoder makes of it.
            yield MeasuredRow(error_row(task.name, frame, fault(error, task.path)), content)

    def _measure(self, task: FileTask, image: UltrasoundImage, content: str, reading: float) -> MeasuredRow:
        start = time.perf_counter()
        seen = dataclasses.replace(image, pixels=clean(image.pixels)) if self._measuring.clean else image
        measurement, prediction = measure_image(seen, self._predictor, self._measuring.dating)
        if task.age is not None:
            measurement = with_growth(measurement, task.age)
        measured = time.perf_counter()
        shown = without_surroundings(image, measurement.ellipse_px)
        overlay = draw_overlay(shown.pixels, measurement, self._measuring.dating, shown.note)
        pictures = {"overlays": encode_png(overlay)}
        for kind in self._measuring.save:
            make = head_mask if kind == "masks" else probability_picture
            pictures[kind] = encode_png(make(image, measurement, prediction))
        drawn = time.perf_counter()
        place = task.place.of(image.frame)
        for kind, picture in pictures.items():
            path = self._measuring.out / kind / place
            try:
                write_whole(path, picture, self._measuring.scratch)
            except OSError as error:
                raise NotWritten(f"{path}: cannot be written: {error.strerror}") from error
        written = time.perf_counter()
        return MeasuredRow(
            measured_row(task.name, image.frame, measurement),
            content,
            tuple(f"{kind}/{place}" for kind in pictures),
            (reading, measured - start, drawn - measured, written - drawn),
        )


def head_mask(
    image: UltrasoundImage, measurement: HeadMeasurement, prediction: Prediction | None
) -> npt.NDArray[np.uint8]:
    """(H, W) uint8: 255 in the region taken for the head (probability above 0.5), 0 elsewhere and without a head."""
    if not measurement or prediction is None:
        return np.zeros(image.shape, dtype=np.uint8)
    region, _ = largest_region(prediction.head_probability)
    return region.astype(np.uint8) * 255


def probability_picture(
    image: UltrasoundImage, _: HeadMeasurement, prediction: Prediction | None
) -> npt.NDArray[np.uint16]:
    """(H, W) uint16: the head probability times 65535; 0 where the picture was blank and never reached the network."""
    if prediction is None:
        return np.zeros(image.shape, dtype=np.uint16)
    return np.rint(np.clip(prediction.head_probability, 0, 1) * LARGEST_16_BIT).astype(np.uint16)


def fault(error: Exception, path: Path) -> str:
    """What went wrong with the file at `path`, without the path, which a row and a message name anyway."""
    if isinstance(error, FetalheadError):
        return str(error).removeprefix(f"{one_line(path)}: ")
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    if isinstance(error, MemoryError):
        return "cannot be read: not enough memory"
    return f"cannot be measured ({type(error).__name__}: {error})"
