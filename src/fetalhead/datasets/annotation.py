"""The ellipse that an annotation stands for: drawn as a thin outline, as in HC18, or as a filled mask."""

from __future__ import annotations

from pathlib import Path

from fetalhead.errors import FetalheadError, one_line
from fetalhead.images.annotations import drawing
from fetalhead.images.ellipse import Ellipse, NoEllipse
from fetalhead.images.masks import Mask, mask_parts, read_mask
from fetalhead.images.readers import read_images


def read_annotation(path: Path, shape: tuple[int, int]) -> Ellipse:
    """The ellipse in pixels that is drawn in `path`, for a picture of `shape` (H, W) as shown.

    A thin outline gives the ellipse along its centre line. A filled mask, read as `images.masks` does and joined with
    its further parts (`x_Annotation_1.png` and so on beside `x_Annotation.png`), gives the ellipse through its border
    at sub-pixel places. Raises `FetalheadError`, in one line with the file's name.
    """
    in_parts = path.with_stem(f"{path.stem}_1").is_file()
    if not in_parts:
        drawn = next(read_images(path)).pixels
        if drawn.shape == shape and (line := drawing.ellipse_of_line(drawn)) is not None:
            return _found(one_line(path), line)
    return ellipse_of_mask(one_line(path), read_mask(mask_parts(path) if in_parts else path, shape))


def ellipse_of_mask(place: str, mask: Mask) -> Ellipse:
    """The ellipse in pixels of an (H, W) mask. Raises `FetalheadError`, with the mask's place, where it has none."""
    return _found(place, drawing.ellipse_of_mask(mask))


def _found(place: str, ellipse: Ellipse | NoEllipse) -> Ellipse:
    if not ellipse:
        raise FetalheadError(f"{place}: {ellipse.reason}")
    return ellipse
