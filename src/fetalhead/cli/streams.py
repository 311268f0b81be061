"""Standard streams as every command needs them: open, and ready for any name."""

from __future__ import annotations

import io
import os
import sys


def prepare_streams() -> None:
    """Open the streams that are closed, and let those that are written to take names that are not UTF-8."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _open_closed_streams() -> None:
    """Open on the null device what whoever started the process had closed, as services and `2>&-` do.

    Else the next file to be opened would have the stream's number, and what a library says there would land in it.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)  # has the lowest number that is free: mostly this one
            os.dup2(null, number)  # to be handed on to processes of ours
            if null == number:
                os.set_inheritable(number, True)
            else:
                os.close(null)
        if getattr(sys, name) is None:
            null_stream = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115
            setattr(sys, name, null_stream)
