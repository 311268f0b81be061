"""From a dataclass to a command line and a YAML file: every field is an option and a key, checked by jsonargparse."""

from __future__ import annotations

import dataclasses
import sys
import typing
from collections.abc import Sequence
from typing import Any, NoReturn, TypeVar

from jsonargparse import ArgumentParser

Options = TypeVar("Options")

LARGEST_CONFIG_BYTES = 1_000_000


class _Parser(ArgumentParser):
    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Wrong usage is one line and status 2."""
        text = " ".join(line.strip() for line in str(message).splitlines() if line.strip())
        print(f"{self.prog}: {text} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(2)


def option(help: str, *, default: Any = dataclasses.MISSING, positional: bool = False) -> Any:
    """A dataclass field with its help text; lists are options that may be repeated, or positionals."""
    metadata = {"help": help, "positional": positional}
    if isinstance(default, list):
        return dataclasses.field(default_factory=lambda: list(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def make_parser(options: type, prog: str) -> ArgumentParser:
    """A parser with an argument for each field of the dataclass `options`, and `--config FILE.yaml`."""
    parser = _Parser(prog=prog, description=(options.__doc__ or "").strip())
    parser.add_argument("--config", action="config", help="read options from this YAML file; later options win")
    types = typing.get_type_hints(options)
    for field in dataclasses.fields(options):
        help = field.metadata.get("help", "")
        kind = types[field.name]
        name = "--" + field.name.replace("_", "-")
        if field.metadata.get("positional"):
            parser.add_argument(field.name, nargs="+", type=typing.get_args(kind)[0], help=help)
        elif kind is bool:
            parser.add_argument(name, action="store_true", help=help)
        elif typing.get_origin(kind) is list:
            parser.add_argument(name, action="append", type=typing.get_args(kind)[0], default=[], help=help)
        elif field.default is dataclasses.MISSING:
            parser.add_argument(name, type=kind, required=True, help=help)
        else:
            parser.add_argument(name, type=kind, default=field.default, help=help)
    return parser


def parse(options: type[Options], argv: Sequence[str], prog: str) -> Options:
    """The dataclass filled from the command line and the YAML files it names. Wrong usage ends with status 2."""
    values = make_parser(options, prog).parse_args(list(argv))
    names = [field.name for field in dataclasses.fields(options)]  # type: ignore[arg-type]
    return options(**{name: getattr(values, name) for name in names})
