"""Which pictures of several data sets belong together, and what two splits share that they must not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import PurePath

from fetalhead.datasets.case import Case, DataSet
from fetalhead.datasets.mask_folder import subject_of_name
from fetalhead.datasets.near_duplicates import Pair
from fetalhead.datasets.splits import SPLITS


@dataclass(frozen=True, slots=True)
class Member:
    """A picture of one of several sets that are looked at together."""

    set_number: int
    """Which of the sets, from 0."""
    kind: str
    case: Case

    @property
    def stem(self) -> str:
        return PurePath(self.case.name).stem


@dataclass(frozen=True, slots=True)
class Leak:
    """What two splits share, so that an evaluation would meet what training has seen."""

    what: str
    """subject, near-duplicate, or picture (the same one)."""
    splits: tuple[str, ...]
    members: tuple[int, ...]


def members_of(sets: Sequence[DataSet]) -> list[Member]:
    """The pictures of the sets, set by set."""
    return [Member(number, data.kind, case) for number, data in enumerate(sets) for case in data.cases]


def persons(members: Sequence[Member], pairs: Sequence[Pair] | None) -> list[str]:
    """A name for each member's patient, equal for pictures of one patient in any of the sets.

    A name such as `Patient01234` means the same everywhere. A bare number means the same in sets of one kind, unless
    pictures that have one name in both are unlike there: then the sets count for themselves. A subject that is only
    the picture's own name says nothing of another set. Where nobody looked which pictures are alike (`pairs` None),
    such a name, too, means the same in sets of one kind.
    """
    apart = set() if pairs is None else _numbered_apart(members, pairs)
    return [_person(member, apart, looked=pairs is not None) for member in members]


def _person(member: Member, apart: set[int], looked: bool) -> str:
    subject = member.case.subject
    if subject in (member.case.name, member.stem):
        patient = subject_of_name(member.stem)
        return patient if patient != member.stem else f"{member.set_number if looked else member.kind}/{subject}"
    if subject.isdecimal():
        return f"{member.set_number if member.set_number in apart else member.kind}/{subject}"
    return subject


def _numbered_apart(members: Sequence[Member], pairs: Iterable[Pair]) -> set[int]:
    """The sets that share names of pictures with one of their kind, and none of those pictures."""
    alike = {(members[pair.first].set_number, members[pair.second].set_number) for pair in pairs
             if members[pair.first].case.name == members[pair.second].case.name}
    names: dict[int, set[str]] = {}
    kinds = {}
    for member in members:
        names.setdefault(member.set_number, set()).add(member.case.name)
        kinds[member.set_number] = member.kind
    return {
        number
        for both in combinations(sorted(names), 2)
        if kinds[both[0]] == kinds[both[1]] and names[both[0]] & names[both[1]] and both not in alike
        for number in both
    }


def leaks(members: Sequence[Member], of: Sequence[str], pairs: Iterable[Pair]) -> list[Leak]:
    """The patients (`of`: each member's, as from `persons`) and the near-duplicates that are in more than one split."""
    by_person: dict[str, list[int]] = {}
    for index, person in enumerate(of):
        by_person.setdefault(person, []).append(index)
    found = [("subject", tuple(indices)) for indices in by_person.values()]
    found += [("near-duplicate", (pair.first, pair.second)) for pair in pairs]
    return [
        Leak(what, splits, tuple(index for index in indices if members[index].case.split in splits))
        for what, indices in found
        if len(splits := splits_of(members, indices)) > 1
    ]


def splits_of(members: Sequence[Member], indices: Iterable[int]) -> tuple[str, ...]:
    """Which of `SPLITS` these members are in."""
    there = {members[index].case.split for index in indices}
    return tuple(split for split in SPLITS if split in there)


def shared(members: Sequence[Member], keys: Sequence[str]) -> dict[str, list[int]]:
    """The members of each key, such as a patient or a file's name, that is in more than one set."""
    found: dict[str, list[int]] = {}
    for index, key in enumerate(keys):
        found.setdefault(key, []).append(index)
    return {
        key: indices
        for key, indices in found.items()
        if len({members[index].set_number for index in indices}) > 1
    }
