"""Files that are there whole or not at all, and lines that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, content: bytes, scratch: Path) -> None:
    """Put `content` at `path` in one step: whoever looks finds the old file or the new one, never a part.

    The temporary file lies in the folder `scratch` (on the same file system), where a killed process leaves it.
    """
    temporary = scratch / f"{os.getpid()}.part"
    temporary.write_bytes(content)
    try:
        temporary.replace(path)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(path)


def append_descriptor(path: Path) -> int:
    """A file descriptor for `append_whole`; the file is created where there is none."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)


def append_whole(descriptor: int, line: bytes) -> None:
    """Append a line by one write, so that a kill falls before or after it, never inside.

    Only a full disk cuts a write short: then the part is taken back and an OSError raised.
    """
    start = os.lseek(descriptor, 0, os.SEEK_END)
    try:
        written = os.write(descriptor, line)
        if written < len(line):
            os.write(descriptor, line[written:])
    except OSError:
        os.ftruncate(descriptor, start)
        raise
