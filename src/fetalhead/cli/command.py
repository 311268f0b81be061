"""From a dataclass to a command line and a YAML file: every field is an option and a key, checked by jsonargparse."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import re
import sys
import types
import typing
from argparse import SUPPRESS, ArgumentError
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeVar

from jsonargparse import ArgumentParser

from fetalhead.errors import FetalheadError

Options = TypeVar("Options")

WORDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false", type(None): ""}


class _Parser(ArgumentParser):
    wanted: dict[str, str]
    """What each option takes, in words."""

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Wrong usage is one line and status 2."""
        text = " ".join(line.strip() for line in str(message).splitlines() if line.strip())
        wrong = re.match(r'Parser key "(\w+)":.*(?:Got|Given) value: (.*)', text)
        if wrong and wrong[1] in self.wanted:
            text = f"--{wrong[1].replace('_', '-')} {wrong[2]}: wants {self.wanted[wrong[1]]}"
        print(f"{self.prog}: {text} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(2)


def make_parser(options: type, prog: str, fixed: Mapping[str, str]) -> _Parser:
    """A parser with an argument for each field of the dataclass `options`, and `--config FILE.yaml`.

    `fixed` fields are settled already; a YAML file may repeat their values.
    """
    parser = _Parser(prog=prog, description=(options.__doc__ or "").strip())
    parser.add_argument("--config", action="config", help="read options from this YAML file; later options win")
    kinds = typing.get_type_hints(options)
    parser.wanted = {_key(name): _in_words(kind) for name, kind in kinds.items()}
    for field in dataclasses.fields(options):
        help = field.metadata.get("help", "")
        kind = kinds[field.name]
        name = "--" + _key(field.name).replace("_", "-")
        if field.name in fixed:
            parser.add_argument(name, type=str, default=fixed[field.name], help=SUPPRESS)
        elif field.metadata.get("positional"):
            several = typing.get_origin(kind) is list
            word = typing.get_args(kind)[0] if several else kind
            parser.add_argument(field.name, nargs="+" if several else None, type=word, help=help)
        elif kind is bool:
            parser.add_argument(name, action="store_true", help=help)
        elif typing.get_origin(kind) is list:
            made = [] if field.default_factory is dataclasses.MISSING else field.default_factory()
            parser.add_argument(name, type=_read_as(field, kind), default=made, help=help)
        elif field.default is dataclasses.MISSING:
            parser.add_argument(name, type=kind, required=True, help=help)
        else:
            parser.add_argument(name, type=_read_as(field, kind), default=field.default, help=help)
    return parser


def _read_as(field: dataclasses.Field[Any], kind: Any) -> Any:
    """What a YAML file may hold for a field: for a list also the one value that it is to have."""
    if not field.metadata.get("or_number"):
        return kind | typing.get_args(kind)[0] if typing.get_origin(kind) is list else kind
    return str | int if kind is str else list[str | int] | str | int


def _as_declared(field: dataclasses.Field[Any], kind: Any, value: Any) -> Any:
    """What was read as `_read_as` says, as the field has it."""
    is_list = typing.get_origin(kind) is list
    values = value if isinstance(value, list) or not is_list else [value]
    if not field.metadata.get("or_number"):
        return values
    return list(map(str, values)) if is_list else str(values)


def parse(options: type[Options], argv: Sequence[str], prog: str, **fixed: str) -> Options:
    """The dataclass filled from the command line and the YAML files it names. Wrong usage ends with status 2."""
    parser = make_parser(options, prog, fixed)
    words = _repeatable(options, argv)
    _check_text(parser, words)
    return _filled(options, parser, parser.parse_args(words), fixed)


def from_values(options: type[Options], values: Mapping[str, Any], prog: str, **fixed: str) -> Options:
    """The dataclass from plain values, checked as those of a YAML file are; `prog` begins what is said of them."""
    parser = make_parser(options, prog, fixed)
    try:
        return _filled(options, parser, parser.parse_object(dict(values)), fixed)
    except ArgumentError as error:
        parser.error(str(error))


def _check_text(parser: _Parser, words: Sequence[str]) -> None:
    """The YAML files that are named must be text; what else is wrong with them the parser tells."""
    named = [word.removeprefix("--config=") for word in words if word.startswith("--config=")]
    named += [following for word, following in itertools.pairwise(words) if word == "--config"]
    for path in named:
        with contextlib.suppress(OSError):
            try:
                Path(path).read_text(encoding="utf-8")
            except UnicodeDecodeError as error:
                parser.error(f"{path}: not UTF-8 text (at byte {error.start}); save it as UTF-8")


def _filled(options: type[Options], parser: _Parser, values: Any, fixed: Mapping[str, str]) -> Options:
    for name, value in fixed.items():
        if getattr(values, name) != value:
            parser.error(f"{name} is {value} here, not {getattr(values, name)}")
    fields = dataclasses.fields(options)  # type: ignore[arg-type]
    kinds = typing.get_type_hints(options)
    for field in fields:
        key = _key(field.name)
        if getattr(values, key) is None and type(None) not in typing.get_args(kinds[field.name]):
            parser.error(f"--{key.replace('_', '-')}: nothing is given; wants {parser.wanted[key]}")
    try:
        return options(**{
            field.name: _as_declared(field, kinds[field.name], getattr(values, _key(field.name))) for field in fields
        })
    except FetalheadError as error:
        parser.error(str(error))


def _key(name: str) -> str:
    """What a field is called outside of Python, whose own words (`from`) it may bear with a `_` behind."""
    return name.rstrip("_")


def _repeatable(options: type, argv: Sequence[str]) -> list[str]:
    """`--data A --data B` as one list in jsonargparse's words, quoted, so that a value is never read as YAML.

    It stands in the place of the first, and replaces what a YAML file says.
    """
    lists = {
        "--" + name.replace("_", "-")
        for name, kind in typing.get_type_hints(options).items()
        if typing.get_origin(kind) is list
    }
    words: list[str] = []
    values: dict[str, list[str]] = {}
    places: dict[str, int] = {}
    rest = iter(argv)
    for word in rest:
        name, equals, value = word.partition("=")
        if word == "--":
            words += [word, *rest]
        elif name not in lists:
            words.append(word)
        elif not equals and (value := next(rest, "")) == "":
            words.append(word)  # nothing follows: the parser says so
        else:
            if name not in places:
                places[name] = len(words)
                words.append(name)
            values.setdefault(name, []).append(value)
    for name, place in places.items():
        words[place] = f"{name}={json.dumps(values[name])}"
    return words


def _in_words(kind: Any) -> str:
    if typing.get_origin(kind) is Literal:
        return "one of " + ", ".join(map(str, typing.get_args(kind)))
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return " or ".join(filter(None, map(_in_words, typing.get_args(kind))))
    if arguments := typing.get_args(kind):
        return f"a list, each {_in_words(arguments[0])}"
    return WORDS.get(kind, str(kind))
