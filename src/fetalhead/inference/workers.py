"""A pool of worker processes, in which a task may give several results and a worker may die.

`run_tasks` differs from `concurrent.futures` in what a long run needs: results of a task arrive while it goes on; a
worker that is killed (by the system, for its memory) costs the task it was at and nothing else; workers end when
their parent is killed; and Ctrl-C reaches the parent alone.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, TypeVar

from fetalhead.errors import FetalheadError

Task = TypeVar("Task")
Result = TypeVar("Result")

PATIENCE_S = 5.0
"""How long an idle worker may take to end by itself."""


@dataclass(frozen=True, slots=True)
class Gave(Generic[Result]):
    """A task gave a result."""

    task: int
    result: Result


@dataclass(frozen=True, slots=True)
class Ended:
    """A task has given all of its results."""

    task: int


@dataclass(frozen=True, slots=True)
class Lost:
    """The process that was at a task died."""

    task: int
    reason: str


def usable_cores() -> int:
    """The cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def run_tasks(
    tasks: Sequence[Task], prepare: Callable[[], Callable[[Task], Iterable[Result]]], workers: int
) -> Generator[Gave[Result] | Ended | Lost, None, None]:
    """Do the tasks with what `prepare` makes in each process; with one worker, in this process.

    `prepare` and the tasks are pickled for workers. What happens to each task is told by its index, in the order in
    which it happens. Raises `FetalheadError` where preparing, or a task, does.
    """
    if workers > 1:
        yield from _run_in_pool(tasks, prepare, workers)
    elif tasks:
        do = prepare()
        for index, task in enumerate(tasks):
            for result in do(task):
                yield Gave(index, result)
            yield Ended(index)


@dataclass(slots=True)
class _Worker:
    process: SpawnProcess
    connection: Connection[Any, Any]
    ready: bool = False
    task: int | None = None

    @classmethod
    def start(cls, prepare: Callable[[], Any]) -> _Worker:
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=_work, args=(there, prepare), daemon=True)
        with _sigint_blocked():
            process.start()
        there.close()  # so that the worker's death is the end of the connection
        return cls(process, here)

    def stop(self) -> None:
        self.connection.close()
        if self.task is None and self.ready:
            self.process.join(PATIENCE_S)  # it finds the connection closed, and ends
        if self.process.is_alive():
            self.process.kill()
        self.process.join()

    def death(self) -> str:
        self.process.join()
        code = self.process.exitcode or 0
        return f"killed by signal {-code}" if code < 0 else f"ended with status {code}"


@contextmanager
def _sigint_blocked() -> Iterator[None]:
    """A process started within inherits the block, from its first instruction on."""
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # its own start unblocks SIGINT, so it has to come first
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run_in_pool(
    tasks: Sequence[Task], prepare: Callable[[], Callable[[Task], Iterable[Result]]], count: int
) -> Generator[Gave[Result] | Ended | Lost, None, None]:
    waiting = deque(range(len(tasks)))
    left = len(tasks)
    workers: list[_Worker] = []
    try:
        workers += [_Worker.start(prepare) for _ in range(min(count, left))]
        while left:
            by_connection = {worker.connection: worker for worker in workers}
            for connection in wait(list(by_connection)):
                worker = by_connection[connection]  # type: ignore[index]
                try:
                    event = worker.connection.recv()
                except (EOFError, OSError):
                    if not worker.ready:
                        raise FetalheadError(f"a worker process did not start: {worker.death()}") from None
                    workers.remove(worker)
                    if waiting:
                        workers.append(_Worker.start(prepare))
                    if worker.task is not None:
                        left -= 1
                        yield Lost(worker.task, worker.death())
                    continue
                if isinstance(event, FetalheadError):
                    raise event
                if isinstance(event, Gave):
                    yield event
                    continue
                if isinstance(event, Ended):
                    left -= 1
                    yield event
                worker.ready, worker.task = True, waiting.popleft() if waiting else None
                if worker.task is not None:
                    with suppress(OSError):  # it died meanwhile: the next look at its connection tells
                        worker.connection.send((worker.task, tasks[worker.task]))
    finally:
        for worker in workers:
            worker.stop()


def _work(connection: Connection[Any, Any], prepare: Callable[[], Callable[[Any], Iterable[Any]]]) -> None:
    """The life of a worker: prepare, then task after task, until the parent hangs up or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        try:
            do = prepare()
            connection.send("ready")
            while True:
                index, task = connection.recv()
                for result in do(task):
                    connection.send(Gave(index, result))
                connection.send(Ended(index))
        except FetalheadError as error:
            connection.send(FetalheadError(str(error)))
    except (EOFError, ConnectionError):
        return
