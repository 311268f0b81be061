"""A new split of one or several data sets by subject; patients of two sets are in one split of both."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

from fetalhead.datasets.case import Case, DataSet
from fetalhead.datasets.splits import BAND_NAMES, SPLITS, band_of, draw_in_strata, write_split
from fetalhead.errors import FetalheadError, WrongUsage

BANDS = tuple(f"HC {name}" for name in BAND_NAMES)
REST = "the rest"
"""The stratum of those that are too few to be parted."""


def parse_share(name: str, text: str) -> float:
    """The share in `15%` or `0.15`, from 0 to below 1. Raises `WrongUsage` that names the option."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)(%?)", text)
    share = float(match[1]) / (100 if match[2] else 1) if match else 1.0
    if not 0 <= share < 1:
        raise WrongUsage(f"--{name} {text}: wants a share such as 15% or 0.15")
    return share


def draw(sets: Sequence[DataSet], val: float, test: float, seed: int) -> tuple[dict[str, str], dict[str, str]]:
    """Split and stratum of each subject of the sets together; the same for the same pictures, shares and seed.

    A stratum is a band of HC (the mean of a subject's pictures), or, where no HC is known, the plane that most of the
    pictures show. Strata too small for the shares are drawn as one. Raises `WrongUsage` where nothing is left to
    train on, and `FetalheadError` where a split that was asked for would have no subject.
    """
    shares = (1 - val - test, val, test)
    if shares[0] <= 0:
        raise WrongUsage(f"--val and --test take {100 * (val + test):g} %: nothing is left to train on")
    strata = _strata([case for data in sets for case in data.cases], min(share for share in shares if share))
    split = draw_in_strata(strata, shares, seed)
    for word, share in zip(SPLITS, shares, strict=True):
        if share and word not in split.values():
            raise FetalheadError(f"{len(split)} subjects are too few for {100 * share:g} % {word}; give larger shares")
    return split, strata


def write(splits: Mapping[Path, Mapping[str, str]]) -> None:
    """Write each place's split by picture: all of them, or none where one says something else than what is there.

    Raises `FetalheadError`.
    """
    fresh = {path: path.with_name(f".{path.name}.part") for path in splits}
    try:
        for path, split in splits.items():
            write_split(fresh[path], split)
        for path, part in fresh.items():
            if path.exists() and path.read_bytes() != part.read_bytes():
                raise FetalheadError(
                    f"{path}: is another split, which figures may rest on; give --out FILE, or remove it"
                )
        for path, part in fresh.items():
            part.replace(path)
    finally:
        for part in fresh.values():
            part.unlink(missing_ok=True)


def _strata(cases: Sequence[Case], least_share: float) -> dict[str, str]:
    """The stratum of each subject."""
    of_subject: dict[str, list[Case]] = {}
    for case in cases:
        of_subject.setdefault(case.subject, []).append(case)
    strata = {subject: _stratum(own) for subject, own in of_subject.items()}
    sizes = Counter(strata.values())
    return {subject: of if sizes[of] * least_share >= 1 else REST for subject, of in strata.items()}


def _stratum(cases: Sequence[Case]) -> str:
    if hc_mm := [case.hc_mm for case in cases if case.hc_mm is not None]:
        return BANDS[band_of(fmean(hc_mm))]
    planes = Counter(case.plane for case in cases)
    return max(planes, key=lambda plane: (planes[plane], plane)) or "unknown"
