"""A clip's frames as they are measured, one after the other, and what they come to when the last is there."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fetalhead.biometry.measurement import HeadMeasurement
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.image import UltrasoundImage
from fetalhead.inference.predictor import Prediction
from fetalhead.reports.rows import Row, measured_row
from fetalhead.videos.frame_ledger import FrameRecord
from fetalhead.videos.plane_score import plane_parts
from fetalhead.videos.scenes import SceneFinder
from fetalhead.videos.summary import ClipHC, Figures, SceneHC, best_frames, clip_hc, disagreement, figures, hc_by_scene
from fetalhead.videos.track import Observations, Seen, Track, follow


def frame_record(
    name: str, image: UltrasoundImage, measurement: HeadMeasurement, prediction: Prediction | None
) -> FrameRecord:
    """What is kept of a frame that was measured; `name` is the clip's."""
    parts = plane_parts(image.pixels, measurement, prediction.plane if prediction else None)
    row = measured_row(name, image.frame, measurement)
    return FrameRecord(row, image.time_s, Seen.of(measurement), None if parts is None else round(parts.score, 6))


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a clip comes to."""

    track: Track
    figures: Figures
    best: list[int]
    """Places (not frame numbers) of the best frames, the best first."""
    hc: ClipHC | None
    unit: str
    """mm, or px without a scale."""
    scenes: list[SceneHC]
    """Those with a head."""

    @property
    def reason(self) -> str:
        """What speaks against its one HC; empty for nothing."""
        return disagreement(self.scenes, self.unit)


@dataclass(slots=True, eq=False)
class MeasuredClip:
    """Columns that grow by some 20 numbers a frame."""

    observations: Observations = field(default_factory=Observations)
    scenes: SceneFinder = field(default_factory=SceneFinder)
    hc: array[float] = field(default_factory=lambda: array("d"))
    """In mm; NaN without a head or a scale."""
    hc_px: array[float] = field(default_factory=lambda: array("d"))
    """In pixels; NaN without a head."""
    unsure: array[float] = field(default_factory=lambda: array("d"))
    """Half of the interval of `hc` in mm; NaN where there is none."""
    parts: array[float] = field(default_factory=lambda: array("d"))
    sizes: array[float] = field(default_factory=lambda: array("d"))
    """2 a frame: mm a pixel, NaN without a scale; without a head, where regions of a picture differ in theirs, too."""
    numbers: array[int] = field(default_factory=lambda: array("q"))
    times: array[float] = field(default_factory=lambda: array("d"))
    """As the clip tells them; NaN where it does not."""

    def add(self, pixels: npt.NDArray[np.uint8], record: FrameRecord) -> None:
        """The next frame, (H, W) grey, and what was measured of it."""
        row = record.row
        self.scenes.add(pixels, self.observations.add(record.time_s, record.seen, row.frame))
        self.hc.append(_or_nan(row.hc_mm))
        self.hc_px.append(_perimeter_px(row))
        self.unsure.append((_or_nan(row.hc_high_mm) - _or_nan(row.hc_low_mm)) / 2)
        self.parts.append(math.nan if record.score is None else record.score)
        self.sizes.extend((_or_nan(row.pixel_size_x_mm), _or_nan(row.pixel_size_y_mm)))
        self.numbers.append(row.frame or 0)
        self.times.append(_or_nan(record.time_s))

    def __len__(self) -> int:
        return len(self.times)

    def places(self, images: Iterator[UltrasoundImage]) -> Iterator[tuple[int, UltrasoundImage]]:
        """The frames of a later reading with their places here; those that only one of the readings gave pass by."""
        place = 0
        for image in images:
            number = image.frame or 0
            while place < len(self) and self.numbers[place] < number:
                place += 1
            if place == len(self):
                return
            if self.numbers[place] == number:
                yield place, image
                place += 1

    def outcome(self) -> Outcome:
        """The head followed through all frames so far."""
        scenes = np.asarray(self.scenes.scenes)
        frozen = np.asarray(self.scenes.frozen, dtype=bool)
        times = np.asarray(self.observations.times)
        track = follow(self.observations, scenes, frozen)
        sizes = _sizes_followed(np.asarray(self.sizes).reshape(-1, 2), track, times, scenes)
        scaled = bool(np.isfinite(sizes[track.followed]).all()) and bool(track.followed.any())
        hc = np.asarray(self.hc)
        if not scaled:  # one unit for a clip: where a frame's size is not known, all are in pixels
            hc, sizes = np.asarray(self.hc_px), np.ones_like(sizes)
        result = figures(track, times, hc, np.asarray(self.parts), sizes, scenes)
        best = best_frames(result.score, times)
        counted = track.accepted & ~(frozen & np.roll(track.accepted, 1))
        unsure = np.asarray(self.unsure) if scaled else np.full(len(hc), np.nan)
        whole, parts = clip_hc(result, counted, unsure), hc_by_scene(result, counted, unsure, scenes)
        return Outcome(track, result, best, whole, "mm" if scaled else "px", parts)


def _sizes_followed(
    sizes: npt.NDArray[np.float64], track: Track, times: npt.NDArray[np.float64], scenes: npt.NDArray[np.int_]
) -> npt.NDArray[np.float64]:
    """(N, 2) pixel sizes, a bridged frame's being that of the nearest accepted one of its scene, as its outline is."""
    sizes = sizes.copy()
    for number in np.flatnonzero(track.bridged):
        near = np.flatnonzero(track.accepted & (scenes == scenes[number]))
        if len(near):
            sizes[number] = sizes[near[np.argmin(np.abs(times[near] - times[number]))]]
    return sizes


def _perimeter_px(row: Row) -> float:
    if row.semi_axis_a_px is None or row.semi_axis_b_px is None:
        return math.nan
    return Ellipse.make(0, 0, row.semi_axis_a_px, row.semi_axis_b_px, 0).perimeter


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
