"""Data sets, and what an argument `KIND=DIR` means."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from fetalhead.catalog import DATA_KINDS
from fetalhead.datasets.case import Case, DataSet
from fetalhead.datasets.splits import OWN_SPLIT, UNASSIGNED
from fetalhead.errors import FetalheadError, one_line, warn
from fetalhead.images.annotations.places import folder_of

LISTED = ("coco", "ellipses")
"""Kinds whose place is a file that lists the pictures."""

__all__ = ["Case", "DataArgument", "DataSet", "open_data", "parse_data"]


class DataArgument(NamedTuple):
    """`KIND=DIR`, `masks:LABEL=DIR`, or a list as `KIND=FILE`, `coco:CATEGORY=FILE`."""

    kind: str
    folder: Path
    """Of the set; of one told by a list, the folder of its pictures."""
    label: str | None
    listing: Path | None
    """The file that lists the set; None where the folder is the set."""


def parse_data(argument: str) -> DataArgument:
    """Kind, folder and label in `KIND=DIR`, as given to `--data`. Raises `FetalheadError`."""
    word, equals, place = argument.partition("=")
    if not equals or not place:
        raise FetalheadError(f"{argument}: wants KIND=DIR, such as hc18=data/hc18")
    kind, colon, label = word.partition(":")
    if kind not in DATA_KINDS:
        raise FetalheadError(f"{argument}: no data set kind {kind!r}; there are {', '.join(DATA_KINDS)}")
    if colon and not (kind == "coco" and label) and not (kind == "masks" and re.fullmatch(r"\d+", label)):
        raise FetalheadError(
            f"{argument}: a label is a whole number in masks:LABEL=DIR, such as masks:2=DIR, "
            "or a category in coco:CATEGORY=FILE"
        )
    path = Path(place)
    if kind in LISTED:
        if not path.is_file():
            raise FetalheadError(f"{argument}: no file {place}")
        return DataArgument(kind, folder_of(path), label or None, path)
    if not path.is_dir():
        raise FetalheadError(f"{argument}: no folder {place}")
    return DataArgument(kind, path, label or None, None)


def open_data(argument: str, faults: list[str] | None = None) -> DataSet:
    """The data set that `KIND=DIR` names.

    What is wrong with single pictures is added to `faults`, a line each, where such a list is given; else the first
    ends the reading. Raises `FetalheadError`.
    """
    kind, folder, label, listing = parse_data(argument)
    cases = _read(kind, folder, label, listing, faults)
    if (folder / OWN_SPLIT).is_file() and cases and all(case.split == UNASSIGNED for case in cases):
        warn(
            f"{folder / OWN_SPLIT}: names none of the {len(cases)} pictures of {argument}, so all are in no split; its "
            f"column filename wants names such as {one_line(cases[0].name)}"
        )
    return DataSet(kind, folder, cases)


def _read(kind: str, folder: Path, label: str | None, listing: Path | None, faults: list[str] | None) -> list[Case]:
    from fetalhead.datasets import fetal_planes, hc18, listed, mask_folder, pictures

    if listing is not None and kind == "coco":
        return listed.read_coco_cases(listing, label, faults)
    if listing is not None:
        return listed.read_ellipse_cases(listing, faults)
    if kind == "masks":
        return mask_folder.read_cases(folder, int(label) if label else None, faults)
    read = {"hc18": hc18.read_cases, "planes": fetal_planes.read_cases, "pictures": pictures.read_cases}[kind]
    return read(folder, faults)
