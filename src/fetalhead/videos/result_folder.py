"""The folder of one clip's results: of that clip alone, of one run at a time, and never a folder of the user's own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fetalhead.errors import FetalheadError, one_line
from fetalhead.measuring.ledger import PICTURE_FOLDERS
from fetalhead.measuring.out_folder import SCRATCH, OutFolder
from fetalhead.measuring.whole_files import write_whole
from fetalhead.videos.summary import BEST

SUMMARY, ROWS, OVERLAY, CHART = "clip.json", "frames.csv", "overlay.mp4", "hc.png"
BEST_NAMES = tuple(f"best_{rank + 1}.png" for rank in range(BEST))
NAMES = (SUMMARY, ROWS, OVERLAY, CHART, *BEST_NAMES)
"""All that is written into the folder, besides what is hidden."""

LEDGER, SOURCE = "frames.jsonl", "source.json"


def holds_results(folder: Path) -> bool:
    """Whether a folder is one that `fetalhead video` wrote for a clip, or began to."""
    scratch = folder / SCRATCH
    if scratch.is_dir():
        of_measure = OutFolder(folder).ledger
        return (scratch / LEDGER).exists() or not of_measure.exists()
    return {"about", "clip"} <= summary_in(folder).keys()


def within_results(path: Path, root: Path) -> bool:
    """Whether a file below `root` was written by a run whose folder of results lies below `root`, too."""
    for folder in path.parents:
        if folder == root:
            return False
        if holds_results(folder) or (folder.name in PICTURE_FOLDERS and (folder.parent / SCRATCH).is_dir()):
            return True
    return False


def summary_in(folder: Path) -> dict[str, Any]:
    """What `clip.json` says; empty where there is none, or where it is damaged."""
    return _read(folder / SUMMARY)


@dataclass(frozen=True, slots=True)
class Origin:
    """What a folder of results is of; None where nothing tells."""

    clip: Path | None
    """Its place, as far as results were begun there."""
    content: str | None
    """The digest of its content."""


def origin_of(folder: Path) -> Origin:
    """The clip that the results in a folder are of: as the latest run began them, else as `clip.json` says."""
    source, summary = _read(folder / SCRATCH / SOURCE), summary_in(folder)
    place, content = source.get("clip") or summary.get("clip"), source.get("content") or _content_in(summary)
    return Origin(Path(place) if isinstance(place, str) else None, content if isinstance(content, str) else None)


def _content_in(summary: dict[str, Any]) -> Any:
    about = summary.get("about")
    return about.get("content") if isinstance(about, dict) else None


@dataclass(frozen=True, slots=True)
class ResultFolder:
    """Where the results of `clip` go; `inputs` are all clips of the run."""

    path: Path
    clip: Path
    inputs: Sequence[Path] = ()

    @property
    def scratch(self) -> Path:
        return self.path / SCRATCH

    @property
    def ledger(self) -> Path:
        return self.scratch / LEDGER

    @contextmanager
    def held(self, content: str) -> Iterator[None]:
        """The folder, made where there is none, for this process and this clip (of this `content`) alone.

        Raises `FetalheadError`, before anything is written, where it is no folder to write to.
        """
        self._check_no_input()
        if self.path.is_dir() and not holds_results(self.path) and any(self.path.iterdir()):
            raise self._refused("is not empty and holds no results of fetalhead video")
        with OutFolder(self.path).held():
            self._check_same_clip(content)
            source = {"clip": str(self.clip.resolve()), "content": content}
            write_whole(self.scratch / SOURCE, json.dumps(source).encode("ascii"), self.scratch)
            yield

    def drop_outdated(self, content: str) -> None:
        """Delete the results of what the clip was before it changed to `content`, which may be beyond measuring."""
        known = _content_in(summary_in(self.path)) or origin_of(self.path).content
        if known not in (None, content) and any((self.path / name).exists() for name in NAMES):
            with self.held(content):
                for name in reversed(NAMES):  # the summary goes last: as long as it is there, it tells of what is left
                    (self.path / name).unlink(missing_ok=True)

    def reopen(self) -> None:
        """Delete `clip.json`, which tells that all else is there and belongs together, before a file is replaced."""
        (self.path / SUMMARY).unlink(missing_ok=True)

    def remove_best(self) -> None:
        """Delete the best frames of an earlier run."""
        for name in BEST_NAMES:
            (self.path / name).unlink(missing_ok=True)

    def _check_no_input(self) -> None:
        here = self.path.resolve()
        for path in self.inputs:
            real = path.resolve()
            if real == here:
                raise self._refused("is a folder of frames that is measured itself")
            if real.parent == here and real.name in NAMES:
                raise self._refused(f"holds {one_line(real.name)}, which is measured itself")

    def _check_same_clip(self, content: str) -> None:
        """By content, so that a clip may be moved or named in another way; else by place, so that it may change."""
        origin = origin_of(self.path)
        if origin.content == content or origin.clip is None or origin.clip.resolve() == self.clip.resolve():
            return
        raise self._refused(f"holds those of another clip, {one_line(origin.clip)}")

    def _refused(self, reason: str) -> FetalheadError:
        place = one_line(self.path)
        return FetalheadError(
            f"{one_line(self.clip)}: its results would go to {place}, which {reason}: use another --out"
        )


def _read(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}
