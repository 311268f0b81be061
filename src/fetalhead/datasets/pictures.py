"""A folder of pictures of which nothing is known: material to learn from without labels."""

from __future__ import annotations

from pathlib import Path

from fetalhead.datasets.case import Case
from fetalhead.errors import FetalheadError
from fetalhead.images.inputs import find_inputs


def read_cases(root: Path) -> list[Case]:
    """The pictures in `root` and below, each its own subject, all to train on. Raises `FetalheadError` for none."""
    inputs = find_inputs([str(root)])
    if inputs.errors:
        name, reason = inputs.errors[0]
        raise FetalheadError(f"{name}: {reason}")
    return [Case(str(file.relative), str(file.relative), file.path, "train") for file in inputs.files]
