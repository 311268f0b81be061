"""`evaluate --video`: clips with truth, measured as `fetalhead video` does, and their figures of steadiness."""

from __future__ import annotations

import csv
import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from fetalhead.datasets import open_data
from fetalhead.datasets.case import Case
from fetalhead.datasets.tables import SEQUENCES, read_sequences
from fetalhead.errors import FetalheadError
from fetalhead.evaluation.evaluate import select
from fetalhead.evaluation.results import write_document
from fetalhead.evaluation.steadiness import ClipFigures, Steadiness, TrueFrame, clip_figures
from fetalhead.images.image import UltrasoundImage
from fetalhead.inference.measuring import measure_image
from fetalhead.inference.predictor import Predictor
from fetalhead.phantoms.cine import motion_over
from fetalhead.progress import progress
from fetalhead.videos.cine_folder import LIST, Cine, read_cines
from fetalhead.videos.clip import open_clip
from fetalhead.videos.measured import MeasuredClip, frame_record
from fetalhead.videos.search import find_clips
from fetalhead.videos.steady_field import SteadyField

LEAST_RUN = 6
"""Frames of a run of pictures that counts as a clip."""

STEADY = tuple(field.name for field in dataclasses.fields(Steadiness))


@dataclass(frozen=True, slots=True)
class TrueClip:
    """A clip, and what is known of its frames."""

    name: str
    frames: Callable[[], Iterable[tuple[UltrasoundImage, TrueFrame]]]


def kind_and_place(data: str) -> tuple[str, Path]:
    """The kind that `--data` stands for with `--video`, such as cines or masks:2, and where it lies.

    A plain DIR is cines where it lists them, else clips. Raises `FetalheadError` for a kind that has no clips.
    """
    kind, _, place = data.partition("=")
    if not place or Path(data).exists():
        return ("cines" if (Path(data) / LIST).is_file() else "clips"), Path(data)
    if kind not in ("cines", "clips") and kind.partition(":")[0] not in ("hc18", "masks"):
        raise FetalheadError(f"--data {data}: with --video wants cines=DIR, hc18=DIR, masks=DIR or clips=DIR")
    return kind, Path(place)


def true_clips(data: str, split: str, count: int) -> list[TrueClip]:
    """The clips that `--data` stands for. Raises `FetalheadError`.

    `cines=DIR`: cines with truth; `hc18=DIR`: known motion over up to `count` stills of `split`, spread over its
    subjects; `masks=DIR`: runs of consecutive pictures that its sequences.csv lists; `clips=DIR`: clips that hold no
    head. A plain DIR is the first or the last (`kind_and_place`).
    """
    kind, place = kind_and_place(data)
    if kind == "cines":
        return [_of_cine(cine) for cine in read_cines(place)]
    if kind == "clips":
        return [TrueClip(path.stem, partial(_headless, path)) for path in find_clips([str(place)])]
    cases = open_data(data).cases
    chosen = select(cases, split)[0]
    if kind == "hc18":
        one_each = list({case.subject: case for case in reversed(chosen)}.values())[::-1]
        places = np.unique(np.linspace(0, len(one_each) - 1, min(count, len(one_each))).round().astype(int))
        return [_of_still(one_each[number], int(number)) for number in places]
    return _runs(place, cases, {case.name for case in chosen})


def evaluate_clips(
    clips: Sequence[TrueClip], predictor: Predictor, unreadable: Callable[[str], None]
) -> list[ClipFigures]:
    """The figures of each clip that can be read, with a progress bar."""
    scored = []
    for clip in progress(clips, "evaluate"):
        measured, truth, fields = MeasuredClip(), [], SteadyField()
        verdicts = []
        try:
            for image, true in clip.frames():
                measurement, prediction = measure_image(fields.of(image), predictor)
                measured.add(image.pixels, frame_record(clip.name, image, measurement, prediction))
                truth.append(true)
                verdicts.append(measurement.quality)
        except FetalheadError as error:
            unreadable(str(error))
        else:
            scored.append(clip_figures(clip.name, truth, measured, measured.outcome(), verdicts))
    return scored


