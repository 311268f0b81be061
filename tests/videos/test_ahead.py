"""Items made on other threads: in order, few at a time, and with their faults."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from fetalhead.videos.ahead import AHEAD, ahead, side_by_side

WORKERS = 3


def counted(count: int, taken: list[int]) -> Iterator[int]:
    for number in range(count):
        taken.append(number)
        yield number


def test_results_are_in_the_order_of_the_items_and_made_at_the_same_time() -> None:
    together = threading.Barrier(WORKERS, timeout=10)

    def slow(number: int) -> int:
        together.wait()  # passes only where three are at work at once
        time.sleep(0.01 * (number % 3))
        return number * number

    assert list(side_by_side(slow, range(12), WORKERS)) == [number * number for number in range(12)]


def test_few_items_are_in_memory_at_a_time() -> None:
    taken: list[int] = []
    for done, _ in enumerate(side_by_side(lambda number: number, counted(50, taken), WORKERS)):
        assert len(taken) <= done + WORKERS + 1
    assert len(taken) == 50
    taken.clear()
    for done, _ in enumerate(ahead(counted(50, taken))):
        assert len(taken) <= done + AHEAD + 3


def test_a_fault_is_raised_where_the_results_are_taken_and_the_rest_stops() -> None:
    taken: list[int] = []

    def faulty(number: int) -> int:
        if number == 4:
            raise ValueError("the fifth")
        return number

    results = side_by_side(faulty, counted(1000, taken), WORKERS)
    with pytest.raises(ValueError, match="the fifth"):
        list(results)
    assert len(taken) < 20


def test_a_consumer_that_stops_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    results = side_by_side(lambda number: number, ahead(iter(range(1000))), WORKERS)
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before
