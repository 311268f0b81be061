"""A run of `fetalhead report`: DICOM pictures measured, and each result written as DICOM objects."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fetalhead.biometry.bpd import CONVENTION
from fetalhead.errors import FetalheadError
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.inputs import InputFile, find_inputs
from fetalhead.images.readers import HEAD_BYTES, read_images
from fetalhead.images.readers.dicom import other_modality
from fetalhead.images.readers.dicom_elements import looks_like_dicom
from fetalhead.images.readers.logs import tell_logs
from fetalhead.images.surroundings import without_surroundings
from fetalhead.inference.measuring import measure_image
from fetalhead.inference.predictor import Predictor
from fetalhead.measuring.file_measurer import fault, head_mask
from fetalhead.measuring.given_pixel_size import GivenSize, GivenSizes
from fetalhead.measuring.out_folder import OutFolder
from fetalhead.measuring.places import Place, find_places
from fetalhead.measuring.progress import Progress
from fetalhead.measuring.whole_files import write_whole
from fetalhead.reports.dicom.content import Algorithm
from fetalhead.reports.dicom.extra import require_highdicom
from fetalhead.reports.dicom.secondary_capture import overlay_capture
from fetalhead.reports.dicom.segmentation import head_segmentation
from fetalhead.reports.dicom.source import Source, Uids
from fetalhead.reports.dicom.structured_report import MeasuredFrame, measurement_report
from fetalhead.reports.overlay import draw_overlay
from fetalhead.reports.rows import measured_row
from fetalhead.reports.run_record import run_record, versions

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

KINDS = ("sr", "seg", "sc")
"""What is written about a picture, in the end of its file's name: report, segmentation, secondary capture."""


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What was asked for, checked."""

    paths: Sequence[str]
    exclude: Sequence[str]
    out: Path
    sizes: GivenSizes
    model: str
    provider: str
    dating: str
    keep_patient: bool
    arguments: Mapping[str, Any]
    """As given, for the record."""


@dataclass(slots=True)
class _Results:
    """What is known of one file: every frame's measurement, and the pictures of the frame with the surest head."""

    frames: list[MeasuredFrame] = field(default_factory=list)
    confidence: float = -1.0
    overlay: npt.NDArray[np.uint8] | None = None
    mask: npt.NDArray[np.uint8] | None = None
    fault: str = ""
    """Why there are not all of its frames."""


