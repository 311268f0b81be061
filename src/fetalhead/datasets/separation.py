"""What a run learns from, is validated on and is tested on must be of other patients: checked before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fetalhead.datasets import DataSet, open_data, parse_data
from fetalhead.datasets.kinship import Leak, Member, leaks, members_of, persons
from fetalhead.datasets.same_pictures import SamePictures, pictures_in_two_splits
from fetalhead.datasets.unlabelled import of_a_set, unlabelled_cases
from fetalhead.errors import FetalheadError, one_line

MOST_TOLD = 3
"""Patients that the error names."""


def refuse_shared_patients(data: Sequence[str], unlabelled: Sequence[str] = ()) -> None:
    """Raises `FetalheadError` where a patient, or a picture, is in more than one split of the sets `KIND=DIR` together.

    Of the sets that are learnt from `unlabelled`, only what is learnt from counts; folders of pictures among them are
    left out, since they give no picture of such a patient. Patients are the same as `kinship.persons` tells by names
    alone. What only the pictures tell, `fetalhead data inspect` finds.
    """
    sets = [open_data(argument) for argument in data]
    more = {argument: unlabelled_cases(argument, data)[0] for argument in unlabelled if of_a_set(argument)}
    sets += [DataSet(*parse_data(argument)[:2], cases) for argument, cases in more.items()]
    arguments = [*data, *more]
    members = members_of(sets)
    if found := leaks(members, persons(members, None), ()):
        raise FetalheadError(
            f"patients in more than one split: {_told(found, members, arguments)}; correct the split.csv, or draw one "
            "of all sets together with 'fetalhead data split'"
        )
    if found := pictures_in_two_splits(members):
        raise FetalheadError(
            f"pictures in more than one split: {_told(found, members, arguments)}; leave one of these sets out"
        )


def refuse_scored_patients(
    data: Sequence[str], unlabelled: Sequence[str], scored: Sequence[tuple[str, str]]
) -> None:
    """Raises `FetalheadError` where `scored` sets, each with the split to score, have patients who are learnt from.

    Learnt from are the training splits of the sets `data`, and what `unlabelled` gives. Patients and pictures are the
    same as in `refuse_shared_patients`; `scored` splits are train, val, test or all.
    """
    learnt = [_of_split(argument, "train") for argument in data]
    for argument in unlabelled:
        kind = parse_data(argument).kind if of_a_set(argument) else "pictures"
        learnt.append(DataSet(kind, Path(argument), unlabelled_cases(argument, data)[0]))
    known = sum(len(one.cases) for one in learnt)
    for argument, split in scored:
        members = members_of([*learnt, _of_split(argument, split)])
        of, same = persons(members, None), SamePictures(members, range(known))
        patients = set(of[:known])
        seen = [
            member.case
            for member, person in zip(members[known:], of[known:], strict=True)
            if person in patients or same.of(member.kind, member.case)
        ]
        if seen:
            names = ", ".join(one_line(case.name) for case in seen[:MOST_TOLD])
            raise FetalheadError(
                f"{argument}: {len(seen)} pictures of its split {split} are of patients who are learnt from, such as "
                f"{names}; score another split, or draw one of all sets together with 'fetalhead data split'"
            )


def _of_split(argument: str, split: str) -> DataSet:
    one = open_data(argument)
    return DataSet(one.kind, one.root, [case for case in one.cases if split in ("all", case.split)])


def _told(found: Sequence[Leak], members: Sequence[Member], arguments: Sequence[str]) -> str:
    """The first few patients or pictures, each with the splits of the sets that it is in."""
    told = "; ".join(_told_of(leak, members, arguments) for leak in found[:MOST_TOLD])
    return told + (f" and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else "")


def _told_of(leak: Leak, members: Sequence[Member], arguments: Sequence[str]) -> str:
    case = members[leak.members[0]].case
    there = dict.fromkeys((members[index].case.split, members[index].set_number) for index in leak.members)
    places = " and ".join(f"{split} of {one_line(arguments[number])}" for split, number in there)
    return f"{one_line(case.name if leak.what == 'picture' else case.subject)} in {places}"
