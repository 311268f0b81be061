"""Scene cuts and freezes, told from frame to frame."""

from __future__ import annotations

from array import array

import cv2
import numpy as np
import numpy.typing as npt

SIDE = 64
"""Pictures are compared at so many pixels along the longer side: speckle averages out, organs stay."""

ALIKE = 0.75
"""Pictures that correlate less than this (without their large-scale brightness) show different things: frames of one
sweep stay above 0.9, pictures of two heads below 0.72."""

STILL = 0.03
"""Mean difference (grey values, at that size) up to which a frame repeats the last: coding makes 0.01 of none."""

LOST_S = 0.6
"""A picture that comes back within so long was lost (no contact), not cut away."""

EXACT_S = 1e-6
"""Times that are told are no more exact."""


class SceneFinder:
    """Tells of each frame, as it comes, in which scene it is and whether it repeats the one before."""

    def __init__(self) -> None:
        self.scenes = array("i")
        """The scene of each frame so far, counted from 0; frames of a short loss are given back to their scene."""
        self.frozen = array("b")
        self._latest: npt.NDArray[np.float32] | None = None
        self._kept: npt.NDArray[np.float32] | None = None
        self._kept_at = 0
        self._kept_time = 0.0
        self._latest_s = 0.0
        self._small: npt.NDArray[np.float32] | None = None

    @property
    def scene(self) -> int:
        """Of the latest frame."""
        return self.scenes[-1]

    def add(self, pixels: npt.NDArray[np.uint8], time_s: float) -> bool:
        """The next frame, (H, W) grey; gives whether it shows another thing than the one before."""
        small = _small(pixels)
        detail = _detail(small)
        number = len(self.scenes)
        self.frozen.append(self._small is not None and float(np.abs(small - self._small).mean()) <= STILL)
        scene = self.scenes[-1] if number else 0
        if self._latest is not None and not self.frozen[-1] and alikeness(self._latest, detail) < ALIKE:
            if self._kept is not None and self._is_back(detail, time_s):
                scene = self.scenes[self._kept_at]
                for between in range(self._kept_at + 1, number):
                    self.scenes[between] = scene
                self._kept = None
            else:
                if self._kept is None or not self._recent(time_s):
                    self._kept, self._kept_at, self._kept_time = self._latest, number - 1, self._latest_s
                scene += 1
        changed = bool(number) and scene != self.scenes[-1]
        self.scenes.append(scene)
        self._latest_s = time_s
        self._latest, self._small = detail, small
        return changed

    def _recent(self, time_s: float) -> bool:
        return time_s - self._kept_time <= LOST_S + EXACT_S

    def _is_back(self, detail: npt.NDArray[np.float32], time_s: float) -> bool:
        return self._kept is not None and self._recent(time_s) and alikeness(self._kept, detail) >= ALIKE


def alikeness(first: npt.NDArray[np.float32], second: npt.NDArray[np.float32]) -> float:
    """Correlation of two details; 0 where one is flat."""
    scale = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float((first * second).sum()) / scale if scale > 0 else 0.0


def detail_of(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """The detail of an (H, W) grey frame, by which frames are compared."""
    return _detail(_small(pixels))


def _small(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    height, width = pixels.shape
    scale = SIDE / max(height, width)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _detail(small: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The picture without its large-scale brightness, which any two ultrasound pictures share."""
    detail = small - cv2.GaussianBlur(small, (0, 0), SIDE / 8)
    return np.asarray(cv2.GaussianBlur(detail, (0, 0), SIDE / 40), dtype=np.float32)
