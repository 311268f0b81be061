"""What a run says on stderr: one line a fault, and on a terminal one line that counts."""

from __future__ import annotations

import time

from fetalhead.measuring.status_line import StatusLine


class Progress(StatusLine):
    """Counts files on a terminal, and keeps messages clear of the counting line."""

    def __init__(self, command: str, total: int) -> None:
        super().__init__(command)
        self._total = total
        self._done = 0
        self._start = time.monotonic()

    def step(self) -> None:
        """One more input is done."""
        self._done += 1
        if self.is_due() or (self._live and self._done == self._total):
            rate = self._done / max(time.monotonic() - self._start, 1e-9)
            self.count(f"{self._done} of {self._total} files, {rate:.1f} a second")
