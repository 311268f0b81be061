"""Letterboxing: a picture of any size onto the network's grid, and exactly back.

Pixel centres lie at whole numbers, so a resize by s takes x to (x + 0.5) s - 0.5. Rounding the resized picture to
whole pixels makes the two scales differ by a fraction of a percent, and pixels that are not square make them differ
by more; both are kept, so the way back is exact. So is what was cut off around a picture that has wide margins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.images.margins import Box, box_within_margins


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How the `box` of a picture lies within a grid of `grid` (H, W): resized to `inner` (H, W), from `offset`."""

    source: tuple[int, int]
    """(H, W) of the picture."""
    box: Box
    """x0, y0, x1, y1 (exclusive) of what is shown of it."""
    grid: tuple[int, int]
    inner: tuple[int, int]
    offset: tuple[int, int]
    """y, x."""

    @classmethod
    def fit(
        cls, source: tuple[int, int], grid: tuple[int, int], tallness: float = 1.0, box: Box | None = None
    ) -> Letterbox:
        """The largest centred placement of a `source`-sized picture that keeps the aspect of what it shows.

        `tallness` is the height of its pixels over their width; those of the grid are square. `box`, x0, y0, x1, y1
        (exclusive), is what of the picture is shown; None for all of it.
        """
        x0, y0, x1, y1 = box = box or (0, 0, source[1], source[0])
        height, width = (y1 - y0) * tallness, x1 - x0
        scale = min(grid[0] / height, grid[1] / width)
        inner = min(grid[0], max(1, round(height * scale))), min(grid[1], max(1, round(width * scale)))
        return cls(source, box, grid, inner, ((grid[0] - inner[0]) // 2, (grid[1] - inner[1]) // 2))

    @classmethod
    def of(cls, picture: npt.NDArray[np.uint8], grid: tuple[int, int], tallness: float = 1.0) -> Letterbox:
        """That of an (H, W) picture, without the margins that `box_within_margins` cuts off."""
        return cls.fit((picture.shape[0], picture.shape[1]), grid, tallness, box_within_margins(picture))

    @property
    def matrix(self) -> npt.NDArray[np.float64]:
        """(2, 3) affine matrix from picture to grid coordinates (x, y)."""
        x0, y0, x1, y1 = self.box
        sy, sx = self.inner[0] / (y1 - y0), self.inner[1] / (x1 - x0)
        oy, ox = self.offset
        return np.array([[sx, 0, sx * (0.5 - x0) - 0.5 + ox], [0, sy, sy * (0.5 - y0) - 0.5 + oy]])

    @property
    def inverse(self) -> npt.NDArray[np.float64]:
        """(2, 3) affine matrix from grid to picture coordinates (x, y)."""
        return np.asarray(cv2.invertAffineTransform(self.matrix), dtype=np.float64)

    def to_grid(self, picture: npt.NDArray[Any], fill: float = 0) -> npt.NDArray[Any]:
        """(H, W) picture or map of shares, what is shown of it resized onto the grid; what lies around it is `fill`.

        A bool mask gives float32 shares, smoothed by half a grid pixel: so its border keeps its place between grid
        pixels, and `from_grid` brings it back to where it was.
        """
        if picture.shape != self.source:
            raise ValueError(f"a picture of {picture.shape} in a letterbox made for {self.source}")
        x0, y0, x1, y1 = self.box
        picture = picture[y0:y1, x0:x1]
        if picture.dtype == bool:
            picture = self._smoothed(picture)
        grid = np.full(self.grid, fill, dtype=picture.dtype)
        (top, left), (height, width) = self.offset, self.inner
        grid[top : top + height, left : left + width] = resize(picture, self.inner)
        return grid

    def inner_of(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The part of (h, w) values on the grid that the picture covers, or what is shown of it."""
        (top, left), (height, width) = self.offset, self.inner
        return values[top : top + height, left : left + width]

    def from_grid(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """(h, w) float values on the grid, such as probabilities, in the picture (H, W); above 0.5 is the mask again.

        By bicubic interpolation, which puts a border between two grid pixels where it was, and never beyond the range
        of the values. What is not shown is 0.
        """
        inner, (x0, y0, x1, y1) = self.inner_of(values), self.box
        shown = np.clip(cv2.resize(inner, (x1 - x0, y1 - y0), interpolation=cv2.INTER_CUBIC), inner.min(), inner.max())
        if shown.shape == self.source:
            return np.asarray(shown)
        back = np.zeros(self.source, dtype=shown.dtype)
        back[y0:y1, x0:x1] = shown
        return back

    def _smoothed(self, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        """(h, w) shares of what is shown of a mask, blurred by half a grid pixel where the grid is the coarser."""
        shares = mask.astype(np.float32)
        widths = [0.5 * side / inner for side, inner in zip(mask.shape, self.inner, strict=True)]
        if min(widths) <= 0.5:
            return shares
        blurred = cv2.GaussianBlur(shares, (0, 0), sigmaX=widths[1], sigmaY=widths[0], borderType=cv2.BORDER_REPLICATE)
        return np.asarray(blurred, dtype=np.float32)

    def points_from_grid(self, points: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """(N, 2) grid coordinates x, y as coordinates of the picture."""
        return np.asarray(points, dtype=np.float64) @ self.inverse[:, :2].T + self.inverse[:, 2]


def resize(picture: npt.NDArray[Any], shape: tuple[int, int]) -> npt.NDArray[Any]:
    """(H, W) resized to `shape`: area averages when shrinking (so that speckle does not alias), else bilinear.

    Where one side shrinks and the other grows, each is done by its own means.
    """
    height, width = min(shape[0], picture.shape[0]), min(shape[1], picture.shape[1])
    shrinks = (height, width) == (shape[0], shape[1])
    if not shrinks and (height < picture.shape[0] or width < picture.shape[1]):
        picture = resize(picture, (height, width))
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (shape[1], shape[0]), interpolation=method))
