"""`fetalhead train STRATEGY`."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fetalhead.catalog import STRATEGIES
from fetalhead.cli.command import parse
from fetalhead.options import RUN_CONFIG, TrainingOptions, option, options_class


def main(argv: Sequence[str]) -> int:
    strategy = argv[0] if argv else "--help"
    if strategy in ("-h", "--help"):
        print(f"usage: fetalhead train {{{','.join(STRATEGIES)}}} --data KIND=DIR --out RUN [OPTIONS]\n")
        print("\n".join(f"  {name}: {entry['title']}" for name, entry in STRATEGIES.items()))
        print("\nfetalhead train STRATEGY --help tells the options.")
        return 0 if argv else 2
    if strategy not in STRATEGIES:
        print(f"fetalhead train: no strategy {strategy!r}; there are {', '.join(STRATEGIES)}", file=sys.stderr)
        return 2
    kind = options_class(strategy)
    options = parse(_with_place(kind), [*_saved(argv[1:]), *argv[1:]], f"fetalhead train {strategy}", strategy=strategy)
    from fetalhead.training.fit import fit

    values = options.to_dict()
    out, resume = values.pop("out"), values.pop("resume")
    fit(kind(**values), Path(out), resume)
    return 0


def _with_place(kind: type[TrainingOptions]) -> type[Any]:
    """A strategy's options, and where the run is kept."""
    fields = [
        ("out", str, option("folder of the run")),
        ("resume", bool, option("go on with the run in --out as if it had not stopped", default=False)),
    ]
    made = dataclasses.make_dataclass("Options", fields, bases=(kind,), frozen=True, kw_only=True)
    made.__doc__ = "Train a U-Net. Example: fetalhead train supervised --data hc18=data/hc18 --out runs/first"
    return made


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
