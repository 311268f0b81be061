"""A few of many: what is spread evenly over a stream whose length is not known."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Spread(Generic[T]):
    """Some of all that were added, evenly spread, the first among them: `most` // 2 to `most` of them."""

    def __init__(self, most: int) -> None:
        self.kept: list[T] = []
        self.count = 0
        """How many were added."""
        self._most, self._every = most, 1

    def add(self, item: T) -> None:
        if self.count % self._every == 0:
            if len(self.kept) == self._most:
                del self.kept[1::2]
                self._every *= 2
            if self.count % self._every == 0:
                self.kept.append(item)
        self.count += 1
