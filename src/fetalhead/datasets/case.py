"""A case: one picture of a data set, and what the set tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fetalhead.datasets.annotation import ellipse_of_mask, read_annotation
from fetalhead.errors import FetalheadError, one_line, warn
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.masks import Mask, read_mask
from fetalhead.images.pixel_size import UNKNOWN, PixelSize
from fetalhead.images.readers import read_images


class Drawing(Protocol):
    """A head drawn in a list of many (COCO, a CSV of ellipses), for a picture of `shape` (H, W) as shown."""

    def ellipse(self, shape: tuple[int, int]) -> Ellipse:
        """In pixels. Raises `FetalheadError`."""

    def mask(self, shape: tuple[int, int]) -> Mask:
        """(H, W) bool of what is head. Raises `FetalheadError`."""


@dataclass(frozen=True, slots=True)
class Case:
    """One picture: it may have an outline, a plane label, both or neither."""

    name: str
    """File name, as the data set lists it."""
    subject: str
    """The woman and pregnancy; pictures of one subject are always in one split."""
    image_path: Path
    split: str
    """train, val, test, or unassigned."""
    plane: str = ""
    """One of `catalog.PLANES`; empty where the set does not tell, or by the outline alone."""
    annotation_path: Path | None = None
    """Where the head's outline is drawn; None where the set has none of this picture."""
    label: int | None = None
    """The head's value in a mask of several; None where every value but 0 is the head."""
    filled: bool = False
    """Whether the annotation is a mask by the set's layout; else it may be a thin outline."""
    pixel_size: PixelSize = UNKNOWN
    """Falsy, with the reason, where the set tells none that can be used."""
    hc_mm: float | None = None
    drawing: Drawing | None = None
    """The head's outline where `annotation_path` is a list of many; None where it is of this picture alone."""

    def pixels(self) -> npt.NDArray[np.uint8]:
        """(H, W) grey values as shown. Raises `FetalheadError`."""
        return read_grey(self.image_path)

    def ellipse(self, shape: tuple[int, int] | None = None) -> Ellipse:
        """The reference ellipse in pixels of the picture as shown; `shape` (H, W) is the picture's, where known.

        Raises `FetalheadError`: no annotation, none that can be read, one of another size, or no ellipse.
        """
        shape = shape or self._shape()
        if self.drawing is not None:
            return self.drawing.ellipse(shape)
        if self.filled:
            return self.ellipse_of(self.mask(shape))
        return read_annotation(self._annotation(), shape)

    def reference(self, shape: tuple[int, int]) -> Ellipse | None:
        """`ellipse`, or None for an empty mask, which says that there is no head. Raises `FetalheadError`."""
        if not self.filled:
            return self.ellipse(shape)
        mask = self.mask(shape)
        return self.ellipse_of(mask) if mask.any() else None

    def ellipse_of(self, mask: Mask) -> Ellipse:
        """The reference ellipse of this picture's `mask`, read already. Raises `FetalheadError` where there is none."""
        place = one_line(self._annotation())
        return ellipse_of_mask(place if self.drawing is None else f"{place}: {one_line(self.name)}", mask)

    def mask(self, shape: tuple[int, int] | None = None) -> Mask:
        """(H, W) bool of what is head: the mask as drawn, or the inside of the drawn outline.

        Raises `FetalheadError` as `ellipse` does.
        """
        shape = shape or self._shape()
        if self.filled and self.drawing is not None:
            return self.drawing.mask(shape)
        if self.filled:
            return read_mask(self._annotation(), shape, self.label)
        return self.ellipse(shape).coverage(shape) > 0.5

    def _annotation(self) -> Path:
        path = self.annotation_path
        if path is None:
            raise FetalheadError(f"{one_line(self.image_path)}: its data set has no outline of it")
        if not path.is_file():
            raise FetalheadError(f"{one_line(self.image_path)}: its outline {one_line(path.name)} is missing")
        return path

    def _shape(self) -> tuple[int, int]:
        height, width = self.pixels().shape
        return height, width


@dataclass(frozen=True, slots=True)
class DataSet:
    """The pictures of one `KIND=DIR`."""

    kind: str
    root: Path
    cases: list[Case]


def read_grey(path: Path) -> npt.NDArray[np.uint8]:
    """(H, W) grey values as shown of a file's first picture, as `measure` reads it. Raises `FetalheadError`."""
    return first_image(path).pixels


def first_image(path: Path) -> UltrasoundImage:
    """A file's first picture, with a warning where it holds more. Raises `FetalheadError`."""
    image = next(iter(read_images(path)))
    if image.frame is not None:
        warn(f"{one_line(path)}: holds several frames, of which a data set takes the first; save the others as files")
    return image
