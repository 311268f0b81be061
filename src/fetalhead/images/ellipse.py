"""Ellipses: perimeter, points, affine images, exact masks, and the fit to contour points.

Coordinates are (x, y) with pixel centres at whole numbers, x to the right and y down. An ellipse may live in
pixels or in millimetres; it does not know which.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from fetalhead.errors import Nothing

FloatArray = npt.NDArray[np.float64]

EDGE_PX = 2.0
"""Pixels farther outside than this are not looked at for what an ellipse covers."""


@final
@dataclass(frozen=True, slots=True)
class Ellipse:
    """An ellipse with semi-axes a >= b > 0 and the angle of a from +x towards +y, in [0, pi)."""

    center_x: float
    center_y: float
    semi_axis_a: float
    semi_axis_b: float
    angle: float

    @classmethod
    def make(cls, center_x: float, center_y: float, first: float, second: float, angle: float) -> Ellipse:
        """The ellipse with semi-axis `first` along `angle` (radians) and `second` across it, in normal form."""
        if not (first > 0 and second > 0 and math.isfinite(first + second + angle + center_x + center_y)):
            raise ValueError(f"an ellipse needs finite values and positive semi-axes, not {first} and {second}")
        if second > first:
            first, second, angle = second, first, angle + math.pi / 2
        angle %= math.pi
        if angle >= math.pi:  # -1e-17 % pi rounds to pi itself
            angle = 0.0
        return cls(center_x, center_y, first, second, angle)

    @property
    def perimeter(self) -> float:
        """Length of the outline by Ramanujan's second formula (1914); exact to 1e-9 for any head."""
        a, b = self.semi_axis_a, self.semi_axis_b
        h = ((a - b) / (a + b)) ** 2
        return math.pi * (a + b) * (1 + 3 * h / (10 + math.sqrt(4 - 3 * h)))

    @property
    def area(self) -> float:
        return math.pi * self.semi_axis_a * self.semi_axis_b

    def points(self, count: int = 360) -> FloatArray:
        """(count, 2) points x, y on the outline, at equal steps of the parameter, starting at the end of a."""
        t = np.arange(count) * (2 * math.pi / count)
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        u, v = self.semi_axis_a * np.cos(t), self.semi_axis_b * np.sin(t)
        return np.stack([self.center_x + u * cos - v * sin, self.center_y + u * sin + v * cos], axis=1)

    def transformed(self, matrix: npt.ArrayLike) -> Ellipse:
        """The image under a (2, 3) affine matrix; the image of an ellipse is an ellipse, whatever the matrix."""
        matrix = np.asarray(matrix, dtype=np.float64)
        linear, shift = matrix[:, :2], matrix[:, 2]
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        axes = np.array([[cos, -sin], [sin, cos]]) * [self.semi_axis_a, self.semi_axis_b]
        directions, lengths, _ = np.linalg.svd(linear @ axes)
        x, y = linear @ [self.center_x, self.center_y] + shift
        return Ellipse.make(
            float(x), float(y), float(lengths[0]), float(lengths[1]),
            math.atan2(directions[1, 0], directions[0, 0]),
        )

    def scaled(self, x: float, y: float) -> Ellipse:
        """The ellipse with x coordinates times `x` and y coordinates times `y`: from pixels to mm, and back."""
        return self.transformed([[x, 0, 0], [0, y, 0]])

    def signed_distance(self, x: npt.NDArray[Any], y: npt.NDArray[Any]) -> FloatArray:
        """Distance of points from the outline, negative inside; first order, so exact near the outline."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        dx, dy = x - self.center_x, y - self.center_y
        u = (dx * cos + dy * sin) / self.semi_axis_a
        v = (dy * cos - dx * sin) / self.semi_axis_b
        radius = np.hypot(u, v)
        slope = np.hypot(u / self.semi_axis_a, v / self.semi_axis_b)
        # (radius - 1) over the length of its gradient, slope / radius; at the centre itself, minus b.
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = (radius - 1) * radius / slope
        return np.asarray(np.where(slope == 0, -self.semi_axis_b, distance), dtype=np.float64)

    def coverage(self, shape: tuple[int, int]) -> npt.NDArray[np.float32]:
        """(H, W) share of each pixel that lies inside, 0 to 1: a mask without the half pixel of polygon fills.

        `cv2.ellipse` and polygon fills grow a mask by about half a pixel all round, which is 0.4 mm of HC at
        HC18's pixel sizes; the equation does not.
        """
        covered = np.zeros(shape, dtype=np.float32)
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        half_width = math.hypot(self.semi_axis_a * cos, self.semi_axis_b * sin) + EDGE_PX
        half_height = math.hypot(self.semi_axis_a * sin, self.semi_axis_b * cos) + EDGE_PX
        left, right = (_within(self.center_x + side * half_width, shape[1]) for side in (-1, 1))
        top, bottom = (_within(self.center_y + side * half_height, shape[0]) for side in (-1, 1))
        y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
        covered[top:bottom, left:right] = np.clip(0.5 - self.signed_distance(x, y), 0, 1)
        return covered


def _within(place: float, size: int) -> int:
    return min(max(math.ceil(place), 0), size)


@final
@dataclass(frozen=True, slots=True)
class NoEllipse(Nothing):
    """A fit that gave none: falsy, and holds the reason."""


def fit_ellipse(points: npt.ArrayLike) -> Ellipse | NoEllipse:
    """The direct least-squares ellipse through (N, 2) points x, y.

    Halir and Flusser 1998, "Numerically stable direct least squares fitting of ellipses" (Fitzgibbon's method in
    its stable form), on centred and scaled points. Gives `NoEllipse` for fewer than 5 points, points on a line,
    or points that no ellipse fits.
    """
    points = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    if len(points) < 5:
        return NoEllipse("fewer than 5 contour points")
    mean = points.mean(axis=0)
    spread = float(np.sqrt(((points - mean) ** 2).sum(axis=1).mean()))
    if not spread > 0:
        return NoEllipse("all contour points are one")
    x, y = ((points - mean) / spread).T
    quadratic = np.stack([x * x, x * y, y * y], axis=1)
    linear = np.stack([x, y, np.ones_like(x)], axis=1)
    s1, s2, s3 = quadratic.T @ quadratic, quadratic.T @ linear, linear.T @ linear
    if np.linalg.cond(s3) > 1e12:
        return NoEllipse("contour points lie on a line")
    back = -np.linalg.solve(s3, s2.T)
    reduced = s1 + s2 @ back
    constrained = np.stack([reduced[2] / 2, -reduced[1], reduced[0] / 2])
    _, vectors = np.linalg.eig(constrained)
    vectors = np.real(vectors)
    elliptic = 4 * vectors[0] * vectors[2] - vectors[1] ** 2 > 1e-12
    if not elliptic.any():
        return NoEllipse("no ellipse fits the contour points")
    head = vectors[:, int(np.argmax(elliptic))]
    return _from_conic(*head, *(back @ head), mean=mean, scale=spread)


def _from_conic(
    a: float, b: float, c: float, d: float, e: float, f: float, *, mean: FloatArray, scale: float
) -> Ellipse | NoEllipse:
    """The ellipse a x^2 + b xy + c y^2 + d x + e y + f = 0, moved back from centred and scaled points."""
    matrix = np.array([[a, b / 2], [b / 2, c]])
    center = np.linalg.solve(2 * matrix, [-d, -e])
    level = -(f + 0.5 * float(np.dot([d, e], center)))
    eigenvalues, directions = np.linalg.eigh(matrix)
    squares = level / eigenvalues
    if not (np.isfinite(squares).all() and (squares > 0).all()):
        return NoEllipse("no ellipse fits the contour points")
    axes = np.sqrt(squares) * scale
    x, y = center * scale + mean
    return Ellipse.make(
        float(x), float(y), float(axes[0]), float(axes[1]), math.atan2(directions[1, 0], directions[0, 0])
    )
