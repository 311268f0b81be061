"""Figures of steadiness: how a head is followed through a clip whose frames have a truth, frame by frame and smoothed.

- jitter: SD of the change of HC error from a frame to the next (what the head itself does is taken off);
- flicker: 1 - Dice between an outline and the one before it, moved along as the true outline moved;
- drop-out: share of frames with a head in which none is reported;
- false heads: share of head-free frames in which one is reported.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.images.ellipse import Ellipse
from fetalhead.videos.measured import MeasuredClip, Outcome
from fetalhead.videos.state import ellipse_of

FloatArray = npt.NDArray[np.float64]

TOP_SHARE = 0.1
"""A best frame is a hit among so many of the frames with a head, the nearest to the standard plane."""


@dataclass(frozen=True, slots=True)
class TrueFrame:
    """What is known of a frame."""

    ellipse: Ellipse | None
    """In pixels; None without a head."""
    offset: float = 0.0
    """Distance from the standard plane; the same for all frames where it is not known."""
    plane: str = ""


@dataclass(frozen=True, slots=True)
class Steadiness:
    """Of the heads reported in one clip, one way or the other; NaN where there is nothing to tell."""

    jitter: float
    """Share of the clip's true HC."""
    hc_error: float
    """Mean over frames, share of the frame's true HC."""
    flicker: float
    dropout: float
    false_heads: float
    first_s: float
    """Seconds from the first frame with a head to the first in which it is reported."""


@dataclass(frozen=True, slots=True)
class ClipFigures:
    """Of one clip."""

    name: str
    frames: int
    head_frames: int
    free_frames: int
    by_frame: Steadiness
    smoothed: Steadiness
    """Of accepted and bridged frames; false heads of accepted ones, which claim to have seen one."""
    bridged_free: float
    """Share of head-free frames over which a head was bridged (and marked so)."""
    accepted_free: float
    """Share of head-free frames in which a head is found by frame, and its verdict is to accept it."""
    false_planes: tuple[str, ...]
    """In which planes the false heads were."""
    clip_error: float
    """|clip HC - that of the standard plane|, share of the latter; NaN without a clip HC."""
    frame_error: float
    """Median over frames of |HC - true|, share."""
    covered: bool | None
    """Whether the clip's interval holds its true HC."""
    best_hit: bool | None
    """Whether the best frame is among the nearest tenth to the standard plane; None where that is not known."""


def clip_figures(
    name: str, truth: Sequence[TrueFrame], measured: MeasuredClip, outcome: Outcome, verdicts: Sequence[str]
) -> ClipFigures:
    """The figures of a clip; `truth` and `verdicts` have an entry for each frame that was measured."""
    scale = _scale(measured, outcome)
    true = [frame.ellipse for frame in truth]
    states = np.asarray(measured.observations.states).reshape(-1, 5)
    own = [ellipse_of(state) for state in states]
    # What each frame reports by itself, in whatever plane, and what is followed.
    raw_found = np.isfinite(np.asarray(measured.parts))
    own = [ellipse if found else None for ellipse, found in zip(own, raw_found, strict=True)]
    smooth = [ellipse_of(state) for state in outcome.track.states]
    head = np.array([ellipse is not None for ellipse in true])
    true_hc = np.array([math.nan if ellipse is None else ellipse.scaled(*scale).perimeter for ellipse in true])
    offsets = np.where(head, [frame.offset for frame in truth], math.inf)
    times = np.asarray(measured.observations.times)
    raw_hc = outcome.figures.hc
    common = head & np.isfinite(raw_hc) & np.isfinite(outcome.figures.smooth)
    reported = outcome.track.followed
    false = ~head & outcome.track.accepted
    clip_truth = math.nan
    if head.any():
        nearest = np.isclose(offsets, offsets.min())
        clip_truth = float(np.median(true_hc[nearest & head]))
    hc = outcome.hc
    known = head.any() and np.ptp(offsets[head]) > 0
    return ClipFigures(
        name, len(truth), int(head.sum()), int((~head).sum()),
        _steadiness(true, own, raw_hc, true_hc, times, common, raw_found, ~head & raw_found, clip_truth),
        _steadiness(true, smooth, outcome.figures.smooth, true_hc, times, common, reported, false, clip_truth),
        _share(outcome.track.bridged, ~head),
        _share(np.array([verdict == "accept" for verdict in verdicts], dtype=bool), ~head),
        tuple(sorted({truth[number].plane for number in np.flatnonzero(false).tolist()})),
        abs(hc.hc / clip_truth - 1) if hc else math.nan,
        _median(np.abs(raw_hc / true_hc - 1)[head & np.isfinite(raw_hc)]),
        bool(hc.low <= clip_truth <= hc.high) if hc and head.any() else None,
        _is_hit(outcome.best, offsets, int(head.sum())) if known else None,
    )  # fmt: skip


