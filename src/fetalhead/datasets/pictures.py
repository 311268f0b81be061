"""A folder of pictures of which nothing is known: material to learn from without labels."""

from __future__ import annotations

from pathlib import Path, PurePath

from fetalhead.datasets.case import Case
from fetalhead.datasets.faults import tell
from fetalhead.datasets.mask_folder import subject_of_name
from fetalhead.datasets.splits import OWN_SPLIT, Splits
from fetalhead.images.inputs import find_inputs


def read_cases(root: Path, faults: list[str] | None = None) -> list[Case]:
    """The pictures in `root` and below, all to train on unless a `split.csv` says else.

    Each is its own subject, by its place below `root`, unless its name tells the patient (see `mask_folder`).
    What cannot be reached is added to `faults`, or raised where there is no such list.
    """
    inputs = find_inputs([str(root)])
    for name, reason in inputs.errors:
        tell(faults, f"{name}: {reason}")
    splits = Splits.of(root) if (root / OWN_SPLIT).is_file() else None
    names = [(str(file.relative), file.path) for file in inputs.files]
    return [
        Case(name, _subject(name), path, splits.split_of(name) if splits else "train") for name, path in names
    ]


def _subject(name: str) -> str:
    stem = PurePath(name).stem
    patient = subject_of_name(stem)
    return name if patient == stem else patient
