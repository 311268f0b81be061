"""Annotated data sets, and what an argument `KIND=DIR` means."""

from __future__ import annotations

from pathlib import Path

from fetalhead.catalog import DATASETS
from fetalhead.errors import FetalheadError


def parse_data(argument: str) -> tuple[str, Path]:
    """Kind and folder in `KIND=DIR`, as given to `--data`. Raises `FetalheadError`."""
    kind, equals, folder = argument.partition("=")
    if not equals or not folder:
        raise FetalheadError(f"--data {argument}: wants KIND=DIR, such as hc18=data/hc18")
    if kind not in DATASETS:
        raise FetalheadError(f"--data {argument}: no data set kind {kind!r}; there are {', '.join(DATASETS)}")
    if not Path(folder).is_dir():
        raise FetalheadError(f"--data {argument}: no folder {folder}")
    return kind, Path(folder)
