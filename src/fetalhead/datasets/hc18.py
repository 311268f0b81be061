"""HC18 as published: `training_set/NNN_HC.png` with `NNN_HC_Annotation.png`, and the CSVs of pixel sizes.

One's own pictures in this layout may be of any format that `measure` reads, whatever their names end in, and the
annotations filled masks (see `annotation`).

van den Heuvel et al. 2018, PLoS ONE 13(8):e0200412, doi 10.5281/zenodo.1327317, CC BY 4.0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fetalhead.datasets.case import Case
from fetalhead.datasets.faults import tell
from fetalhead.datasets.splits import Splits
from fetalhead.datasets.tables import told_once
from fetalhead.errors import FetalheadError, one_line
from fetalhead.images.pixel_size import PixelSize, pixel_sizes, read_pixel_size_csv, read_table

TRAINING_CSV = "training_set_pixel_size_and_HC.csv"
TEST_CSV = "test_set_pixel_size.csv"
HC_COLUMN = "head circumference (mm)"
"""As published; found by its plain name, as `Table` has it."""

OUTLINE = "_Annotation"
"""What the name of a picture's outline adds to the picture's."""


@dataclass(frozen=True)
class Hc18:
    """The data set under `root`. Raises `FetalheadError` where the layout is not HC18's."""

    root: Path

    @cached_property
    def cases(self) -> list[Case]:
        """The pictures in the order of the CSV, as `read` gives them."""
        return self.read()

    def read(self, faults: list[str] | None = None) -> list[Case]:
        """The pictures in the order of the CSV. Rows without a picture are left out: a part is a data set.

        What else a picture lacks, its outline or its pixel size, is a fault only where that is asked for. A row that
        cannot be used, or contradicts another, is added to `faults`, or raised where there is no such list; so is, in
        such a list, a picture without a row and an outline without a picture.
        """
        folder = self.root / "training_set"
        path = self.root / TRAINING_CSV
        if not (folder.is_dir() and path.is_file()):
            raise FetalheadError(f"{self.root}: no HC18 data here (wants training_set/ and {TRAINING_CSV})")
        table = read_table(path)
        sizes = pixel_sizes(path, table)
        splits = Splits.of(self.root, kept="hc18")
        cases = []
        hc_column = HC_COLUMN.replace(" ", "")
        rows = (
            (row["filename"], (_alike(row["pixelsize(mm)"]), _alike(row.get(hc_column, "")))) for row in table.rows
        )
        for name, (_, hc) in told_once(path, rows, faults).items():
            image = folder / name
            if name != Path(name).name:
                tell(faults, f"{path}: {one_line(name)!r} is no name of a file in {folder.name}; not opened")
            elif image.is_file():
                try:
                    hc_mm = _circumference(path, name, hc)
                except FetalheadError as error:
                    tell(faults, str(error))
                    continue
                annotation = folder / f"{image.stem}{OUTLINE}.png"
                split = splits.split_of(name)
                cases.append(
                    Case(
                        name, subject_of(name), image, split, "head", annotation, pixel_size=sizes[name], hc_mm=hc_mm
                    )
                )
        if faults is not None:
            faults += _strays(folder, {row["filename"] for row in table.rows})
        if not cases:
            raise FetalheadError(f"{folder}: none of the pictures named in {TRAINING_CSV} is there")
        return cases

    def test_images(self) -> Iterator[tuple[Path, PixelSize]]:
        """The challenge's pictures without outlines, in the order of their CSV, with their pixel sizes (or falsy).

        Raises `FetalheadError`, also for a name that leads out of their folder.
        """
        table = self.root / TEST_CSV
        if not table.is_file():
            raise FetalheadError(f"{self.root}: no HC18 test set here (wants test_set/ and {TEST_CSV})")
        for name, size in read_pixel_size_csv(table).items():
            if name != Path(name).name:
                raise FetalheadError(f"{table}: {one_line(name)!r} is no name of a file in test_set; not opened")
            yield self.root / "test_set" / name, size


def read_cases(root: Path, faults: list[str] | None = None) -> list[Case]:
    """The labelled pictures under `root`, as `Hc18.read` gives them. Raises `FetalheadError`."""
    return Hc18(root).read(faults)


def subject_of(name: str) -> str:
    """The file number, which stands for one woman and one head, in a file name such as `014_3HC.png`."""
    return name.partition("_")[0]


def _alike(cell: str) -> str:
    """One text for all the ways in which a number may be written."""
    try:
        number = float(cell)
        short = format(number, ".15g")
        return short if float(short) == number else repr(number)
    except ValueError:
        return cell.strip()


def _circumference(path: Path, name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise FetalheadError(f"{path}: no number in column {HC_COLUMN!r} of {name!r}") from None
    if not 0 < value < math.inf:
        raise FetalheadError(f"{path}: {text} in column {HC_COLUMN!r} of {name!r}: wants a number of mm above 0")
    return value


def _strays(folder: Path, listed: set[str]) -> Iterator[str]:
    """A line for each file of `folder` that no row of the CSV, or no picture, accounts for."""
    pictures = {file.name for file in folder.iterdir() if not file.name.startswith(".")}
    stems = {Path(name).stem for name in pictures}
    for name in sorted(pictures - listed):
        picture, outline, _ = Path(name).stem.partition(OUTLINE)
        if not outline:
            yield f"{one_line(folder / name)}: has no row in {TRAINING_CSV}"
        elif picture not in stems:
            yield f"{one_line(folder / name)}: is the outline of no picture"
