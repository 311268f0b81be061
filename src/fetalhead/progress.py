"""A progress bar on stderr, for loops over images whose number is known."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")

_WIDTH = 30
_REDRAW_S = 0.1


def progress(items: Sequence[Item], label: str) -> Iterator[Item]:
    """The items one by one; a bar is drawn on stderr where that is a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield from items
        return
    total, start, drawn = len(items), time.monotonic(), 0.0
    try:
        for done, item in enumerate(items, 1):
            yield item
            now = time.monotonic()
            if now - drawn > _REDRAW_S or done == total:
                drawn = now
                bar = "#" * (_WIDTH * done // total)
                speed = done / max(now - start, 1e-9)
                sys.stderr.write(f"\r{label} [{bar:<{_WIDTH}}] {done}/{total}, {speed:.1f} images/s")
                sys.stderr.flush()
    finally:
        sys.stderr.write("\n")
