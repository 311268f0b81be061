"""The size of a pixel in millimetres: what counts as one, where it comes from, and which source comes first."""

from __future__ import annotations

import csv
import math
import os
from dataclasses import dataclass
from pathlib import Path

from fetalhead.errors import FetalheadError

SMALLEST_MM, LARGEST_MM = 0.01, 2.0
"""Outside these, a number is no ultrasound pixel size: refused rather than believed."""

SOURCES = ("dicom-region", "dicom-pixel-spacing", "image-header", "hc18-csv", "user", "ruler", "unknown")


@dataclass(frozen=True, slots=True)
class PixelSize:
    """Millimetres a pixel along x and y, and the source; falsy, with the reason, where they are not known."""

    x: float
    y: float
    source: str
    reason: str = ""
    """Why there is no size; empty where there is one."""

    def __bool__(self) -> bool:
        return self.source != "unknown"

    @classmethod
    def make(cls, x: float, y: float, source: str) -> PixelSize:
        """A checked pixel size. Raises `FetalheadError` outside 0.01 to 2 mm, or where it is no number."""
        for value in (x, y):
            if not (math.isfinite(value) and SMALLEST_MM <= value <= LARGEST_MM):
                raise FetalheadError(
                    f"pixel size {value:g} mm is not between {SMALLEST_MM:g} and {LARGEST_MM:g} mm"
                )
        return cls(float(x), float(y), source)

    @classmethod
    def unknown(cls, reason: str) -> PixelSize:
        return cls(math.nan, math.nan, "unknown", reason)


UNKNOWN = PixelSize.unknown("no pixel size given")


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
    try:
        with open(path, newline="", encoding="utf-8-sig", errors="surrogateescape") as stream:
            reader = csv.DictReader(stream, skipinitialspace=True)
            names = {_plain(name): name for name in reader.fieldnames or []}
            if "filename" not in names or "pixelsize(mm)" not in names:
                raise FetalheadError(f"{path}: no columns 'filename' and 'pixel size(mm)', as HC18's CSV has them")
            return {
                row[names["filename"]]: _row_size(path, row[names["filename"]], row[names["pixelsize(mm)"]])
                for row in reader
            }
    except OSError as error:
        raise FetalheadError(f"{path}: cannot be read: {os.strerror(error.errno or 0)}") from error
    except csv.Error as error:
        raise FetalheadError(f"{path}: not a CSV: {error}") from error


def _plain(name: str) -> str:
    return name.replace(" ", "").lower()


def _row_size(path: Path, name: str, text: str | None) -> PixelSize:
    try:
        value = float(text or "")
    except ValueError:
        return PixelSize.unknown(f"{path.name}: pixel size {text!r} of {name} is no number")
    try:
        return PixelSize.make(value, value, "hc18-csv")
    except FetalheadError as error:
        return PixelSize.unknown(f"{path.name}: {error}")
