"""Splits by subject: drawn once, kept as files beside this one, listed by picture.

File numbers rise with the circumference, so contiguous ranges would train on small heads and test on large ones:
subjects are drawn at random within bands of HC instead.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from statistics import fmean

import numpy as np

from fetalhead.errors import FetalheadError
from fetalhead.images.pixel_size import Table

SPLITS = ("train", "val", "test")
SHARES = (0.70, 0.15, 0.15)
UNASSIGNED = "unassigned"
OWN_SPLIT = "split.csv"
"""A data set's own split, in its folder; phantoms carry one."""

HC_BANDS_MM = ((0.0, 100.0), (100.0, 260.0), (260.0, float("inf")))
"""First, second and third trimester, as HC18's authors part them, near enough."""


def band_of(hc_mm: float) -> int:
    """Index in `HC_BANDS_MM`; the second band holds both its ends."""
    if hc_mm < HC_BANDS_MM[1][0]:
        return 0
    return 1 if hc_mm <= HC_BANDS_MM[1][1] else 2


def split_pictures(subject_of: Mapping[str, str], hc_of: Mapping[str, float], seed: int) -> dict[str, str]:
    """Split for each picture by name, drawn by subject; `hc_of` is each picture's HC in mm."""
    by_subject: dict[str, list[float]] = {}
    for name, subject in subject_of.items():
        by_subject.setdefault(subject, []).append(hc_of[name])
    split = draw_split({subject: fmean(values) for subject, values in by_subject.items()}, seed)
    return {name: split[subject] for name, subject in subject_of.items()}


def draw_split(subject_hc: Mapping[str, float], seed: int) -> dict[str, str]:
    """Split for each subject, 70/15/15 at random within each band of HC (`subject_hc`: a subject's mean HC in mm)."""
    rng = np.random.default_rng(seed)
    split = {}
    for band in range(len(HC_BANDS_MM)):
        subjects = sorted(subject for subject, hc in subject_hc.items() if band_of(hc) == band)
        order = rng.permutation(len(subjects))
        ends = np.round(np.cumsum(SHARES) * len(subjects)).astype(int)
        for place, index in enumerate(order):
            split[subjects[index]] = SPLITS[int(np.searchsorted(ends, place, side="right"))]
    return split


def read_split(name: str, root: Path) -> dict[str, str]:
    """Split (train, val or test) by picture: of `root`'s own `split.csv` where it has one, else as kept in the package.

    Raises `FetalheadError` for a `split.csv` that is none.
    """
    own = root / OWN_SPLIT
    kept = resources.files("fetalhead.datasets") / "split_files" / f"{name}.csv"
    try:
        text = (own if own.is_file() else kept).read_bytes().decode("utf-8-sig", "surrogateescape")
        table = Table.parse(io.StringIO(text, newline=""))
    except (OSError, csv.Error) as error:
        raise FetalheadError(f"{own}: cannot be read as a split: {error}") from error
    if not {"filename", "split"} <= table.columns:
        raise FetalheadError(f"{own}: not a split with columns filename and split")
    split = {row["filename"]: row["split"] for row in table.rows}
    for picture, word in split.items():
        if word not in SPLITS:
            raise FetalheadError(f"{own}: no split {word!r} (of {picture!r}); there are {', '.join(SPLITS)}")
    return split


def write_split(path: Path, split: Mapping[str, str]) -> None:
    """Write a split by picture as `read_split` reads it."""
    with open(path, "w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["filename", "split"])
        writer.writerows(split.items())
