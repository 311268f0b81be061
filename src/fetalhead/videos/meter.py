"""A head followed live: one frame in, the smoothed measurement of that frame out."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fetalhead.biometry.dating import check_formula
from fetalhead.biometry.measurement import HeadMeasurement
from fetalhead.catalog import VIDEO_MODEL
from fetalhead.errors import FetalheadError
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.pixel_size import UNKNOWN, PixelSize
from fetalhead.inference.measuring import given_pixel_size, grey_picture, measure_image
from fetalhead.inference.predictor import Predictor
from fetalhead.videos.kalman import Filter
from fetalhead.videos.scenes import SceneFinder
from fetalhead.videos.state import CENTER, SHAPE, SIZE, ellipse_of
from fetalhead.videos.steady_field import SteadyField
from fetalhead.videos.track import (
    ACCELERATION,
    DENSITY,
    GAP_S,
    LEAST_FRAMES,
    LEAST_NOISE,
    NOMINAL_RATE,
    OUTLIER_SDS,
    SPEED,
    Seen,
    tolerances,
)

FloatArray = npt.NDArray[np.float64]

Z = 1.96
NOISE_MEMORY = 0.05
"""Share by which each frame renews the estimate of the measurement noise."""


@dataclass(frozen=True, slots=True)
class LiveMeasurement:
    """What is known of the head at a frame, from it and those before it; falsy where no head is followed."""

    measurement: HeadMeasurement
    """Of the frame alone."""
    ellipse_px: Ellipse | None = None
    """Smoothed; None where no head is followed."""
    hc: float | None = None
    """Smoothed, in `unit`, with its 95 % interval."""
    hc_low: float | None = None
    hc_high: float | None = None
    unit: str = "px"
    accepted: bool = False
    """Whether the frame's own measurement counts."""
    bridged: bool = False
    """Whether the head is that of the frames before alone."""
    scene: int = 0
    """Counted from 0; a cut starts anew."""

    def __bool__(self) -> bool:
        return self.ellipse_px is not None


class VideoMeter:
    """Follows the head through frames that come one at a time: from a capture card, a camera, a stream.

    A head is told from its third frame on, however far apart frames come; a frame that does not fit is bridged, for
    half a second at most; a scene cut starts anew. `pixel_size` is in mm, one number, a pair (x, y), or a `PixelSize`.
    It is that of frames as large as the first: others, which a scanner shows at another zoom, are in pixels unless
    they tell a size themselves.
    Raises `FetalheadError` for a model, a pixel size or a dating that cannot be used.
    """

    def __init__(
        self,
        model: str | Path | Predictor = VIDEO_MODEL,
        pixel_size: float | Sequence[float] | PixelSize | None = None,
        dating: str = "hadlock1984",
    ) -> None:
        check_formula(dating)
        self._size = None if pixel_size is None else given_pixel_size(pixel_size, UNKNOWN)
        self._sized: tuple[int, int] | None = None
        self._predictor = model if isinstance(model, Predictor) else Predictor(model)
        self._dating = dating
        self.reset()

    def reset(self) -> None:
        """Forget all frames so far, but for the size of those that the pixel size is of."""
        self._finder = SceneFinder()
        self._fields = SteadyField()
        self._latest_s = -math.inf
        self._shape: tuple[int, int] | None = None
        self._follower = _Follower()

    def update(
        self, frame: npt.NDArray[np.generic] | UltrasoundImage, time_s: float | None = None
    ) -> LiveMeasurement:
        """The next frame: (H, W) grey or (H, W, 3) RGB, or an image with its own pixel size.

        `time_s` counts from any start, and rises; without it, frames are taken to come 25 a second. A frame of
        another size than the one before starts anew. Raises `FetalheadError` for a time that does not rise, or is none.
        """
        image = frame if isinstance(frame, UltrasoundImage) else UltrasoundImage(grey_picture(np.asarray(frame)))
        image = self._scaled(image)
        if self._shape is not None and image.shape != self._shape:
            self.reset()
        self._shape = image.shape
        when = time_s if time_s is not None else image.time_s
        if when is None:
            when = 0.0 if math.isinf(self._latest_s) else self._latest_s + 1 / NOMINAL_RATE
        if not math.isfinite(when):
            raise FetalheadError(f"time_s {when:g} is no time: give seconds that rise, or none")
        if not when > self._latest_s:
            raise FetalheadError(f"time_s {when:g} does not come after {self._latest_s:g}")
        self._latest_s = when
        if self._finder.add(image.pixels, when):
            self._follower = _Follower()
        measurement, _ = measure_image(self._fields.of(image), self._predictor, self._dating)
        accepted = self._follower.add(when, Seen.of(measurement))
        told = self._follower.told()
        base = LiveMeasurement(measurement, scene=self._finder.scene)
        if told is None:
            return base
        state, share_sd = told
        ellipse = ellipse_of(state)
        if ellipse is None:
            return base
        size = image.pixel_size_of(ellipse)
        hc = ellipse.scaled(size.x, size.y).perimeter if size else ellipse.perimeter
        margin = math.exp(Z * share_sd)
        return replace(
            base, ellipse_px=ellipse, hc=hc, hc_low=hc / margin, hc_high=hc * margin,
            unit="mm" if size else "px", accepted=accepted, bridged=not accepted,
        )  # fmt: skip

    def _scaled(self, image: UltrasoundImage) -> UltrasoundImage:
        """The picture with the size that was given, if that is of pictures like it."""
        if not self._size:
            return image
        self._sized = self._sized or image.shape
        if image.shape == self._sized:
            return replace(image, pixel_size=self._size)
        if image.pixel_size:
            return image
        (rows, columns), (height, width) = image.shape, self._sized
        reason = f"the pixel size was given for {width} x {height} pixels, and the picture has {columns} x {rows}"
        return replace(image, pixel_size=PixelSize.unknown(reason))


