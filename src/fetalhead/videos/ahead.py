"""Items in order, made on several cores: the next ones while one is worked on, or several side by side."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

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


def side_by_side(do: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """What `do` makes of each item, in the order of the items, on so many threads. What it raises is raised here."""
    pool = ThreadPoolExecutor(workers)
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(do, item))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
