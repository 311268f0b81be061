"""The command `fetalhead`: one module a command, imported only when that command is run."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from fetalhead.catalog import COMMANDS
from fetalhead.cli.streams import prepare_streams
from fetalhead.errors import FetalheadError, FetalheadWarning, WrongUsage


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit status (0, 1 for failures told in one line each, 2 usage, 130 Ctrl-C)."""
    prepare_streams()
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_help())
        return 0 if arguments else 2
    if arguments[0] == "--version":
        from fetalhead import __version__

        print(f"fetalhead {__version__}")
        return 0
    name = arguments[0]
    if name not in COMMANDS:
        print(f"fetalhead: no command {name!r}; there are {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    try:
        with _warnings_on_one_line(name):
            return int(importlib.import_module(f"fetalhead.cli.{name}").main(arguments[1:]))
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(f"fetalhead {name}: {place}{error.strerror or error}", file=sys.stderr)
        return 1
    except WrongUsage as error:
        command = " ".join(["fetalhead", *arguments[: 2 if name == "data" else 1]])
        print(f"{command}: {error} (see {command} --help)", file=sys.stderr)
        return 2
    except FetalheadError as error:
        print(f"fetalhead {name}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"fetalhead {name}: stopped", file=sys.stderr)
        return 130


@contextmanager
def _warnings_on_one_line(name: str) -> Iterator[None]:
    """Our own warnings as the errors are told; those of libraries with the place in the code, as ever."""
    usual = warnings.formatwarning

    def told(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> str:
        if issubclass(category, FetalheadWarning):
            return f"fetalhead {name}: {message}\n"
        return usual(message, category, *place, **more)

    warnings.formatwarning = told
    try:
        yield
    finally:
        warnings.formatwarning = usual


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {text}" for name, text in COMMANDS.items()]
    return "\n".join(
        [
            "usage: fetalhead COMMAND [OPTIONS]",
            "",
            "Find the fetal head in prenatal ultrasound, outline it, and measure it in millimetres.",
            "",
            *lines,
            "",
            "fetalhead COMMAND --help tells the options of one; fetalhead --version the version.",
        ]
    )
