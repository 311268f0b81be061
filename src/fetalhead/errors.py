"""What goes wrong with a user's input, told in one line, and results that are none."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Nothing:
    """The result where there is none: falsy, and holds the reason. Each kind of result has a class of its own."""

    reason: str

    def __bool__(self) -> Literal[False]:
        return False


class FetalheadError(Exception):
    """A fault in what was given to fetalhead (a file, an option, a model folder).

    The message is one line for a person: which file, what is wrong, what to do. The command line prints it
    without a traceback; anything else that escapes is a bug.
    """


class WrongUsage(FetalheadError):
    """An option or argument that cannot be as it was given: the command line ends with status 2."""


class UnreadableImage(FetalheadError):
    """A file that is no picture, or one that cannot be read to the end."""


class MissingExtra(FetalheadError):
    """A feature whose optional packages are not installed."""

    def __init__(self, feature: str, package: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs the package {package}, which is not installed: "
            f"pip install 'fetalhead[{extra}]'"
        )


def one_line(text: object) -> str:
    """`text` on one printable line: line breaks and bytes that are not UTF-8 become escapes."""
    shown = str(text).encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in shown)


def reason_of(error: BaseException) -> str:
    """What an exception says: the system's words for an `OSError` with a number, else its own first line."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


@contextmanager
def as_wrong_usage() -> Iterator[None]:
    """What is wrong with a value that is read here is wrong usage: it was given on the command line."""
    try:
        yield
    except FetalheadError as error:
        raise WrongUsage(str(error)) from error


class FetalheadWarning(UserWarning):
    """What a person should know of an input that is used all the same: one line that names the file."""


_thread = threading.local()


def warn(told: str) -> None:
    """Give `told` as a `FetalheadWarning`, or to this thread's `collected_warnings`."""
    collected: list[str] | None = getattr(_thread, "collected", None)
    if collected is None:
        warnings.warn(told, FetalheadWarning, stacklevel=3)
    else:
        collected.append(told)


@contextmanager
def collected_warnings() -> Iterator[list[str]]:
    """The list that this thread's warnings go to. Python's own way of recording them is not safe with threads."""
    collected: list[str] = []
    _thread.collected = collected
    try:
        yield collected
    finally:
        _thread.collected = None
