"""What a model folder says of its intervals; imports nothing, since folders are looked at before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a model folder says of its model's intervals."""

    factor: float
    subjects: int
    """On which it was set."""