def _scale(measured: MeasuredClip, outcome: Outcome) -> tuple[float, float]:
    sizes = np.asarray(measured.sizes).reshape(-1, 2)
    known = sizes[np.isfinite(sizes).all(axis=1)]
    return (float(known[0, 0]), float(known[0, 1])) if len(known) and outcome.unit == "mm" else (1.0, 1.0)


def _steadiness(
    true: Sequence[Ellipse | None], found: Sequence[Ellipse | None], hc: FloatArray, true_hc: FloatArray,
    times: FloatArray, common: npt.NDArray[np.bool_], reported: npt.NDArray[np.bool_],
    false: npt.NDArray[np.bool_], clip_truth: float,
) -> Steadiness:  # fmt: skip
    head = np.isfinite(true_hc)
    pairs = (np.flatnonzero(common[1:] & common[:-1]) + 1).tolist()
    change = np.diff(hc - true_hc, prepend=math.nan)[pairs]
    flicker = []
    for number in pairs:
        before, now, was, is_ = found[number - 1], found[number], true[number - 1], true[number]
        if before is not None and now is not None and was is not None and is_ is not None:
            flicker.append(1 - ellipse_dice(moved_along(before, was, is_), now))
    seen = np.flatnonzero(head & reported)
    return Steadiness(
        float(np.std(change)) / clip_truth if len(change) > 1 else math.nan,
        float(np.mean(np.abs(hc / true_hc - 1)[common])) if common.any() else math.nan,
        float(np.mean(flicker)) if flicker else math.nan,
        _share(~reported, head), _share(false, ~head),
        float(times[seen[0]] - times[np.flatnonzero(head)[0]]) if len(seen) else math.nan,
    )  # fmt: skip


def moved_along(ellipse: Ellipse, before: Ellipse, now: Ellipse) -> Ellipse:
    """`ellipse` under the affine motion that takes `before` to `now`, with as little turning as there may be."""
    linear = _root(now) @ np.linalg.inv(_root(before))
    start = np.array([before.center_x, before.center_y])
    shift = np.array([now.center_x, now.center_y]) - linear @ start
    return ellipse.transformed(np.column_stack([linear, shift]))


def ellipse_dice(first: Ellipse, second: Ellipse) -> float:
    """Dice of two filled ellipses, by their polygons of 180 points."""
    area, _ = cv2.intersectConvexConvex(
        first.points(180).astype(np.float32), second.points(180).astype(np.float32), handleNested=True
    )
    polygon = 180 / (2 * math.pi) * math.sin(2 * math.pi / 180)
    return float(2 * area / (polygon * (first.area + second.area)))


def _root(ellipse: Ellipse) -> FloatArray:
    """The symmetric matrix that takes the unit circle to the ellipse."""
    cos, sin = math.cos(ellipse.angle), math.sin(ellipse.angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    return np.asarray(turn @ np.diag([ellipse.semi_axis_a, ellipse.semi_axis_b]) @ turn.T)


def _is_hit(best: Sequence[int], offsets: FloatArray, heads: int) -> bool:
    if not best:
        return False
    rank = int((offsets < offsets[best[0]]).sum())
    return rank < max(1, math.ceil(TOP_SHARE * heads))


def _share(holds: npt.NDArray[np.bool_], among: npt.NDArray[np.bool_]) -> float:
    return float(holds[among].mean()) if among.any() else math.nan


def _median(values: FloatArray) -> float:
    return float(np.median(values)) if len(values) else math.nan
