"""What a model's training pictures look like, kept with the model, so that it can tell pictures unlike them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fetalhead.datasets import open_data
from fetalhead.datasets.case import Case
from fetalhead.datasets.draws import LIKENESS
from fetalhead.errors import FetalheadError
from fetalhead.images.geometry import Letterbox
from fetalhead.images.texture import texture
from fetalhead.inference.familiarity import Familiarity
from fetalhead.inference.model_folder import FAMILIARITY_NAME, ModelFolder
from fetalhead.progress import progress
from fetalhead.training.augment.appearance import Appearance
from fetalhead.training.augment.overlays import drawn_over
from fetalhead.training.model_place import configure

LEAST_PICTURES = 100

SHRINKAGE = 0.02
"""Share of independent numbers in the covariance, so that it can be inverted."""


def familiarise(folder: Path, data: Sequence[str]) -> None:
    """Add to a model folder what the training pictures of the data sets `KIND=DIR` look like.

    The limit is set by their validation pictures in which a head is outlined. Raises `FetalheadError`.
    """
    found = familiarity_of(data, ModelFolder.load(folder).input_size)
    found.save(folder / FAMILIARITY_NAME)
    configure(folder, {})


def familiarity_of(data: Sequence[str], grid: tuple[int, int]) -> Familiarity:
    """Of each training picture on a grid of (H, W), as it is and once changed as training changes them."""
    cases = [case for argument in data for case in open_data(argument).cases]
    training = [case for case in cases if case.split == "train"]
    validation = [case for case in cases if case.split == "val" and case.annotation_path]
    if len(training) < LEAST_PICTURES or not validation:
        raise FetalheadError(
            f"--familiar {' '.join(data)}: {len(training)} training pictures and {len(validation)} outlined ones of "
            f"validation; at least {LEAST_PICTURES} and 1 are wanted"
        )
    looked_at = enumerate(progress(training, "familiarise"))
    known = np.array([row for number, case in looked_at for row in _both(_on_grid(case, grid), number)])
    mean, spread = known.mean(axis=0), known.std(axis=0) + 1e-6
    covariance = np.cov(((known - mean) / spread).T)
    covariance = (1 - SHRINKAGE) * covariance + SHRINKAGE * np.eye(len(mean))
    unscaled = Familiarity(mean, np.linalg.inv(covariance) / np.outer(spread, spread), 1.0)
    limit = max(unscaled.unlikeness(texture(_on_grid(case, grid))) for case in validation)
    return Familiarity(mean, unscaled.precision, limit)


def _on_grid(case: Case, grid: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """The picture alone, as large as it is on the grid."""
    pixels = case.pixels()
    letterbox = Letterbox.of(pixels, grid)
    return letterbox.inner_of(letterbox.to_grid(pixels))


def _both(pixels: npt.NDArray[np.uint8], number: int) -> list[npt.NDArray[np.float64]]:
    rng = np.random.default_rng([0, LIKENESS, number])
    changed = Appearance.draw(rng).apply(drawn_over(pixels, rng))
    return [texture(pixels), texture(np.rint(changed * 255).astype(np.uint8))]
