"""`fetalhead data convert`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fetalhead.catalog import DATA_KINDS
from fetalhead.cli.command import parse
from fetalhead.errors import as_wrong_usage
from fetalhead.options import option


@dataclass(frozen=True, slots=True)
class Options:
    """Write a data set in another layout, with its subjects, its split and what it tells of pixel size and HC.

    Pictures become grey PNGs. Example: fetalhead data convert hc18=data/hc18 --to coco --out data/coco
    """

    data: str = option(f"data set as KIND=DIR ({', '.join(DATA_KINDS)})", positional=True)
    to: Literal["hc18", "masks", "coco", "ellipses"] = option("layout to write")
    out: str = option("folder to write to: empty, or not there yet")
    pixel_size: str | None = option("pixel size in mm, S or X,Y, where neither set nor file tells any", default=None)


def main(argv: Sequence[str]) -> int:
    options = parse(Options, argv, "fetalhead data convert")

    from fetalhead.cli.data.writing import write_data
    from fetalhead.datasets.convert import with_pixel_size
    from fetalhead.images.pixel_size import UNKNOWN, parse_pixel_size

    with as_wrong_usage():
        size = parse_pixel_size(options.pixel_size) if options.pixel_size is not None else UNKNOWN
    return write_data(options.data, options.to, options.out, with_pixel_size(size), "data convert")
