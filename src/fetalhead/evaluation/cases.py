"""A scored case: one image's reference, what was found in it, and every metric between the two."""

from __future__ import annotations

import csv
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fetalhead.datasets.splits import BAND_NAMES, band_of
from fetalhead.evaluation.metrics import (
    NO_DISTANCES,
    Mask,
    circumference_difference,
    dice,
    ellipse_distances,
    filled,
    iou,
)
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.pixel_size import PixelSize

PIXEL_EDGES_MM = (0.10, 0.15, 0.20)
PIXEL_BANDS = ("below 0.10 mm", "0.10 to 0.15 mm", "0.15 to 0.20 mm", "0.20 mm and more")
"""Bands of pixel size; each holds its lower end. HC18 has 0.05 to 0.39 mm."""


class LabelledCase(Protocol):
    """What evaluation asks of a data set's case; `datasets.case.Case` is one."""

    @property
    def name(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def split(self) -> str: ...
    @property
    def pixel_size(self) -> PixelSize:
        """Falsy, with the reason, where it is not known."""

    def pixels(self) -> npt.NDArray[np.uint8]:
        """(H, W) grey values as shown. Raises `FetalheadError`."""

    def ellipse(self, shape: tuple[int, int] | None = None) -> Ellipse:
        """The reference outline in pixels; `shape` is the picture's, where known. Raises `FetalheadError`."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Every metric of one case. Where no head was found Dice and IoU are 0, and the differences are NaN."""

    dice: float
    """Of the filled ellipses, as the HC18 challenge takes it."""
    iou: float
    mask_dice: float
    """Of the network's own mask, before any ellipse is fitted to it."""
    hausdorff_mm: float
    hd95_mm: float
    average_distance_mm: float
    df_mm: float
    adf_mm: float
    adf_percent: float


@dataclass(frozen=True, slots=True)
class ScoredCase:
    """One image with its reference, what was predicted, and the scores. Ellipses are in pixels of the picture."""

    name: str
    subject: str
    split: str
    pixel_size: PixelSize
    reference: Ellipse
    predicted: Ellipse | None
    reason: str
    """Why there is no predicted ellipse; empty where there is one."""
    scores: Scores
    quality: str = ""
    """The measurement's own verdict: accept, review or refuse."""
    interval_mm: tuple[float, float] | None = None
    """The 90 % interval of HC; None where the model gives none, or no head was found."""
    quality_reasons: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """No head was found."""
        return self.predicted is None

    @property
    def reference_hc_mm(self) -> float:
        return circumference_mm(self.reference, self.pixel_size)

    @property
    def predicted_hc_mm(self) -> float:
        """NaN where no head was found."""
        return circumference_mm(self.predicted, self.pixel_size) if self.predicted else math.nan

    @property
    def band(self) -> str:
        return BAND_NAMES[band_of(self.reference_hc_mm)]

    @property
    def pixel_band(self) -> str:
        """By the geometric mean of a pixel's width and height."""
        side = math.sqrt(self.pixel_size.x * self.pixel_size.y)
        return PIXEL_BANDS[bisect_right(PIXEL_EDGES_MM, side)]


def circumference_mm(ellipse: Ellipse, pixel_size: PixelSize) -> float:
    """HC in mm of an ellipse in pixels."""
    return ellipse.scaled(pixel_size.x, pixel_size.y).perimeter


def score(reference: Ellipse, predicted: Ellipse | None, mask: Mask, pixel_size: PixelSize) -> Scores:
    """The scores of an ellipse in pixels (None: no head found) and of the (H, W) bool mask that it came from."""
    height, width = mask.shape
    truth = filled(reference, (height, width))
    mask_dice = dice(truth, mask)
    if predicted is None:
        return Scores(
            dice=0.0, iou=0.0, mask_dice=mask_dice,
            hausdorff_mm=NO_DISTANCES.hausdorff, hd95_mm=NO_DISTANCES.hd95, average_distance_mm=NO_DISTANCES.average,
            df_mm=math.nan, adf_mm=math.nan, adf_percent=math.nan,
        )
    found = filled(predicted, (height, width))
    distances = ellipse_distances(reference, predicted, (pixel_size.y, pixel_size.x))
    difference = circumference_difference(
        circumference_mm(reference, pixel_size), circumference_mm(predicted, pixel_size)
    )
    return Scores(
        dice=dice(truth, found), iou=iou(truth, found), mask_dice=mask_dice,
        hausdorff_mm=distances.hausdorff, hd95_mm=distances.hd95, average_distance_mm=distances.average,
        df_mm=difference.df_mm, adf_mm=difference.adf_mm, adf_percent=difference.adf_percent,
    )


COLUMNS = (
    "name", "subject", "split", "band", "status", "reason", "pixel_size_x_mm", "pixel_size_y_mm",
    "reference_center_x_px", "reference_center_y_px", "reference_semi_axis_a_px", "reference_semi_axis_b_px",
    "reference_angle_rad",
    "predicted_center_x_px", "predicted_center_y_px", "predicted_semi_axis_a_px", "predicted_semi_axis_b_px",
    "predicted_angle_rad",
    "reference_hc_mm", "predicted_hc_mm",
    "dice", "iou", "mask_dice", "hausdorff_mm", "hd95_mm", "average_distance_mm", "df_mm", "adf_mm", "adf_percent",
    "quality", "hc_low_mm", "hc_high_mm", "quality_reasons",
)


def write_cases(path: Path, cases: Sequence[ScoredCase]) -> None:
    """One row a case; numbers to the last digit, so that reading gives the same ones, and empty where there is none."""
    with open(path, "w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([_cell(value) for value in _row(case)] for case in cases)


def _row(case: ScoredCase) -> list[str | float]:
    scores = case.scores
    return [
        case.name, case.subject, case.split, case.band, "no_head" if case.failed else "ok", case.reason,
        case.pixel_size.x, case.pixel_size.y,
        *_ellipse(case.reference), *_ellipse(case.predicted),
        case.reference_hc_mm, case.predicted_hc_mm,
        scores.dice, scores.iou, scores.mask_dice,
        scores.hausdorff_mm, scores.hd95_mm, scores.average_distance_mm,
        scores.df_mm, scores.adf_mm, scores.adf_percent,
        case.quality, *(case.interval_mm or (math.nan, math.nan)), "; ".join(case.quality_reasons),
    ]


def _ellipse(ellipse: Ellipse | None) -> list[float]:
    if ellipse is None:
        return [math.nan] * 5
    return [ellipse.center_x, ellipse.center_y, ellipse.semi_axis_a, ellipse.semi_axis_b, ellipse.angle]


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return "" if math.isnan(value) else repr(float(value))
