"""What several commands ask of their options, and how they are stopped."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fetalhead.errors import FetalheadError

if TYPE_CHECKING:
    from fetalhead.images.pixel_size import PixelSize


def check_choice(name: str, value: str, choices: Iterable[str]) -> None:
    if value not in choices:
        raise FetalheadError(f"{name} {value!r}: there are {', '.join(choices)}")


def typed_pixel_size(pixel_size: str | float | list[float] | None) -> str | None:
    """The pixel size as typed on a command line; a YAML file may hold a number or two."""
    if isinstance(pixel_size, list):
        return ",".join(map(str, pixel_size))
    return None if pixel_size is None else str(pixel_size)


def given_pixel_size(pixel_size: str | float | list[float] | None) -> PixelSize | None:
    """The pixel size given for all pictures; None where none is. Raises `FetalheadError`."""
    from fetalhead.images.pixel_size import parse_pixel_size

    text = typed_pixel_size(pixel_size)
    return None if text is None else parse_pixel_size(text)


def made_folder(out: str) -> Path:
    """The folder of `--out`, made where there is none. Raises `FetalheadError`."""
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FetalheadError(f"--out {out}: cannot be made: {os.strerror(error.errno or 0)}") from error
    return folder


@contextmanager
def writing(out: Path) -> Iterator[Path]:
    """The folder of `--out`; what cannot be written there ends as a `FetalheadError`."""
    try:
        yield out
    except OSError as error:
        raise FetalheadError(f"--out {out}: cannot be written to: {os.strerror(error.errno or 0)}") from error


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGINT stops the run, also where a shell script started it with `&` and so with SIGINT ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
