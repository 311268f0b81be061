"""`frames.csv`: the frames that were taken out of clips into a folder, a row each; those of earlier runs stay."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fetalhead.errors import FetalheadError

NAME = "frames.csv"
COLUMNS = ("filename", "clip", "frame", "time_s", "uncertainty")


@dataclass(frozen=True, slots=True)
class FrameFile:
    """A frame that was written."""

    filename: str
    clip: str
    """A digest of the clip's content: it tells frames of one clip, and of nobody whose."""
    frame: int
    time_s: float | None
    uncertainty: float | None

    @property
    def row(self) -> list[str]:
        time_s = "" if self.time_s is None else f"{self.time_s:.6f}"
        unsure = "" if self.uncertainty is None else f"{self.uncertainty:.4f}"
        return [self.filename, self.clip, str(self.frame), time_s, unsure]


def holds_list(folder: Path) -> bool:
    """Whether a folder holds frames that were taken out of clips, with their list."""
    try:
        with open(folder / NAME, "rb") as stream:
            return stream.readline(200).strip() == ",".join(COLUMNS).encode("ascii")
    except OSError:
        return False


class FrameList:
    """The list of one folder."""

    def __init__(self, out: Path, clips: Sequence[Path]) -> None:
        """`clips` are those that frames are to be taken of.

        Raises `FetalheadError` where the folder is one of them, or has another list of this name.
        """
        self._path = out / NAME
        if any(clip.resolve() == out.resolve() for clip in clips):
            raise FetalheadError(f"--out {out}: is a folder of frames that others are to be taken of: use another one")
        self._rows = {row[0]: row for row in self._earlier() if (out / row[0]).is_file()}

    def add(self, files: Iterable[FrameFile]) -> None:
        """Write the list with these frames as well. Raises `FetalheadError`."""
        self._rows |= {file.filename: file.row for file in files}
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([COLUMNS, *self._rows.values()])
        part = self._path.with_name(f".{NAME}.part")
        try:
            part.write_text(text.getvalue(), encoding="utf-8", newline="")
            part.replace(self._path)
        except OSError as error:
            raise FetalheadError(f"{self._path}: cannot be written: {os.strerror(error.errno or 0)}") from error

    def _earlier(self) -> list[list[str]]:
        try:
            with open(self._path, newline="", encoding="utf-8") as stream:
                rows = list(csv.reader(stream))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise FetalheadError(f"{self._path}: cannot be read: {os.strerror(error.errno or 0)}") from error
        except (csv.Error, ValueError):
            rows = []
        if rows[:1] != [list(COLUMNS)] or any(len(row) != len(COLUMNS) for row in rows):
            raise FetalheadError(f"{self._path}: is not the list of an earlier run: use another --out")
        return rows[1:]
