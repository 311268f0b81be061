"""A folder of pictures of which nothing is known: material to learn from without labels."""

from __future__ import annotations

from pathlib import Path

from fetalhead.datasets.case import Case
from fetalhead.datasets.splits import OWN_SPLIT, Splits
from fetalhead.errors import FetalheadError
from fetalhead.images.inputs import find_inputs


def read_cases(root: Path) -> list[Case]:
    """The pictures in `root` and below, each its own subject, all to train on unless a `split.csv` says else.

    Raises `FetalheadError` for none.
    """
    inputs = find_inputs([str(root)])
    if inputs.errors:
        name, reason = inputs.errors[0]
        raise FetalheadError(f"{name}: {reason}")
    splits = Splits.of(root) if (root / OWN_SPLIT).is_file() else None
    names = [(str(file.relative), file.path) for file in inputs.files]
    return [Case(name, name, path, splits.split_of(name) if splits else "train") for name, path in names]
