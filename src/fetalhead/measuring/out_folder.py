"""The output folder of a run: its places, and that no two runs write to it at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fetalhead.errors import FetalheadError
from fetalhead.measuring.ledger import PICTURE_FOLDERS

SCRATCH = ".fetalhead"
"""The hidden folder in every folder of results."""


@dataclass(frozen=True, slots=True)
class OutFolder:
    """Paths in an output folder."""

    path: Path

    @property
    def scratch(self) -> Path:
        """Hidden, so that no run takes it for input: the ledger, the lock and temporary files."""
        return self.path / SCRATCH

    @property
    def ledger(self) -> Path:
        return self.scratch / "ledger.jsonl"

    @property
    def measurements(self) -> Path:
        return self.path / "measurements.csv"

    @property
    def run_record(self) -> Path:
        return self.path / "run.json"

    @contextmanager
    def held(self) -> Iterator[None]:
        """The folder, made where there is none, for this process alone. Raises `FetalheadError`."""
        try:
            self.scratch.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.scratch / "lock", os.O_WRONLY | os.O_CREAT, 0o666)
        except OSError as error:
            raise FetalheadError(f"{self.path}: cannot be used as the output folder: {error.strerror}") from error
        with os.fdopen(descriptor, "w") as lock:
            if sys.platform != "win32":
                import fcntl

                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # a killed process lets go of it
                except BlockingIOError:
                    raise FetalheadError(
                        f"{self.path}: another run is writing there; wait for it, or give another --out"
                    ) from None
            for part in self.scratch.glob("*.part"):
                part.unlink(missing_ok=True)
            yield

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """`held` by a run, for which a result that cannot be written is the end: a `FetalheadError`."""
        with self.held():
            try:
                yield
            except OSError as error:
                raise FetalheadError(f"{self.path}: the run cannot go on: {error}") from error

    def wrote(self, path: Path, given: Iterable[str]) -> bool:
        """Whether `path` is a picture of an earlier run, found because this folder lies within an input folder."""
        for own in (self.path.absolute() / kind for kind in PICTURE_FOLDERS):
            if path.absolute().is_relative_to(own):
                return not any(Path(root).absolute().is_relative_to(own) for root in given)
        return False

    def check_places(self, kinds: Iterable[str]) -> None:
        """Raises `FetalheadError` where something else than a folder is in the place of these kinds of pictures."""
        for kind in kinds:
            place = self.path / kind
            if os.path.lexists(place) and not place.is_dir():
                raise FetalheadError(f"{place}: is no folder, and pictures are to lie there; move it away")

    def remove(self, pictures: Iterable[str]) -> None:
        """Delete pictures of rows that are no more, where they are there, and the folders that this empties."""
        for picture in pictures:
            path = self.path / picture
            path.unlink(missing_ok=True)
            for folder in path.parents:
                if folder == self.path or not _gone(folder):
                    break


def _gone(folder: Path) -> bool:
    """Whether the folder is no more, empty as it was; one that holds something, or is a link, stays."""
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True  # somebody removed it before
    except OSError:
        return False
    return True
