"""Splits by subject: drawn once, kept as files beside this one, listed by picture.

File numbers rise with the circumference, so contiguous ranges would train on small heads and test on large ones:
subjects are drawn at random within bands of HC instead.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from importlib import resources

import numpy as np

SPLITS = ("train", "val", "test")
SHARES = (0.70, 0.15, 0.15)
UNASSIGNED = "unassigned"

HC_BANDS_MM = ((0.0, 100.0), (100.0, 260.0), (260.0, float("inf")))
"""First, second and third trimester, as HC18's authors part them, near enough."""


def band_of(hc_mm: float) -> int:
    """Index in `HC_BANDS_MM`; the second band holds both its ends."""
    if hc_mm < HC_BANDS_MM[1][0]:
        return 0
    return 1 if hc_mm <= HC_BANDS_MM[1][1] else 2


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


def read_split(name: str) -> dict[str, str]:
    """Split (train, val or test) by picture, as kept in the package for the data set `name`."""
    text = (resources.files("fetalhead.datasets") / "split_files" / f"{name}.csv").read_text(encoding="utf-8")
    return {row["filename"]: row["split"] for row in csv.DictReader(io.StringIO(text))}
