"""The ellipse that an annotation stands for: drawn as a thin outline, as in HC18, or as a filled mask."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fetalhead.errors import FetalheadError
from fetalhead.images.contour import fill_holes, level_points
from fetalhead.images.ellipse import Ellipse, NoEllipse, fit_ellipse
from fetalhead.images.masks import Mask, mask_parts, read_mask
from fetalhead.images.outline import ellipse_of_outline
from fetalhead.images.readers import read_images
from fetalhead.images.readers.faults import one_line

LEAST_FILLED = 0.5
"""Drawn share of what the drawing encloses: less is a line, not a mask."""

LEAST_OVERLAP = 0.95
"""Dice of a mask and the ellipse through its border: a head drawn by hand has more, a half drawn one less."""


def read_annotation(path: Path, shape: tuple[int, int]) -> Ellipse:
    """The ellipse in pixels that is drawn in `path`, for a picture of `shape` (H, W) as shown.

    A thin outline gives the ellipse along its centre line. A filled mask, read as `images.masks` does and joined with
    its further parts (`x_Annotation_1.png` and so on beside `x_Annotation.png`), gives the ellipse through its border
    at sub-pixel places. Raises `FetalheadError`, in one line with the file's name.
    """
    in_parts = path.with_stem(f"{path.stem}_1").is_file()
    if not in_parts:
        drawn = next(read_images(path)).pixels
        outline = ellipse_of_outline(drawn)
        if outline and drawn.shape == shape:
            return outline
    return ellipse_of_mask(path, read_mask(mask_parts(path) if in_parts else path, shape))


def ellipse_of_mask(path: Path, mask: Mask) -> Ellipse:
    """The ellipse in pixels of an (H, W) mask read from `path`. Raises `FetalheadError` where it stands for none."""
    ellipse = _fitted(mask)
    if not ellipse:
        raise FetalheadError(f"{one_line(path)}: {ellipse.reason}")
    return ellipse


def _fitted(mask: Mask) -> Ellipse | NoEllipse:
    solid = fill_holes(mask)
    if mask.sum() <= LEAST_FILLED * solid.sum():
        return ellipse_of_outline(mask)
    ellipse = fit_ellipse(level_points(solid.astype(np.float32)))
    if not ellipse:
        return ellipse
    inside = ellipse.coverage((solid.shape[0], solid.shape[1])) > 0.5
    overlap = 2 * float((inside & solid).sum()) / float(inside.sum() + solid.sum())
    if overlap < LEAST_OVERLAP:
        return NoEllipse(f"the drawing is no ellipse: it overlaps the one fitted to it by {100 * overlap:.0f} % (Dice)")
    return ellipse
