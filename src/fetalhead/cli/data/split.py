"""`fetalhead data split`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fetalhead.catalog import DATA_KINDS
from fetalhead.cli.command import parse
from fetalhead.errors import WrongUsage
from fetalhead.options import option


@dataclass(frozen=True, slots=True)
class Options:
    """Draw a split by subject and write it as split.csv into each set's folder, where all commands read it.

    Subjects are drawn at random within bands of HC where it is known, else within planes; a patient who is in two of
    the sets is in one split of both.
    """

    data: list[str] = option(f"data sets as KIND=DIR ({', '.join(DATA_KINDS)})", positional=True)
    val: str = option("share of the subjects to validate on", default="15%")
    test: str = option("share of the subjects to test on", default="15%")
    seed: int = option("the draw is a function of the subjects, the shares and this", default=0)
    out: str | None = option("write the split of one set to this file instead", default=None)


def main(argv: Sequence[str]) -> int:
    options = parse(Options, argv, "fetalhead data split")
    if options.seed < 0:
        raise WrongUsage(f"--seed {options.seed}: give 0 or more")
    if options.out and len(options.data) > 1:
        raise WrongUsage(f"--out {options.out}: is one file; leave it out to write each set's into its folder")

    from fetalhead.datasets import open_data
    from fetalhead.datasets.splits import OWN_SPLIT, SPLITS
    from fetalhead.datasets.splitting import draw, parse_share, write

    sets = [open_data(argument) for argument in options.data]
    places = [Path(options.out) if options.out else data.root / OWN_SPLIT for data in sets]
    if len({place.resolve() for place in places}) < len(places):
        raise WrongUsage("two of the sets are one folder; give each set once")
    val, test = parse_share("val", options.val), parse_share("test", options.test)
    split, strata = draw(sets, val, test, options.seed)
    drawn = [{case.name: split[case.subject] for case in data.cases} for data in sets]
    write(dict(zip(places, drawn, strict=True)))

    print(f"{'':24}" + "".join(f"{word:>8}" for word in SPLITS) + "  subjects")
    for stratum in sorted(set(strata.values())):
        counts = Counter(split[subject] for subject, of in strata.items() if of == stratum)
        print(f"{stratum:24}" + "".join(f"{counts[word]:8}" for word in SPLITS))
    for argument, place, data in zip(options.data, places, sets, strict=True):
        counts = Counter(split[case.subject] for case in data.cases)
        told = "" if not options.out else f" (commands read {data.root / OWN_SPLIT}: copy it there)"
        print(f"{argument}: " + ", ".join(f"{counts[word]} {word}" for word in SPLITS) + f" pictures -> {place}{told}")
    return 0
