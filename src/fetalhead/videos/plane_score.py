"""How near a frame is to the standard plane for HC, from what can be seen in it: each part 0 to 1.

The plane (where the model tells planes), the fit of the ellipse, the symmetry of the two hemispheres about the
midline and the midline itself, how much of the head lies within the field of view, and how sharply its skull shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.biometry.measurement import HeadMeasurement
from fetalhead.images.ellipse import Ellipse

SIDE = 96
"""The head is looked at in a square of so many pixels, its long axis across and its outline a circle."""
REACH = 1.15
"""The square reaches so many semi-axes to either side."""

SIZE_SD = 0.008
"""A section smaller than the largest that is followed by so much (share of HC) is no standard plane."""


@dataclass(frozen=True, slots=True)
class PlaneParts:
    """The parts of one frame's score, 0 to 1 each."""

    plane: float
    fit: float
    symmetry: float
    midline: float
    completeness: float
    sharpness: float

    @property
    def score(self) -> float:
        """Their weighted geometric mean: one that is missing is not made up for by the others."""
        logs = [weight * math.log(max(value, 0.02)) for value, weight in zip(self, WEIGHTS, strict=True)]
        return math.exp(sum(logs) / sum(WEIGHTS))

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter((self.plane, self.fit, self.symmetry, self.midline, self.completeness, self.sharpness))


WEIGHTS = (2.0, 1.5, 1.0, 1.0, 1.5, 0.5)
"""Of the parts, in their order."""


def plane_parts(
    pixels: npt.NDArray[np.uint8], measurement: HeadMeasurement, plane: dict[str, float] | None
) -> PlaneParts | None:
    """The parts for the (H, W) frame in which `measurement` was made; None without a head.

    `plane` holds the probability of each plane, where the model tells them; where it does not, that part is 1.
    """
    ellipse = measurement.ellipse_px
    if ellipse is None:
        return None
    disc = _as_disc(pixels, ellipse)
    return PlaneParts(
        plane=1.0 if plane is None else plane.get("head", 0.0),
        fit=(measurement.support or 0.0) * measurement.head_confidence,
        symmetry=_symmetry(disc),
        midline=_midline(disc),
        completeness=_completeness(pixels, ellipse),
        sharpness=_sharpness(disc),
    )


def of_size(hc: npt.NDArray[np.float64], largest: float) -> npt.NDArray[np.float64]:
    """0 to 1: the plane for HC is that of the head's largest section."""
    return np.asarray(np.exp(-0.5 * (np.minimum(hc / largest - 1, 0) / SIZE_SD) ** 2))


_Y, _X = (np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) + 0.5) * (2 * REACH / SIDE) - REACH
_RADIUS = np.hypot(_X, _Y)
_INSIDE = _RADIUS < 0.85


def _as_disc(pixels: npt.NDArray[np.uint8], ellipse: Ellipse) -> npt.NDArray[np.float32]:
    """(SIDE, SIDE) the head with its long axis across and its outline the unit circle."""
    cos, sin = math.cos(ellipse.angle), math.sin(ellipse.angle)
    step = 2 * REACH / SIDE
    along = np.array([cos, sin]) * ellipse.semi_axis_a * step
    across = np.array([-sin, cos]) * ellipse.semi_axis_b * step
    middle = (SIDE - 1) / 2
    start = np.array([ellipse.center_x, ellipse.center_y]) - middle * (along + across)
    matrix = np.stack([along, across, start], axis=1)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(pixels, matrix, (SIDE, SIDE), flags=flags), dtype=np.float32)


def _symmetry(disc: npt.NDArray[np.float32]) -> float:
    """Correlation of the hemispheres, coarse enough for speckle not to count, as 0 to 1."""
    coarse = cv2.GaussianBlur(disc, (0, 0), SIDE / 24)
    upper, lower = coarse[_INSIDE], coarse[::-1][_INSIDE]
    upper, lower = upper - upper.mean(), lower - lower.mean()
    scale = float(np.linalg.norm(upper) * np.linalg.norm(lower))
    return 0.5 + 0.5 * float((upper * lower).sum()) / scale if scale > 0 else 0.0


def _midline(disc: npt.NDArray[np.float32]) -> float:
    """How far a line along the middle stands out of what lies beside it; half of what a clear one does gives 0.6."""
    band = (np.abs(_X) < 0.75)
    rows = np.array([_smooth_row(disc, band, offset) for offset in np.linspace(-0.12, 0.12, 7)])
    beside = np.array([_smooth_row(disc, band, offset) for offset in (-0.3, -0.22, 0.22, 0.3)])
    spread = max(float(disc[_INSIDE].std()), 1.0)
    return 1 - math.exp(-max(float(rows.max() - beside.mean()), 0.0) / spread)


def _smooth_row(disc: npt.NDArray[np.float32], band: npt.NDArray[np.bool_], offset: float) -> float:
    row = round((offset + REACH) / (2 * REACH) * SIDE - 0.5)
    return float(disc[row - 1 : row + 2][band[row - 1 : row + 2]].mean())


def _completeness(pixels: npt.NDArray[np.uint8], ellipse: Ellipse) -> float:
    """Share of the outline that lies in the picture, and not in the plain black around its field of view."""
    outline = ellipse.points(180)
    places = np.rint(outline).astype(int)
    height, width = pixels.shape
    inside = (places >= 0).all(axis=1) & (places[:, 0] < width) & (places[:, 1] < height)
    seen = places[inside]
    lit = cv2.dilate(pixels, np.ones((7, 7), dtype=np.uint8))[seen[:, 1], seen[:, 0]] > 3
    return float(lit.sum()) / len(outline)


def _sharpness(disc: npt.NDArray[np.float32]) -> float:
    """How far the skull's ring stands out of what lies inside and outside of it."""
    ring = disc[(_RADIUS > 0.93) & (_RADIUS < 1.02)].mean()
    around = np.concatenate([disc[(_RADIUS > 0.7) & (_RADIUS < 0.85)], disc[(_RADIUS > 1.08) & (_RADIUS < REACH)]])
    return float(np.clip((ring - around.mean()) / (around.std() + around.mean() + 1), 0, 1))
