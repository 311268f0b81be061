"""`fetalhead data COMMAND`: one module a command, imported only when that command is run."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from fetalhead.catalog import DATA_COMMANDS


def main(argv: Sequence[str]) -> int:
    name = argv[0] if argv else "--help"
    if name in ("-h", "--help"):
        width = max(map(len, DATA_COMMANDS))
        print("usage: fetalhead data COMMAND [OPTIONS]\n")
        print("\n".join(f"  {command:<{width}}  {text}" for command, text in DATA_COMMANDS.items()))
        print("\nfetalhead data COMMAND --help tells the options of one.")
        return 0 if argv else 2
    if name not in DATA_COMMANDS:
        print(f"fetalhead data: no command {name!r}; there are {', '.join(DATA_COMMANDS)}", file=sys.stderr)
        return 2
    return int(importlib.import_module(f"fetalhead.cli.data.{name}").main(argv[1:]))
