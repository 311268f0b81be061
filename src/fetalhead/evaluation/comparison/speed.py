"""`speed.json`: the seconds that a step of each arm takes, on which the steps of runs at equal time rest."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

from fetalhead.errors import FetalheadError

SPEED = "speed.json"

DAMAGED = "does not tell the seconds of each arm's steps; without --collect they are timed anew"


def known_seconds(folder: Path) -> dict[str, float]:
    """By arm; empty where none was timed. Raises `FetalheadError` for a file that tells no seconds."""
    path = folder / SPEED
    if not path.is_file():
        return {}
    try:
        seconds = {str(arm): float(value) for arm, value in json.loads(path.read_text(encoding="utf-8")).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise FetalheadError(f"{path}: {DAMAGED}") from error
    if not all(0 < value < math.inf for value in seconds.values()):
        raise FetalheadError(f"{path}: {DAMAGED}")
    return seconds


def write_seconds(seconds: Mapping[str, float], folder: Path) -> None:
    """The file appears when it is whole."""
    partial = folder / f"{SPEED}.partial"
    partial.write_text(json.dumps(seconds, indent=2) + "\n", encoding="utf-8")
    partial.replace(folder / SPEED)
