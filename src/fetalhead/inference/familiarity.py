"""How unlike a picture is to those that a model was trained on."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fetalhead.errors import FetalheadError
from fetalhead.images.texture import NUMBERS

LARGEST_BYTES = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Familiarity:
    """A normal distribution of the textures of training pictures, as they are and as they were changed in training."""

    mean: npt.NDArray[np.float64]
    """(K,)"""
    precision: npt.NDArray[np.float64]
    """(K, K): the inverse of the covariance."""
    limit: float
    """The largest distance of a validation picture."""

    def unlikeness(self, texture: npt.NDArray[np.float64]) -> float:
        """The Mahalanobis distance of a texture (K,), in multiples of `limit`."""
        away = texture - self.mean
        return math.sqrt(max(0.0, float(away @ self.precision @ away))) / self.limit

    @classmethod
    def load(cls, path: Path) -> Familiarity:
        """From the file in a model folder. Raises `FetalheadError` for one that holds something else."""
        try:
            if path.stat().st_size > LARGEST_BYTES:
                raise ValueError("far too large")
            values = json.loads(path.read_text(encoding="utf-8"))
            mean, precision = (np.array(values[key], dtype=np.float64) for key in ("mean", "precision"))
            limit = float(values["limit"])
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise FetalheadError(f"{path}: not what an export writes ({error}); export the model again") from error
        numbers = (*mean.ravel(), *precision.ravel(), limit)
        if (mean.shape, precision.shape) != ((NUMBERS,), (NUMBERS, NUMBERS)) or not (
            np.isfinite(numbers).all() and limit > 0
        ):
            raise FetalheadError(
                f"{path}: {NUMBERS} means, {NUMBERS} x {NUMBERS} numbers and a limit are wanted; export the model again"
            )
        return cls(mean, precision, limit)

    def save(self, path: Path) -> None:
        """Seven digits of each number, a row a line."""
        rows = ",\n    ".join(_numbers(row) for row in self.precision)
        path.write_text(
            f'{{\n  "limit": {self.limit:.7g},\n  "mean": {_numbers(self.mean)},\n'
            f'  "precision": [\n    {rows}\n  ]\n}}\n',
            encoding="utf-8",
        )


def _numbers(row: npt.NDArray[np.float64]) -> str:
    return "[" + ", ".join(f"{number:.7g}" for number in row) + "]"
