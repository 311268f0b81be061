"""How long each stage of a clip's analysis takes, summed over frames and threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")

STAGES = ("read", "measure", "follow", "draw", "write")


class Stages:
    """Seconds by stage. Stages run side by side, so that their sum may exceed the time that passed."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self._began = time.perf_counter()
        self._lock = threading.Lock()

    @property
    def passed(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self._began

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Counts what is done within."""
        start = time.perf_counter()
        try:
            yield
        finally:
            with self._lock:
                self.seconds[stage] += time.perf_counter() - start

    def making(self, stage: str, items: Iterable[Item]) -> Iterator[Item]:
        """The items; what it takes to make them counts."""
        iterator = iter(items)
        while True:
            with self.timed(stage):
                try:
                    item = next(iterator)
                except StopIteration:
                    return
            yield item
