"""Splits by subject: drawn once and listed by picture, or a function of the subject.

File numbers rise with the circumference, so contiguous ranges would train on small heads and test on large ones:
subjects are drawn at random within bands of HC instead.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from statistics import fmean

import numpy as np

from fetalhead.datasets.tables import told_once
from fetalhead.errors import FetalheadError
from fetalhead.images.pixel_size import Table

SPLITS = ("train", "val", "test")
SHARES = (0.70, 0.15, 0.15)
UNASSIGNED = "unassigned"
OWN_SPLIT = "split.csv"
"""A data set's own split, in its folder; phantoms carry one."""

HC_BANDS_MM = ((0.0, 100.0), (100.0, 260.0), (260.0, float("inf")))
"""First, second and third trimester, as HC18's authors part them, near enough."""

_LOW, _HIGH = HC_BANDS_MM[1]
BAND_NAMES = (f"below {_LOW:g} mm", f"{_LOW:g} to {_HIGH:g} mm", f"above {_HIGH:g} mm")


def band_of(hc_mm: float) -> int:
    """Index in `HC_BANDS_MM`; the second band holds both its ends."""
    if hc_mm < _LOW:
        return 0
    return 1 if hc_mm <= _HIGH else 2


def split_pictures(subject_of: Mapping[str, str], hc_of: Mapping[str, float], seed: int) -> dict[str, str]:
    """Split for each picture by name, drawn by subject; `hc_of` is each picture's HC in mm."""
    by_subject: dict[str, list[float]] = {}
    for name, subject in subject_of.items():
        by_subject.setdefault(subject, []).append(hc_of[name])
    split = draw_split({subject: fmean(values) for subject, values in by_subject.items()}, seed)
    return {name: split[subject] for name, subject in subject_of.items()}


def draw_split(subject_hc: Mapping[str, float], seed: int) -> dict[str, str]:
    """Split for each subject, 70/15/15 at random within each band of HC (`subject_hc`: a subject's mean HC in mm)."""
    return draw_in_strata({subject: str(band_of(hc)) for subject, hc in subject_hc.items()}, SHARES, seed)


def draw_in_strata(stratum_of: Mapping[str, str], shares: Sequence[float], seed: int) -> dict[str, str]:
    """Split for each subject at random within each stratum; `shares` are those of `SPLITS`, and add up to 1."""
    rng = np.random.default_rng(seed)
    split = {}
    for stratum in sorted(set(stratum_of.values())):
        subjects = sorted(subject for subject, of in stratum_of.items() if of == stratum)
        order = rng.permutation(len(subjects))
        ends = np.round(np.cumsum(shares) * len(subjects)).astype(int)
        for place, index in enumerate(order):
            split[subjects[index]] = SPLITS[int(np.searchsorted(ends, place, side="right"))]
    return split


@dataclass(frozen=True, slots=True)
class Splits:
    """Which split each picture of a data set is in.

    A folder's own `split.csv` says so by picture; else the list kept in the package for the data set; else the split
    is a function of the subject alone, so that a patient who is in two sets is in one split in both.
    """

    listed: dict[str, str] | None
    """By picture; None where nothing is listed."""

    @classmethod
    def of(cls, root: Path, kept: str | None = None) -> Splits:
        """Those of the data set in `root`, whose list in the package is `kept`. Raises `FetalheadError`."""
        own = root / OWN_SPLIT
        if own.is_file():
            return cls(_read(own))
        return cls(published(kept) if kept else None)

    def split_of(self, name: str, subject: str = "") -> str:
        if self.listed is not None:
            return self.listed.get(name, UNASSIGNED)
        return hashed_split(subject)


def published(kept: str) -> dict[str, str]:
    """The split by picture that the package keeps for a published data set."""
    return _read(resources.files("fetalhead.datasets") / "split_files" / f"{kept}.csv")


def hashed_split(subject: str) -> str:
    """The split of a subject by the SHA-256 of its name: 70/15/15 on average, for ever the same."""
    place = int.from_bytes(hashlib.sha256(subject.encode("utf-8", "surrogateescape")).digest()[:8], "big") / 2**64
    return SPLITS[int(np.searchsorted(np.cumsum(SHARES), place, side="right"))]


def _read(path: Path | Traversable) -> dict[str, str]:
    """Split by picture as `write_split` wrote it. Raises `FetalheadError` for a file that is none."""
    try:
        text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
        table = Table.parse(io.StringIO(text, newline=""))
    except (OSError, csv.Error) as error:
        raise FetalheadError(f"{path}: cannot be read as a split: {error}") from error
    if not {"filename", "split"} <= table.columns:
        raise FetalheadError(f"{path}: not a split with columns filename and split")
    split = told_once(path, ((row["filename"], row["split"]) for row in table.rows), quiet=True)
    for picture, word in split.items():
        if word not in SPLITS:
            raise FetalheadError(f"{path}: no split {word!r} (of {picture!r}); there are {', '.join(SPLITS)}")
    return split


def write_split(path: Path, split: Mapping[str, str]) -> None:
    """Write a split by picture as `Splits` reads it."""
    with open(path, "w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["filename", "split"])
        writer.writerows(split.items())
