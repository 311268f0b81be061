"""`fetalhead data crop`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fetalhead.catalog import DATA_KINDS
from fetalhead.cli.command import parse
from fetalhead.errors import WrongUsage
from fetalhead.options import option


@dataclass(frozen=True, slots=True)
class Options:
    """Crop the pictures of a data set to their field of view; outlines and masks are moved along.

    The new set has the layout of the old one. Example: fetalhead data crop masks=data/own --out data/cropped
    """

    data: str = option(f"data set as KIND=DIR ({', '.join(kind for kind in DATA_KINDS if kind != 'planes')})",
                       positional=True)
    out: str = option("folder to write to: empty, or not there yet")


def main(argv: Sequence[str]) -> int:
    options = parse(Options, argv, "fetalhead data crop")

    from fetalhead.cli.data.writing import write_data
    from fetalhead.datasets import parse_data
    from fetalhead.datasets.convert import crop_to_field_of_view

    kind = parse_data(options.data).kind
    if kind == "planes":
        raise WrongUsage(f"{options.data}: crop its pictures alone, as pictures=DIR/Images; its CSV stays as it is")
    return write_data(options.data, kind, options.out, crop_to_field_of_view, "data crop")
