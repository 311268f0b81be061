"""Standard streams that were closed by whoever started the process, as services and `2>&-` do."""

from __future__ import annotations

import os
import sys


def open_closed_streams() -> None:
    """Open what is closed on the null device.

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
