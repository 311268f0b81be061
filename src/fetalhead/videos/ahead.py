"""Work on one core while the next items are made on another."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

Item = TypeVar("Item")

AHEAD = 3
"""So many items wait at most."""


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The items, made in a thread of their own. What making them raises is raised here."""
    waiting: queue.Queue[tuple[bool, Item | BaseException | None]] = queue.Queue(AHEAD)
    stopped = threading.Event()

    def put(entry: tuple[bool, Item | BaseException | None]) -> None:
        while not stopped.is_set():
            try:
                waiting.put(entry, timeout=0.1)
                return
            except queue.Full:
                continue

    def make() -> None:
        try:
            for item in items:
                put((True, item))
                if stopped.is_set():
                    return
            put((False, None))
        except BaseException as error:
            put((False, error))

    yield from _given(waiting, stopped, threading.Thread(target=make, daemon=True))


def _given(
    waiting: queue.Queue[tuple[bool, Item | BaseException | None]], stopped: threading.Event, thread: threading.Thread
) -> Iterator[Item]:
    thread.start()
    try:
        while True:
            more, item = waiting.get()
            if not more:
                if isinstance(item, BaseException):
                    raise item
                return
            yield item  # type: ignore[misc]
    finally:
        stopped.set()
        thread.join()
