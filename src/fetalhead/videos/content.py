"""What tells one clip from another: a digest of its content."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from fetalhead.errors import reason_of
from fetalhead.images.readers.content import content_digest, files_of
from fetalhead.images.readers.faults import unreadable
from fetalhead.videos.clip import frame_files


def content_of(path: Path) -> str:
    """A digest of a clip's content; of a folder of frames, of their names, sizes and times of change.

    Raises `UnreadableImage`.
    """
    try:
        if path.is_file():
            return content_digest(path)
        files = [file for frame in frame_files(path) for file in files_of(frame)]
        stats = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    except OSError as error:
        raise unreadable(path, f"cannot be read: {reason_of(error)}") from error
    return hashlib.sha256(json.dumps(stats).encode()).hexdigest()
