"""Phantoms as folders: heads in HC18's layout, other planes in FETAL_PLANES_DB's, and the truth beside them."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.errors import FetalheadError
from fetalhead.images.annotations.drawing import outline_of_ellipse
from fetalhead.images.annotations.ellipse_csv import HC, SIZE, VALUES
from fetalhead.phantoms.phantom import head_phantom, plane_phantom

HC18_COLUMNS = ("filename", "pixel size(mm)", "head circumference (mm)")
ELLIPSE_COLUMNS = ("filename", *VALUES, SIZE, HC)
PLANES_COLUMNS = ("Image_name", "Patient_num", "Plane", "Brain_plane", "Operator", "US_Machine", "Train ")
"""As published, the blank after `Train` included; an image's name has no extension."""

_PLANE_NAMES = {"abdomen": ("Fetal abdomen", "Plane2"), "femur": ("Fetal femur", "Plane5")}
"""FETAL_PLANES_DB's label, and its number in image names."""


def write_heads(folder: Path, seed: int, count: int) -> dict[str, float]:
    """Write heads 0 to `count` - 1 in HC18's layout, with `masks/` and `ellipses.csv`; gives HC in mm by file name.

    Raises `FetalheadError`.
    """
    images, masks = _made(folder / "training_set"), _made(folder / "masks")
    hc18_rows, ellipse_rows = [], []
    hc_of: dict[str, float] = {}
    for index in range(count):
        phantom = head_phantom(seed, index)
        name = f"{index:03d}_HC.png"
        ellipse, size, shape = phantom.ellipse, phantom.scene.pixel_size, phantom.image.shape
        _write_png(images / name, phantom.image.pixels)
        _write_png(images / f"{index:03d}_HC_Annotation.png", _binary(outline_of_ellipse(ellipse, shape)))
        _write_png(masks / name, _binary(ellipse.coverage(shape) >= 0.5))
        hc_of[name] = phantom.hc_mm
        hc18_rows.append((name, size, phantom.hc_mm))
        ellipse_rows.append((name, *astuple(ellipse), size, phantom.hc_mm))
    _write_csv(folder / "training_set_pixel_size_and_HC.csv", HC18_COLUMNS, hc18_rows)
    _write_csv(folder / "ellipses.csv", ELLIPSE_COLUMNS, ellipse_rows)
    return hc_of


def write_planes(folder: Path, seed: int, count: int) -> None:
    """Write planes 0 to `count` - 1 that are no heads in FETAL_PLANES_DB's layout. Raises `FetalheadError`."""
    images = _made(folder / "Images")
    rows = []
    for index in range(count):
        phantom = plane_phantom(seed, index)
        label, number = _PLANE_NAMES[phantom.plane]
        patient = index + 1
        name = f"Patient{patient:05d}_{number}_1_of_1"
        _write_png(images / f"{name}.png", phantom.image.pixels)
        # Half of each plane is marked for training, as in the original; planes take turns, so pairs do.
        train = 1 - index // 2 % 2
        rows.append((name, str(patient), label, "Not A Brain", "Other", "Other", str(train)))
    _write_csv(folder / "FETAL_PLANES_DB_data.csv", PLANES_COLUMNS, rows, delimiter=";")


def _binary(inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    return np.where(inside, np.uint8(255), np.uint8(0))


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FetalheadError(f"{folder}: no folder can be made there: {os.strerror(error.errno or 0)}") from error
    return folder


def _write_png(path: Path, pixels: npt.NDArray[np.uint8]) -> None:
    _, encoded = cv2.imencode(".png", pixels)
    try:
        path.write_bytes(encoded.tobytes())
    except OSError as error:
        raise FetalheadError(f"{path}: cannot be written: {os.strerror(error.errno or 0)}") from error


def _write_csv(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]], delimiter: str = ",") -> None:
    try:
        with open(path, "w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows)
    except OSError as error:
        raise FetalheadError(f"{path}: cannot be written: {os.strerror(error.errno or 0)}") from error
