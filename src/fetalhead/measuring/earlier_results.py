"""Pictures that fetalhead itself drew, found because a folder of results lies within an input folder: no inputs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from fetalhead.measuring.ledger import PICTURE_FOLDERS
from fetalhead.measuring.out_folder import OutFolder

OF_A_CLIP = re.compile(r"best_\d+\.png|hc\.png|overlay\.mp4")
"""What `fetalhead video` draws of a clip."""


def drawn_in(path: Path, given: Iterable[str]) -> Path | None:
    """The folder of results where `path` was drawn by an earlier run; None for any other file.

    Only what runs draw counts, as people have pictures of their own in such folders; and none of it where one of the
    `given` paths leads there, for then it is meant.
    """
    folder = _results_with(path.absolute())
    if folder is None or any(Path(root).absolute().is_relative_to(folder) for root in given):
        return None
    return folder


def _results_with(path: Path) -> Path | None:
    if OF_A_CLIP.fullmatch(path.name) and (OutFolder(path.parent).scratch / "frames.jsonl").is_file():
        return path.parent
    for folder in path.parents:
        if folder.name in PICTURE_FOLDERS and OutFolder(folder.parent).ledger.is_file():
            return folder
    return None
