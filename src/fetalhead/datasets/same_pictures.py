"""Pictures that several sets have in common: one file, or a copy of HC18's in a folder of which nothing is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from fetalhead.datasets.case import Case
from fetalhead.datasets.kinship import Leak, Member, splits_of


class SamePictures:
    """Finds the pictures among `members` that a case is."""

    def __init__(self, members: Sequence[Member], among: Iterable[int]) -> None:
        self._files: dict[Path, list[int]] = {}
        self._hc18: dict[str, list[int]] = {}
        for index in among:
            member = members[index]
            self._files.setdefault(member.case.image_path.resolve(), []).append(index)
            if member.kind == "hc18":
                self._hc18.setdefault(member.case.image_path.stem, []).append(index)

    def of(self, kind: str, case: Case) -> list[int]:
        """The members that the case of a set of `kind` is: by its file, and of plain pictures by HC18's names, too."""
        copies = self._hc18.get(case.image_path.stem, []) if kind == "pictures" else []
        return sorted({*self._files.get(case.image_path.resolve(), []), *copies})


def pictures_in_two_splits(members: Sequence[Member]) -> list[Leak]:
    """The pictures that one set has in another split than another set."""
    known = SamePictures(members, range(len(members)))
    found: dict[tuple[int, ...], Leak] = {}
    for index, member in enumerate(members):
        same = {index, *known.of(member.kind, member.case)}
        splits = splits_of(members, same)
        if len(splits) > 1 and len({members[one].set_number for one in same}) > 1:
            leaking = tuple(sorted(one for one in same if members[one].case.split in splits))
            found.setdefault(leaking, Leak("picture", splits, leaking))
    return list(found.values())