class ReportRun:
    """One run. Each file's objects are whole, and there or not."""

    def __init__(self, request: ReportRequest) -> None:
        """Find the inputs and load the model. Raises `FetalheadError` for a model or an install that cannot do it."""
        require_highdicom()
        tell_logs()
        self._request = request
        self._predictor = Predictor(request.model, request.provider)
        folder = self._predictor.folder
        self._algorithm = Algorithm(str(versions()["fetalhead"]), folder.model_id)
        self._inputs = find_inputs(request.paths, request.exclude)
        self._uids = Uids()
        self._out = OutFolder(request.out)
        self._counts: Counter[str] = Counter(passed_over=self._inputs.passed_over)
        self._failed = False
        self._start = time.perf_counter()

    def run(self) -> int:
        """Report on every file; gives the exit status: 0, 1 with faults, 130 after Ctrl-C.

        Raises `FetalheadError` where results cannot be written.
        """
        with self._out.in_use():
            return self._run()

    def _run(self) -> int:
        files = [file for file in self._inputs.files if self._is_meant(file)]
        progress = Progress("fetalhead report", len(files))
        try:
            for name, reason in self._inputs.errors:
                self._complain(progress, name, reason)
            for video in self._inputs.videos:
                self._complain(progress, str(video), "a video: reports are about DICOM pictures")
            places = find_places([file.relative for file in files])
            sizes = self._request.sizes.of(files)
            for number, (file, place, given) in enumerate(zip(files, places, sizes, strict=True), 1):
                self._write(place, self._objects(file, given, number, progress))
                progress.step()
        except KeyboardInterrupt:
            progress.say(f"stopped: {self._written()}: {self._out.path}")
            return 130
        finally:
            progress.clear()
        self._record(len(files))
        faults = self._counts["error"]
        errors = f"{faults} error{'' if faults == 1 else 's'}"
        progress.say(f"{self._written()}, {errors}, {self._counts['passed_over']} passed over: {self._out.path}")
        return 1 if self._failed else 0

    def _complain(self, progress: Progress, name: str, reason: str) -> None:
        self._failed = True
        self._counts["error"] += 1
        progress.say(f"{name}: {reason}")

    def _write(self, place: Place, objects: Mapping[str, bytes]) -> None:
        for kind in KINDS:
            path = self._out.path / f"{place.single}.{kind}.dcm"
            if kind in objects:
                write_whole(path, objects[kind], self._out.scratch)
                self._counts[kind] += 1
            else:  # an earlier run's would contradict what this one says
                path.unlink(missing_ok=True)

    def _written(self) -> str:
        return ", ".join(f"{self._counts[kind]} {kind.upper()}" for kind in KINDS)

    def _is_meant(self, file: InputFile) -> bool:
        """Whether there is to be a report: of all that was named, and of the ultrasound in folders."""
        with open(file.path, "rb") as stream:
            meant = looks_like_dicom(stream.read(HEAD_BYTES)) and not other_modality(file.path)
        if not meant and not file.named:
            self._counts["passed_over"] += 1
            return False
        return True

    def _objects(self, file: InputFile, given: GivenSize, number: int, progress: Progress) -> dict[str, bytes]:
        """The objects about one file, as files, by their kind; none where it is at fault, and the fault is told."""
        try:
            # pydicom and highdicom warn of values that are not as they should be, and quote them: names, too
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                source = Source.read(file.path, self._request.keep_patient, self._uids)
                results = self._measure(file, given)
                made = self._made(source, results, number)
        except Exception as error:  # a batch outlives any one file, whatever a decoder makes of it
            self._complain(progress, file.name, fault(error, file.path))
            return {}
        if results.fault:
            self._complain(progress, file.name, results.fault)
        if given.missing and any(frame.row.pixel_size_source == "unknown" for frame in results.frames):
            self._failed = True
            progress.say(f"{file.name}: {given.missing}: in pixels only")
        self._counts["frames"] += len(results.frames)
        self._counts["heads"] += sum(1 for frame in results.frames if frame.measurement)
        return made

    def _made(self, source: Source, results: _Results, number: int) -> dict[str, bytes]:
        made = {
            "sr": measurement_report(
                source, results.frames, self._algorithm, self._request.dating, number, not results.fault
            )
        }
        if results.mask is not None and results.mask.any() and source.is_still:
            made["seg"] = head_segmentation(source, results.mask, self._algorithm, number)
        if results.overlay is not None:
            made["sc"] = overlay_capture(source, results.overlay, self._algorithm, number)
        return {kind: _as_file(dataset) for kind, dataset in made.items()}

    def _measure(self, file: InputFile, given: GivenSize) -> _Results:
        """Every frame up to the first that cannot be measured. Raises where that is the first of all."""
        if given.refused:
            raise FetalheadError(given.refused)
        results = _Results()
        try:
            for read in read_images(file.path):
                self._measure_frame(file, given.sized(read), results)
        except Exception as error:
            if not results.frames:
                raise
            count = len(results.frames)
            results.fault = f"{fault(error, file.path)}; reported on {count} frame{'' if count == 1 else 's'}"
        if not results.frames:
            raise FetalheadError("holds no picture")
        return results

    def _measure_frame(self, file: InputFile, image: UltrasoundImage, results: _Results) -> None:
        measurement, prediction = measure_image(image, self._predictor, self._request.dating)
        confidence = measurement.head_confidence if measurement else 0.0
        if confidence > results.confidence:
            results.confidence = confidence
            shown = without_surroundings(image, measurement.ellipse_px)
            results.overlay = draw_overlay(shown.pixels, measurement, self._request.dating, shown.note)
            results.mask = head_mask(image, measurement, prediction)
        results.frames.append(MeasuredFrame(measured_row(file.name, image.frame, measurement), measurement))

    def _record(self, files: int) -> None:
        counts = ("frames", "heads", *KINDS, "error", "passed_over")
        values = {
            "command": "report",
            "versions": versions(),
            "model_id": self._predictor.folder.model_id,
            "model_version": self._predictor.folder.version,
            "arguments": self._request.arguments,
            "bpd_convention": CONVENTION,
            "counts": {"files": files, **{name: self._counts[name] for name in counts}},
            "timings": {"total_s": round(time.perf_counter() - self._start, 3)},
        }
        write_whole(self._out.run_record, run_record(values), self._out.scratch)


def _as_file(made: Dataset) -> bytes:
    content = BytesIO()
    made.save_as(content, enforce_file_format=True)
    return content.getvalue()
