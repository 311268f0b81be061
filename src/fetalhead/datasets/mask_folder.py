"""A mask folder: `images/`, and `masks/` or `labels/` with a file of the same stem for each picture.

Who is shown may be told by `subjects.csv` (columns name and subject, or patient), or by `sequences.csv` (columns
sequence, first and last: pictures of consecutive frames, in the order of the numbers in their names); else by names as
FETAL_PLANES_DB has them; else each picture is its own subject.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from fetalhead.datasets.case import Case
from fetalhead.datasets.faults import tell
from fetalhead.datasets.fetal_planes import patient
from fetalhead.datasets.splits import Splits
from fetalhead.datasets.tables import SEQUENCES, read_sequences, told_once
from fetalhead.errors import FetalheadError
from fetalhead.images.inputs import PICTURE_SUFFIXES
from fetalhead.images.masks import marks
from fetalhead.images.pixel_size import read_table

MASK_FOLDERS = ("masks", "labels")

DATA_FILES = (".raw", ".zraw")
"""What lies beside a MetaImage header (.mhd) of the same stem, and is read through it."""


def read_cases(root: Path, label: int | None = None, faults: list[str] | None = None) -> list[Case]:
    """The pictures that have a mask, sorted by name; `label` is the head's value in masks of several.

    A picture or a mask that lacks its fellow is added to `faults`, or raised where there is no such list. Raises
    `FetalheadError` where the layout is another.
    """
    images = root / "images"
    masks = next((root / name for name in MASK_FOLDERS if (root / name).is_dir()), None)
    if not images.is_dir() or masks is None:
        raise FetalheadError(f"{root}: no mask folder (wants images/ and masks/ or labels/)")
    pictures, drawn = _by_stem(images), _by_stem(masks)
    if not pictures:
        raise FetalheadError(f"{images}: no pictures here")
    lonely = sorted(pictures.keys() ^ drawn.keys())
    for stem in lonely:
        there, lacking = (pictures[stem], masks) if stem in pictures else (drawn[stem], images)
        tell(faults, f"{there}: has no fellow of that name in {lacking} ({len(lonely)} such)")
    splits, told = Splits.of(root), subjects(root, pictures, whole=True)
    cases = []
    for stem, file in pictures.items():
        if stem not in drawn:
            continue
        subject = told.get(stem) or subject_of_name(stem)
        split = splits.split_of(file.name, subject)
        cases.append(Case(file.name, subject, file, split, annotation_path=drawn[stem], label=label, filled=True))
    if label is not None and not _is_marked(cases, label):
        raise FetalheadError(f"{masks}: no mask holds the value {label}; which value is the head's?")
    return cases


def _is_marked(cases: Iterable[Case], label: int) -> bool:
    """Whether any mask holds the value, or none can be read, which is told where they are."""
    readable = 0
    for case in cases:
        assert case.annotation_path is not None
        try:
            if marks(case.annotation_path, label):
                return True
            readable += 1
        except FetalheadError:
            continue
    return not readable


def _by_stem(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        if file.name.startswith(".") or not file.is_file():
            continue
        if file.suffix in DATA_FILES and file.with_suffix(".mhd").is_file():
            continue
        if file.stem in found:
            raise FetalheadError(f"{file}: {found[file.stem].name} has the same stem; which of them is meant?")
        found[file.stem] = file
    return found


def subjects(root: Path, stems: Iterable[str], whole: bool = False) -> dict[str, str]:
    """Subject by picture's stem, as far as a table tells.

    `stems` are the pictures of the `whole` set, or of a list that may name a part of those in `root`. Raises
    `FetalheadError`.
    """
    if (path := root / "subjects.csv").is_file():
        table = read_table(path)
        if "name" not in table.columns or not table.columns & {"subject", "patient"}:
            raise FetalheadError(f"{path}: wants the columns name and subject (or patient)")
        if "subject" in table.columns:
            return told_once(path, ((Path(row["name"]).stem, row["subject"]) for row in table.rows), quiet=True)
        return told_once(path, ((Path(row["name"]).stem, patient(row["patient"])) for row in table.rows), quiet=True)
    if (path := root / SEQUENCES).is_file():
        sequences = read_sequences(path, stems if whole else {*stems, *_stems_below(root)})
        return told_once(path, ((stem, name) for name, within in sequences for stem in within), quiet=True)
    return {}


def _stems_below(root: Path) -> set[str]:
    """Stems of the files in `root`, and in the folders there, that are named as pictures are."""
    return {file.stem for file in root.rglob("*") if file.suffix.lower() in PICTURE_SUFFIXES}


def subject_of_name(stem: str) -> str:
    """The patient in names such as `Patient01234_Plane3_1_of_2`; else each picture is its own subject."""
    match = re.match(r"(Patient\d+)_", stem)
    return match[1] if match else stem
