"""What a run says on stderr: one line a fault, and on a terminal one line that counts."""

from __future__ import annotations

import sys
import time

from fetalhead.reports.rows import one_line

BETWEEN_S = 0.1


class Progress:
    """Counts on a terminal, and keeps messages clear of the counting line."""

    def __init__(self, command: str, total: int) -> None:
        self._command = command
        self._total = total
        self._done = 0
        self._start = time.monotonic()
        self._last = 0.0
        self._live = sys.stderr.isatty()

    def step(self) -> None:
        """One more input is done."""
        self._done += 1
        now = time.monotonic()
        if self._live and (now - self._last > BETWEEN_S or self._done == self._total):
            self._last = now
            rate = self._done / max(now - self._start, 1e-9)
            sys.stderr.write(f"\r\x1b[K{self._command}: {self._done} of {self._total} files, {rate:.1f} a second")
            sys.stderr.flush()

    def say(self, text: str) -> None:
        """A line of its own, with names that are not UTF-8 or hold line breaks shown by escapes."""
        self.clear()
        line = one_line(text).encode("utf-8", "backslashreplace").decode()
        print(f"{self._command}: {line}", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the counting line away."""
        if self._live:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
