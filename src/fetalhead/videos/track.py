"""The head followed through a clip: outliers rejected, gaps bridged, places and sizes smoothed, scene by scene."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fetalhead.biometry.measurement import HeadMeasurement
from fetalhead.videos.kalman import Filter, smooth
from fetalhead.videos.state import CENTER, SHAPE, SIZE, state_of

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

NOMINAL_RATE = 25.0
"""Frames a second of a clip that tells no times."""

NEAR_S, NEAR_FRAMES = 0.5, 3
"""A frame is compared with its neighbours within so long, and at least so many on either side."""

GAP_S = 0.5
"""A gap of up to so long is bridged."""

LEAST_FRAMES = 3
"""A head is seen in so many frames (or in all of a scene of fewer), or it is none."""

LEAST_SHARE = 0.5
"""A frame counts where at least so many of the frames near it show a head."""

OUTLIER_SDS, OUTLIER_SIZE, OUTLIER_PLACE = 4.0, 0.06, 0.15
"""A frame off the median of its neighbours by more than so many robust SDs, and by more than this share of the head's
size (for its centre: of its size), is an outlier."""

DENSITY = {"place": 10.0, "shape": 0.1}
"""How fast places (in head sizes) and moments (in those of the head) may change their acceleration, unit^2 / s^5."""
SPEED, ACCELERATION = 1.0, 3.0
"""SDs of what is not known of them at the start: unit / s and unit / s^2."""

LEAST_NOISE = 1e-3
"""Measurement noise is never taken for less (share of the head's size, or of its moments)."""

LEAST_SURE, ENDS_SURE = 0.65, 0.88
"""A frame that is less sure than the first tells of no head; a stretch begins and ends with frames above the second.
Heads of HC18 and of phantoms are above 0.9; what is taken for a head in a phantom's tissue is below 0.86."""

LEAST_WEIGHT = 0.05

JUMP, JUMP_RATE = 0.25, 1.0
"""A head whose moments change from a frame to the next by more than this share of the largest in the scene, and by
this share a second, is another thing."""

MOST_CORRELATION = 0.9


@dataclass(slots=True)
class Observations:
    """What was measured in the frames of a clip: columns that grow."""

    times: array[float] = field(default_factory=lambda: array("d"))
    states: array[float] = field(default_factory=lambda: array("d"))
    """5 a frame (see `state`); NaN where no head was found."""
    weights: array[float] = field(default_factory=lambda: array("d"))
    """0 to 1: the variance of a frame is that of the best one divided by it."""
    sure: array[float] = field(default_factory=lambda: array("d"))
    """0 to 1: how sure it is that there is a head."""

    def add(self, time_s: float | None, seen: Seen, frame: int | None = None) -> float:
        """The next frame, number `frame` of its clip (from 0; None where all are added).

        Gives the time that it is taken to have, in s: without one of its own, its number at 25 frames a second.
        """
        when = (len(self.times) if frame is None else frame) / NOMINAL_RATE if time_s is None else time_s
        self.times.append(when)
        self.states.extend(seen.state or [math.nan] * 5)
        self.sure.append(seen.sure)
        self.weights.append(seen.weight)
        return when


@dataclass(frozen=True, slots=True)
class Seen:
    """What a frame tells of the head."""

    state: list[float] | None
    """5 numbers (see `state`); None without a head."""
    weight: float
    """0 to 1: how exact its outline is."""
    sure: float
    """0 to 1: how sure it is that there is a head."""

    @classmethod
    def of(cls, measurement: HeadMeasurement) -> Seen:
        """Of a frame's measurement: a head in a plane of the head, as far as the model tells planes."""
        ellipse = measurement.ellipse_px if measurement.plane in ("", "head") else None
        support, confidence = measurement.support or 0.0, measurement.head_confidence
        # A head that the field of view cuts off is one too: its support makes it less exact, rather than less sure.
        sure = confidence * (3 + support) / 4
        state = None if ellipse is None or sure < LEAST_SURE else state_of(ellipse).tolist()
        return cls(state, max(LEAST_WEIGHT, (support * confidence) ** 2), sure)


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """The head through the N frames of a clip."""

    accepted: BoolArray
    """Whether the frame's own measurement counts."""
    bridged: BoolArray
    """Whether the head is told there by its neighbours alone."""
    states: FloatArray
    """(N, 5), smoothed; NaN where no head is followed."""
    size_sd: FloatArray
    """(N,) standard deviation of the smoothed HC, as a share of it."""

    @property
    def followed(self) -> BoolArray:
        return np.asarray(self.accepted | self.bridged)


def follow(
    observations: Observations, scenes: npt.ArrayLike, frozen: npt.ArrayLike | None = None
) -> Track:
    """The track of a clip, from its observations, the scene of each frame, and which frames repeat the one before."""
    times = np.asarray(observations.times, dtype=np.float64)
    count = len(times)
    states = np.asarray(observations.states, dtype=np.float64).reshape(count, 5)
    weights = np.asarray(observations.weights, dtype=np.float64)
    sure = np.asarray(observations.sure, dtype=np.float64)
    repeats = np.zeros(count, dtype=bool) if frozen is None else np.asarray(frozen, dtype=bool)
    accepted, bridged = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    smoothed, size_sd = np.full((count, 5), np.nan), np.full(count, np.nan)
    for scene in _runs(np.asarray(scenes)):
        agrees = _agreeing(times[scene], states[scene])
        for start, end in _segments(times[scene], states[scene], sure[scene], agrees):
            part = slice(scene.start + start, scene.start + end)
            kept, values, sds = _smoothed(times[part], states[part], weights[part], agrees[start:end], repeats[part])
            accepted[part], bridged[part] = kept, ~kept
            smoothed[part], size_sd[part] = values, sds
    return Track(accepted, bridged, smoothed, size_sd)


def _runs(scenes: npt.NDArray[np.int_]) -> Iterator[slice]:
    """Where each scene lies."""
    starts = np.flatnonzero(np.diff(scenes, prepend=scenes[:1] - 1)) if len(scenes) else np.empty(0, dtype=int)
    for start, end in zip(starts, [*starts[1:], len(scenes)], strict=True):
        yield slice(int(start), int(end))


def _agreeing(times: FloatArray, states: FloatArray) -> BoolArray:
    """Frames with a head that others near it show too, of about this size and in about this place.

    Hampel's filter: a frame is an outlier where it is far from the median of its neighbourhood.
    """
    found = ~np.isnan(states[:, 0])
    agrees = np.zeros(len(times), dtype=bool)
    for number in np.flatnonzero(found):
        first, last = (int(np.searchsorted(times, times[number] + side)) for side in (-NEAR_S, NEAR_S))
        low = min(first, max(int(number) - NEAR_FRAMES, 0))
        high = max(last, min(int(number) + NEAR_FRAMES + 1, len(times)))
        near = states[low:high][found[low:high]]
        if len(near) < LEAST_SHARE * (high - low) or len(near) < min(LEAST_FRAMES, len(times)):
            continue
        middle = np.median(near, axis=0)
        spread = 1.4826 * np.median(np.abs(near - middle), axis=0)
        off = np.abs(states[number] - middle)
        agrees[number] = bool((off <= np.maximum(OUTLIER_SDS * spread, tolerances(middle[SIZE]))).all())
    return agrees


def _segments(
    times: FloatArray, states: FloatArray, sure: FloatArray, agrees: BoolArray
) -> Iterator[tuple[int, int]]:
    """Stretches (start, end) of a scene through which a head is followed: from its first frame to its last."""
    places = np.flatnonzero(agrees)
    if not len(places):
        return
    seconds, sizes = np.diff(times[places]), states[places, SIZE]
    apart = (seconds > GAP_S) & (np.diff(places) > 1)
    apart |= np.abs(np.diff(sizes)) > (JUMP + JUMP_RATE * seconds) * sizes.max()
    for run in np.split(places, np.flatnonzero(apart) + 1):
        ends = np.flatnonzero(sure[run] >= ENDS_SURE)
        run = run[ends[0] : ends[-1] + 1] if len(ends) else run[:0]
        if len(run) >= min(LEAST_FRAMES, len(times)):
            yield int(run[0]), int(run[-1]) + 1


def _smoothed(
    times: FloatArray, states: FloatArray, weights: FloatArray, agrees: BoolArray, repeats: BoolArray
) -> tuple[BoolArray, FloatArray, FloatArray]:
    """The frames that count, the smoothed states, and the SD of the size, of a stretch that begins with a frame that
    counts."""
    size = float(np.median(states[agrees, SIZE]))
    unit = np.array([math.sqrt(size)] * 2 + [size] * 3)
    values = states / unit
    kept = agrees.copy()
    # A repeated frame tells nothing new: it takes no part, and is where its original is.
    own = ~repeats
    own[0] = True
    original = np.cumsum(own) - 1
    for _ in range(2):
        of_own, of_own_sds = _both_groups(times[own], values[own], weights[own], kept[own])
        smooth_values, sds = of_own[original], of_own_sds[original]
        off = np.abs(values - smooth_values)
        limit = OUTLIER_SDS * 1.4826 * np.median(off[kept & own], axis=0)
        limit = np.maximum(limit, tolerances(1.0) / 2)
        again = kept & (off <= limit).all(axis=1)
        again[[0, -1]] = kept[[0, -1]]
        if (again == kept).all() or not again.any():
            break
        kept = again
    correlation = _correlation((values - smooth_values)[kept & own, SIZE])
    # HC goes with the square root of the moments, so its share of error is half of theirs.
    shares = 0.5 * sds / np.maximum(smooth_values[:, SIZE], 0.01)
    return kept, smooth_values * unit, shares * math.sqrt((1 + correlation) / (1 - correlation))


def tolerances(size: float) -> FloatArray:
    """(5,) what a frame may be off at least, for a head of this size (a moment)."""
    return np.array([OUTLIER_PLACE * math.sqrt(size)] * 2 + [2 * OUTLIER_SIZE * size] * 3)


def _both_groups(
    times: FloatArray, values: FloatArray, weights: FloatArray, used: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Smoothed centre and shape, and the SD of the size. The first frame is used."""
    smoothed = np.empty_like(values)
    sds = np.empty(len(times))
    for group, density in ((CENTER, DENSITY["place"]), (SHAPE, DENSITY["shape"])):
        noise = _noise(values[used, group]) ** 2
        variances = np.where(used, noise / weights, np.inf)
        measured = np.where(used[:, None], values[:, group], 0.0)
        start = Filter.start(measured[0], float(variances[0]), SPEED, ACCELERATION, density)
        smoothed[:, group], variance = smooth(times, measured, variances, start)
        sds = np.sqrt(variance)
    return smoothed, sds


def _noise(values: FloatArray) -> float:
    """Robust SD of the noise in (N, D) values that change slowly: their third differences have 20 times its square."""
    if len(values) < 6:
        return 5 * LEAST_NOISE
    third = np.diff(values, n=3, axis=0)
    return max(LEAST_NOISE, 1.4826 * float(np.median(np.abs(third))) / math.sqrt(20))


def _correlation(residuals: FloatArray) -> float:
    """Of neighbours' residuals, 0 to 0.9: errors that last make an average of them less sure than it looks."""
    if len(residuals) < 5:
        return 0.0
    residuals = residuals - residuals.mean()
    total = float((residuals**2).sum())
    return min(max(float((residuals[1:] * residuals[:-1]).sum()) / total, 0.0), MOST_CORRELATION) if total > 0 else 0.0
