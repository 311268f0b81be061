"""Which of many files are clips, which lie in folders of frames, and which are neither."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fetalhead.errors import UnreadableImage, one_line
from fetalhead.images.natural_order import by_number
from fetalhead.images.readers import read_images
from fetalhead.videos.clip import is_still
from fetalhead.videos.clock import clock_of


def clips_among(pictures: Sequence[Path], videos: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """The clips, sorted by the numbers in their names: files and folders of frames; and a line for each of the others.

    Stills are the frames of their folder, unless clips lie beside them, or it is a single one above other clips.
    """
    several = {path: _holds_several(path) for path in pictures}
    mixed = {path.parent for path in (*videos, *(path for path in pictures if several[path]))}
    # What cannot be read may be a clip too, where clips are: it is told when it is opened.
    files = [*videos, *(path for path in pictures if path.parent in mixed and several[path] is not False)]
    stills: dict[Path, list[Path]] = {}
    for path in pictures:
        if path.parent not in mixed or several[path] is False:
            stills.setdefault(path.parent, []).append(path)
    clips, notes = {*files, *(stills.keys() - mixed)}, []
    for folder, frames in stills.items():
        if folder in mixed:
            count = "a picture" if len(frames) == 1 else f"{len(frames)} pictures"
            notes.append(f"{one_line(folder)}: {count} beside clips passed over: frames lie in a folder of their own")
        elif len(frames) == 1 and any(folder in other.parents for other in clips):
            clips.discard(folder)
            notes.append(f"{one_line(frames[0])}: a single picture above other clips is no clip: passed over")
    return sorted(clips, key=lambda path: by_number(str(path))), notes


def _holds_several(path: Path) -> bool | None:
    """Whether a picture file is a clip of its own; None where it cannot be read."""
    if is_still(path):
        return False
    count = clock_of(path).count
    if count is not None:
        return count > 1
    try:
        return next(read_images(path)).frame is not None
    except (UnreadableImage, StopIteration):
        return None
