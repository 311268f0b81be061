"""An inspection as plain data: what `inspection.json` and the CSVs hold, and what the page is made from."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fetalhead.datasets.case import Case
from fetalhead.datasets.inspection import Inspection, Look
from fetalhead.datasets.kinship import Leak, Member, shared
from fetalhead.datasets.likeness import ALIKE, FINELY_ALIKE
from fetalhead.datasets.near_duplicates import Pair
from fetalhead.errors import one_line

MOST_SIZES = 20
"""Sizes of pictures that are listed; the rarer ones are counted together."""

MOST_NAMES = 6
"""Pictures that a line of text names."""


def record(inspection: Inspection) -> dict[str, Any]:
    """All that was found, for JSON."""
    members = inspection.members
    names = [one_line(member.case.name) for member in members]
    return {
        "sound": inspection.is_sound,
        "sets": [set_record(inspection, number) for number in range(len(inspection.sets))],
        "faults": list(inspection.faults),
        "leaks": [leak_record(members, leak) for leak in inspection.leaks],
        "near_duplicates": {
            "correlation_above": ALIKE,
            "fine_correlation_above": FINELY_ALIKE,
            "pairs": [pair_record(members, pair) for pair in inspection.pairs],
        },
        "patients_in_several_sets": _shared(members, inspection.persons),
        "names_in_several_sets": _shared(members, names),
        "notes": list(inspection.notes),
    }


def set_record(inspection: Inspection, number: int) -> dict[str, Any]:
    """One set: counts, sizes, pixel sizes and circumferences."""
    both = list(inspection.of_set(number))
    cases, looks = [case for case, _ in both], [look for _, look in both]
    sizes = Counter(f"{look.shape[1]} x {look.shape[0]}" for look in looks if look.shape)
    common = dict(sizes.most_common(MOST_SIZES))
    if rare := sizes.total() - sum(common.values()):
        common["other"] = rare
    return {
        "data": one_line(inspection.arguments[number]),
        "pictures": len(cases),
        "readable": sum(look.shape is not None for look in looks),
        "subjects": len({case.subject for case in cases}),
        "most_of_a_subject": max(Counter(case.subject for case in cases).values(), default=0),
        "with_outline": sum(look.ellipse is not None for look in looks),
        "pictures_by_split": dict(Counter(case.split for case in cases)),
        "subjects_by_split": dict(Counter(split for split, _ in {(case.split, case.subject) for case in cases})),
        "pictures_by_plane": dict(Counter(_plane(case) for case in cases)),
        "subjects_by_plane": dict(Counter(plane for plane, _ in {(_plane(case), case.subject) for case in cases})),
        "sizes": common,
        "pixel_size_mm": _spread(value for look in looks if (size := look.pixel_size) for value in (size.x, size.y)),
        "pixel_size_sources": dict(Counter(look.pixel_size.source for look in looks if look.shape)),
        "hc_mm": _spread(look.hc_mm for look in looks if look.hc_mm is not None),
    }


def pair_record(members: Sequence[Member], pair: Pair) -> dict[str, Any]:
    return {
        "correlation": round(pair.likeness.correlation, 4),
        "fine_correlation": round(pair.likeness.fine_correlation, 4),
        "mirrored": pair.mirrored,
        "pictures": [picture_record(members[pair.first]), picture_record(members[pair.second])],
    }


def leak_record(members: Sequence[Member], leak: Leak) -> dict[str, Any]:
    return {
        "what": leak.what,
        "splits": list(leak.splits),
        "pictures": [picture_record(members[index]) for index in leak.members],
    }


def picture_record(member: Member) -> dict[str, Any]:
    """A picture by its set (from 1), name, subject and split; odd letters escaped, so that any JSON reader takes it."""
    case = member.case
    return {
        "set": member.set_number + 1,
        "name": one_line(case.name),
        "subject": one_line(case.subject),
        "split": case.split,
    }


def leak_line(leak: dict[str, Any]) -> str:
    """One line for a person of a leak as `leak_record` has it."""
    told = [f"{one['name']} (set {one['set']}, {one['split']})" for one in leak["pictures"]]
    more = f" and {len(told) - MOST_NAMES} more" if len(told) > MOST_NAMES else ""
    what = f"subject {leak['pictures'][0]['subject']}" if leak["what"] == "subject" else "near-duplicates"
    return f"{what} in {' and '.join(leak['splits'])}: {', '.join(told[:MOST_NAMES])}{more}"


PICTURE_COLUMNS = (
    "set", "name", "path", "subject", "split", "plane", "width", "height", "pixel_size_x_mm", "pixel_size_y_mm",
    "pixel_size_source", "has_outline", "hc_mm", "faults",
)  # fmt: skip


def picture_rows(inspection: Inspection) -> Iterator[Sequence[object]]:
    """The rows of `pictures.csv`; None is an empty field."""
    for member, look in zip(inspection.members, inspection.looks, strict=True):
        yield _picture_row(member, look)


def _picture_row(member: Member, look: Look) -> Sequence[object]:
    case, size = member.case, look.pixel_size
    height, width = look.shape or (None, None)
    return (
        member.set_number + 1, case.name, case.image_path, case.subject, case.split, case.plane, width, height,
        size.x if size else None, size.y if size else None, size.source, "yes" if look.ellipse else "no",
        None if look.hc_mm is None else round(look.hc_mm, 4), "; ".join(map(one_line, look.faults)),
    )  # fmt: skip


PAIR_COLUMNS = (
    "correlation", "fine_correlation", "mirrored", "leak", "set_1", "name_1", "subject_1", "split_1",
    "set_2", "name_2", "subject_2", "split_2",
)  # fmt: skip


def pair_rows(inspection: Inspection) -> Iterator[Sequence[object]]:
    """The rows of `near_duplicates.csv`."""
    leaking = {leak.members for leak in inspection.leaks}
    for pair in inspection.pairs:
        both = [inspection.members[pair.first], inspection.members[pair.second]]
        told = [(one.set_number + 1, one.case.name, one.case.subject, one.case.split) for one in both]
        likeness = [round(value, 4) for value in pair.likeness]
        leak = (pair.first, pair.second) in leaking
        yield (*likeness, "yes" if pair.mirrored else "no", "yes" if leak else "no", *told[0], *told[1])


def _plane(case: Case) -> str:
    return case.plane or "not told"


def _shared(members: Sequence[Member], keys: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    return {
        one_line(key): [picture_record(members[index]) for index in indices]
        for key, indices in shared(members, keys).items()
    }


def _spread(values: Iterable[float]) -> dict[str, float] | None:
    """Least, median and most; None for no values."""
    found = list(values)
    return {"least": min(found), "median": statistics.median(found), "most": max(found)} if found else None
