"""The polar grid on which echoes are made: a row a depth, a column a beam; and its way to the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from fetalhead.phantoms.noise import FloatArray
from fetalhead.phantoms.scene import Scene

_BEAMS_A_WIDTH = 2.0
"""Beams a standard deviation of the beam: enough for speckle to be smooth after bilinear scan conversion."""


@dataclass(frozen=True, slots=True, eq=False)
class PolarGrid:
    """Samples at equal steps of radius and angle (from straight down, positive to the right)."""

    radius: FloatArray
    """(R, 1) mm from the apex."""
    angle: FloatArray
    """(1, A)."""
    x: FloatArray
    """(R, A) mm in the picture's frame."""
    y: FloatArray
    beam_x: FloatArray
    """(1, A) direction in which a beam travels."""
    beam_y: FloatArray
    radius_step: float
    angle_step: float

    @classmethod
    def of(cls, scene: Scene) -> PolarGrid:
        sector, beam = scene.sector, scene.beam
        rows = max(2, math.ceil((sector.far - sector.near) / scene.pixel_size))
        columns = max(2, math.ceil(2 * sector.half_angle / beam.lateral * _BEAMS_A_WIDTH))
        radius = np.linspace(sector.near, sector.far, rows, dtype=np.float32)[:, None]
        angle = np.linspace(-sector.half_angle, sector.half_angle, columns, dtype=np.float32)[None]
        beam_x, beam_y = np.sin(angle), np.cos(angle)
        return cls(
            radius, angle, sector.apex_x + radius * beam_x, sector.apex_y + radius * beam_y, beam_x, beam_y,
            (sector.far - sector.near) / (rows - 1), 2 * sector.half_angle / (columns - 1),
        )

    def to_picture(self, values: FloatArray, scene: Scene) -> FloatArray:
        """(H, W) picture of (R, A) values, 0 outside the sector."""
        height, width = scene.shape
        y, x = np.mgrid[0:height, 0:width].astype(np.float32) * scene.pixel_size
        x -= scene.sector.apex_x
        y -= scene.sector.apex_y
        rows = (np.hypot(x, y) - scene.sector.near) / self.radius_step
        columns = (np.arctan2(x, y) + scene.sector.half_angle) / self.angle_step
        picture = cv2.remap(values, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        inside = (rows >= 0) & (rows <= values.shape[0] - 1) & (columns >= 0) & (columns <= values.shape[1] - 1)
        return np.asarray(picture * inside, dtype=np.float32)
