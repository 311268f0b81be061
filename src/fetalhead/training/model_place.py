"""Where an exported model may lie: in a folder of its own, never in one that holds anything else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fetalhead.errors import FetalheadError, one_line
from fetalhead.inference.model_folder import (
    CONFIG_NAME,
    FAMILIARITY_NAME,
    FORMAT,
    MODEL_NAME,
    OWN_DIGEST,
    digest_of,
    sha256,
)
from fetalhead.training.checkpoint import WEIGHTS

CARD_NAME, METRICS_NAME = "MODEL_CARD.md", "metrics.json"
OWN = {CONFIG_NAME, MODEL_NAME, WEIGHTS, METRICS_NAME, CARD_NAME, FAMILIARITY_NAME}
"""What an export writes."""


def check_place(folder: Path) -> None:
    """Raises `FetalheadError` unless `folder` is absent, empty, or a model folder without anything else in it."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise FetalheadError(f"{one_line(folder)}: is a file; choose another --out")
    there = list(folder.iterdir())
    if not there:
        return
    listed = _listed(folder / CONFIG_NAME)
    if not listed:
        raise FetalheadError(f"{one_line(folder)}: is there already and is no model folder; choose another --out")
    for path in sorted(there):
        if path.name not in listed | OWN or not path.is_file():
            held = one_line(path.name)
            raise FetalheadError(f"{one_line(folder)}: holds {held} besides a model; move it, or choose another --out")


def configure(folder: Path, entries: Mapping[str, Any]) -> None:
    """Add `entries` to a model's configuration, begun where there is none, and the digests of all files beside it.

    Its own digest is that of all its entries.
    """
    path = folder / CONFIG_NAME
    config = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    files = {file.name: sha256(file) for file in sorted(folder.iterdir()) if file != path}
    whole = {**config, **entries, "files": files}
    path.write_text(json.dumps(whole | {OWN_DIGEST: digest_of(whole)}, indent=2) + "\n", encoding="utf-8")


def replace_model(folder: Path, made: Path) -> None:
    """Move the files of the model folder `made` into `folder`, in place of those of an earlier model.

    `config.json` goes first: until all are there, the folder is a model in pieces, which is refused where it is used
    and may be exported to again. Raises `FetalheadError` as `check_place` does.
    """
    check_place(folder)
    folder.mkdir(parents=True, exist_ok=True)
    new = sorted(made.iterdir(), key=lambda path: path.name != CONFIG_NAME)
    names = {path.name for path in new}
    for path in folder.iterdir():
        if path.name not in names:
            path.unlink()
    for path in new:
        path.replace(folder / path.name)


def _listed(config: Path) -> set[str]:
    """The files that the configuration of a model lists; none where it is no model's."""
    try:
        values = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return set()
    files = values.get("files") if isinstance(values, dict) and values.get("format") == FORMAT else None
    return set(files) if isinstance(files, dict) and MODEL_NAME in files else set()
