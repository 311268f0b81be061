"""Reading pictures: one contract, one file a format.

A reader is a module with three functions:

- `recognises(head: bytes, path: Path) -> bool`: whether the file is of this format, told from its first 4096 bytes
  (never from its name alone);
- `holds_picture(path: Path) -> bool`: whether a file of this format is meant as a picture (a DICOM file may be a
  report or a directory); a damaged picture is one. Never raises;
- `read(path: Path) -> Iterator[UltrasoundImage]`: the file's pictures, one at a time and in order, as shown
  (orientation applied), grey, uint8, with `pixel_size` where the file itself knows it, `source` = path, and `frame`
  0-based where the file holds several (None where it holds one). Raises `UnreadableImage` with one line that says
  what is wrong, before any large allocation where the header already tells.

A further format is one further module in `READERS`. Readers import their libraries when they read, not before.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import fetalhead.images.readers.dicom as dicom
import fetalhead.images.readers.metaimage as metaimage
import fetalhead.images.readers.nifti as nifti
import fetalhead.images.readers.pillow as pillow
from fetalhead.errors import reason_of
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.readers.faults import quietly, unreadable


class Reader(Protocol):
    """The contract above, for the type checker."""

    def recognises(self, head: bytes, path: Path) -> bool: ...

    def holds_picture(self, path: Path) -> bool: ...

    def read(self, path: Path) -> Iterator[UltrasoundImage]: ...


READERS: tuple[Reader, ...] = (dicom, pillow, metaimage, nifti)

HEAD_BYTES = 4096

__all__ = ["READERS", "Reader", "is_picture", "read_images"]


def read_images(path: Path) -> Iterator[UltrasoundImage]:
    """The pictures in a file of any known format. Raises `UnreadableImage`: "PATH: REASON" on one line."""
    path = Path(path)
    head = _head(path)
    reader = _reader(head, path)
    if reader is None:
        known = "PNG, JPEG, BMP, TIFF, GIF, WebP, JPEG 2000, DICOM, MetaImage or NIfTI"
        raise unreadable(path, f"is no picture that fetalhead reads ({known})" if head else "is empty")
    yield from quietly(reader.read(path))


def is_picture(path: Path) -> bool:
    """Whether `read_images` would take the file, told by its content: sound or damaged, but meant as a picture."""
    path = Path(path)
    try:
        reader = _reader(_head(path), path)
    except Exception:  # what cannot even be opened is no picture to us
        return False
    return reader is not None and reader.holds_picture(path)


def _reader(head: bytes, path: Path) -> Reader | None:
    return next((reader for reader in READERS if reader.recognises(head, path)), None)


def _head(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise unreadable(path, "is a folder")
        if not stat.S_ISREG(mode):  # opening a pipe would wait for ever
            raise unreadable(path, "is no regular file")
        with open(path, "rb") as stream:
            return stream.read(HEAD_BYTES)
    except FileNotFoundError as error:
        reason = "is a link to a file that does not exist" if path.is_symlink() else "no such file"
        raise unreadable(path, reason) from error
    except (OSError, ValueError) as error:
        raise unreadable(path, f"cannot be opened: {reason_of(error)}") from error
