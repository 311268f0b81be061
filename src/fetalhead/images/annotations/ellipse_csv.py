"""A CSV of ellipses: a picture a row, in pixels of the picture as shown."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

from fetalhead.errors import FetalheadError, one_line
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.pixel_size import PixelSize, read_table

VALUES = ("center_x_px", "center_y_px", "semi_axis_a_px", "semi_axis_b_px", "angle_rad")
SIZE, SIZES = "pixel_size_mm", ("pixel_size_x_mm", "pixel_size_y_mm")
HC = "hc_mm"
MOST_TURN = 2 * math.pi
"""Larger angles are degrees."""
WRITTEN = ("filename", "subject", *VALUES, *SIZES, HC)


@dataclass(frozen=True, slots=True)
class EllipseRow:
    """A picture of the CSV."""

    listing: Path
    file_name: str
    """As the CSV has it: to be trusted no further than `places.picture_named` does."""
    cells: Mapping[str, str]
    """All the row's cells, by plain column name."""

    def ellipse(self) -> Ellipse | None:
        """In pixels; None where the row's cells are empty. Raises `FetalheadError`."""
        texts = [self.cells[name] for name in VALUES]
        if not any(texts):
            return None
        try:
            numbers = [float(text) for text in texts]
            if abs(numbers[-1]) > MOST_TURN:
                raise self._fault(f"its angle_rad {texts[-1]} is more than a whole turn; wants radians, not degrees")
            return Ellipse.make(*numbers)
        except ValueError:
            raise self._fault("its numbers are no ellipse's: wants finite ones, and semi-axes above 0") from None

    def pixel_size(self) -> PixelSize:
        """Falsy where the row tells none. Raises `FetalheadError` for one that cannot be."""
        texts = [self.cells.get(name, "") for name in SIZES]
        single = self.cells.get(SIZE, "")
        if not any(texts) and not single:
            return PixelSize.unknown(f"{self.listing.name} tells no pixel size of {self.file_name}")
        try:
            x, y = map(float, texts if any(texts) else (single, single))
            return PixelSize.make(x, y, "user")
        except (ValueError, FetalheadError) as error:
            raise self._fault(f"its pixel size cannot be used: {error}") from error

    def hc_mm(self) -> float | None:
        """None where the row tells none. Raises `FetalheadError` for one that is no length."""
        text = self.cells.get(HC, "")
        try:
            value = float(text) if text else None
        except ValueError:
            value = math.nan
        if value is not None and not 0 < value < math.inf:
            raise self._fault(f"its {HC} {text!r} is no length; leave the cell empty")
        return value

    def _fault(self, reason: str) -> FetalheadError:
        return FetalheadError(f"{one_line(self.listing)}: {one_line(self.file_name)}: {one_line(reason)}")


def read_ellipses(path: Path) -> list[EllipseRow]:
    """The rows of a CSV with the columns filename and `VALUES`. Raises `FetalheadError` where it is none."""
    table = read_table(path)
    if missing := {"filename", *VALUES} - table.columns:
        lacks = f"lacks {min(missing)}"
        if any(";" in column for column in table.columns):
            lacks = "its cells are parted by ';', not by ','"
        raise FetalheadError(f"{one_line(path)}: no CSV of ellipses: {lacks}; wants filename, {', '.join(VALUES)}")
    return [EllipseRow(path, row["filename"], row) for row in table.rows]


def write_ellipses(path: Path, rows: Iterable[tuple[str, str, Ellipse, PixelSize, float | None]]) -> None:
    """Write file name, subject, ellipse in pixels, pixel size (may be falsy) and HC in mm (may be None)."""
    with open(path, "w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(WRITTEN)
        for name, subject, ellipse, size, hc_mm in rows:
            sizes = (size.x, size.y) if size else ("", "")
            writer.writerow([name, subject, *astuple(ellipse), *sizes, "" if hc_mm is None else hc_mm])
