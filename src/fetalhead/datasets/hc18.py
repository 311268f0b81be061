"""HC18 as published: `training_set/NNN_HC.png` with `NNN_HC_Annotation.png`, and the CSVs of pixel sizes.

van den Heuvel et al. 2018, PLoS ONE 13(8):e0200412, doi 10.5281/zenodo.1327317, CC BY 4.0.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.datasets.splits import UNASSIGNED, read_split
from fetalhead.errors import FetalheadError
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.outline import ellipse_of_outline
from fetalhead.images.pixel_size import PixelSize, read_pixel_size_csv

TRAINING_CSV = "training_set_pixel_size_and_HC.csv"
TEST_CSV = "test_set_pixel_size.csv"
HC_COLUMN = "head circumference (mm)"


@dataclass(frozen=True, slots=True)
class Hc18Case:
    """One annotated picture."""

    name: str
    """File name, `NNN_HC.png`; a subject's further pictures are `NNN_2HC.png` and so on."""
    subject: str
    """The file number `NNN`: same-number pictures show the same head."""
    image_path: Path
    annotation_path: Path
    pixel_size: PixelSize
    hc_mm: float
    split: str
    """train, val, test, or unassigned."""

    def pixels(self) -> npt.NDArray[np.uint8]:
        """(H, W) grey values."""
        return read_grey(self.image_path)

    def ellipse(self) -> Ellipse:
        """The reference ellipse in pixels, along the drawn outline's centre line. Raises `FetalheadError`."""
        ellipse = ellipse_of_outline(read_grey(self.annotation_path))
        if not ellipse:
            raise FetalheadError(f"{self.annotation_path}: {ellipse.reason}")
        return ellipse


@dataclass(frozen=True)
class Hc18:
    """The data set under `root`. Raises `FetalheadError` where the layout is not HC18's."""

    root: Path

    @cached_property
    def cases(self) -> list[Hc18Case]:
        """The annotated pictures in the order of the CSV. Rows without a picture are left out: a part is a data set."""
        folder = self.root / "training_set"
        table = self.root / TRAINING_CSV
        if not (folder.is_dir() and table.is_file()):
            raise FetalheadError(f"{self.root}: no HC18 data here (wants training_set/ and {TRAINING_CSV})")
        sizes = read_pixel_size_csv(table)
        split = read_split("hc18", self.root)
        cases = [self._case(folder, name, hc, sizes[name], split) for name, hc in _circumferences(table)]
        found = [case for case in cases if case is not None]
        if not found:
            raise FetalheadError(f"{folder}: none of the pictures named in {TRAINING_CSV} is there")
        return found

    def _case(
        self, folder: Path, name: str, hc_mm: float, size: PixelSize, split: dict[str, str]
    ) -> Hc18Case | None:
        image = folder / name
        annotation = folder / f"{image.stem}_Annotation.png"
        if not image.is_file():
            return None
        if not annotation.is_file():
            raise FetalheadError(f"{image}: its outline {annotation.name} is missing")
        if not size:
            raise FetalheadError(f"{image}: {size.reason}")
        return Hc18Case(
            name, subject_of(name), image, annotation, size, hc_mm, split.get(name, UNASSIGNED)
        )

    def test_images(self) -> Iterator[tuple[Path, PixelSize]]:
        """The challenge's pictures without outlines, in the order of their CSV, with their pixel sizes."""
        table = self.root / TEST_CSV
        if not table.is_file():
            raise FetalheadError(f"{self.root}: no HC18 test set here (wants test_set/ and {TEST_CSV})")
        for name, size in read_pixel_size_csv(table).items():
            if not size:
                raise FetalheadError(f"{table}: {size.reason}")
            yield self.root / "test_set" / name, size


def subject_of(name: str) -> str:
    """The file number, which stands for one woman and one head, in a file name such as `014_3HC.png`."""
    return name.partition("_")[0]


def _circumferences(table: Path) -> Iterator[tuple[str, float]]:
    with open(table, newline="", encoding="utf-8-sig") as stream:
        for row in csv.DictReader(stream):
            try:
                yield row["filename"], float(row[HC_COLUMN])
            except (KeyError, TypeError, ValueError):
                raise FetalheadError(f"{table}: no number in column {HC_COLUMN!r} of {row.get('filename')}") from None


def read_grey(path: Path) -> npt.NDArray[np.uint8]:
    """(H, W) grey values of a data set's own PNG, as stored. Raises `FetalheadError`."""
    pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if pixels is None:
        raise FetalheadError(f"{path}: cannot be read as a picture")
    return np.asarray(pixels, dtype=np.uint8)
