"""Which pixel size each input gets: the user's, else the CSV's, else its own, else (`auto`) its depth ruler's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fetalhead.images.image import UltrasoundImage
from fetalhead.images.inputs import InputFile
from fetalhead.images.pixel_size import PixelSize, parse_pixel_size
from fetalhead.images.ruler import sized_by_ruler
from fetalhead.measuring.named_rows import NamedRow, named_rows
from fetalhead.measuring.size_table import read_size_table


@dataclass(frozen=True, slots=True)
class GivenSize:
    """What the options say of one input's pixel size."""

    size: PixelSize | None = None
    """The size that comes before the file's own."""
    refused: str = ""
    """Why the size that was given cannot be used: the file is then not measured at all."""
    missing: str = ""
    """That the CSV does not name the file, or not it alone: its own size, if any, counts then."""
    ruler: bool = False
    """Whether the depth ruler in the picture counts where nothing else tells a size."""

    def sized(self, image: UltrasoundImage) -> UltrasoundImage:
        """The picture with the pixel size that counts."""
        if self.size:
            return replace(image, pixel_size=self.size)
        if self.missing and not image.pixel_size:
            image = replace(image, pixel_size=PixelSize.unknown(self.missing))
        return sized_by_ruler(image) if self.ruler else image


AUTO = "auto"
"""The value of `--pixel-size` that asks for the depth ruler."""


class GivenSizes:
    """The options `--pixel-size` and `--pixel-size-csv`, read and checked."""

    def __init__(self, pixel_size: str | None, csv_path: str | None) -> None:
        """Raises `FetalheadError` for a size out of range, or a CSV that is none."""
        self._ruler = pixel_size == AUTO
        self._user = None if pixel_size is None or self._ruler else parse_pixel_size(pixel_size)
        self._rows: Mapping[str, PixelSize] | None = None
        if csv_path is not None:
            self._csv_name = Path(csv_path).name
            self._rows = read_size_table(Path(csv_path))

    def of(self, files: Sequence[InputFile]) -> list[GivenSize]:
        """The size for each of the inputs of a run; the CSV names them as `named_rows` tells."""
        if self._user:
            return [GivenSize(self._user)] * len(files)
        if self._rows is None:
            return [GivenSize(ruler=self._ruler)] * len(files)
        found = named_rows(files, self._rows)
        return [self._of_row(file, row, self._rows) for file, row in zip(files, found, strict=True)]

    def _of_row(self, file: InputFile, row: NamedRow, rows: Mapping[str, PixelSize]) -> GivenSize:
        if row.name is None:
            missing = row.several or f"has no row for {file.relative.name}"
            return GivenSize(missing=f"{self._csv_name} {missing}", ruler=self._ruler)
        size = rows[row.name]
        return GivenSize(size) if size else GivenSize(refused=size.reason)
