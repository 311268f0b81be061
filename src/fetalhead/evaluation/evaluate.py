"""Score a model on labelled cases: every picture goes the way that `measure` takes it, then meets its reference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fetalhead.datasets.splits import UNASSIGNED
from fetalhead.errors import FetalheadError
from fetalhead.evaluation.cases import LabelledCase, ScoredCase, score
from fetalhead.evaluation.progress import progress
from fetalhead.images.image import UltrasoundImage
from fetalhead.inference.measuring import measure_image
from fetalhead.inference.predictor import Predictor

MASK_LEVEL = 0.5
"""A pixel is in the network's mask where its head probability is above this."""

ALL = "all"


def select(cases: Sequence[LabelledCase], split: str) -> tuple[list[LabelledCase], int]:
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


def evaluate(cases: Sequence[LabelledCase], predictor: Predictor) -> list[ScoredCase]:
    """The scored cases in the order given, with a progress bar. Raises `FetalheadError` for an unreadable file."""
    return [evaluate_case(case, predictor) for case in progress(cases, "evaluate")]


def evaluate_case(case: LabelledCase, predictor: Predictor) -> ScoredCase:
    """One picture predicted, measured and scored. Raises `FetalheadError` where it or its reference is unreadable."""
    reference = case.ellipse()
    pixels = case.pixels()
    measurement, prediction = measure_image(UltrasoundImage(pixels, case.pixel_size), predictor)
    predicted = measurement.ellipse_px if measurement else None
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
    )
