"""Which rows a run has finished, and from what: so that the same run, started again, redoes only what changed.

The ledger is `.fetalhead/ledger.jsonl` in the output folder, one line a row, written after the row's pictures and
before its line in the CSV. A row counts as finished for a digest of the input's content and for one of all that its
numbers depend on (version, model, arguments). A line that a kill or a full disk cut off is no line. The line that ends
an input tells how many rows it has: where one of them is damaged, the input is looked at again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from fetalhead.measuring.whole_files import append_descriptor, append_whole, write_whole
from fetalhead.reports.rows import Row

PICTURE_FOLDERS = ("overlays", "masks", "probabilities")

COUNT = "complete_rows"
"""The key of an input's number of rows, in the line that ends it. Older ledgers told only that it had ended: the input
is read again to see that no row is missing, and rows that are there are kept."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a row was made from."""

    content: str
    """Digest of the input's content."""
    settings: str
    """Digest of the version, model and arguments."""


@dataclass(slots=True)
class FinishedFile:
    """The rows of one input that are finished."""

    name: str
    fingerprint: Fingerprint
    rows: list[Row] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    """Paths below the output folder."""
    complete: bool = False
    """Whether these are all of its rows."""

    def lines(self) -> Iterator[bytes]:
        for row in self.rows:
            yield _line(self.name, self.fingerprint, row=row)
        ended = {COUNT: len(self.rows)} if self.complete else {}
        yield _line(self.name, self.fingerprint, pictures=self.pictures, **ended)


class Ledger:
    """The file of finished rows, open for appending."""

    def __init__(self, path: Path, scratch: Path) -> None:
        self._path = path
        self._scratch = scratch
        self.finished = _read(path)
        """What earlier runs finished, by the input's name."""
        self._descriptor: int | None = None

    def restart(self, kept: Iterable[FinishedFile]) -> None:
        """Forget all but these."""
        write_whole(self._path, b"".join(line for file in kept for line in file.lines()), self._scratch)
        self._descriptor = append_descriptor(self._path)

    def add_row(self, name: str, fingerprint: Fingerprint, row: Row, pictures: tuple[str, ...]) -> None:
        self._append(_line(name, fingerprint, row=row, pictures=pictures))

    def complete(self, name: str, fingerprint: Fingerprint, rows: int) -> None:
        """Note that all rows of this input are there, so many."""
        self._append(_line(name, fingerprint, **{COUNT: rows}))

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)

    def _append(self, line: bytes) -> None:
        if self._descriptor is None:
            raise ValueError("restart the ledger before writing to it")
        append_whole(self._descriptor, line)


def _line(name: str, fingerprint: Fingerprint, **values: Any) -> bytes:
    # ASCII, so that names that are not UTF-8 are kept as escapes
    record = {"file": name, "content": fingerprint.content, "settings": fingerprint.settings, **values}
    return json.dumps(record, allow_nan=False).encode("ascii") + b"\n"


def _read(path: Path) -> dict[str, FinishedFile]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    files: dict[str, FinishedFile] = {}
    counts: dict[str, int] = {}
    for line in content.split(b"\n")[:-1]:
        try:
            values = json.loads(line)
            name, fingerprint = values["file"], Fingerprint(values["content"], values["settings"])
            file = files.get(name)
            if file is None or file.fingerprint != fingerprint:
                file = files[name] = FinishedFile(name, fingerprint)
                counts.pop(name, None)
            if "row" in values:
                file.rows.append(Row(*values["row"]))
            file.pictures += [picture for picture in values.get("pictures", []) if _is_picture(picture)]
            if COUNT in values:
                counts[name] = values[COUNT]
        except (ValueError, TypeError, KeyError):
            continue  # damaged by other hands: its row is measured again
    for name, file in files.items():
        file.complete = 0 < len(file.rows) == counts.get(name)
    return files


def _is_picture(name: str) -> bool:
    """Whether this is a place for pictures below the output folder: no other file may ever be deleted."""
    parts = PurePosixPath(name).parts
    return parts[:1] != () and parts[0] in PICTURE_FOLDERS and ".." not in parts
