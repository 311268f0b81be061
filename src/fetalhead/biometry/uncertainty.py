"""How far HC may be off: an interval that holds the reference in 90 of 100 pictures like those it was calibrated on.

Split conformal prediction (Lei et al. 2018, J Am Stat Assoc 113:1094) with an error that is scaled to the picture: half
the interval is `factor` times 1 mm (what annotators differ by, even on small heads), 1 % of HC, and a part of the
network's own spread. A model's `factor` is set when it is exported, on subjects that did not train it. A head that is
cut off has a wider one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fetalhead.biometry.calibration import Calibration
from fetalhead.biometry.measurement import HeadMeasurement
from fetalhead.images.contour import largest_region
from fetalhead.images.geometry import Letterbox

LEVEL = 0.9
LEAST_SUBJECTS = 10
"""One in ten is the least share that ten subjects can tell apart."""
SURE, UNSURE = 0.82, 0.18
"""Head probabilities 1.5 logits to either side of one half: the spread is between the regions above them."""
FLOOR_MM, OF_SIZE, OF_SPREAD = 1.0, 0.01, 0.3

OF_UNSEEN = 0.07
"""Of HC, for a head cut off, times the share of its perimeter that is not seen: added to half the interval. Of heads of
HC18's validation and training split with an edge laid over 5 to 30 % of them, 90 % lie within, and without it 74 %."""


def allowance_mm(
    measurement: HeadMeasurement, probability: npt.NDArray[np.floating], letterbox: Letterbox
) -> float | None:
    """What the error of a measured HC is scaled by, in mm; None without an HC.

    `probability` (h, w), 0 to 1, on the network's grid is what `measurement` was made from.
    """
    if measurement.hc_mm is None:
        return None
    (top, left), (height, width) = letterbox.offset, letterbox.inner
    inside = probability[top : top + height, left : left + width]
    # Regions of one shape have circumferences as the roots of their areas.
    inner, middle, outer = (math.sqrt(largest_region(inside, level)[0].sum()) for level in (SURE, 0.5, UNSURE))
    spread = (outer - inner) / middle * measurement.hc_mm
    return FLOOR_MM + OF_SIZE * measurement.hc_mm + OF_SPREAD * spread


def unseen_mm(measurement: HeadMeasurement) -> float:
    """What half the interval of a head that is cut off has more, in mm; 0 for any other."""
    if measurement.hc_mm is None or measurement.support is None or not measurement.edge_left:
        return 0.0
    return OF_UNSEEN * (1 - measurement.support) * measurement.hc_mm


def with_interval(measurement: HeadMeasurement, allowance: float | None, calibration: Calibration) -> HeadMeasurement:
    """The measurement with the 90 % interval of its HC."""
    if measurement.hc_mm is None or allowance is None:
        return measurement
    half = calibration.factor * allowance + unseen_mm(measurement)
    return replace(measurement, hc_low_mm=max(0.0, measurement.hc_mm - half), hc_high_mm=measurement.hc_mm + half)


def calibrated(
    errors_mm: Sequence[float], allowances_mm: Sequence[float], unseen: Sequence[float], subjects: Sequence[str]
) -> Calibration:
    """The calibration from errors of HC on pictures of some subjects, each subject counting once.

    `allowances_mm` and `unseen` are what `allowance_mm` and `unseen_mm` give of the same measurements: half an interval
    is as many of the former as the factor says, and the latter.

    A subject's pictures share its weight, and one subject more, with the largest error, stands for the next one to come
    (the finite-sample correction). Raises ValueError for fewer than ten subjects, which cannot tell a 90 % quantile.
    """
    names, place = np.unique(np.asarray(subjects), return_inverse=True)
    if len(names) < LEAST_SUBJECTS:
        raise ValueError(f"{len(names)} subjects are too few to calibrate on: at least {LEAST_SUBJECTS} are needed")
    ratio = np.maximum(0.0, np.abs(np.asarray(errors_mm)) - np.asarray(unseen)) / np.asarray(allowances_mm)
    weight = 1 / np.bincount(place)[place]
    order = np.argsort(ratio)
    reached = np.cumsum(weight[order])
    wanted = min(LEVEL * (len(names) + 1), reached[-1])
    return Calibration(float(ratio[order][int(np.searchsorted(reached, wanted - 1e-9))]), len(names))
