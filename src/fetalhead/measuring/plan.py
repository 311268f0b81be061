"""What a run has to do: its inputs in order, each with its place and pixel size, and the rows that still hold."""

from __future__ import annotations

import fnmatch
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from fetalhead.biometry.known_age import KnownAge, KnownAges, UnknownAge
from fetalhead.images.inputs import InputFile
from fetalhead.images.readers.content import content_digest
from fetalhead.inference.model_folder import CONFIG_NAME, ModelFolder, sha256
from fetalhead.measuring.file_measurer import FileTask
from fetalhead.measuring.given_pixel_size import GivenSize, GivenSizes
from fetalhead.measuring.ledger import PICTURE_FOLDERS, Fingerprint, FinishedFile
from fetalhead.measuring.places import Place, find_places, prefix_of
from fetalhead.reports.rows import Row
from fetalhead.reports.run_record import versions


@dataclass(slots=True)
class PlannedFile:
    """One input, and the rows that it has so far."""

    file: InputFile
    place: Place
    given: GivenSize
    age: KnownAge | UnknownAge | None
    settings: str
    """Digest of all that its numbers depend on besides its content."""
    content: str = ""
    """Digest of the file's content; empty until it is known."""
    rows: list[Row] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    complete: bool = False

    @property
    def name(self) -> str:
        return self.file.name

    @property
    def fingerprint(self) -> Fingerprint:
        return Fingerprint(self.content, self.settings)

    def task(self) -> FileTask:
        """What is left to do."""
        finished = frozenset(row.frame for row in self.rows)
        return FileTask(self.file.path, self.name, self.place, self.given, self.age, self.content, finished)

    def finished(self) -> FinishedFile:
        return FinishedFile(self.name, self.fingerprint, self.rows, self.pictures, self.complete)

    def rows_in_order(self) -> list[Row]:
        return sorted(self.rows, key=lambda row: (row.status == "error", row.frame or 0))


def plan_files(
    files: Sequence[InputFile],
    sizes: GivenSizes,
    ages: KnownAges | None,
    model: ModelFolder,
    provider: str,
    dating: str,
    clean: bool,
) -> list[PlannedFile]:
    """A plan for each input, in the same order.

    The digest holds the age that a row was made with, and not the dates behind it: those are the patient's, and a
    digest of a date is soon guessed.
    """
    config = sha256(model.path / CONFIG_NAME)
    common = [versions()["fetalhead"], Row._fields, model.model_id, config, provider, dating, clean]
    planned = []
    places = find_places([file.relative for file in files])
    for file, place, given in zip(files, places, sizes.of(files), strict=True):
        size = [given.size.x, given.size.y, given.size.source] if given.size else [given.missing, given.ruler]
        age = ages.of(file.path) if ages else None
        known = asdict(age) if age is not None else None
        settings = hashlib.sha256(json.dumps([*common, size, known]).encode()).hexdigest()
        planned.append(PlannedFile(file, place, given, age, settings))
    return planned


def take_over(
    planned: Sequence[PlannedFile], finished: Mapping[str, FinishedFile], out: Path, kinds: Sequence[str]
) -> list[str]:
    """Give each input the rows of earlier runs that still hold; gives the pictures of those that do not.

    A row holds while the input's content, the version, the model and the arguments that its numbers depend on are
    the same, and its pictures of all `kinds` are there, at the place where this run would put them.
    """
    stale = {picture for file in finished.values() for picture in file.pictures}
    for file in planned:
        earlier = finished.get(file.name)
        if earlier is None or earlier.fingerprint.settings != file.settings or file.given.refused:
            continue
        try:
            file.content = content_digest(file.file.path)
        except OSError:
            continue  # measuring it tells what is wrong
        if file.content == earlier.fingerprint.content:
            there = {picture for picture in earlier.pictures if (out / picture).is_file()}
            for row, pictures in _rows_with_pictures(earlier, file.place, there):
                if all(f"{kind}/{file.place.of(row.frame)}" in pictures for kind in kinds):
                    file.rows.append(row)
                    file.pictures += pictures
            file.complete = earlier.complete and len(file.rows) == len(earlier.rows)
            stale -= set(file.pictures)
    return sorted(stale)


def out_of_reach(
    planned: Sequence[PlannedFile], finished: Mapping[str, FinishedFile], unreached: Sequence[str]
) -> dict[str, FinishedFile]:
    """What earlier runs finished of inputs below the paths `unreached`: a share that is not there, a typing error.

    Not where a picture of theirs lies in a place that one of the `planned` has now.
    """
    places = {place for file in planned for place in (f"{file.place.single}.png", file.place.prefix)}
    return {
        name: file
        for name, file in finished.items()
        if any(
            name == path or name.startswith(path.rstrip("/") + "/") or fnmatch.fnmatchcase(name, path)
            for path in unreached
        )
        and not any({place, prefix_of(place)} & places for place in map(_place_of, file.pictures))
    }


def _place_of(picture: str) -> str:
    return picture.partition("/")[2]


def _rows_with_pictures(
    earlier: FinishedFile, place: Place, there: set[str]
) -> Iterator[tuple[Row, list[str]]]:
    for row in earlier.rows:
        pictures = [f"{kind}/{place.of(row.frame)}" for kind in PICTURE_FOLDERS]
        yield row, [picture for picture in pictures if picture in there]