def write_clips(out: Path, scored: Sequence[ClipFigures], about: dict[str, object]) -> None:
    """`clips.csv`, a row a clip, and `metrics.json`."""
    names = [field.name for field in dataclasses.fields(ClipFigures) if field.name not in ("by_frame", "smoothed")]
    steady = [f"{name}_{way}" for name in STEADY for way in ("by_frame", "smoothed")]
    with open(out / "clips.csv", "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*names, *steady])
        for clip in scored:
            values = [_cell(getattr(clip, name)) for name in names]
            pairs = [_cell(getattr(way, name)) for name in STEADY for way in (clip.by_frame, clip.smoothed)]
            writer.writerow([*values, *pairs])
    write_document(out / "metrics.json", {**about, **summary(scored)})


def summary(scored: Sequence[ClipFigures]) -> dict[str, object]:
    """Means over clips, but false heads over all head-free frames together, and medians of clip and frame errors."""
    free = sum(clip.free_frames for clip in scored)
    hits = [clip.best_hit for clip in scored if clip.best_hit is not None]
    covered = [clip.covered for clip in scored if clip.covered is not None]

    def mean(way: str, name: str) -> float | None:
        return _known(float(_nan(np.nanmean, [getattr(getattr(clip, way), name) for clip in scored])))

    def of_free(share: Callable[[ClipFigures], float]) -> float | None:
        total = sum(share(clip) * clip.free_frames for clip in scored if clip.free_frames)
        return total / free if free else None

    return {
        "clips": len(scored),
        "frames": sum(clip.frames for clip in scored),
        "head_free_frames": free,
        **{
            way: {name: mean(way, name) for name in STEADY}
            | {"false_heads": of_free(lambda clip, way=way: getattr(clip, way).false_heads)}  # type: ignore[misc]
            for way in ("by_frame", "smoothed")
        },
        "accepted_head_free": of_free(lambda clip: clip.accepted_free),
        "bridged_head_free": of_free(lambda clip: clip.bridged_free),
        "clip_hc_error_median": _known(float(_nan(np.nanmedian, [clip.clip_error for clip in scored]))),
        "frame_hc_error_median": _known(float(_nan(np.nanmedian, [clip.frame_error for clip in scored]))),
        "interval_coverage": float(np.mean(covered)) if covered else None,
        "best_frame_hit_rate": float(np.mean(hits)) if hits else None,
    }


def clips_table(scored: Sequence[ClipFigures]) -> str:
    """The summary for a person."""
    values = summary(scored)
    lines = [f"{values['clips']} clips, {values['frames']} frames, {values['head_free_frames']} of them without a head"]
    lines.append(f"{'':28}  by frame  smoothed")
    units = {"first_s": ("first measurement (s)", 1.0)}
    for name in STEADY:
        title, factor = units.get(name, (f"{name.replace('_', ' ')} (%)", 100.0))
        cells = [_shown(values[way][name], factor) for way in ("by_frame", "smoothed")]  # type: ignore[index]
        lines.append(f"{title:28}  {cells[0]:>8}  {cells[1]:>8}")
    for title, name in (
        ("clip HC error, median (%)", "clip_hc_error_median"), ("frame HC error, median (%)", "frame_hc_error_median"),
        ("interval holds true HC (%)", "interval_coverage"), ("best frame hits (%)", "best_frame_hit_rate"),
        ("accepted, head-free (%)", "accepted_head_free"), ("bridged, head-free (%)", "bridged_head_free"),
    ):  # fmt: skip
        lines.append(f"{title:28}  {_shown(values[name], 100.0):>8}")
    return "\n".join(lines)


def _of_cine(cine: Cine) -> TrueClip:
    def frames() -> Iterator[tuple[UltrasoundImage, TrueFrame]]:
        for image in open_clip(cine.path).frames():
            if (number := image.frame or 0) >= len(cine.truth):
                raise FetalheadError(f"{cine.path}: its CSV has {len(cine.truth)} rows, and it has more frames")
            true = cine.truth[number]
            sized = replace(image, pixel_size=cine.pixel_size)
            yield sized, TrueFrame(true.ellipse, true.offset, true.plane)

    return TrueClip(cine.path.stem, frames)


def _of_still(case: Case, seed: int) -> TrueClip:
    def frames() -> Iterator[tuple[UltrasoundImage, TrueFrame]]:
        image = UltrasoundImage(case.pixels(), case.pixel_size, case.image_path)
        for frame in motion_over(image, case.ellipse(image.shape), seed):
            yield frame.image, TrueFrame(frame.ellipse, frame.offset, frame.plane)

    return TrueClip(Path(case.name).stem, frames)


def _runs(folder: Path, cases: Sequence[Case], chosen: set[str]) -> list[TrueClip]:
    path = folder / SEQUENCES
    if not path.is_file():
        raise FetalheadError(f"{folder}: no {SEQUENCES} here, which tells which pictures are consecutive frames")
    by_stem = {Path(case.name).stem: case for case in cases}
    clips = []
    for name, stems in read_sequences(path, by_stem):
        inside = [by_stem[stem] for stem in stems if by_stem[stem].name in chosen]
        if len(inside) >= LEAST_RUN:
            clips.append(TrueClip(name, partial(_of_run, inside)))
    return clips


def _of_run(cases: Sequence[Case]) -> Iterator[tuple[UltrasoundImage, TrueFrame]]:
    for number, case in enumerate(cases):
        image = UltrasoundImage(case.pixels(), source=case.image_path, frame=number)
        yield image, TrueFrame(case.ellipse(image.shape))


def _headless(path: Path) -> Iterator[tuple[UltrasoundImage, TrueFrame]]:
    for image in open_clip(path).frames():
        yield image, TrueFrame(None, plane="other")


def _nan(function: Callable[[list[float]], float], values: list[float]) -> float:
    return function(values) if any(math.isfinite(value) for value in values) else math.nan


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _cell(value: object) -> object:
    if isinstance(value, float):
        return format(value, ".6g") if math.isfinite(value) else ""
    if isinstance(value, bool):
        return int(value)
    return " ".join(value) if isinstance(value, tuple) else value


def _shown(value: object, factor: float) -> str:
    return f"{factor * value:.2f}" if isinstance(value, float) else "-"
