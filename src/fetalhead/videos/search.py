"""From PATHs as typed to the clips that they name."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fetalhead.errors import FetalheadError, UnreadableImage
from fetalhead.images.inputs import find_inputs
from fetalhead.images.readers import read_images
from fetalhead.images.readers.faults import one_line, reason_of
from fetalhead.videos.clip import by_number, frame_files, is_still
from fetalhead.videos.clock import clock_of
from fetalhead.videos.result_folder import holds_results, within_results

NO_PICTURES = "no pictures in this folder"
"""What the search for pictures says of a folder without any: of a clip, there is more to say when it is opened."""


@dataclass(slots=True)
class FoundClips:
    """What the PATHs come to."""

    clips: list[Path] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """One line each: what was named, or lies in a folder, and cannot be reached."""


def search_clips(paths: Sequence[str]) -> FoundClips:
    """The clips that PATHs name: a folder stands for the clips in it, or, where it holds stills alone, for itself.

    Results of earlier runs in a folder are no clips.
    """
    found = FoundClips()
    for typed in paths:
        path = Path(typed)
        try:
            if not stat.S_ISDIR(path.stat().st_mode):
                found.clips.append(path)
            elif holds_results(path):
                found.errors.append(f"{one_line(path)}: holds results of fetalhead video, no clip to measure")
            else:
                _search_folder(path, found)
        except FileNotFoundError:
            reason = "is a link to a file that does not exist" if path.is_symlink() else "no such file or folder"
            found.errors.append(f"{one_line(path)}: {reason}")
        except (OSError, ValueError) as error:
            found.errors.append(f"{one_line(path)}: cannot be opened: {reason_of(error)}")
    found.clips = list(dict.fromkeys(found.clips))
    return found


def find_clips(paths: Sequence[str]) -> list[Path]:
    """As `search_clips`. Raises `FetalheadError` for the first that cannot be reached."""
    found = search_clips(paths)
    if found.errors:
        raise FetalheadError(found.errors[0])
    return found.clips


def _search_folder(folder: Path, found: FoundClips) -> None:
    inputs = find_inputs([str(folder)])
    pictures = [file.path for file in inputs.files if not within_results(file.path, folder)]
    videos = [path for path in inputs.videos if not within_results(path, folder)]
    errors = [(name, reason) for name, reason in inputs.errors if reason != NO_PICTURES]
    several = {path: _holds_several(path) for path in pictures}
    if videos or any(several.values()):  # what cannot be read may be a clip too: it is told when it is opened
        clips = [*videos, *(path for path, answer in several.items() if answer is not False)]
        found.clips += sorted(clips, key=lambda path: by_number(str(path)))
    elif not any(name == str(folder) for name, _ in errors):
        found.clips += _folders_of_stills(folder, pictures)
        frames = {str(file) for clip in found.clips if clip.is_dir() for file in frame_files(clip)}
        errors = [(name, reason) for name, reason in errors if name not in frames]
    found.errors += [f"{one_line(name)}: {reason}" for name, reason in errors]


def _folders_of_stills(folder: Path, pictures: Sequence[Path]) -> list[Path]:
    """The folder itself where it holds frames, else those in it that do."""
    folders = {path.parent for path in pictures}
    if folder in folders or not folders:
        return [folder]
    return sorted(folders, key=lambda path: by_number(str(path)))


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
