"""What a run over clips says on stderr: frames a second and the time left, on a terminal; and lines of their own."""

from __future__ import annotations

import time

from fetalhead.measuring.status_line import StatusLine
from fetalhead.reports.rows import unbroken


class ClipProgress(StatusLine):
    """The counting line of one clip after the other."""

    def __init__(self, command: str) -> None:
        super().__init__(command)
        self._name = self._what = ""
        self._total: int | None = None
        self._done, self._began = 0, 0.0

    def clip(self, name: str) -> None:
        """The clip that is next."""
        self._name = unbroken(name)

    def start(self, what: str, total: int | None) -> None:
        """A pass over the clip; `total` frames, where that is known."""
        self._what, self._total = what, total
        self._done, self._began = 0, time.monotonic()

    def step(self) -> None:
        """One more frame is done."""
        self._done += 1
        if not self.is_due():
            return
        rate = self._done / max(time.monotonic() - self._began, 1e-9)
        of = f" of {self._total}" if self._total else ""
        left = ""
        if self._total and self._total > self._done:
            minutes, seconds = divmod(round((self._total - self._done) / rate), 60)
            left = f", {minutes}:{seconds:02d} left"
        self.count(f"{self._name}: {self._done}{of} frames {self._what}, {rate:.1f} a second{left}")
