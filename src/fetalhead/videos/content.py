"""What tells one clip from another: a digest of its content."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from fetalhead.images.readers.faults import reason_of, unreadable
from fetalhead.inference.model_folder import sha256
from fetalhead.videos.clip import frame_files


def content_of(path: Path) -> str:
    """A digest of a clip's content; of a folder of frames, of their names, sizes and times of change.

    Raises `UnreadableImage`.
    """
    try:
        if path.is_file():
            return sha256(path)
        stats = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in frame_files(path)]
    except OSError as error:
        raise unreadable(path, f"cannot be read: {reason_of(error)}") from error
    return hashlib.sha256(json.dumps(stats).encode()).hexdigest()
