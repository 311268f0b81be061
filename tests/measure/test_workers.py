"""The pool of workers: all results, however many processes; and what a dying one costs."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from fetalhead.errors import FetalheadError
from fetalhead.inference.workers import Ended, Gave, Lost, run_tasks


def _count_up(task: int) -> Iterator[int]:
    yield from range(task)


def _die_at_two(task: int) -> Iterator[int]:
    yield task
    if task == 2:
        os.kill(os.getpid(), signal.SIGKILL)


def _refuse(task: int) -> Iterator[int]:
    raise FetalheadError("the disk is full")
    yield task


def _counting() -> Callable[[int], Iterator[int]]:
    return _count_up


def _dying() -> Callable[[int], Iterator[int]]:
    return _die_at_two


def _refusing() -> Callable[[int], Iterator[int]]:
    return _refuse


def _unprepared() -> Callable[[int], Iterator[int]]:
    raise FetalheadError("no such model")


@pytest.mark.parametrize("workers", [1, 2])
def test_every_task_gives_its_results_and_ends(workers: int) -> None:
    events = list(run_tasks([2, 0, 3], _counting, workers))
    of_task = [[event for event in events if event.task == index] for index in range(3)]
    assert of_task == [[Gave(0, 0), Gave(0, 1), Ended(0)], [Ended(1)], [Gave(2, 0), Gave(2, 1), Gave(2, 2), Ended(2)]]


def test_no_tasks_prepare_nothing() -> None:
    assert list(run_tasks([], _unprepared, 1)) == []


def test_a_killed_worker_costs_its_own_task_only() -> None:
    events = list(run_tasks([1, 2, 3, 4, 5], _dying, 2))
    assert [event for event in events if isinstance(event, Lost)] == [Lost(1, "killed by signal 9")]
    assert sorted(event.task for event in events if isinstance(event, Ended)) == [0, 2, 3, 4]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(("prepare", "reason"), [(_refusing, "disk is full"), (_unprepared, "no such model")])
def test_faults_of_the_whole_run_reach_the_caller(
    prepare: Callable[[], Callable[[int], Iterator[int]]], reason: str, workers: int
) -> None:
    with pytest.raises(FetalheadError, match=reason):
        list(run_tasks([1, 2], prepare, workers))
