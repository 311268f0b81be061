"""What was measured of a clip's frames, a line a frame, so that a stopped run goes on where it was.

`.fetalhead/frames.jsonl` in the clip's folder: the first line says of what (content of the clip, model, options),
each further one is a frame. Only as much as is asked for is ever in memory.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fetalhead.measuring.whole_files import append_descriptor, append_whole
from fetalhead.reports.rows import Row
from fetalhead.videos.track import Seen


@dataclass(frozen=True, slots=True)
class FrameRecord:
    """A frame that was measured."""

    row: Row
    time_s: float | None
    seen: Seen
    score: float | None
    """Of its parts; None without a head."""

    def line(self) -> bytes:
        values = [list(self.row), self.time_s, self.seen.state, self.seen.weight, self.seen.sure, self.score]
        return json.dumps(values, allow_nan=False).encode("ascii") + b"\n"

    @classmethod
    def parse(cls, line: bytes) -> FrameRecord:
        """Raises `ValueError` or `TypeError` for a line that is damaged."""
        row, time_s, state, weight, sure, score = json.loads(line)
        numbers = [weight, sure, *(value for value in (time_s, score) if value is not None), *(state or [0.0] * 5)]
        if len(numbers) < 7 or not all(isinstance(value, (int, float)) for value in numbers):
            raise ValueError("no numbers of a frame")
        record = cls(Row(*row), time_s, Seen(state, weight, sure), score)
        if not isinstance(record.row.frame, int):
            raise ValueError("no number of a frame")
        return record


class FrameLedger:
    """The file, open for appending."""

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        """Goes on with what is there, if it is about the same; else starts anew."""
        self._path = path
        head = json.dumps(about, sort_keys=True).encode("ascii") + b"\n"
        self.finished = 0
        """Frames that are there already."""
        if not self._keep_sound_lines(head):
            path.write_bytes(head)
        self._descriptor = append_descriptor(path)

    def _keep_sound_lines(self, head: bytes) -> bool:
        """Whether the file is about the same; what follows a line that is cut off, damaged, or no later frame than the
        one before, is taken away."""
        try:
            with open(self._path, "rb+") as stream:
                if stream.readline() != head:
                    return False
                end, latest = stream.tell(), -1
                for line in stream:
                    frame = _frame_of(line)
                    if frame is None or frame <= latest:
                        break
                    end, latest = end + len(line), frame
                    self.finished += 1
                stream.truncate(end)
                return True
        except FileNotFoundError:
            return False

    def keep(self, count: int) -> None:
        """Forget all but the first so many frames."""
        with open(self._path, "rb+") as stream:
            for _ in range(count + 1):
                stream.readline()
            stream.truncate(stream.tell())
        self.finished = count

    def add(self, record: FrameRecord) -> None:
        append_whole(self._descriptor, record.line())

    def records(self) -> Iterator[FrameRecord]:
        """All frames that are there, in order."""
        with open(self._path, "rb") as stream:
            next(stream)
            for line in stream:
                yield FrameRecord.parse(line)

    def close(self) -> None:
        os.close(self._descriptor)


def _frame_of(line: bytes) -> int | None:
    """The number of the frame that a line is of; None for no whole line of one."""
    if not line.endswith(b"\n"):
        return None
    try:
        return FrameRecord.parse(line).row.frame
    except (ValueError, TypeError, RecursionError):
        return None
