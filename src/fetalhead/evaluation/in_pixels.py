"""Figures of mask folders, whose pictures have no pixel size: shares, and distances in pixels of the picture."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from fetalhead.datasets.case import Case
from fetalhead.errors import FetalheadError
from fetalhead.evaluation.evaluate import MASK_LEVEL
from fetalhead.evaluation.metrics import dice, ellipse_distances, filled, iou
from fetalhead.evaluation.progress import progress
from fetalhead.evaluation.results import DIGITS
from fetalhead.evaluation.summary import DRAWS, LEVEL_PERCENT, SEED, bootstrap_interval
from fetalhead.images.image import UltrasoundImage
from fetalhead.inference.measuring import measure_image
from fetalhead.inference.predictor import Predictor

UNIT = (1.0, 1.0)
"""Row and column spacing: lengths are pixels."""


@dataclass(frozen=True, slots=True)
class PixelScores:
    """One picture against its drawn mask. Without a head found Dice and IoU are 0, and the lengths NaN."""

    name: str
    subject: str
    reason: str
    """Why no head was found; empty where one was."""
    dice: float
    """Of the fitted ellipse and the mask as drawn."""
    iou: float
    mask_dice: float
    """Of the network's own mask and the mask as drawn."""
    hd_px: float
    """Hausdorff distance of the fitted ellipse and the one through the drawn mask's border."""
    df_percent: float
    """Difference of their circumferences, in % of the reference."""
    adf_percent: float


def _farthest(values: list[float]) -> float:
    return max(values, key=abs)


FIGURES: dict[str, Callable[[list[float]], float]] = {
    "dice": min, "iou": min, "mask_dice": min, "hd_px": max, "df_percent": _farthest, "adf_percent": max,
}  # fmt: skip
"""The figures, and which value of each is the worst."""


def evaluate_in_pixels(
    cases: Sequence[Case], predictor: Predictor, unreadable: Callable[[str], None]
) -> list[PixelScores]:
    """The scores in the order given, with a progress bar; `unreadable` is told of each that cannot be read."""
    scored = []
    for case in progress(cases, "evaluate"):
        try:
            scored.append(_score(case, predictor))
        except FetalheadError as error:
            unreadable(str(error))
    return scored


def _score(case: Case, predictor: Predictor) -> PixelScores:
    pixels = case.pixels()
    shape = (pixels.shape[0], pixels.shape[1])
    truth, reference = case.mask(shape), case.ellipse(shape)
    measurement, prediction = measure_image(UltrasoundImage(pixels), predictor)
    mask = prediction.head_probability > MASK_LEVEL if prediction else np.zeros(shape, dtype=bool)
    found = measurement.ellipse_px if measurement else None
    if found is None:
        nothing = (0.0, 0.0, dice(truth, mask), math.nan, math.nan, math.nan)
        return PixelScores(case.name, case.subject, measurement.reason, *nothing)
    inside = filled(found, shape)
    difference = 100 * (found.perimeter / reference.perimeter - 1)
    return PixelScores(
        case.name, case.subject, "", dice(truth, inside), iou(truth, inside), dice(truth, mask),
        ellipse_distances(reference, found, UNIT).hausdorff, difference, abs(difference),
    )  # fmt: skip


def pixel_figures(scored: Sequence[PixelScores]) -> dict[str, dict[str, float]]:
    """Mean, SD, median, worst case and the mean's 95 % interval by subject, for each figure over what has it."""
    figures = {}
    for name, worst in FIGURES.items():
        known = [(getattr(one, name), one.subject) for one in scored if not math.isnan(getattr(one, name))]
        values = [value for value, _ in known]
        low, high = bootstrap_interval(values, [subject for _, subject in known]) if known else (math.nan, math.nan)
        figures[name] = {
            "count": len(values),
            "mean": float(np.mean(values)) if values else math.nan,
            "sd": float(np.std(values, ddof=1)) if len(values) > 1 else math.nan,
            "median": float(np.median(values)) if values else math.nan,
            "worst": float(worst(values)) if values else math.nan,
            "low": low,
            "high": high,
        }
    return figures


def write_in_pixels(folder: Path, scored: Sequence[PixelScores], about: dict[str, object]) -> None:
    """`cases.csv`, a row a picture, and `metrics.json`, which begins with `about`: what was evaluated."""
    rows = [asdict(one) for one in scored]
    with open(folder / "cases.csv", "w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {name: "" if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}
            for row in rows
        )
    document = about | {
        "images": len(scored),
        "subjects": len({one.subject for one in scored}),
        "failures": sum(bool(one.reason) for one in scored),
        "bootstrap": {"resampled": "subjects", "draws": DRAWS, "seed": SEED, "level_percent": LEVEL_PERCENT},
        "metrics": {
            name: {key: None if math.isnan(value) else round(value, DIGITS) for key, value in numbers.items()}
            for name, numbers in pixel_figures(scored).items()
        },
    }
    (folder / "metrics.json").write_text(json.dumps(document, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def pixels_table(scored: Sequence[PixelScores]) -> str:
    """The figures as lines of text for a person."""
    failures = sum(bool(one.reason) for one in scored)
    lines = [
        f"{len(scored)} images of {len({one.subject for one in scored})} subjects, no head found in {failures}",
        "",
        f"{'figure':12} {'mean':>8} {'SD':>8} {'median':>8} {'worst':>8}   95 % interval of the mean, by subject",
    ]
    for name, numbers in pixel_figures(scored).items():
        factor, unit = (1, "px") if name == "hd_px" else (1 if name.endswith("percent") else 100, "%")
        mean, sd, median, worst, low, high = (
            f"{factor * numbers[key]:.2f}" for key in ("mean", "sd", "median", "worst", "low", "high")
        )
        title = name.removesuffix("_px").removesuffix("_percent")
        lines.append(f"{title + ' ' + unit:12} {mean:>8} {sd:>8} {median:>8} {worst:>8}   {low} to {high}")
    return "\n".join(lines)