class _Follower:
    """The filter of one head in one scene."""

    def __init__(self) -> None:
        self._groups: list[tuple[slice, Filter]] = []
        self._unit = np.ones(5)
        self._noise = {"place": (5 * LEAST_NOISE) ** 2, "shape": (5 * LEAST_NOISE) ** 2}
        self._sightings = 0
        self._seen_s = self._latest_s = -math.inf
        self._missed = False
        self._refused: deque[tuple[float, Seen]] = deque(maxlen=LEAST_FRAMES)

    def add(self, time_s: float, seen: Seen) -> bool:
        """Take in a frame; gives whether its measurement counts."""
        late = time_s - self._seen_s > GAP_S
        if self._groups and late and (self._missed or seen.state is None):
            self._groups, self._sightings = [], 0
        self._missed = True
        if seen.state is None:
            return False
        values = np.asarray(seen.state)
        if not self._groups:
            self._start(time_s, values, seen.weight)
            return True
        seconds = time_s - self._latest_s
        for _, state in self._groups:
            state.predict(seconds)
        self._latest_s = time_s
        if not self._fits(values):
            if late:  # nothing is bridged for so long
                self._start(time_s, values, seen.weight)
                return True
            return self._refuse(time_s, seen)
        self._refused.clear()
        for (part, state), name in zip(self._groups, self._noise, strict=True):
            off = values[part] / self._unit[part] - state.mean[0]
            extra = float(np.mean(off**2)) - float(state.covariance[0, 0])
            self._noise[name] += NOISE_MEMORY * (max(extra, LEAST_NOISE**2) - self._noise[name])
            state.update(values[part] / self._unit[part], self._noise[name] / seen.weight)
        self._sightings, self._seen_s, self._missed = self._sightings + 1, time_s, False
        return True

    def told(self) -> tuple[FloatArray, float] | None:
        """The smoothed state (5,) and the SD of HC as a share of it; None where no head is followed yet."""
        if not self._groups or self._sightings < LEAST_FRAMES:
            return None
        state = np.concatenate([group.mean[0] for _, group in self._groups]) * self._unit
        size = max(float(self._groups[1][1].mean[0, 0]), 0.01)
        return state, 0.5 * math.sqrt(float(self._groups[1][1].covariance[0, 0])) / size

    def _start(self, time_s: float, values: FloatArray, weight: float) -> None:
        self._unit = np.array([math.sqrt(values[SIZE])] * 2 + [values[SIZE]] * 3)
        self._groups = [
            (part, Filter.start(values[part] / self._unit[part], self._noise[name] / weight, SPEED, ACCELERATION, q))
            for part, (name, q) in zip((CENTER, SHAPE), DENSITY.items(), strict=True)
        ]
        self._sightings, self._seen_s, self._latest_s, self._missed = 1, time_s, time_s, False
        self._refused.clear()

    def _fits(self, values: FloatArray) -> bool:
        off = np.concatenate([np.abs(values[part] / self._unit[part] - state.mean[0]) for part, state in self._groups])
        sds = np.repeat([math.sqrt(state.covariance[0, 0]) for _, state in self._groups], [2, 3])
        size = max(float(self._groups[1][1].mean[0, 0]), 0.01)
        return bool((off <= np.maximum(OUTLIER_SDS * sds, tolerances(size))).all())

    def _refuse(self, time_s: float, seen: Seen) -> bool:
        """A frame that does not fit; where three in a row fit each other, they are the head."""
        self._refused.append((time_s, seen))
        states = np.array([other.state for _, other in self._refused])
        middle = np.median(states, axis=0)
        if len(states) == LEAST_FRAMES and (np.abs(states - middle) <= tolerances(float(middle[SIZE]))).all():
            self._start(time_s, np.asarray(seen.state), seen.weight)
            self._sightings = LEAST_FRAMES
            return True
        return False
