"""Which row of a CSV each picture of a run has, where rows name pictures: never one row for two pictures.

A row names a picture by its path, as typed or below its folder, or by its bare name. Letters that can be written in
two ways (é as one sign, or as e and an accent) are one letter where that leaves no doubt.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from fetalhead.images.inputs import InputFile


@dataclass(frozen=True, slots=True)
class NamedRow:
    """The name in the row of a picture; or why it has none."""

    name: str | None
    several: str = ""
    """That a row has the picture's bare name, which others have as well, and what to do."""


def named_rows(files: Sequence[InputFile], names: Collection[str]) -> list[NamedRow]:
    """The row of each picture, by the names in the rows.

    A bare name counts where one picture of the run has it; of several, for the one that lies at the top, and only
    where all others have rows by their paths.
    """
    found = _Names(names)
    bare = [file.relative.name for file in files]
    exactly, alike = Counter(bare), Counter(map(_composed, bare))
    by_path = [found.first(file.name, file.relative.as_posix()) for file in files]
    claims = [path or found.first(name) for path, name in zip(by_path, bare, strict=True)]
    claimed = Counter(claims)
    rows = []
    for file, path, name, claim in zip(files, by_path, bare, claims, strict=True):
        named_so = exactly[name] if claim == name else alike[_composed(name)]
        alone = claimed[claim] == 1 and (path is not None or named_so == 1)
        rows.append(NamedRow(claim) if claim is None or alone else NamedRow(None, _several(file)))
    return rows


class _Names:
    """The names in the rows, to look up."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        self._forms = Counter(map(_composed, names))
        self._composed = {_composed(name): name for name in names}

    def first(self, *wanted: str) -> str | None:
        """The first of these names that is there, to the letter before other ways to write it; None for none."""
        for name in wanted:
            if name in self._names:
                return name
        for form in map(_composed, wanted):
            if self._forms[form] == 1:
                return self._composed[form]
        return None


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _several(file: InputFile) -> str:
    bare = file.relative.name
    paths = [path for path in (file.relative.as_posix(), file.name) if path != bare]
    shown = f", as in {paths[0]}" if paths else ""
    return f"has a row for {bare}, but several pictures here have that name; give each a row by its path{shown}"
