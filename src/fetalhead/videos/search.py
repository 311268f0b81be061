"""From PATHs as typed to the clips that they name."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fetalhead.errors import FetalheadError, one_line, reason_of
from fetalhead.images.inputs import find_inputs
from fetalhead.videos.clip import frame_files
from fetalhead.videos.clips_among import clips_among
from fetalhead.videos.frame_list import holds_list
from fetalhead.videos.result_folder import holds_results, within_results

NO_PICTURES = "no pictures in this folder"
"""What the search for pictures says of a folder without any: of a clip, there is more to say when it is opened."""


@dataclass(slots=True)
class FoundClips:
    """What the PATHs come to."""

    clips: list[Path] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """One line each: what was named, or lies in a folder, and cannot be reached."""
    notes: list[str] = field(default_factory=list)
    """One line each: pictures that are passed over, and why."""


def search_clips(paths: Sequence[str], out: Path | None = None) -> FoundClips:
    """The clips that PATHs name: a folder stands for the clips and folders of frames in it, itself perhaps among them.

    Results of earlier runs in a folder are no clips, nor are frames that `fetalhead frames` took, or is to take into
    `out`.
    """
    found = FoundClips()
    for typed in paths:
        path = Path(typed)
        try:
            if not stat.S_ISDIR(path.stat().st_mode):
                found.clips.append(path)
            elif holds_results(path):
                found.errors.append(f"{one_line(path)}: holds results of fetalhead video, no clip to measure")
            elif len(paths) > 1 and _same(path, out) and holds_list(path):  # as `study/*` names it
                found.notes.append(f"{one_line(path)}: is where frames are taken to, no clip: passed over")
            else:
                _search_folder(path, found, out)
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


def _search_folder(folder: Path, found: FoundClips, out: Path | None) -> None:
    inputs = find_inputs([str(folder)])
    pictures = [file.path for file in inputs.files if not within_results(file.path, folder)]
    taken = {place for place in {path.parent for path in pictures} - {folder} if holds_list(place) or _same(place, out)}
    videos = [path for path in inputs.videos if not within_results(path, folder)]
    clips, notes = clips_among([path for path in pictures if path.parent not in taken], videos)
    errors = [(name, reason) for name, reason in inputs.errors if reason != NO_PICTURES]
    if not clips and not any(name == str(folder) for name, _ in errors):
        clips = [folder]  # what is wrong with it is told when it is opened
    frames = {str(file) for clip in clips if clip.is_dir() for file in frame_files(clip)}
    found.clips += clips
    found.notes += notes
    found.errors += [f"{one_line(name)}: {reason}" for name, reason in errors if name not in frames]


def _same(folder: Path, out: Path | None) -> bool:
    return out is not None and folder.resolve() == out.resolve()
