"""How well an outline agrees with the reference: overlap, surface distances in mm, difference of HC in mm.

What empty masks give (a test goes through this table):

| reference | predicted | Dice, IoU | surface distances |
| --- | --- | --- | --- |
| empty | empty | NaN: nothing to compare | NaN |
| empty | some | 0 | NaN: no surface to be far from |
| some | empty | 0 | NaN |
| some | some | 0 to 1 | 0 or more, finite |

`spacing` is (row mm, column mm), in the order of array axes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fetalhead.evaluation.surfaces import (
    FloatArray,
    Spacing,
    distances_to_ellipse,
    distances_to_points,
    ellipse_in_mm,
    equal_arc_points,
    mask_outline,
)
from fetalhead.images.ellipse import Ellipse

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SurfaceDistances:
    """Distances between two outlines in mm; NaN where one of them is empty."""

    hausdorff: float
    """The largest distance of a point of either outline from the other outline."""
    hd95: float
    """The larger of the two directed 95th percentiles: Hausdorff without the farthest twentieth."""
    average: float
    """Average symmetric surface distance: the mean of the two directed means."""


@dataclass(frozen=True, slots=True)
class CircumferenceDifference:
    """The HC18 challenge's DF and ADF: predicted minus reference HC in mm, its size, and that in % of the reference."""

    df_mm: float
    adf_mm: float
    adf_percent: float


NO_DISTANCES = SurfaceDistances(math.nan, math.nan, math.nan)


def dice(reference: Mask, predicted: Mask) -> float:
    """2 |A and B| / (|A| + |B|) of two (H, W) bool masks, 0 to 1; NaN where both are empty."""
    common, either = _overlap(reference, predicted)
    return 2 * common / (common + either) if either else math.nan


def iou(reference: Mask, predicted: Mask) -> float:
    """|A and B| / |A or B| of two (H, W) bool masks, 0 to 1; NaN where both are empty."""
    common, either = _overlap(reference, predicted)
    return common / either if either else math.nan


def filled(ellipse: Ellipse, shape: tuple[int, int]) -> Mask:
    """(H, W) bool of the pixels at least half of which the ellipse covers; what lies beyond the picture is cut off."""
    return np.asarray(ellipse.coverage(shape) >= 0.5)


def ellipse_distances(reference: Ellipse, predicted: Ellipse, spacing: Spacing) -> SurfaceDistances:
    """Distances in mm between the outlines of two ellipses given in pixels.

    720 points at equal steps of length along either outline, each with its exact distance from the other ellipse.
    """
    one, two = ellipse_in_mm(reference, spacing), ellipse_in_mm(predicted, spacing)
    return _both_ways(
        distances_to_ellipse(equal_arc_points(one), two), distances_to_ellipse(equal_arc_points(two), one)
    )


def mask_distances(reference: Mask, predicted: Mask, spacing: Spacing) -> SurfaceDistances:
    """Distances in mm between the outlines of two (H, W) bool masks; NaN where either is empty."""
    _same_shape(reference, predicted)
    one, two = mask_outline(reference, spacing), mask_outline(predicted, spacing)
    if not (len(one) and len(two)):
        return NO_DISTANCES
    return _both_ways(distances_to_points(one, two), distances_to_points(two, one))


def circumference_difference(reference_mm: float, predicted_mm: float) -> CircumferenceDifference:
    """DF, ADF and ADF in % of two head circumferences in mm."""
    difference = predicted_mm - reference_mm
    return CircumferenceDifference(difference, abs(difference), 100 * abs(difference) / reference_mm)


def _both_ways(there: FloatArray, back: FloatArray) -> SurfaceDistances:
    return SurfaceDistances(
        hausdorff=float(max(there.max(), back.max())),
        hd95=float(max(np.percentile(there, 95), np.percentile(back, 95))),
        average=float((there.mean() + back.mean()) / 2),
    )


def _overlap(reference: Mask, predicted: Mask) -> tuple[int, int]:
    """Pixels in both masks, and in either."""
    _same_shape(reference, predicted)
    return int(np.count_nonzero(reference & predicted)), int(np.count_nonzero(reference | predicted))


def _same_shape(reference: Mask, predicted: Mask) -> None:
    if reference.shape != predicted.shape or reference.dtype != bool or predicted.dtype != bool:
        raise ValueError(
            f"two bool masks of one shape are needed, not {reference.dtype} {reference.shape} "
            f"and {predicted.dtype} {predicted.shape}"
        )
