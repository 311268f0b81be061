"""Pictures to learn from without labels: none that is a drawing, none that validation or a test keeps apart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from fetalhead.catalog import HEAD
from fetalhead.datasets import open_data, parse_data
from fetalhead.datasets.case import Case, DataSet
from fetalhead.datasets.hc18 import OUTLINE
from fetalhead.datasets.kinship import members_of, persons
from fetalhead.datasets.pictures import read_cases as read_pictures
from fetalhead.datasets.same_pictures import SamePictures
from fetalhead.errors import FetalheadError

KEPT_APART = ("val", "test")


def unlabelled_cases(argument: str, data: Iterable[str]) -> tuple[list[Case], str]:
    """The pictures of `--unlabelled argument`, and a line on what of it is left out; empty where nothing is.

    A data set `KIND=DIR` gives those of its training split, and where it tells planes only its heads. A folder gives
    all its pictures, and `pictures=DIR` those of its training split, but no `X_Annotation.png` beside its `X.png`, and
    no picture and no patient that is in the validation or test split of the sets `data`. Raises `FetalheadError`.
    """
    folder = Path(argument)
    if folder.is_dir():
        return _of_pictures(argument, folder, read_pictures(folder), data)
    if "=" not in argument:
        raise FetalheadError(f"--unlabelled {argument}: no such folder")
    unread = re.sub(r"^masks:\d+=", "masks=", argument)  # which value is the head's would be looked for in the masks
    cases = [case for case in open_data(unread).cases if case.split == "train" and case.plane in ("", HEAD)]
    return (cases, "") if of_a_set(argument) else _of_pictures(argument, parse_data(argument).folder, cases, data)


def of_a_set(argument: str) -> bool:
    """Whether `--unlabelled argument` names a set that tells its patients, and no plain pictures."""
    return not Path(argument).is_dir() and argument.partition("=")[0] != "pictures"


def _of_pictures(argument: str, folder: Path, found: list[Case], data: Iterable[str]) -> tuple[list[Case], str]:
    files = {(case.image_path.parent, case.image_path.stem) for case in found}
    pictures = [case for case in found if not _is_outline(case.image_path, files)]
    cases = _not_kept_apart(folder, pictures, data)
    left_out = [
        f"{count} {what}"
        for count, what in (
            (len(found) - len(pictures), f"drawn outlines (X{OUTLINE} beside X)"),
            (len(pictures) - len(cases), "pictures that --data has for val or test"),
        )
        if count
    ]
    told = f"--unlabelled {argument}: {' and '.join(left_out)} are left out" if left_out else ""
    if found and not cases:
        raise FetalheadError(f"{told}, and no picture is left; give another folder")
    return cases, told


def _is_outline(path: Path, files: set[tuple[Path, str]]) -> bool:
    """Whether it is `X_Annotation`, or a numbered part of that, and `X` lies beside it."""
    match = re.fullmatch(rf"(.+){OUTLINE}(_\d+)?", path.stem)
    return match is not None and (path.parent, match[1]) in files


def _not_kept_apart(folder: Path, pictures: list[Case], data: Iterable[str]) -> list[Case]:
    """The pictures that are none of the sets' validation and test, by file, by HC18's names, and by patient."""
    sets = [*map(open_data, data), DataSet("pictures", folder, pictures)]
    members = members_of(sets)
    of = persons(members, None)
    known = len(members) - len(pictures)
    apart = [index for index in range(known) if members[index].case.split in KEPT_APART]
    same = SamePictures(members, apart)
    patients = {of[index] for index in apart}
    return [
        case
        for case, person in zip(pictures, of[known:], strict=True)
        if person not in patients and not same.of("pictures", case)
    ]
