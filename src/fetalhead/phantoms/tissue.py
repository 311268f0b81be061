"""What a place in the body does to sound: how much it scatters, mirrors and swallows; and places within an ellipse."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fetalhead.images.ellipse import Ellipse
from fetalhead.phantoms.grid import PolarGrid
from fetalhead.phantoms.noise import FloatArray


@dataclass(slots=True, eq=False)
class Tissue:
    """Maps on the polar grid, laid one over the other from the outside inwards."""

    scatter_db: FloatArray
    """(R, A) level of the speckle."""
    mirror: FloatArray
    """(R, A) amplitude (1 is white) of echoes from smooth surfaces, which carry no speckle."""
    loss: FloatArray
    """(R, A) attenuation, both ways, dB a mm."""

    def cover(self, share: FloatArray, scatter_db: FloatArray | float, loss: float) -> None:
        """Put other tissue where `share` is 1, mixed with what was there where it is between."""
        self.scatter_db += share * (scatter_db - self.scatter_db)
        self.mirror *= 1 - share
        self.loss += share * (loss - self.loss)


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where each sample of the grid lies, told from an ellipse."""

    u: FloatArray
    """Along the long axis, 1 at its end."""
    v: FloatArray
    """Along the short axis, 1 at its end, positive away from the probe."""
    distance: FloatArray
    """mm from the outline, negative inside."""
    bearing: FloatArray
    """Angle about the centre, from the long axis, stretched so that the ellipse is a circle."""
    facing: FloatArray
    """Cosine between the beam and the outline's normal: -1 where the beam enters square, 1 where it leaves so."""
    long_facing: FloatArray
    """Absolute cosine between the beam and the short axis: how square the beam meets a line along the long one."""

    @classmethod
    def of(cls, ellipse: Ellipse, grid: PolarGrid, flip: int = 1) -> Place:
        """`flip` is -1 to let u run the other way."""
        a, b = ellipse.semi_axis_a, ellipse.semi_axis_b
        cos, sin = (math.cos(ellipse.angle) * flip), (math.sin(ellipse.angle) * flip)
        across_x, across_y = (-sin, cos) if cos > 0 or (cos == 0 and sin < 0) else (sin, -cos)
        dx, dy = grid.x - ellipse.center_x, grid.y - ellipse.center_y
        u, v = (dx * cos + dy * sin) / a, (dx * across_x + dy * across_y) / b
        normal_x, normal_y = u / a * cos + v / b * across_x, u / a * sin + v / b * across_y
        slope = np.maximum(np.hypot(normal_x, normal_y), (1e-6))
        radius = np.hypot(u, v)
        return cls(
            u, v, (radius - 1) * radius / slope, np.arctan2(v, u),
            (normal_x * grid.beam_x + normal_y * grid.beam_y) / slope,
            np.abs(across_x * grid.beam_x + across_y * grid.beam_y) * np.ones_like(u),
        )


def level(decibels: float) -> float:
    """Amplitude of a level in dB."""
    return float(10 ** (decibels / 20))


def levels(decibels: FloatArray) -> FloatArray:
    """Amplitudes of a map in dB."""
    return np.asarray(np.power(10, decibels / 20), dtype=np.float32)
