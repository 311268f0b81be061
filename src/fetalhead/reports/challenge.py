"""The results file of the HC18 challenge (hc18.grand-challenge.org): one ellipse a test image, in mm.

Columns: `filename,center_x_mm,center_y_mm,semi_axes_a_mm,semi_axes_b_mm,angle_rad`. Convention of this file:

- a length in mm is the length in pixels times the image's pixel size;
- the centre of the top left pixel is (0, 0), x to the right and y down, as everywhere in fetalhead. No
  description of the challenge that we know of names its origin; were it the pixel's corner, all centres would be off
  by half a pixel, 0.03 to 0.2 mm;
- a >= b, and `angle_rad` turns the axis a from +x towards +y (clockwise as seen), in [0, pi).
"""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fetalhead.errors import FetalheadError
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.pixel_size import PixelSize

COLUMNS = ("filename", "center_x_mm", "center_y_mm", "semi_axes_a_mm", "semi_axes_b_mm", "angle_rad")
TEST_IMAGES = 335
FARTHEST_PX = 0.01
"""How far a redrawn outline may lie from the predicted one: rounding, and nothing else."""


@dataclass(frozen=True, slots=True)
class Outline:
    """The head predicted in one test image: the ellipse in pixels, and the size of these in mm."""

    name: str
    ellipse: Ellipse
    pixel_size: PixelSize


def write_challenge(path: Path, outlines: Sequence[Outline]) -> None:
    """The results file, a row an outline, whole or not at all. Raises `FetalheadError` where it cannot be written."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with open(partial, "w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows([outline.name, *map(repr, _in_mm(outline))] for outline in outlines)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise FetalheadError(f"{path}: cannot be written: {os.strerror(error.errno or 0)}") from error


def redraw(path: Path, pixel_sizes: Mapping[str, PixelSize]) -> dict[str, npt.NDArray[np.float64]]:
    """(360, 2) points x, y in pixels of each row's outline, by file name, drawn from nothing but the file.

    Written out from the convention above rather than through `Ellipse`, so that a slip in either shows. Raises
    `FetalheadError` where the file is no results file.
    """
    t = np.linspace(0, 2 * math.pi, 360, endpoint=False)
    outlines = {}
    try:
        with open(path, newline="", encoding="utf-8", errors="surrogateescape") as stream:
            reader = csv.DictReader(stream)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise FetalheadError(f"{path}: the columns are not {','.join(COLUMNS)}")
            for row in reader:
                name = row["filename"]
                x, y, a, b, angle = (float(row[column]) for column in COLUMNS[1:])
                size = pixel_sizes[name]
                along, across = a * np.cos(t), b * np.sin(t)
                outlines[name] = np.stack(
                    [
                        (x + along * math.cos(angle) - across * math.sin(angle)) / size.x,
                        (y + along * math.sin(angle) + across * math.cos(angle)) / size.y,
                    ],
                    axis=1,
                )
    except OSError as error:
        raise FetalheadError(f"{path}: cannot be read: {os.strerror(error.errno or 0)}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise FetalheadError(f"{path}: row {len(outlines) + 1} is no ellipse of a known image: {error}") from error
    return outlines


def check_by_redrawing(path: Path, outlines: Sequence[Outline]) -> None:
    """Read the file back, redraw every ellipse, and compare it with the predicted one.

    Raises `FetalheadError` naming the first image that is missing, is one too many, or comes back elsewhere.
    """
    drawn = redraw(path, {outline.name: outline.pixel_size for outline in outlines})
    for outline in outlines:
        if outline.name not in drawn:
            raise FetalheadError(f"{path}: no row of {outline.name}; write the file again")
        points = drawn[outline.name]
        off = float(np.abs(outline.ellipse.signed_distance(points[:, 0], points[:, 1])).max())
        if not off <= FARTHEST_PX:
            raise FetalheadError(f"{path}: {outline.name}'s ellipse, redrawn, lies {off:.2f} px off the predicted one")


def _in_mm(outline: Outline) -> tuple[float, float, float, float, float]:
    ellipse = outline.ellipse.scaled(outline.pixel_size.x, outline.pixel_size.y)
    return ellipse.center_x, ellipse.center_y, ellipse.semi_axis_a, ellipse.semi_axis_b, ellipse.angle
