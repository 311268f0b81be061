"""What a clip comes to: a score for each frame, its best frames, and one HC with an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fetalhead.reports.rows import DECIMALS
from fetalhead.videos.plane_score import of_size
from fetalhead.videos.state import ellipse_of
from fetalhead.videos.track import Track

FloatArray = npt.NDArray[np.float64]

BEST = 3
APART_S, APART_SHARE = 0.5, 0.05
"""Best frames are at least so long apart, and by this share of the clip."""

SHARPNESS = 4
"""Frames count for the clip's HC by this power of their score: near the best plane fully, far from it not at all."""

AGREEMENT = 0.02
"""A frame whose own HC is off the smoothed one by so much (share) is no frame to show."""

NEAR_S, REACH = 0.2, 3
"""Frames so far apart (SD of a Gaussian, cut off at so many) show much the same section: a frame's score is known
better with those near it."""
OWN = 1 / 3
"""Weight of a frame's own score beside that of those near it."""

LARGEST_PERCENT = 95
LEVEL_PERCENT = 95
Z = 1.96


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """Of each of a clip's N frames; NaN where there is none. Lengths in mm, or in pixels for a clip without scale."""

    hc: FloatArray
    """The frame's own."""
    smooth: FloatArray
    low: FloatArray
    high: FloatArray
    score: FloatArray


@dataclass(frozen=True, slots=True)
class ClipHC:
    """One HC for a clip, with an interval: how its frames spread, and how far off the model may be in all of them."""

    hc: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SceneHC:
    """One scene's HC, with an interval as the clip's."""

    scene: int
    first: int
    last: int
    """Places of the first and the last frame that count."""
    frames: int
    """How many count."""
    hc: ClipHC


def figures(
    track: Track, times: FloatArray, hc: FloatArray, parts: FloatArray, sizes: FloatArray, scenes: npt.NDArray[np.int_]
) -> Figures:
    """The figures of the frames: (N,) seconds, own HC and score of parts, (N, 2) pixel sizes (1, 1 for pixels)."""
    count = len(hc)
    smooth = np.full(count, np.nan)
    for number in np.flatnonzero(track.followed):
        ellipse = ellipse_of(track.states[number])
        if ellipse is not None:
            smooth[number] = ellipse.scaled(*map(float, sizes[number])).perimeter
    margin = np.exp(Z * track.size_sd)
    score = np.where(track.accepted, parts, np.nan)
    for scene in np.unique(scenes):
        here = (scenes == scene) & track.accepted & np.isfinite(smooth)
        if here.any():
            score[here] *= of_size(smooth[here], float(np.percentile(smooth[here], LARGEST_PERCENT)))
    score *= np.exp(-0.5 * ((hc / smooth - 1) / AGREEMENT) ** 2)
    score = score**OWN * _of_those_near(score, times, scenes) ** (1 - OWN)
    return Figures(hc, smooth, smooth / margin, smooth * margin, score)


def _of_those_near(score: FloatArray, times: FloatArray, scenes: npt.NDArray[np.int_]) -> FloatArray:
    """(N,) mean score of the frames near each in its scene, weighted by nearness; one without a score counts 0."""
    known = np.nan_to_num(score)
    first = np.searchsorted(times, times - REACH * NEAR_S, "left")
    last = np.searchsorted(times, times + REACH * NEAR_S, "right")
    near = np.empty(len(score))
    for number, (start, end) in enumerate(zip(first, last, strict=True)):
        weights = np.exp(-0.5 * ((times[start:end] - times[number]) / NEAR_S) ** 2)
        weights = weights * (scenes[start:end] == scenes[number])
        near[number] = weights @ known[start:end] / weights.sum()
    return near


def best_frames(score: FloatArray, times: FloatArray) -> list[int]:
    """Up to three frames with the highest scores, apart in time; none whose score is told as 0, or that has none."""
    if not len(times):
        return []
    apart = max(APART_S, APART_SHARE * float(times[-1] - times[0]))
    chosen: list[int] = []
    for number in np.argsort(-np.nan_to_num(score, nan=-1.0), kind="stable"):
        if len(chosen) == BEST or not round(float(score[number]), DECIMALS) > 0:
            break
        if all(abs(times[number] - times[other]) >= apart for other in chosen):
            chosen.append(int(number))
    return chosen


def clip_hc(figures: Figures, counted: npt.NDArray[np.bool_], unsure: FloatArray) -> ClipHC | None:
    """The median of the smoothed HC over the `counted` frames (accepted, none twice), weighted by their scores.

    The interval holds 95 % of those frames' own HC, by the same weights. An error that a model makes in all frames
    alike does not show in their spread: `unsure` (N,), half of each frame's calibrated interval (NaN without one), is
    added by squares. None without a head.
    """
    usable = counted & np.isfinite(figures.smooth) & np.isfinite(figures.hc) & (figures.score > 0)
    if not usable.any():
        return None
    weights = (figures.score[usable] / figures.score[usable].max()) ** SHARPNESS
    tail = (100 - LEVEL_PERCENT) / 200
    middle = _quantile(figures.smooth[usable], weights, 0.5)
    low, high = (_quantile(figures.hc[usable], weights, share) for share in (tail, 1 - tail))
    known = np.isfinite(unsure[usable])
    common = _quantile(unsure[usable][known], weights[known], 0.5) if known.any() else 0.0
    below, above = (math.hypot(max(side, 0.0), common) for side in (middle - low, high - middle))
    return ClipHC(middle, middle - below, middle + above)


def hc_by_scene(
    figures: Figures, counted: npt.NDArray[np.bool_], unsure: FloatArray, scenes: npt.NDArray[np.int_]
) -> list[SceneHC]:
    """`clip_hc` of each scene in which a head is measured."""
    found = []
    for scene in np.unique(scenes[counted]):
        here = counted & (scenes == scene)
        places = np.flatnonzero(here)
        if (hc := clip_hc(figures, here, unsure)) is not None:
            found.append(SceneHC(int(scene), int(places[0]), int(places[-1]), len(places), hc))
    return found


def disagreement(scenes: Sequence[SceneHC], unit: str) -> str:
    """That the intervals of two scenes are apart: one HC can hardly stand for both. Empty where none are."""
    lowest = min(scenes, key=lambda scene: scene.hc.high, default=None)
    highest = max(scenes, key=lambda scene: scene.hc.low, default=None)
    if lowest is None or highest is None or highest.hc.low <= lowest.hc.high:
        return ""
    first, second = sorted((lowest, highest), key=lambda scene: scene.scene)
    sizes = f"{first.hc.hc:.1f} {unit} in scene {first.scene}, {second.hc.hc:.1f} {unit} in scene {second.scene}"
    return f"scenes disagree ({sizes}): another zoom, another head, or another plane?"


def _quantile(values: FloatArray, weights: FloatArray, share: float) -> float:
    """The weighted quantile: linear between the middles of the weights."""
    order = np.argsort(values)
    values, weights = values[order], weights[order]
    places = (np.cumsum(weights) - weights / 2) / weights.sum()
    return float(np.interp(share, places, values))
