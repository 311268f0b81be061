"""HC18 as published: `training_set/NNN_HC.png` with `NNN_HC_Annotation.png`, and the CSVs of pixel sizes.

One's own pictures in this layout may be of any format that `measure` reads, whatever their names end in, and the
annotations filled masks (see `annotation`).

van den Heuvel et al. 2018, PLoS ONE 13(8):e0200412, doi 10.5281/zenodo.1327317, CC BY 4.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fetalhead.datasets.case import Case
from fetalhead.datasets.splits import Splits
from fetalhead.errors import FetalheadError
from fetalhead.images.pixel_size import PixelSize, Table, pixel_sizes, read_pixel_size_csv, read_table

TRAINING_CSV = "training_set_pixel_size_and_HC.csv"
TEST_CSV = "test_set_pixel_size.csv"
HC_COLUMN = "head circumference (mm)"
"""As published; found by its plain name, as `Table` has it."""


@dataclass(frozen=True)
class Hc18:
    """The data set under `root`. Raises `FetalheadError` where the layout is not HC18's."""

    root: Path

    @cached_property
    def cases(self) -> list[Case]:
        """The pictures in the order of the CSV. Rows without a picture are left out: a part is a data set.

        What else a picture lacks, its outline or its pixel size, is a fault only where that is asked for.
        """
        folder = self.root / "training_set"
        path = self.root / TRAINING_CSV
        if not (folder.is_dir() and path.is_file()):
            raise FetalheadError(f"{self.root}: no HC18 data here (wants training_set/ and {TRAINING_CSV})")
        table = read_table(path)
        sizes = pixel_sizes(path, table)
        splits = Splits.of(self.root, kept="hc18")
        cases = []
        for name, hc_mm in _circumferences(path, table):
            image = folder / name
            if image.is_file():
                annotation = folder / f"{image.stem}_Annotation.png"
                split = splits.split_of(name)
                cases.append(
                    Case(
                        name, subject_of(name), image, split, "head", annotation, pixel_size=sizes[name], hc_mm=hc_mm
                    )
                )
        if not cases:
            raise FetalheadError(f"{folder}: none of the pictures named in {TRAINING_CSV} is there")
        return cases

    def test_images(self) -> Iterator[tuple[Path, PixelSize]]:
        """The challenge's pictures without outlines, in the order of their CSV, with their pixel sizes (or falsy)."""
        table = self.root / TEST_CSV
        if not table.is_file():
            raise FetalheadError(f"{self.root}: no HC18 test set here (wants test_set/ and {TEST_CSV})")
        for name, size in read_pixel_size_csv(table).items():
            yield self.root / "test_set" / name, size


def read_cases(root: Path) -> list[Case]:
    """The labelled pictures under `root`. Raises `FetalheadError`."""
    return Hc18(root).cases


def subject_of(name: str) -> str:
    """The file number, which stands for one woman and one head, in a file name such as `014_3HC.png`."""
    return name.partition("_")[0]


def _circumferences(path: Path, table: Table) -> Iterator[tuple[str, float]]:
    column = HC_COLUMN.replace(" ", "")
    for row in table.rows:
        try:
            yield row["filename"], float(row[column])
        except (KeyError, ValueError):
            raise FetalheadError(f"{path}: no number in column {HC_COLUMN!r} of {row['filename']!r}") from None
