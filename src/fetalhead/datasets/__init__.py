"""Data sets, and what an argument `KIND=DIR` means."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from fetalhead.catalog import DATA_KINDS
from fetalhead.datasets.case import Case, DataSet
from fetalhead.errors import FetalheadError

__all__ = ["Case", "DataArgument", "DataSet", "open_data", "parse_data"]


class DataArgument(NamedTuple):
    """`KIND=DIR`, or `masks:LABEL=DIR`."""

    kind: str
    folder: Path
    label: int | None


def parse_data(argument: str) -> DataArgument:
    """Kind, folder and label in `KIND=DIR`, as given to `--data`. Raises `FetalheadError`."""
    word, equals, folder = argument.partition("=")
    if not equals or not folder:
        raise FetalheadError(f"--data {argument}: wants KIND=DIR, such as hc18=data/hc18")
    kind, colon, label = word.partition(":")
    if kind not in DATA_KINDS:
        raise FetalheadError(f"--data {argument}: no data set kind {kind!r}; there are {', '.join(DATA_KINDS)}")
    if colon and not (kind == "masks" and re.fullmatch(r"\d+", label)):
        raise FetalheadError(f"--data {argument}: a label is a whole number in masks:LABEL=DIR, such as masks:2=DIR")
    if not Path(folder).is_dir():
        raise FetalheadError(f"--data {argument}: no folder {folder}")
    return DataArgument(kind, Path(folder), int(label) if colon else None)


def open_data(argument: str) -> DataSet:
    """The data set that `KIND=DIR` names. Raises `FetalheadError`."""
    from fetalhead.datasets import fetal_planes, hc18, mask_folder, pictures

    kind, folder, label = parse_data(argument)
    if kind == "masks":
        return DataSet(kind, folder, mask_folder.read_cases(folder, label))
    read = {"hc18": hc18.read_cases, "planes": fetal_planes.read_cases, "pictures": pictures.read_cases}[kind]
    return DataSet(kind, folder, read(folder))
