"""The size of a pixel in millimetres: what counts as one, where it comes from, and which source comes first."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fetalhead.errors import FetalheadError

SMALLEST_MM, LARGEST_MM = 0.01, 2.0
"""Outside these, a number is no ultrasound pixel size: refused rather than believed."""

MM_PER_INCH = 25.4
SCREEN_DPI = (72, 96, 150, 300, 600)
"""Densities that pictures carry for screens and print; converters hand them on as a spacing in mm. 100 and 200 dpi are
not among them: 0.254 and 0.127 mm may well be measured."""

NEARLY_ONE, SIX_DIGITS, SINGLE = 1e-4, 5e-6, 1e-7
"""Shares by which defaults may be off: a spacing of 1 comes back as 1.00000001, that of a density with six digits, or
rounded to fewer as a float of 32 bits."""

FEWER_DIGITS = (4, 5)
"""Significant digits that the spacing of a density is written with, too."""


@dataclass(frozen=True, slots=True)
class PixelSize:
    """Millimetres a pixel along x and y, and the source; falsy, with the reason, where they are not known."""

    x: float
    y: float
    source: str
    """dicom-region, dicom-pixel-spacing, image-header, hc18-csv, user, ruler, or unknown."""
    reason: str = ""
    """Why there is no size; where there is one, what is to be told of it, mostly nothing."""

    def __bool__(self) -> bool:
        return self.source != "unknown"

    @classmethod
    def make(cls, x: float, y: float, source: str, reason: str = "") -> PixelSize:
        """A checked pixel size. Raises `FetalheadError` outside 0.01 to 2 mm, or where it is no number."""
        for value in (x, y):
            if not (math.isfinite(value) and SMALLEST_MM <= value <= LARGEST_MM):
                raise FetalheadError(
                    f"pixel size {value:g} mm is not between {SMALLEST_MM:g} and {LARGEST_MM:g} mm"
                )
        return cls(float(x), float(y), source, reason)

    @classmethod
    def unknown(cls, reason: str) -> PixelSize:
        return cls(math.nan, math.nan, "unknown", reason)


UNKNOWN = PixelSize.unknown("no pixel size given")


def default_spacing(x: float, y: float) -> str:
    """Why the spacing `x` by `y` (mm) that a header tells is a default and no measurement; empty where it may be one.

    1 by 1 is what writers put who know none; 25.4 / dpi is a print density.
    """
    if math.isclose(x, 1, rel_tol=NEARLY_ONE) and math.isclose(y, 1, rel_tol=NEARLY_ONE):
        return "1 x 1 is what a header says that knows none"
    for dpi in SCREEN_DPI:
        inch, metre = MM_PER_INCH / dpi, 1000 / round(1000 * dpi / MM_PER_INCH)  # PNG counts whole pixels a metre
        if x == y and (_is_written(x, inch) or _is_written(x, metre)):
            return f"{x:.6g} mm is a density of {dpi} dpi, of a screen or print"
    return ""


def _is_written(told: float, spacing: float) -> bool:
    """Whether `told` is `spacing` as headers have it: to six digits at least, or rounded to four or five."""
    rounded = (float(f"{spacing:.{digits}g}") for digits in FEWER_DIGITS)
    return math.isclose(told, spacing, rel_tol=SIX_DIGITS) or any(
        math.isclose(told, value, rel_tol=SINGLE) for value in rounded
    )


def parse_pixel_size(text: str) -> PixelSize:
    """The pixel size in `S` or `X,Y` (mm), as typed by a user. Raises `FetalheadError`."""
    parts = text.split(",")
    try:
        values = [float(part) for part in parts]
    except ValueError:
        values = []
    if len(values) not in (1, 2):
        raise FetalheadError(f"pixel size {text!r} is neither one number of mm nor two as X,Y")
    return PixelSize.make(values[0], values[-1], "user")


def read_pixel_size_csv(path: Path) -> dict[str, PixelSize]:
    """Pixel sizes by file name, from a CSV in HC18's format: `filename` and `pixel size(mm)` columns.

    A row whose size cannot be used gives a falsy `PixelSize` with the reason, so that only its own file suffers.
    Raises `FetalheadError` where the file is no such CSV.
    """
    return pixel_sizes(path, read_table(path))


def pixel_sizes(path: Path, table: Table) -> dict[str, PixelSize]:
    """`read_pixel_size_csv` of a table already read from `path`."""
    if not {"filename", "pixelsize(mm)"} <= table.columns:
        raise FetalheadError(f"{path}: no columns 'filename' and 'pixel size(mm)', as HC18's CSV has them")
    if repeated := table.repeated & {"filename", "pixelsize(mm)"}:
        raise FetalheadError(f"{path}: two columns are called {min(repeated)}, and which one counts is not told")
    sizes: dict[str, PixelSize] = {}
    for row in table.rows:
        name, size = row["filename"], _row_size(path, row["filename"], row["pixelsize(mm)"])
        other = sizes.get(name)
        if other and size and (other.x, other.y) != (size.x, size.y):
            size = PixelSize.unknown(f"{path.name} names {name} twice, with {other.x:g} and {size.x:g} mm")
        sizes[name] = size if other is None or other else other
    return sizes


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV by plain column name: lower case, without blanks. A cell that is not there is empty."""

    columns: frozenset[str]
    rows: list[dict[str, str]]
    repeated: frozenset[str] = frozenset()
    """Names that several columns have, the last of which is in the rows."""

    @classmethod
    def parse(cls, lines: Iterable[str], delimiter: str = ",") -> Table:
        """Blanks after a comma are passed over, and so are cells beyond the header's. Raises `csv.Error`."""
        reader = csv.DictReader(lines, delimiter=delimiter, skipinitialspace=True, restval="")
        names = [_plain(name) for name in reader.fieldnames or ()]
        rows = [{_plain(name): cell for name, cell in row.items() if name is not None} for row in reader]
        return cls(frozenset(names), rows, frozenset(name for name in names if names.count(name) > 1))


def read_table(path: Path, delimiter: str = ",") -> Table:
    """The CSV at `path`, its names of any encoding. Raises `FetalheadError` where the file is none."""
    try:
        with open(path, newline="", encoding="utf-8-sig", errors="surrogateescape") as stream:
            return Table.parse(stream, delimiter)
    except OSError as error:
        raise FetalheadError(f"{path}: cannot be read: {os.strerror(error.errno or 0)}") from error
    except csv.Error as error:
        raise FetalheadError(f"{path}: not a CSV: {error}") from error


def _plain(name: str) -> str:
    return name.replace(" ", "").lower()


def _row_size(path: Path, name: str, text: str) -> PixelSize:
    try:
        value = float(text)
    except ValueError:
        return PixelSize.unknown(f"{path.name}: pixel size {text!r} of {name} is no number")
    try:
        return PixelSize.make(value, value, "hc18-csv")
    except FetalheadError as error:
        return PixelSize.unknown(f"{path.name}: {error}")
