"""What a run over clips says on stderr: frames a second and the time left, on a terminal; and lines of their own."""

from __future__ import annotations

import sys
import time

from fetalhead.reports.rows import one_line

BETWEEN_S = 0.1


class ClipProgress:
    """The counting line of one clip after the other."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._live = sys.stderr.isatty()
        self._name = self._what = ""
        self._total: int | None = None
        self._done, self._began, self._latest = 0, 0.0, 0.0

    def clip(self, name: str) -> None:
        """The clip that is next."""
        self._name = one_line(name)

    def start(self, what: str, total: int | None) -> None:
        """A pass over the clip; `total` frames, where that is known."""
        self._what, self._total = what, total
        self._done, self._began = 0, time.monotonic()

    def step(self) -> None:
        """One more frame is done."""
        self._done += 1
        now = time.monotonic()
        if not self._live or now - self._latest < BETWEEN_S:
            return
        self._latest = now
        rate = self._done / max(now - self._began, 1e-9)
        of = f" of {self._total}" if self._total else ""
        left = ""
        if self._total and self._total > self._done:
            minutes, seconds = divmod(round((self._total - self._done) / rate), 60)
            left = f", {minutes}:{seconds:02d} left"
        sys.stderr.write(
            f"\r\x1b[K{self._command}: {self._name}: {self._done}{of} frames {self._what}, {rate:.1f} a second{left}"
        )
        sys.stderr.flush()

    def say(self, text: str) -> None:
        """A line of its own."""
        self.clear()
        line = one_line(text).encode("utf-8", "backslashreplace").decode()
        print(f"{self._command}: {line}", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._live:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
