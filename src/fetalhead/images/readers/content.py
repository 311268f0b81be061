"""What tells the content of one picture file from another: a digest of all that its pictures are read from."""

from __future__ import annotations

import hashlib
from pathlib import Path

import fetalhead.images.readers.metaimage as metaimage
from fetalhead.images.readers import HEAD_BYTES


def files_of(path: Path) -> tuple[Path, ...]:
    """The files that the pictures in `path` are read from: itself, and the data file that a MetaImage header names."""
    try:
        with open(path, "rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError:
        return (path,)  # whoever reads it tells
    data = metaimage.data_file(path) if metaimage.recognises(head, path) else None
    return (path,) if data is None else (path, data)


def content_digest(path: Path) -> str:
    """SHA-256, in hex, of the file; of its digests where there are several. Raises OSError."""
    digests = []
    for file in files_of(path):
        with open(file, "rb") as stream:
            digests.append(hashlib.file_digest(stream, "sha256").hexdigest())
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
