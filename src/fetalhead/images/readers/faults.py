"""What every reader refuses, and how it says so in one line."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from fetalhead.errors import UnreadableImage

Item = TypeVar("Item")

MOST_PIXELS = 64_000_000
"""More is no ultrasound picture: refused from the header, before anything is decoded."""

LEAST_SIDE = 16
"""Fewer rows or columns hold no head that could be outlined."""

LIKELY_PACKING = 200
"""What takes up less than a 200th of its size is no ultrasound, but made to fill the memory..."""

MOST_UNLIKELY_BYTES = 100_000_000
"""... unless it is a cine of no more than so many bytes, whose frames may well be all alike."""


def one_line(text: object) -> str:
    """`text` on one printable line: line breaks and bytes that are not UTF-8 become escapes."""
    shown = str(text).encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in shown)


def unreadable(path: Path, reason: object) -> UnreadableImage:
    """The error for `path`: "PATH: REASON", on one line."""
    return UnreadableImage(f"{one_line(path)}: {one_line(' '.join(str(reason).split()))}")


def reason_of(error: BaseException) -> str:
    """What an exception says: the system's words for an `OSError` with a number, else its own first line."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def check_size(path: Path, rows: int, columns: int) -> None:
    """Raises `UnreadableImage` where a picture of `rows` by `columns` pixels is too large or too small."""
    if rows * columns > MOST_PIXELS:
        raise unreadable(
            path,
            f"its header claims {columns} x {rows} pixels; more than {MOST_PIXELS // 1_000_000} million are not read",
        )
    if min(rows, columns) < LEAST_SIDE:
        raise unreadable(
            path, f"{columns} x {rows} pixels are too few for an ultrasound picture (at least {LEAST_SIDE} a side)"
        )


def check_claim(path: Path, frame: int, whole: int, held: int) -> None:
    """Raises `UnreadableImage` where `held` packed bytes claim to be absurdly well packed pictures.

    `frame` is what one of them takes unpacked, `whole` what all of them (so far) do, in bytes.
    """
    for claimed, likely in ((frame, MOST_PIXELS), (whole, MOST_UNLIKELY_BYTES)):
        if claimed > max(likely, LIKELY_PACKING * held):
            raise unreadable(
                path, f"its header claims {claimed} bytes of pixels, packed into {held}: no ultrasound packs so well"
            )


def quietly(items: Iterator[Item]) -> Iterator[Item]:
    """`items` without the warnings of the libraries that make them: what matters is told in our own words."""
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                item = next(items)
            except StopIteration:
                return
        yield item
