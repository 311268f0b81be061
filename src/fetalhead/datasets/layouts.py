"""Data sets written anew, in the layouts that `open_data` reads: HC18's, a mask folder, COCO, a CSV of ellipses.

Pictures are written as they are shown, grey, as PNG without metadata; with them go the subject, the split and, as far
as the layout has a place for them, pixel size and HC.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.datasets.hc18 import HC_COLUMN, OUTLINE, TRAINING_CSV, subject_of
from fetalhead.datasets.splits import OWN_SPLIT, SPLITS, write_split
from fetalhead.errors import FetalheadError
from fetalhead.images.annotations.coco import coco_content
from fetalhead.images.annotations.drawing import mask_of_ellipse, outline_of_ellipse
from fetalhead.images.annotations.ellipse_csv import write_ellipses
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.masks import Mask
from fetalhead.images.pixel_size import PixelSize


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A picture to write, with what is known of it."""

    name: str
    """As its set lists it; may have folders."""
    subject: str
    split: str
    pixels: npt.NDArray[np.uint8]
    """(H, W) grey values."""
    pixel_size: PixelSize
    hc_mm: float | None
    ellipse: Ellipse | None = None
    """The head in pixels; None where it is not known, or where `mask` says that there is none."""
    mask: Mask | None = None
    """(H, W) as drawn, where it was drawn as a mask."""

    @property
    def shape(self) -> tuple[int, int]:
        height, width = self.pixels.shape
        return height, width


@dataclass
class Layout:
    """A data set being written to `root`; `add` every piece, then `close`."""

    root: Path
    splits: dict[str, str] = field(default_factory=dict)
    rows: list[Any] = field(default_factory=list)
    """What the layout's list tells of each picture, written on `close`."""
    written: dict[Path, str] = field(default_factory=dict)
    """The piece that each picture was written for."""

    def add(self, piece: Piece) -> None:
        """Raises `FetalheadError` for a piece that the layout has no place for."""
        raise NotImplementedError

    def close(self) -> None:
        """Write the lists. Raises `OSError`."""
        if self.splits:
            write_split(self.root / OWN_SPLIT, self.splits)

    def write_picture(self, folder: str, stem: str, piece: Piece) -> str:
        """Write the picture; gives its place below the root. Raises `FetalheadError` where another piece has it."""
        path = self.root / folder / f"{stem}.png"
        if path in self.written:
            raise FetalheadError(
                f"{piece.name}: would be written over {self.written[path]}; give each picture a name of its own"
            )
        self.written[path] = piece.name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_png(path, piece.pixels)
        return path.relative_to(self.root).as_posix()

    def keep_split(self, name: str, piece: Piece) -> None:
        if piece.split in SPLITS:
            self.splits[name] = piece.split


class Hc18Layout(Layout):
    """HC18's layout. Needs the head, and one pixel size for both axes."""

    def add(self, piece: Piece) -> None:
        ellipse, size = _head(piece), piece.pixel_size
        if not size:
            raise FetalheadError(f"{piece.name}: HC18's layout wants a pixel size: {size.reason}; give --pixel-size")
        if size.x != size.y:
            raise FetalheadError(f"{piece.name}: HC18's layout has one pixel size, not {size.x:g} x {size.y:g} mm")
        stem, subject = _stem(piece), _in_a_name(piece.subject)
        if subject_of(f"{stem}.png") != subject:
            stem = f"{subject}_{stem}"
        name = PurePath(self.write_picture("training_set", stem, piece)).name
        write_png(self.root / "training_set" / f"{stem}{OUTLINE}.png", outline_of_ellipse(ellipse, piece.shape))
        hc_mm = ellipse.scaled(size.x, size.y).perimeter if piece.hc_mm is None else piece.hc_mm
        self.rows.append((name, repr(size.x), repr(hc_mm)))
        self.keep_split(name, piece)

    def close(self) -> None:
        super().close()
        _write_rows(self.root / TRAINING_CSV, ("filename", "pixel size(mm)", HC_COLUMN), self.rows)


