"""What a run learns from, is validated on and is tested on must be of other patients: checked before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fetalhead.datasets import DataSet, open_data, parse_data
from fetalhead.datasets.kinship import Leak, Member, leaks, members_of, persons
from fetalhead.datasets.unlabelled import unlabelled_cases
from fetalhead.errors import FetalheadError
from fetalhead.images.readers.faults import one_line

MOST_TOLD = 3
"""Patients that the error names."""


def refuse_shared_patients(data: Sequence[str], unlabelled: Sequence[str] = ()) -> None:
    """Raises `FetalheadError` where a patient is in more than one split of the sets `KIND=DIR` together.

    Of the sets that are learnt from `unlabelled`, only what is learnt from counts; folders among them are left out,
    since they give no picture of such a patient. Patients are the same as `kinship.persons` tells by names alone. What
    only the pictures tell, `fetalhead data inspect` finds.
    """
    sets = [open_data(argument) for argument in data]
    more = {argument: unlabelled_cases(argument, data)[0] for argument in unlabelled if not Path(argument).is_dir()}
    sets += [DataSet(*parse_data(argument)[:2], cases) for argument, cases in more.items()]
    arguments = [*data, *more]
    members = members_of(sets)
    found = leaks(members, persons(members, ()), ())
    if found:
        told = "; ".join(_told(leak, members, arguments) for leak in found[:MOST_TOLD])
        others = f" and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
        raise FetalheadError(
            f"patients in more than one split: {told}{others}; correct the split.csv, or draw one of all sets together "
            "with 'fetalhead data split'"
        )


def _told(leak: Leak, members: Sequence[Member], arguments: Sequence[str]) -> str:
    """The patient, and in which split of which set."""
    there = dict.fromkeys((members[index].case.split, members[index].set_number) for index in leak.members)
    places = " and ".join(f"{split} of {one_line(arguments[number])}" for split, number in there)
    return f"{one_line(members[leak.members[0]].case.subject)} in {places}"
