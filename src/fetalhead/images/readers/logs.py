"""What readers log of a file that they read all the same: on a terminal, a line as faults have it."""

from __future__ import annotations

import logging
import sys

from fetalhead.errors import one_line


class _Told(logging.Handler):
    """`fetalhead: FILE: WHAT` on stderr, clear of a counting line."""

    def emit(self, record: logging.LogRecord) -> None:
        clear = "\r\x1b[K" if sys.stderr.isatty() else ""
        print(f"{clear}fetalhead: {one_line(record.getMessage())}", file=sys.stderr, flush=True)


def tell_logs() -> None:
    """Show this process's logs of fetalhead so, from level WARNING on. For commands: a program has its own logging."""
    logger = logging.getLogger("fetalhead")
    if not any(isinstance(handler, _Told) for handler in logger.handlers):
        logger.addHandler(_Told(logging.WARNING))
