"""A folder of cines with truth: `NNN.mp4`, `NNN.csv` with a row for each frame, and `cines.csv` that lists them."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fetalhead.errors import FetalheadError
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.pixel_size import PixelSize, read_table
from fetalhead.phantoms.cine import CineFrame
from fetalhead.videos.writer import VideoWriter

LIST = "cines.csv"
COLUMNS = (
    "frame", "time_s", "plane", "plane_offset", "center_x_px", "center_y_px", "semi_axis_a_px", "semi_axis_b_px",
    "angle_rad", "hc_mm",
)  # fmt: skip
LIST_COLUMNS = ("filename", "frames", "rate", "pixel_size_mm")

QUALITY = 16
"""x264's: speckle survives it."""


@dataclass(frozen=True, slots=True)
class FrameTruth:
    """What is known of a frame."""

    time_s: float
    plane: str
    """head, abdomen, tissue or air."""
    offset: float
    """Distance from the standard plane, share of the head's half height."""
    ellipse: Ellipse | None
    """In pixels; None without a head."""

    @classmethod
    def of(cls, frame: CineFrame) -> FrameTruth:
        return cls(frame.image.time_s or 0.0, frame.plane, frame.offset, frame.ellipse)


@dataclass(frozen=True, slots=True)
class Cine:
    """A cine with its truth."""

    path: Path
    pixel_size: PixelSize
    truth: list[FrameTruth]


def write_cine(path: Path, frames: Iterable[CineFrame], rate: float) -> Cine:
    """Write a cine and the truth beside it. Raises `FetalheadError`."""
    truth: list[FrameTruth] = []
    size = PixelSize.unknown("no frames")
    writer: VideoWriter | None = None
    for frame in frames:
        if writer is None:
            writer, size = VideoWriter(path, frame.image.shape, rate, QUALITY), frame.image.pixel_size
        writer.add(frame.image.pixels, frame.image.time_s or 0.0)
        truth.append(FrameTruth.of(frame))
    if writer is None:
        raise ValueError("a cine has frames")
    writer.close()
    rows = [_row(number, frame, size) for number, frame in enumerate(truth)]
    _write_csv(path.with_suffix(".csv"), COLUMNS, rows)
    return Cine(path, size, truth)


def write_list(folder: Path, cines: Iterable[Cine], rate: float) -> None:
    """Write the list of the cines in `folder`. Raises `FetalheadError`."""
    rows = [(cine.path.name, len(cine.truth), rate, cine.pixel_size.x if cine.pixel_size else "") for cine in cines]
    _write_csv(folder / LIST, LIST_COLUMNS, rows)


def read_cines(folder: Path) -> list[Cine]:
    """The cines of a folder. Raises `FetalheadError` where it is no such folder."""
    if not (folder / LIST).is_file():
        raise FetalheadError(f"{folder}: no {LIST} here: make cines with fetalhead phantom --video --out {folder}")
    cines = []
    for row in read_table(folder / LIST).rows:
        try:
            path, size = folder / row["filename"], row["pixel_size_mm"]
            pixel_size = PixelSize.make(float(size), float(size), "user") if size else PixelSize.unknown("not told")
        except (KeyError, ValueError) as error:
            raise FetalheadError(f"{folder / LIST}: no list of cines: {error}; make cines anew") from error
        try:
            truth = [_parse(line) for line in read_table(path.with_suffix(".csv")).rows]
        except (KeyError, ValueError) as error:
            raise FetalheadError(f"{path.with_suffix('.csv')}: no truth of a cine: {error}") from error
        cines.append(Cine(path, pixel_size, truth))
    return cines


def _row(number: int, frame: FrameTruth, size: PixelSize) -> tuple[object, ...]:
    ellipse = frame.ellipse
    start = (number, repr(frame.time_s), frame.plane, f"{frame.offset:.6f}")
    if ellipse is None:
        return (*start, *[""] * 6)
    values = (ellipse.center_x, ellipse.center_y, ellipse.semi_axis_a, ellipse.semi_axis_b, ellipse.angle)
    hc = repr(ellipse.scaled(size.x, size.y).perimeter) if size else ""
    return (*start, *map(repr, map(float, values)), hc)


def _parse(line: dict[str, str]) -> FrameTruth:
    ellipse = Ellipse.make(*(float(line[name]) for name in COLUMNS[4:9])) if line["center_x_px"] else None
    return FrameTruth(float(line["time_s"]), line["plane"], float(line["plane_offset"]), ellipse)


def _write_csv(path: Path, columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    try:
        with open(path, "w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows)
    except OSError as error:
        raise FetalheadError(f"{path}: cannot be written: {os.strerror(error.errno or 0)}") from error
