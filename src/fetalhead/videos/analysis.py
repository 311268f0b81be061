"""One clip from beginning to end: every frame measured, the head followed, results and pictures written.

The clip is read twice: once to measure, and once more to draw, since the outline of a frame is known only when the
frames after it are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from fetalhead.biometry.dating import GestationalAge, gestational_age
from fetalhead.errors import FetalheadError
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.spread import Spread
from fetalhead.images.surroundings import Pixels, area_of_clip, only
from fetalhead.inference.measuring import measure_image
from fetalhead.inference.model_folder import CONFIG_NAME, sha256
from fetalhead.inference.predictor import Predictor
from fetalhead.inference.workers import usable_cores
from fetalhead.measuring.csv_file import csv_line
from fetalhead.measuring.whole_files import write_whole
from fetalhead.reports.overlay import draw_overlay, encode_png
from fetalhead.reports.rows import COLUMNS as ROW_COLUMNS
from fetalhead.reports.rows import DECIMALS
from fetalhead.reports.run_record import run_record, versions
from fetalhead.videos.ahead import ahead, side_by_side
from fetalhead.videos.clip import Clip
from fetalhead.videos.drawing import draw_chart, draw_frame, strip_height
from fetalhead.videos.frame_ledger import FrameLedger, FrameRecord
from fetalhead.videos.measured import MeasuredClip, Outcome, frame_record
from fetalhead.videos.progress import ClipProgress
from fetalhead.videos.result_folder import BEST_NAMES, CHART, OVERLAY, ROWS, SUMMARY, ResultFolder, summary_in
from fetalhead.videos.stages import Stages
from fetalhead.videos.state import ellipse_of
from fetalhead.videos.steady_field import SteadyField
from fetalhead.videos.summary import ClipHC
from fetalhead.videos.track import NOMINAL_RATE
from fetalhead.videos.wanted import Wanted
from fetalhead.videos.writer import VideoWriter

COLUMNS = (
    *ROW_COLUMNS, "time_s", "scene", "accepted", "bridged", "hc_smooth", "hc_smooth_low", "hc_smooth_high",
    "plane_score",
)  # fmt: skip

SHOWN_FRAMES = 16
"""Frames in memory at a time, by which ultrasound is told from what is written around it."""


class ClipAnalysis:
    """The analysis of one clip into its folder."""

    def __init__(
        self, clip: Clip, folder: ResultFolder, predictor: Predictor, wanted: Wanted, progress: ClipProgress
    ) -> None:
        self._clip, self._folder, self._predictor, self._wanted = clip, folder, predictor, wanted
        self._progress = progress
        self._out, self._scratch = folder.path, folder.scratch
        self._workers = usable_cores()
        self._stages = Stages()
        self._outcome: Outcome | None = None

    def run(self, content: str) -> bool:
        """Do what is not yet done for the clip of this `content`; gives False where an earlier run had done all.

        Raises `FetalheadError` for a clip without a frame, or a folder that is not for this clip and run.
        """
        with self._folder.held(content):
            about = self._about(content)
            if self._finished(about):
                return False
            self._analyse(about)
            return True

    def _analyse(self, about: dict[str, Any]) -> None:
        ledger = FrameLedger(self._folder.ledger, about)
        try:
            measured, spread = self._measure(ledger)
            with self._stages.timed("follow"):
                self._outcome = outcome = measured.outcome()
            self._write_rows(ledger, measured, outcome)
            shown = self._draw(measured, outcome, spread)
            self._write_summary(about, measured, outcome, shown)
        finally:
            ledger.close()

    def told(self) -> str:
        """The result in a few words."""
        outcome = self._outcome
        if outcome is None or outcome.hc is None:
            return "no head"
        notes = [_title(outcome), "" if outcome.unit == "mm" else "no pixel size known", outcome.reason]
        return ", ".join(filter(None, notes))

    def _about(self, content: str) -> dict[str, Any]:
        """All that the results depend on."""
        size, model = self._wanted.pixel_size, self._predictor.folder
        return {
            "content": content,
            "version": versions()["fetalhead"],
            "model_id": model.model_id,
            "model": sha256(model.path / CONFIG_NAME),
            "pixel_size": [size.x, size.y] if size else None,
            "stride": self._wanted.stride,
            "from": self._wanted.start_s,
            "to": self._wanted.end_s,
            "dating": self._wanted.dating,
            "columns": list(COLUMNS),
        }

    def _finished(self, about: dict[str, Any]) -> bool:
        record = summary_in(self._out)
        best = record.get("best")
        if record.get("about") != about or record.get("faults") or not isinstance(best, list):
            return False
        return all((self._out / name).is_file() for name in (ROWS, OVERLAY, CHART, *BEST_NAMES[: len(best)]))

    def _measure(self, ledger: FrameLedger) -> tuple[MeasuredClip, Spread[UltrasoundImage]]:
        measured = MeasuredClip()
        spread: Spread[UltrasoundImage] = Spread(SHOWN_FRAMES)
        self._progress.start("measured", self._expected())
        entries = _with_records(self._frames(SteadyField().of), ledger)
        for image, record in side_by_side(self._measured, entries, self._workers):
            if len(measured) >= ledger.finished:
                ledger.add(record)
            measured.add(image.pixels, record)
            spread.add(image)
            self._progress.step()
        if len(measured) < ledger.finished:
            ledger.keep(len(measured))
        if not spread.kept:
            raise FetalheadError(f"{self._clip.path}: no frame lies between --from and --to")
        return measured, spread

    def _measured(self, entry: tuple[UltrasoundImage, FrameRecord | None]) -> tuple[UltrasoundImage, FrameRecord]:
        """A frame with what is measured of it, unless an earlier run did so."""
        image, record = entry
        if record is None:
            with self._stages.timed("measure"):
                measurement, prediction = measure_image(image, self._predictor, self._wanted.dating)
                record = frame_record(str(self._clip.path), image, measurement, prediction)
        return image, record

    def _frames(self, prepare: Callable[[UltrasoundImage], UltrasoundImage]) -> Iterator[UltrasoundImage]:
        """The frames that are wanted, read and prepared in a thread of their own."""
        return ahead(self._stages.making("read", map(prepare, self._wanted.frames(self._clip))))

    def _expected(self) -> int | None:
        """Frames to come, as far as the header tells."""
        count, rate, wanted = self._clip.expected, self._clip.rate, self._wanted
        if count is None:
            return None
        if rate is not None and (wanted.start_s is not None or wanted.end_s is not None):
            length = count / rate
            end = length if wanted.end_s is None else min(wanted.end_s, length)
            count = round(max(end - (wanted.start_s or 0.0), 0) * rate)
        return math.ceil(count / wanted.stride)

    def _write_rows(self, ledger: FrameLedger, measured: MeasuredClip, outcome: Outcome) -> None:
        track, result = outcome.track, outcome.figures
        part = self._scratch / "frames.csv"
        with open(part, "wb") as stream:
            stream.write(csv_line(COLUMNS))
            for number, record in enumerate(ledger.records()):
                time_s = None if record.time_s is None else round(record.time_s, 6)
                flags = int(track.accepted[number]), int(track.bridged[number])
                sides = (result.smooth, result.low, result.high, result.score)
                numbers = [_rounded(side[number]) for side in sides]
                row = record.row[: len(ROW_COLUMNS)]
                stream.write(csv_line([*row, time_s, measured.scenes.scenes[number], *flags, *numbers]))
        self._folder.reopen()
        part.replace(self._out / ROWS)

    def _draw(self, measured: MeasuredClip, outcome: Outcome, spread: Spread[UltrasoundImage]) -> str:
        """Write the overlay, the best frames and the chart; gives what of the pictures is shown."""
        track, times, best = outcome.track, measured.observations.times, outcome.best
        first, area = spread.kept[0], area_of_clip(spread)
        spread.kept.clear()
        shape = (first.shape[0] + strip_height(first.shape[1]), first.shape[1])
        part = self._scratch / "overlay.mp4"
        self._folder.remove_best()
        self._progress.start("drawn", len(times))

        def drawn(entry: tuple[int, UltrasoundImage]) -> tuple[UltrasoundImage, Pixels, Pixels]:
            number, image = entry
            with self._stages.timed("draw"):
                shown = only(image.pixels, area)
                ellipse = ellipse_of(track.states[number]) if track.followed[number] else None
                picture = draw_frame(shown, ellipse, _caption(number, image, outcome), bridged=track.bridged[number])
            return image, shown, picture

        with VideoWriter(part, shape, self._clip.rate or NOMINAL_RATE) as writer:
            entries = measured.places(self._frames(lambda image: image))
            for number, (image, shown, picture) in enumerate(side_by_side(drawn, entries, self._workers)):
                with self._stages.timed("write"):
                    writer.add(picture, times[number] - times[0])
                    if number in best:
                        measurement, _ = measure_image(image, self._predictor, self._wanted.dating)
                        content = encode_png(draw_overlay(shown, measurement, self._wanted.dating))
                        write_whole(self._out / BEST_NAMES[best.index(number)], content, self._scratch)
                self._progress.step()
        part.replace(self._out / OVERLAY)
        across = "seconds" if first.time_s is not None else "seconds, at 25 frames a second"
        chart = draw_chart(
            np.asarray(times), outcome.figures, np.asarray(measured.scenes.scenes), track.bridged, best,
            _title(outcome), outcome.unit, across,
        )  # fmt: skip
        write_whole(self._out / CHART, encode_png(chart), self._scratch)
        return "the ultrasound" if area is not None else "nothing: no ultrasound can be told from what is around it"

    def _write_summary(self, about: dict[str, Any], measured: MeasuredClip, outcome: Outcome, shown: str) -> None:
        hc, count, track = outcome.hc, len(measured), outcome.track
        scaled = outcome.unit == "mm"
        age = gestational_age(hc.hc, self._wanted.dating) if hc is not None and scaled else None
        weeks = age.weeks if isinstance(age, GestationalAge) else math.nan
        values = {
            "clip": str(self._clip.path),
            "status": "no_head" if hc is None else "ok" if scaled else "no_scale",
            "unit": outcome.unit,
            **_lengths(hc),
            "ga_weeks": _rounded(weeks),
            "reason": outcome.reason,
            "scenes": [
                {"scene": part.scene, "first": measured.numbers[part.first], "last": measured.numbers[part.last],
                 "frames": part.frames, **_lengths(part.hc)}
                for part in outcome.scenes
            ],
            "best": [
                {
                    "frame": measured.numbers[number],
                    "time_s": _rounded(measured.times[number]),
                    "plane_score": _rounded(outcome.figures.score[number]),
                    "hc_smooth": _rounded(outcome.figures.smooth[number]),
                }
                for number in outcome.best
            ],
            "counts": {
                "frames": count,
                "with_head": sum(map(math.isfinite, measured.parts)),
                "accepted": int(track.accepted.sum()),
                "bridged": int(track.bridged.sum()),
                "frozen": sum(measured.scenes.frozen),
                "scenes": len(set(measured.scenes.scenes)),
                "damaged": self._clip.damaged,
            },
            "faults": self._clip.told,
            "shown": shown,
            "timings": {
                "frames_per_s": round(count / self._stages.passed, 2),
                "per_frame_ms": {name: round(1000 * spent / count, 2) for name, spent in self._stages.seconds.items()},
            },
            "versions": versions(),
            "about": about,
        }
        write_whole(self._out / SUMMARY, run_record(values), self._scratch)


def _with_records(
    images: Iterator[UltrasoundImage], ledger: FrameLedger
) -> Iterator[tuple[UltrasoundImage, FrameRecord | None]]:
    """Each frame with what an earlier run measured of it; from the first record of another frame on, none counts."""
    earlier = islice(ledger.records(), ledger.finished)
    for number, image in enumerate(images):
        record = next(earlier, None)
        if record is not None and record.row.frame != image.frame:
            earlier, record = islice(earlier, 0), None
            ledger.keep(number)
        yield image, record


def _lengths(found: ClipHC | None) -> dict[str, float | None]:
    hc, low, high = map(_rounded, (found.hc, found.low, found.high) if found else (math.nan,) * 3)
    return {"hc": hc, "hc_low": low, "hc_high": high}


def _title(outcome: Outcome) -> str:
    hc = outcome.hc
    return "no head" if hc is None else f"HC {hc.hc:.1f} {outcome.unit} ({hc.low:.1f} to {hc.high:.1f})"


def _caption(number: int, image: UltrasoundImage, outcome: Outcome) -> str:
    result = outcome.figures
    when = f"frame {image.frame}" if image.time_s is None else f"{image.time_s:.2f} s"
    if not math.isfinite(result.smooth[number]):
        return f"{when}   no head"
    span = f"({result.low[number]:.1f} to {result.high[number]:.1f})"
    bridged = "   bridged" if outcome.track.bridged[number] else ""
    return f"{when}   HC {result.smooth[number]:.1f} {outcome.unit} {span}{bridged}"


def _rounded(value: float) -> float | None:
    return round(float(value), DECIMALS) if math.isfinite(value) else None
