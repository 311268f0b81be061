"""`fetalhead phantom`: labelled ultrasound-like images of heads and other planes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fetalhead.cli.command import parse
from fetalhead.errors import FetalheadError
from fetalhead.options import option


@dataclass(frozen=True, slots=True)
class Options:
    """Make labelled ultrasound-like images of fetal heads, and of abdomen and femur planes."""

    out: str = option("folder to write to; files of the same names are replaced, others left")
    count: int = option("heads, in HC18's layout", default=20)
    planes: int | None = option(
        "abdomen and femur planes, in FETAL_PLANES_DB's layout in OUT/planes; half as many as heads unless given",
        default=None,
    )
    seed: int = option("image i is a function of the seed and i, whatever the count", default=0)


def main(argv: Sequence[str]) -> int:
    options = parse(Options, argv, "fetalhead phantom")
    planes = options.count // 2 if options.planes is None else options.planes
    for name, value in (("count", options.count), ("planes", planes), ("seed", options.seed)):
        if value < 0:
            raise FetalheadError(f"--{name} {value}: give 0 or more")
    if options.count + planes == 0:
        raise FetalheadError("--count 0 without planes: nothing to make")
    out = Path(options.out)
    if out.exists() and not out.is_dir():
        raise FetalheadError(f"--out {out}: is no folder")

    from fetalhead.datasets.hc18 import subject_of
    from fetalhead.datasets.splits import OWN_SPLIT, split_pictures, write_split
    from fetalhead.phantoms.write import write_heads, write_planes

    if options.count:
        hc_of = write_heads(out, options.seed, options.count)
        write_split(out / OWN_SPLIT, split_pictures({name: subject_of(name) for name in hc_of}, hc_of, options.seed))
    if planes:
        write_planes(out / "planes", options.seed, planes)
    print(f"{out}: {options.count} heads and {planes} other planes, seed {options.seed}")
    return 0
