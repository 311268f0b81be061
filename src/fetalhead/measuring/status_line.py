"""A counting line on a terminal, and lines of their own that keep clear of it."""

from __future__ import annotations

import sys
import time

from fetalhead.reports.rows import unbroken

BETWEEN_S = 0.1


class StatusLine:
    """What a command says on stderr."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._live = sys.stderr.isatty()
        self._latest = 0.0

    def is_due(self) -> bool:
        """Whether the counting line is to be drawn again: on a terminal, and not too often."""
        return self._live and time.monotonic() - self._latest > BETWEEN_S

    def count(self, text: str) -> None:
        """Draw the counting line."""
        self._latest = time.monotonic()
        sys.stderr.write(f"\r\x1b[K{self._command}: {text}")
        sys.stderr.flush()

    def say(self, text: str) -> None:
        """A line of its own, with names that are not UTF-8 or hold line breaks shown by escapes."""
        self.clear()
        line = unbroken(text).encode("utf-8", "backslashreplace").decode()
        print(f"{self._command}: {line}", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the counting line away."""
        if self._live:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
