"""The size of a pixel from the depth ruler that a scanner draws beside its picture: within 1 %, or no answer.

The distance between ticks in pixels is fitted to all of them; how many millimetres it stands for is told by their
graduation, by the depth that the picture would then have, and by how fine its speckle would be. Two rulers that
disagree, or a graduation that leaves two meanings, give no answer.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fetalhead.errors import FetalheadError
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.pixel_size import PixelSize
from fetalhead.images.ruler.graduation import graduation_of
from fetalhead.images.ruler.marks import find_marks
from fetalhead.images.ruler.texture import FINEST_MM, speckle_depth
from fetalhead.images.ruler.ticks import Ticks, find_ticks

__all__ = ["read_ruler", "sized_by_ruler"]

TOLERANCE = 0.01
"""A ruler's answer is meant to be right within this share; rulers further apart disagree."""

LARGEST_ERROR = 0.0015
"""Standard error of the period, as a share of it, up to which there is an answer."""

DEPTH_MM = (25.0, 300.0)
"""What a picture of a fetus shows from top to bottom: HC18's show 28 to 212 mm."""


def sized_by_ruler(image: UltrasoundImage) -> UltrasoundImage:
    """The picture with the pixel size of its depth ruler, where neither its file nor a user tells one.

    Without an answer the reason of either is kept.
    """
    if image.pixel_size or any(region.pixel_size for region in image.scaled_regions):
        return image
    size = read_ruler(image.pixels)
    return replace(image, pixel_size=size or PixelSize.unknown(f"{image.pixel_size.reason}; {size.reason}"))


def read_ruler(pixels: npt.NDArray[np.uint8]) -> PixelSize:
    """The pixel size that the rulers of an (H, W) grey picture tell, source `ruler`; falsy, with the reason.

    A ruler down the picture tells y, and one along it tells x; without the latter, x is taken to be y, and `reason`
    says so, and how sure the answer is.
    """
    speckle = speckle_depth(pixels)
    down = _sizes(pixels, pixels.shape[0], speckle)
    if not isinstance(down, tuple):
        return PixelSize.unknown(down)
    along = _sizes(np.ascontiguousarray(pixels.T), pixels.shape[0], speckle)
    y, confidence = down
    x, told = (along[0], "x read from a ruler too") if isinstance(along, tuple) else (y, "x assumed equal to y")
    if abs(x / y - 1) > TOLERANCE:
        return PixelSize.unknown("the rulers along x and y disagree")
    note = f"pixel size read from the depth ruler (confidence {confidence:.2f}, {told})"
    try:
        return PixelSize.make(x, y, "ruler", note)
    except FetalheadError as error:
        return PixelSize.unknown(f"depth ruler: {error}")


def _sizes(pixels: npt.NDArray[np.uint8], height: int, speckle: float) -> tuple[float, float] | str:
    """mm a pixel along y, and the confidence (0 to 1); or why there is no answer."""
    reason = "no depth ruler found in the picture"
    answers = []
    for ticks in find_ticks(find_marks(pixels), (pixels.shape[0], pixels.shape[1])):
        if ticks.error > LARGEST_ERROR:
            reason = "a depth ruler was found, but its ticks are too uneven"
            continue
        graduation = graduation_of(ticks)
        if graduation is None:
            reason = "a depth ruler was found, but its ticks do not tell their distance in mm"
            continue
        sizes = [mm / ticks.period for mm in graduation.distances if _plausible(mm / ticks.period, height, speckle)]
        if len(sizes) != 1:
            reason = f"a depth ruler was found, but its ticks may stand for {len(sizes) or 'no'} plausible distances"
            continue
        answers.append((sizes[0], _confidence(ticks)))
    if not answers:
        return reason
    if any(abs(size / answers[0][0] - 1) > TOLERANCE for size, _ in answers):
        return "two rulers were found that disagree"
    return answers[0]


def _plausible(size: float, height: int, speckle: float) -> bool:
    """Whether pixels of `size` mm make a picture of a likely depth, with speckle no finer than a probe's."""
    if not DEPTH_MM[0] <= size * height <= DEPTH_MM[1]:
        return False
    return math.isnan(speckle) or size * speckle >= FINEST_MM


def _confidence(ticks: Ticks) -> float:
    """Share of the ticks' places that hold one, times what three standard errors leave of the tolerance."""
    return ticks.filled * (1 - 3 * ticks.error / TOLERANCE)
