"""FETAL_PLANES_DB as published: `Images/`, and a CSV with a plane label a picture.

Burgos-Artizzu et al. 2020, Sci Rep 10:10200, doi 10.5281/zenodo.3904280, CC BY 4.0.
"""

from __future__ import annotations

import re
from pathlib import Path

from fetalhead.datasets.case import Case
from fetalhead.datasets.splits import Splits
from fetalhead.datasets.tables import told_once
from fetalhead.errors import FetalheadError
from fetalhead.images.pixel_size import read_table

CSV_NAME = "FETAL_PLANES_DB_data.csv"
PLANE_OF = {
    "fetal brain": "head",
    "fetal abdomen": "abdomen",
    "fetal femur": "femur",
    "fetal thorax": "other",
    "maternal cervix": "other",
    "other": "other",
}
"""Our plane by the published label, in lower case."""


def read_cases(root: Path, faults: list[str] | None = None) -> list[Case]:
    """The pictures in the order of the CSV; rows without a picture are left out: a part is a data set.

    The subject is the patient's number, as in the names of pictures (`Patient01234`), so that sets drawn from this
    one share it. A picture without a row is added to `faults`, where such a list is given; so is one of two unlike
    rows, or it is raised. Raises `FetalheadError` where the layout is another, or a label is unknown.
    """
    path, images = root / CSV_NAME, root / "Images"
    if not (path.is_file() and images.is_dir()):
        raise FetalheadError(f"{root}: no FETAL_PLANES_DB data here (wants Images/ and {CSV_NAME})")
    there = {file.stem: file for file in sorted(images.iterdir()) if not file.name.startswith(".")}
    table = read_table(path, delimiter=";")
    if not {"image_name", "patient_num", "plane"} <= table.columns:
        raise FetalheadError(f"{path}: no columns Image_name, Patient_num and Plane, parted by ';', as published")
    splits = Splits.of(root)
    cases = []
    if faults is not None:
        lonely = there.keys() - {row["image_name"] for row in table.rows}
        faults += (f"{there[stem]}: has no row in {CSV_NAME}" for stem in sorted(lonely))
    rows = ((row["image_name"], (patient(row["patient_num"]), row["plane"].strip())) for row in table.rows)
    for name, (subject, plane) in told_once(path, rows, faults).items():
        if plane.lower() not in PLANE_OF:
            raise FetalheadError(f"{path}: no plane {plane!r} (of {name!r})")
        if (file := there.get(name)) is not None:
            split = splits.split_of(file.name, subject)
            cases.append(Case(file.name, subject, file, split, PLANE_OF[plane.lower()]))
    if not cases:
        raise FetalheadError(f"{images}: none of the pictures named in {CSV_NAME} is there")
    return cases


def patient(number: str) -> str:
    """The subject that a patient's number stands for: `Patient00026` for 26, also as pandas may write it, `26.0`."""
    whole = re.sub(r"^(\d+)\.0*$", r"\1", number.strip())
    return f"Patient{whole:0>5}"
