"""A run of `fetalhead video`: clip after clip, each into a folder of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from fetalhead.errors import FetalheadError
from fetalhead.images.readers.faults import one_line
from fetalhead.inference.predictor import Predictor
from fetalhead.videos.analysis import ClipAnalysis
from fetalhead.videos.clip import find_clips, open_clip
from fetalhead.videos.container import require_av
from fetalhead.videos.progress import ClipProgress
from fetalhead.videos.wanted import Wanted


def analyse_clips(paths: Sequence[str], out: Path, predictor: Predictor, wanted: Wanted) -> int:
    """Analyse the clips; gives the exit status: 0, 1 with faults in clips, 130 after Ctrl-C.

    Raises `FetalheadError` where nothing can be written.
    """
    require_av()
    progress = ClipProgress("fetalhead video")
    failed = False
    clips: list[Path] = []
    for typed in paths:
        try:
            clips += find_clips([typed])
        except FetalheadError as error:
            failed = True
            progress.say(str(error))
    clips = list(dict.fromkeys(clips))
    for path, folder in zip(clips, clip_folders(clips, out), strict=True):
        progress.clip(path.name)
        try:
            clip = open_clip(path)
            analysis = ClipAnalysis(clip, folder, predictor, wanted, progress)
            done = analysis.run()
        except KeyboardInterrupt:
            progress.say(f"stopped: what is measured of {path} is kept; the same command goes on from there")
            return 130
        except FetalheadError as error:
            failed = True
            progress.say(str(error))
            continue
        except OSError as error:
            raise FetalheadError(f"{one_line(folder)}: cannot be written to: {error.strerror or error}") from error
        if not done:
            progress.say(f"{path}: unchanged since an earlier run: {folder}")
            continue
        if clip.faults:
            failed = True
            progress.say(f"{path}: {clip.faults}")
        progress.say(f"{path}: {analysis.told()}: {folder}")
    return 1 if failed else 0


def clip_folders(clips: Sequence[Path], out: Path) -> list[Path]:
    """A folder below `out` for each clip: its name without the ending, or all of it where that is not one clip's."""
    stems = Counter(_stem(clip).casefold() for clip in clips)
    taken: set[str] = set()
    folders = []
    for clip in clips:
        name = base = _stem(clip) if stems[_stem(clip).casefold()] == 1 else clip.name
        number = 2
        while name.casefold() in taken:
            name, number = f"{base}_{number}", number + 1
        taken.add(name.casefold())
        folders.append(out / name)
    return folders


def _stem(clip: Path) -> str:
    path = clip.absolute()
    return path.name if path.is_dir() else path.stem
