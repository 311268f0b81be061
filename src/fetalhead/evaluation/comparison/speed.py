"""`speed.json`: the seconds that a step of each arm takes, on which the steps of runs at equal time rest."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from fetalhead.errors import FetalheadError

SPEED = "speed.json"

DAMAGED = "does not tell the seconds of each arm's steps; without --collect they are timed anew"

Options = Mapping[str, Any]
"""Training options that a step's cost depends on, by name."""


class StepCost(NamedTuple):
    """What a step of an arm costs."""

    seconds: float
    options: Options
    """Of the runs that were timed; empty where it is not recorded."""

    def is_of(self, options: Options) -> bool:
        """Whether runs with `options` cost the same, as far as both sides name an option."""
        return all(self.options[name] == value for name, value in options.items() if name in self.options)


def known_costs(folder: Path) -> dict[str, StepCost]:
    """By arm; empty where none was timed. Raises `FetalheadError` for a file that tells no seconds."""
    path = folder / SPEED
    if not path.is_file():
        return {}
    try:
        costs = {str(arm): _cost(value) for arm, value in json.loads(path.read_text(encoding="utf-8")).items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise FetalheadError(f"{path}: {DAMAGED}") from error
    if not all(0 < cost.seconds < math.inf for cost in costs.values()):
        raise FetalheadError(f"{path}: {DAMAGED}")
    return costs


def known_seconds(folder: Path) -> dict[str, float]:
    """`known_costs`, the seconds alone."""
    return {arm: cost.seconds for arm, cost in known_costs(folder).items()}


def _cost(value: Any) -> StepCost:
    """A plain number is the seconds of options that nobody recorded."""
    if isinstance(value, dict):
        return StepCost(float(value["seconds"]), dict(value["options"]))
    return StepCost(float(value), {})


def write_costs(costs: Mapping[str, StepCost], folder: Path) -> None:
    """The file appears when it is whole."""
    values = {arm: cost._asdict() for arm, cost in costs.items()}
    partial = folder / f"{SPEED}.{os.getpid()}.partial"
    partial.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    partial.replace(folder / SPEED)
