"""Which folder the results of each clip of a run go to: the one that has them already, else one that is free."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from fetalhead.errors import FetalheadError
from fetalhead.images.natural_order import by_number
from fetalhead.measuring.out_folder import SCRATCH
from fetalhead.videos.content import content_of
from fetalhead.videos.result_folder import Origin, origin_of


def clip_folders(clips: Sequence[Path], out: Path) -> list[Path]:
    """A folder below `out` for each clip: its name without the ending, or all of it where that is not one clip's.

    A clip whose results are below `out` already, under a name that could be its own, keeps their folder: they are
    known by the clip's place, and where it was moved by its content. Others get a name that no clip of this run has.
    """
    deal = _Deal(clips, out)
    for number, clip in enumerate(clips):
        deal.keep(number, place=clip.resolve())
    for number, clip in enumerate(clips):
        if any(origin.content for _, origin in deal.held(number)):
            deal.keep(number, content=_content(clip))
    return [out / deal.name(number) for number in range(len(clips))]


class _Deal:
    """The names dealt so far."""

    def __init__(self, clips: Sequence[Path], out: Path) -> None:
        self._clips, self._stems = clips, [_stem(clip) for clip in clips]
        self._counts = Counter(stem.casefold() for stem in self._stems)
        self._names: dict[int, str] = {}
        self._taken: set[str] = set()
        self._origins = {folder.name: origin_of(folder) for folder in sorted(_folders(out), key=_by_number)}

    def held(self, number: int) -> Iterator[tuple[str, Origin]]:
        """The folders that this clip's results may be in, unless it has one, of those that no other has."""
        if number in self._names:
            return
        bases = "|".join(re.escape(name) for name in (self._stems[number], self._clips[number].name) if name)
        for name, origin in self._origins.items():
            if name.casefold() not in self._taken and re.fullmatch(rf"(?:{bases})(?:_\d+)?", name, re.IGNORECASE):
                yield name, origin

    def keep(self, number: int, place: Path | None = None, content: str | None = None) -> None:
        """Give this clip the first such folder with results of a clip at this (real) place, or of this content."""
        for name, origin in self.held(number):
            here = place is not None and origin.clip is not None and origin.clip.resolve() == place
            if here or (content is not None and origin.content == content):
                self._names[number] = name
                self._taken.add(name.casefold())
                return

    def name(self, number: int) -> str:
        """This clip's, a new one where it has none; a name that several clips of the run share is numbered on."""
        if number not in self._names:
            alone = self._counts[self._stems[number].casefold()] == 1
            name = base = self._stems[number] if alone else self._clips[number].name
            others = set() if alone else {name.casefold() for name, origin in self._origins.items() if origin.clip}
            suffix = 2
            while name.casefold() in self._taken | others:
                name, suffix = f"{base}_{suffix}", suffix + 1
            self._names[number] = name
            self._taken.add(name.casefold())
        return self._names[number]


def _folders(out: Path) -> list[Path]:
    try:
        return [folder for folder in out.iterdir() if folder.is_dir()]
    except OSError:
        return []


def _by_number(folder: Path) -> list[tuple[int, str]]:
    return by_number(folder.name)


def _content(clip: Path) -> str | None:
    with suppress(FetalheadError):  # what cannot be read is told when it is measured
        return content_of(clip)
    return None


def _stem(clip: Path) -> str:
    path = Path(os.path.abspath(clip))  # noqa: PTH100 - the folder `..` has a name, whatever links lead to it
    if path.is_dir():
        return path.name or "clip"
    return path.name if path.stem in ("", ".", "..", SCRATCH) else path.stem
