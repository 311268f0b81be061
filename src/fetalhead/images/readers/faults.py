"""What every reader refuses, and how it says so in one line."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from fetalhead.errors import UnreadableImage, one_line

Item = TypeVar("Item")

MOST_PIXELS = 64_000_000
"""More is no ultrasound picture: refused from the header, before anything is decoded."""

LEAST_SIDE = 16
"""Fewer rows or columns hold no head that could be outlined."""

LIKELY_PACKING = 200
"""What takes up less than a 200th of its size is no ultrasound, but made to fill the memory..."""

MOST_UNLIKELY_BYTES = 100_000_000
"""... unless it is a cine of no more than so many bytes, whose frames may well be all alike."""


def unreadable(path: Path, reason: object) -> UnreadableImage:
    """The error for `path`: "PATH: REASON", on one line."""
    return UnreadableImage(f"{one_line(path)}: {one_line(' '.join(str(reason).split()))}")


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
