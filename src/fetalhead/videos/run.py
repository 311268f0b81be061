"""A run of `fetalhead video`: clip after clip, each into a folder of its own."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from fetalhead.errors import FetalheadError, reason_of
from fetalhead.images.readers.logs import tell_logs
from fetalhead.images.readers.video_file import require_av
from fetalhead.inference.predictor import Predictor
from fetalhead.videos.analysis import ClipAnalysis
from fetalhead.videos.clip import open_clip
from fetalhead.videos.clip_folders import clip_folders
from fetalhead.videos.content import content_of
from fetalhead.videos.progress import ClipProgress
from fetalhead.videos.result_folder import ResultFolder
from fetalhead.videos.search import search_clips
from fetalhead.videos.wanted import Wanted


def analyse_clips(paths: Sequence[str], out: Path, predictor: Predictor, wanted: Wanted) -> int:
    """Analyse the clips; gives the exit status: 0, 1 with faults in clips, 130 after Ctrl-C."""
    require_av()
    tell_logs()
    progress = ClipProgress("fetalhead video")
    found = search_clips(paths)
    for line in (*found.notes, *found.errors):
        progress.say(line)
    failed = bool(found.errors)
    for path, out_folder in zip(found.clips, clip_folders(found.clips, out), strict=True):
        progress.clip(path.name)
        try:
            failed |= not _analyse(path, ResultFolder(out_folder, path, found.clips), predictor, wanted, progress)
        except KeyboardInterrupt:
            progress.say(f"stopped: what is measured of {path} is kept; the same command goes on from there")
            return 130
        except FetalheadError as error:
            failed = True
            progress.say(str(error))
        except OSError as error:  # what cannot be read is an `UnreadableImage`
            failed = True
            progress.say(f"{path}: its results cannot be written to {out_folder}: {reason_of(error)}")
    return 1 if failed else 0


def _analyse(path: Path, folder: ResultFolder, predictor: Predictor, wanted: Wanted, progress: ClipProgress) -> bool:
    """Analyse one clip; gives whether nothing was wrong with it."""
    try:
        clip = open_clip(path)
    except FetalheadError:
        with suppress(FetalheadError):  # what cannot be read at all is told once
            folder.drop_outdated(content_of(path))
        raise
    content = content_of(path)
    folder.drop_outdated(content)
    analysis = ClipAnalysis(clip, folder, predictor, wanted, progress)
    if not analysis.run(content):
        progress.say(f"{path}: unchanged since an earlier run: {folder.path}")
        return True
    if clip.told:
        progress.say(f"{path}: {clip.told}")
    progress.say(f"{path}: {analysis.told()}: {folder.path}")
    return not clip.told
