"""Where things are: turn, size, shift and mirror, as one affine map for picture and outline alike."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

LARGEST_TURN = math.radians(30)
SIZE_SPREAD = 0.25
SIZE_LIMITS = (0.5, 1.5)
"""Heads half and one and a half times their usual size: the worst cases of a narrower range are the small ones."""
LARGEST_SHIFT = 0.12
MIRROR_X, MIRROR_Y = 0.5, 0.15


@dataclass(frozen=True, slots=True)
class Geometry:
    """A drawn affine map about the middle of the picture; shifts are shares of height and width."""

    turn: float
    size: float
    shift_x: float
    shift_y: float
    mirror_x: bool
    mirror_y: bool

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Geometry:
        return cls(
            turn=float(rng.uniform(-LARGEST_TURN, LARGEST_TURN)),
            size=float(np.clip(math.exp(rng.normal(0, SIZE_SPREAD)), *SIZE_LIMITS)),
            shift_x=float(rng.uniform(-LARGEST_SHIFT, LARGEST_SHIFT)),
            shift_y=float(rng.uniform(-LARGEST_SHIFT, LARGEST_SHIFT)),
            mirror_x=bool(rng.random() < MIRROR_X),
            mirror_y=bool(rng.random() < MIRROR_Y),
        )

    def matrix(self, source: tuple[int, int], target: tuple[int, int]) -> npt.NDArray[np.float64]:
        """(2, 3) affine matrix (x, y) from a `source` (H, W) picture to the `target` (H, W) grid."""
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        scale = self.size * min(target[0] / source[0], target[1] / source[1])
        mirror = np.diag([-1.0 if self.mirror_x else 1.0, -1.0 if self.mirror_y else 1.0])
        linear = scale * np.array([[cos, -sin], [sin, cos]]) @ mirror
        middle = (np.array([source[1], source[0]]) - 1) / 2
        goal = (np.array([target[1], target[0]]) - 1) / 2 + [self.shift_x * target[1], self.shift_y * target[0]]
        return np.column_stack([linear, goal - linear @ middle])


def warp(
    picture: npt.NDArray[np.uint8], matrix: npt.NDArray[np.float64], target: tuple[int, int]
) -> npt.NDArray[np.uint8]:
    """(H, W) picture under an affine matrix on a grid of `target` (H, W); black comes in from outside."""
    return np.asarray(cv2.warpAffine(picture, matrix, (target[1], target[0]), flags=cv2.INTER_LINEAR), dtype=np.uint8)
