"""`fetalhead train STRATEGY`."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

from fetalhead.catalog import STRATEGIES
from fetalhead.cli.command import parse
from fetalhead.options import RUN_CONFIG, TrainingOptions, option


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(TrainingOptions):
    """Train a U-Net. Example: fetalhead train supervised --data hc18=data/hc18 --out runs/first"""

    out: str = option("folder of the run")
    resume: bool = option("go on with the run in --out as if it had not stopped", default=False)


def main(argv: Sequence[str]) -> int:
    strategy = argv[0] if argv else "--help"
    if strategy in ("-h", "--help"):
        print(f"usage: fetalhead train {{{','.join(STRATEGIES)}}} --data KIND=DIR --out RUN [OPTIONS]\n")
        print("\n".join(f"  {name}: {text}" for name, text in STRATEGIES.items()))
        print("\nfetalhead train STRATEGY --help tells the options.")
        return 0 if argv else 2
    if strategy not in STRATEGIES:
        print(f"fetalhead train: no strategy {strategy!r}; there are {', '.join(STRATEGIES)}", file=sys.stderr)
        return 2
    options = parse(Options, [*_saved(argv[1:]), *argv[1:]], f"fetalhead train {strategy}", strategy=strategy)
    from fetalhead.training.fit import fit

    fit(TrainingOptions(**options.to_dict()), Path(options.out), options.resume)
    return 0


def _saved(argv: Sequence[str]) -> list[str]:
    """With --resume, the run's own configuration comes first: `--out RUN --resume` is all that needs to be said."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--out", default="")
    parser.add_argument("--resume", action="store_true")
    try:
        known, _ = parser.parse_known_args(argv)
    except argparse.ArgumentError:
        return []  # the real parser tells what is wrong
    config = Path(known.out, RUN_CONFIG)
    return ["--config", str(config)] if known.resume and known.out and config.is_file() else []
