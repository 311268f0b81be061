"""A data set in another layout, or cropped to its field of view, its annotations moved along."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from fetalhead.datasets.case import Case, first_image
from fetalhead.datasets.layouts import Piece, open_layout
from fetalhead.errors import FetalheadError, one_line
from fetalhead.images.cropping import field_of_view_box
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.pixel_size import PixelSize


@dataclass
class Written:
    """How a conversion went."""

    pictures: int = 0
    unannotated: int = 0
    """Left out: the layout is of outlines, and the picture has none."""
    faults: list[str] = field(default_factory=list)
    """A line for each picture that could not be written."""


def convert(cases: Iterable[Case], kind: str, out: Path, change: Callable[[Piece], Piece]) -> Written:
    """Write the cases to `out` in the layout `kind`, each as `change` leaves it. Raises `FetalheadError`, `OSError`."""
    layout = open_layout(kind, out)
    written = Written()
    for case in cases:
        if kind != "pictures" and case.annotation_path is None:
            written.unannotated += 1
            continue
        try:
            layout.add(change(piece_of(case, with_outline=kind != "pictures")))
            written.pictures += 1
        except FetalheadError as error:
            written.faults.append(one_line(error))
    if written.pictures:
        layout.close()
    return written


def piece_of(case: Case, with_outline: bool) -> Piece:
    """The case's picture, head and pixel size, which is the set's, else the file's own.

    Raises `FetalheadError` for what cannot be read, or is no head's outline.
    """
    image = first_image(case.image_path)
    size = case.pixel_size if case.pixel_size or not image.pixel_size else image.pixel_size
    piece = Piece(case.name, case.subject, case.split, image.pixels, size, case.hc_mm)
    if not with_outline:
        return piece
    if not case.filled:
        return replace(piece, ellipse=case.ellipse(piece.shape))
    mask = case.mask(piece.shape)
    return replace(piece, mask=mask, ellipse=case.ellipse_of(mask) if mask.any() else None)


def with_pixel_size(size: PixelSize) -> Callable[[Piece], Piece]:
    """A change of pieces: `size` for those of which neither set nor file tells any."""
    return lambda piece: piece if piece.pixel_size or not size else replace(piece, pixel_size=size)


def crop_to_field_of_view(piece: Piece) -> Piece:
    """The piece cut to the box around its field of view; mask and ellipse are moved along, and keep their size.

    Raises `FetalheadError` where no field of view is found, or the head would be left outside.
    """
    x0, y0, x1, y1 = field_of_view_box(UltrasoundImage(piece.pixels, source=Path(piece.name)))
    ellipse, mask = piece.ellipse, piece.mask
    if ellipse and not (x0 <= ellipse.center_x < x1 and y0 <= ellipse.center_y < y1):
        raise FetalheadError(f"{piece.name}: its head lies outside the field of view found; not cropped")
    return replace(
        piece,
        pixels=piece.pixels[y0:y1, x0:x1],
        ellipse=ellipse.transformed([[1, 0, -x0], [0, 1, -y0]]) if ellipse else None,
        mask=mask[y0:y1, x0:x1] if mask is not None else None,
    )
