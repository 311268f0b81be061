"""Decoders of the extra `dicom`, each call in a process apart: a damaged stream makes some of them abort or hang.

gdcm ends the whole process at streams that break off, and CharLS may search in one for a quarter of a minute. The
process apart is started once, serves all files, and is started anew when it had to be ended or ended itself.
"""

from __future__ import annotations

import atexit
import os
import pickle
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import numpy.typing as npt

from fetalhead.images.readers.dicom_elements import BrokenDicom

LIMIT_S = 3.0
"""Of a processor, for a frame of up to `LIMIT_PIXELS`; real ones take a tenth of a second."""
LIMIT_PIXELS = 4_000_000
CLOCK_LIMIT_S = 60.0
"""By the clock, to start or to decode: where a machine is at other work, a good frame is not at fault."""

LENGTH = struct.Struct("<Q")


def decode(syntax: str, plugin: str, frame: bytes, options: dict[str, Any]) -> npt.NDArray[Any]:
    """The values of one compressed frame, by a plugin of pydicom's. Raises `BrokenDicom` with the decoder's reason."""
    limit = LIMIT_S * max(1.0, options["rows"] * options["columns"] / LIMIT_PIXELS)
    with _lock:
        values, reason = _helper().ask((syntax, plugin, frame, options, limit), limit)
    if reason:
        raise BrokenDicom(reason)
    return values


@dataclass(slots=True)
class _Helper:
    """The process apart."""

    owner: int = 0
    """The process that started it: one that was forked since has to start its own."""
    process: subprocess.Popen[bytes] | None = None

    def ask(self, question: object, limit: float) -> tuple[npt.NDArray[Any], str]:
        """The answer to a question: values, or the reason why there are none."""
        process = self._started()
        assert process.stdin is not None and process.stdout is not None
        try:
            with _time_limit(process, max(limit, CLOCK_LIMIT_S)) as passed:
                _send(process.stdin, question)
                answer: tuple[npt.NDArray[Any], str] = _receive(process.stdout)
                return answer
        except (EOFError, OSError) as error:
            self.end()
            too_long = passed.is_set() or (sys.platform != "win32" and process.returncode == -signal.SIGPROF)
            reason = f"decoding a frame took more than {limit:g} s" if too_long else "its decoder breaks down"
            raise BrokenDicom(reason) from error

    def _started(self) -> subprocess.Popen[bytes]:
        if self.process is not None and self.owner == os.getpid() and self.process.poll() is None:
            return self.process
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self.owner = os.getpid()
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        assert self.process.stdout is not None
        try:
            with _time_limit(self.process, CLOCK_LIMIT_S):
                _receive(self.process.stdout)
        except EOFError as error:
            self.end()
            raise BrokenDicom("the process that decodes it does not start") from error
        return self.process

    def end(self) -> None:
        if self.process is not None and self.owner == os.getpid():
            self.process.kill()
            self.process.communicate()
        self.process = None


_lock = threading.Lock()
_helpers: list[_Helper] = []


def _helper() -> _Helper:
    if not _helpers:
        _helpers.append(_Helper())
        atexit.register(_helpers[0].end)
    return _helpers[0]


@contextmanager
def _time_limit(process: subprocess.Popen[bytes], seconds: float) -> Iterator[threading.Event]:
    """Kills the process where the block takes longer; the event then says so."""
    passed = threading.Event()

    def end() -> None:
        passed.set()
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.start()
    try:
        yield passed
    finally:
        timer.cancel()


def _send(stream: IO[bytes], message: object) -> None:
    content = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(LENGTH.pack(len(content)) + content)
    stream.flush()


def _receive(stream: IO[bytes]) -> Any:
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    (length,) = LENGTH.unpack(head)
    content = stream.read(length)
    if len(content) < length:
        raise EOFError
    return pickle.loads(content)


def _limit_processor(seconds: float) -> None:
    """Have the system end this process after so much of a processor (0: no more). Windows knows the clock alone."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, seconds)


def serve() -> None:
    """The life of the process apart: decode what is asked for, until the asking end is gone."""
    import warnings

    from fetalhead.images.readers.dicom_decoding import decode_here

    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # decoders print, too
    warnings.simplefilter("ignore")
    _send(answers, "ready")
    while True:
        try:
            syntax, plugin, frame, options, limit = _receive(questions)
        except EOFError:
            return
        answer: tuple[npt.NDArray[Any] | None, str]
        _limit_processor(limit)
        try:
            answer = decode_here(syntax, plugin, frame, options), ""
        except Exception as error:
            answer = None, str(error) or type(error).__name__
        _limit_processor(0)
        _send(answers, answer)
