"""Score a model on labelled cases: every picture goes the way that `measure` takes it, then meets its reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from fetalhead.datasets.splits import UNASSIGNED
from fetalhead.errors import FetalheadError, one_line
from fetalhead.evaluation.cases import LabelledCase, ScoredCase, score
from fetalhead.images.cleaning import clean
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.image import UltrasoundImage
from fetalhead.inference.measuring import measure_image
from fetalhead.inference.predictor import Predictor
from fetalhead.progress import progress

MASK_LEVEL = 0.5
"""A pixel is in the network's mask where its head probability is above this."""

ALL = "all"


AnyCase = TypeVar("AnyCase", bound=LabelledCase)


def select(cases: Sequence[AnyCase], split: str) -> tuple[list[AnyCase], int]:
    """The cases of one split (or of "all", unassigned ones included), and how many cases belong to no split at all.

    Raises `FetalheadError` where the split is empty.
    """
    unassigned = sum(case.split == UNASSIGNED for case in cases)
    chosen = [case for case in cases if split in (ALL, case.split)]
    if not chosen:
        raise FetalheadError(
            f"--split {split}: none of the {len(cases)} labelled images is in it; {unassigned} belong to no split "
            f"and are taken by --split {ALL}"
        )
    return chosen, unassigned


def evaluate(
    cases: Sequence[LabelledCase],
    predictor: Predictor,
    unreadable: Callable[[str], None] | None = None,
    cleaned: bool = False,
) -> list[ScoredCase]:
    """The scored cases in the order given, with a progress bar; `cleaned` of what is drawn over the pictures.

    A case whose picture or reference cannot be read is left out, and `unreadable` is told why in one line; without
    it, raises `FetalheadError` for the first.
    """
    scored = []
    for case in progress(cases, "evaluate"):
        try:
            scored.append(scored_case(case, predictor, cleaned))
        except FetalheadError as error:
            if unreadable is None:
                raise
            unreadable(str(error))
    return scored


def scored_case(case: LabelledCase, predictor: Predictor, cleaned: bool = False) -> ScoredCase:
    """One case read and scored, `cleaned` of what is drawn over its picture. Raises `FetalheadError`."""
    pixels, reference = read_case(case)
    return score_case(case, clean(pixels) if cleaned else pixels, reference, predictor)


def read_case(case: LabelledCase) -> tuple[npt.NDArray[np.uint8], Ellipse]:
    """The picture's (H, W) grey values and its reference. Raises `FetalheadError`, also without a pixel size."""
    if not case.pixel_size:
        raise FetalheadError(one_line(f"{case.name}: {case.pixel_size.reason}"))
    pixels = case.pixels()
    return pixels, case.ellipse((pixels.shape[0], pixels.shape[1]))


def score_case(
    case: LabelledCase, pixels: npt.NDArray[np.uint8], reference: Ellipse, predictor: Predictor
) -> ScoredCase:
    """One picture predicted, measured and scored."""
    measurement, prediction = measure_image(UltrasoundImage(pixels, case.pixel_size), predictor)
    predicted = measurement.ellipse_px if measurement else None
    low, high = measurement.hc_low_mm, measurement.hc_high_mm
    mask = prediction.head_probability > MASK_LEVEL if prediction else np.zeros(pixels.shape, dtype=bool)
    return ScoredCase(
        name=case.name,
        subject=case.subject,
        split=case.split,
        pixel_size=case.pixel_size,
        reference=reference,
        predicted=predicted,
        reason=measurement.reason if predicted is None else "",
        scores=score(reference, predicted, mask, case.pixel_size),
        quality=measurement.quality,
        quality_reasons=measurement.quality_reasons,
        interval_mm=None if low is None or high is None else (low, high),
    )
