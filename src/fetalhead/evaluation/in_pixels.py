"""Figures of mask folders, whose pictures have no pixel size: shares, and distances in pixels of the picture."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from statistics import fmean

import numpy as np

from fetalhead.biometry.quality import counted, counts_told
from fetalhead.datasets.case import Case
from fetalhead.errors import FetalheadError
from fetalhead.evaluation.evaluate import MASK_LEVEL
from fetalhead.evaluation.figures import Example
from fetalhead.evaluation.metrics import dice, ellipse_distances, filled, iou
from fetalhead.evaluation.results import BOOTSTRAP, plain, write_document
from fetalhead.evaluation.summary import FloatArray, Statistics, farthest_from_zero, highest, lowest, statistics
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.image import UltrasoundImage
from fetalhead.inference.measuring import measure_image
from fetalhead.inference.predictor import Predictor
from fetalhead.progress import progress

UNIT = (1.0, 1.0)
"""Row and column spacing: lengths are pixels."""


@dataclass(frozen=True, slots=True)
class PixelScores:
    """One picture against its drawn mask. Without a head found Dice and IoU are 0, and the lengths NaN.

    Where the mask is empty there is no head: all figures are NaN, and what is found is a false head.
    """

    name: str
    subject: str
    reason: str
    """Why no head was found; empty where one was, or where there is none."""
    quality: str
    """The verdict."""
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
    reference: Ellipse | None
    """Through the drawn mask's border, in pixels; None where the mask is empty."""
    predicted: Ellipse | None


FIGURES: dict[str, Callable[[FloatArray], float]] = {
    "dice": lowest, "iou": lowest, "mask_dice": lowest, "hd_px": highest, "df_percent": farthest_from_zero,
    "adf_percent": highest,
}  # fmt: skip
"""The figures, and which value of each is the worst."""

ACCEPTED = ("dice", "adf_percent")
"""The figures that are also told of accepted pictures alone."""

COLUMNS = ("name", "subject", "reason", "quality", *FIGURES)
"""Of `cases.csv`."""


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
    truth = case.mask(shape)
    reference = case.ellipse_of(truth) if truth.any() or not case.filled else None
    measurement, prediction = measure_image(UltrasoundImage(pixels), predictor)
    mask = prediction.head_probability > MASK_LEVEL if prediction else np.zeros(shape, dtype=bool)
    found = measurement.ellipse_px if measurement else None
    if reference is None:
        none = (math.nan, math.nan, math.nan, math.nan, math.nan, math.nan)
        return PixelScores(case.name, case.subject, "", measurement.quality, *none, None, found)
    if found is None:
        nothing = (0.0, 0.0, dice(truth, mask), math.nan, math.nan, math.nan)
        return PixelScores(
            case.name, case.subject, measurement.reason, measurement.quality, *nothing, reference, None
        )
    inside = filled(found, shape)
    difference = 100 * (found.perimeter / reference.perimeter - 1)
    return PixelScores(
        case.name, case.subject, "", measurement.quality, dice(truth, inside), iou(truth, inside), dice(truth, mask),
        ellipse_distances(reference, found, UNIT).hausdorff, difference, abs(difference), reference, found,
    )  # fmt: skip


def worst_in_pixels(scored: Sequence[PixelScores], count: int) -> list[Example]:
    """The `count` pictures of the lowest Dice, the worst first, to be drawn."""
    worst = sorted((one for one in scored if one.reference), key=lambda one: (one.dice, one.name))[:count]
    return [
        Example(
            one.name, one.reference, one.predicted, 1.0,
            f"Dice {100 * one.dice:.2f} %, HC {one.df_percent:+.1f} %" if one.predicted else "no head found",
        )
        for one in worst
        if one.reference
    ]  # fmt: skip


def pixel_figures(scored: Sequence[PixelScores]) -> dict[str, Statistics]:
    """The statistics of each figure, over what has it."""
    subjects = np.array([one.subject for one in scored])
    return {
        name: statistics(np.array([getattr(one, name) for one in scored], dtype=np.float64), subjects, worst)
        for name, worst in FIGURES.items()
    }


def write_in_pixels(folder: Path, scored: Sequence[PixelScores], about: dict[str, object]) -> None:
    """`cases.csv`, a row a picture, and `metrics.json`, which begins with `about`: what was evaluated.

    Figures, images and failures are of the pictures with a head; `head_free` counts the others, where there are any.
    """
    rows = [{name: getattr(one, name) for name in COLUMNS} for one in scored]
    with open(folder / "cases.csv", "w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {name: "" if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}
            for row in rows
        )
    with_head, without = _parted(scored)
    head_free = {"images": len(without), "false_heads": sum(one.predicted is not None for one in without)}
    document = about | {
        "images": len(with_head),
        "subjects": len({one.subject for one in with_head}),
        "failures": sum(bool(one.reason) for one in scored),
        **({"head_free": head_free} if without else {}),
        "verdicts": counted(one.quality for one in with_head),
        "accepted": _of_accepted(with_head),
        "bootstrap": BOOTSTRAP,
        "metrics": {name: asdict(numbers) for name, numbers in pixel_figures(scored).items()},
    }
    write_document(folder / "metrics.json", plain(document))


def _of_accepted(scored: Sequence[PixelScores]) -> dict[str, float]:
    """Means of Dice (0 to 1) and ADF (% of HC) of what is accepted; NaN where nothing is."""
    accepted = [one for one in scored if one.quality == "accept"]
    return {name: fmean(getattr(one, name) for one in accepted) if accepted else math.nan for name in ACCEPTED}


def _parted(scored: Sequence[PixelScores]) -> tuple[list[PixelScores], list[PixelScores]]:
    """The pictures with a head, and those whose mask is empty."""
    return [one for one in scored if one.reference], [one for one in scored if not one.reference]


def pixels_table(scored: Sequence[PixelScores]) -> str:
    """The figures as lines of text for a person."""
    with_head, without = _parted(scored)
    verdicts, accepted = counted(one.quality for one in with_head), _of_accepted(with_head)
    subjects, failures = len({one.subject for one in with_head}), sum(bool(one.reason) for one in scored)
    lines = [f"{len(with_head)} images of {subjects} subjects, no head found in {failures}"]
    if without:
        false_heads = sum(one.predicted is not None for one in without)
        lines.append(f"{len(without)} more have an empty mask, so no head: one outlined all the same in {false_heads}")
    lines.append(f"verdicts: {counts_told(verdicts)}")
    if verdicts["accept"]:
        dice, adf = 100 * accepted["dice"], accepted["adf_percent"]
        lines.append(f"of the accepted: Dice {dice:.2f} %, ADF {adf:.2f} % of HC")
    lines += [
        "",
        f"{'figure':12} {'mean':>8} {'SD':>8} {'median':>8} {'worst':>8}   95 % interval of the mean, by subject",
    ]
    for name, numbers in pixel_figures(scored).items():
        factor, unit = (1, "px") if name == "hd_px" else (1 if name.endswith("percent") else 100, "%")
        mean, sd, median, worst, low, high = (f"{factor * value:.2f}" for value in astuple(numbers)[1:])
        title = name.removesuffix("_px").removesuffix("_percent")
        lines.append(f"{title + ' ' + unit:12} {mean:>8} {sd:>8} {median:>8} {worst:>8}   {low} to {high}")
    return "\n".join(lines)