class MaskFolder(Layout):
    """`images/`, `masks/` and `subjects.csv`. An empty mask says that there is no head."""

    def add(self, piece: Piece) -> None:
        mask = mask_of_ellipse(_head(piece), piece.shape) if piece.mask is None else piece.mask
        name = PurePath(self.write_picture("images", _stem(piece), piece)).name
        (self.root / "masks").mkdir(exist_ok=True)
        write_png(self.root / "masks" / name, mask)
        self.rows.append((_stem(piece), piece.subject))
        self.keep_split(name, piece)

    def close(self) -> None:
        super().close()
        _write_rows(self.root / "subjects.csv", ("name", "subject"), self.rows)


class CocoLayout(Layout):
    """`annotations.json` and `images/`: a polygon for an outline, run lengths for a mask."""

    def add(self, piece: Piece) -> None:
        head = _head(piece) if piece.mask is None else piece.mask
        name = self.write_picture("images", _stem(piece), piece)
        size = piece.pixel_size
        details: dict[str, Any] = {"file_name": name, "subject": piece.subject}
        if size:
            details["pixel_size_mm"] = [size.x, size.y]
        if piece.hc_mm is not None:
            details["hc_mm"] = piece.hc_mm
        self.rows.append((details, head, piece.shape))
        self.keep_split(name, piece)

    def close(self) -> None:
        super().close()
        text = json.dumps(coco_content(self.rows))
        (self.root / "annotations.json").write_text(text, encoding="utf-8")


class EllipseLayout(Layout):
    """`ellipses.csv` and `images/`."""

    def add(self, piece: Piece) -> None:
        ellipse = _head(piece)
        name = self.write_picture("images", _stem(piece), piece)
        self.rows.append((name, piece.subject, ellipse, piece.pixel_size, piece.hc_mm))
        self.keep_split(name, piece)

    def close(self) -> None:
        super().close()
        write_ellipses(self.root / "ellipses.csv", self.rows)


class PictureFolder(Layout):
    """Pictures alone, in the folders they came in."""

    def add(self, piece: Piece) -> None:
        inner = PurePath(piece.name)
        self.keep_split(self.write_picture(str(inner.parent), inner.stem, piece), piece)


LAYOUTS: dict[str, Callable[[Path], Layout]] = {
    "hc18": Hc18Layout,
    "masks": MaskFolder,
    "coco": CocoLayout,
    "ellipses": EllipseLayout,
    "pictures": PictureFolder,
}


def open_layout(kind: str, root: Path) -> Layout:
    """A new data set of `kind` at `root`, which must be empty or not there yet. Raises `FetalheadError`."""
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise FetalheadError(f"--out {root}: is no empty folder; give one that is not there yet")
    return LAYOUTS[kind](root)


def write_png(path: Path, picture: npt.NDArray[np.uint8] | Mask) -> None:
    """Write an (H, W) grey picture, or a mask as 0 and 255. Raises `OSError`."""
    values = picture.astype(np.uint8) * np.uint8(255) if picture.dtype == np.bool_ else picture.astype(np.uint8)
    path.write_bytes(cv2.imencode(".png", values)[1].tobytes())


def _head(piece: Piece) -> Ellipse:
    if piece.ellipse is None:
        raise FetalheadError(f"{piece.name}: its mask is empty: there is no head to write an outline of")
    return piece.ellipse


def _in_a_name(subject: str) -> str:
    """The subject as HC18's names tell it, up to the first `_`: with `-` for what parts names, folders or drives."""
    return re.sub(r'^\.+|[_/\\:*?"<>|\0-\x1f]', "-", subject)


def _stem(piece: Piece) -> str:
    return PurePath(piece.name).stem


def _write_rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with open(path, "w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
