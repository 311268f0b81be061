"""How things look: gain, contrast, time-gain, blur, speckle, noise and shadow, as scanners and hands vary them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

FloatPicture = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Shadow:
    """A dark wedge from a point above the picture, as bone or gas casts it (x and y in shares of the picture)."""

    apex_x: float
    apex_y: float
    direction: float
    half_angle: float
    start: float
    strength: float


@dataclass(frozen=True, slots=True)
class Appearance:
    """Drawn changes of a grey picture; zeros and ones leave it as it is."""

    gamma: float
    contrast: float
    brightness: float
    time_gain: float
    blur: float
    speckle: float
    noise: float
    shadow: Shadow | None
    noise_seed: int

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Appearance:
        def sometimes(chance: float, low: float, high: float) -> float:
            value = float(rng.uniform(low, high))
            return value if rng.random() < chance else 0.0

        return cls(
            gamma=math.exp(float(rng.normal(0, 0.25))),
            contrast=math.exp(float(rng.normal(0, 0.2))),
            brightness=float(rng.normal(0, 0.05)),
            time_gain=sometimes(0.4, -0.5, 0.5),
            blur=sometimes(0.3, 0.3, 1.3),
            speckle=sometimes(0.3, 0.05, 0.35),
            noise=sometimes(0.3, 0.005, 0.05),
            shadow=_draw_shadow(rng) if rng.random() < 0.3 else None,
            noise_seed=int(rng.integers(2**31)),
        )

    def apply(self, picture: npt.NDArray[np.uint8]) -> FloatPicture:
        """(H, W) float32 in 0..1 from an (H, W) uint8 picture. Black outside the sector stays (nearly) black."""
        rng = np.random.default_rng(self.noise_seed)
        values = (np.arange(256) / 255) ** self.gamma
        values = (values - 0.3) * self.contrast + 0.3 + self.brightness
        values[0] = 0.0
        result = np.clip(values, 0, 1).astype(np.float32)[picture]
        height, width = picture.shape
        if self.time_gain:
            depth = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
            result *= np.exp(self.time_gain * depth)
        if self.shadow is not None:
            result *= _shadow_factor(self.shadow, height, width)
        if self.speckle:
            grain = cv2.GaussianBlur(rng.standard_normal((height, width), dtype=np.float32), (0, 0), 1.2, sigmaY=0.7)
            result *= 1 + self.speckle * grain / float(grain.std())
        if self.blur:
            result = np.asarray(cv2.GaussianBlur(result, (0, 0), self.blur), dtype=np.float32)
        if self.noise:
            result += self.noise * rng.standard_normal((height, width), dtype=np.float32)
        return np.clip(result, 0, 1)


def _draw_shadow(rng: np.random.Generator) -> Shadow:
    return Shadow(
        apex_x=float(rng.uniform(0.2, 0.8)),
        apex_y=float(rng.uniform(-0.6, -0.05)),
        direction=float(rng.uniform(-0.6, 0.6)),
        half_angle=float(rng.uniform(0.03, 0.15)),
        start=float(rng.uniform(0.0, 0.6)),
        strength=float(rng.uniform(0.3, 0.95)),
    )


def _shadow_factor(shadow: Shadow, height: int, width: int) -> FloatPicture:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    dx, dy = x / width - shadow.apex_x, (y / height - shadow.apex_y) * (height / width)
    angle = np.arctan2(dx, dy) - shadow.direction
    across = _edge((shadow.half_angle - np.abs(angle)) / 0.015)
    along = _edge((y / height - shadow.start) / 0.03)
    return np.asarray(1 - shadow.strength * across * along, dtype=np.float32)


def _edge(values: FloatPicture) -> FloatPicture:
    """A smooth step from 0 to 1 about 0 (the logistic function, in a form that does not overflow)."""
    return np.asarray(0.5 * (1 + np.tanh(values / 2)), dtype=np.float32)
