"""Batches as a function of seed and step, so that a run can stop anywhere and go on as if it had not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from fetalhead.datasets.samples import Sample
from fetalhead.images.geometry import Letterbox
from fetalhead.models.unet import normalise
from fetalhead.training.augment.appearance import Appearance
from fetalhead.training.augment.geometry import Geometry, warp

Batch = dict[str, Tensor]

BASE_FINENESS = 1.5
"""The samples' base grid over the network's grid: fine enough to enlarge small heads from."""


class TrainingBatches(Dataset[Batch]):
    """Item `step` is the batch of that step: drawn samples, each in a drawn geometry and appearance.

    A picture is drawn from shuffled passes over all samples, so each comes equally often. With several devices,
    `rank` of `world` gives each its own pictures of a step.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        grid: tuple[int, int],
        batch_size: int,
        seed: int,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.samples, self.grid, self.batch_size, self.seed = samples, grid, batch_size, seed
        self.rank, self.world = rank, world

    def __getitem__(self, step: int) -> Batch:
        first = (step * self.world + self.rank) * self.batch_size
        views = [self._view(first + place) for place in range(self.batch_size)]
        images, masks = (np.stack(part)[:, None] for part in zip(*views, strict=True))
        return {"image": normalise(torch.from_numpy(images)), "mask": torch.from_numpy(masks)}

    def _view(self, place: int) -> tuple[np.ndarray, np.ndarray]:
        turn, index = divmod(place, len(self.samples))
        order = np.random.default_rng([self.seed, 0, turn]).permutation(len(self.samples))
        sample = self.samples[order[index]]
        rng = np.random.default_rng([self.seed, 1, place])
        matrix = Geometry.draw(rng).matrix(_shape(sample.pixels), self.grid)
        image = Appearance.draw(rng).apply(warp(sample.pixels, matrix, self.grid))
        return image, sample.head.transformed(matrix).coverage(self.grid)


class ValidationBatches(Dataset[Batch]):
    """The samples in order, as a user's picture would come: letterboxed, unchanged."""

    def __init__(self, samples: Sequence[Sample], grid: tuple[int, int], batch_size: int) -> None:
        self.samples, self.grid, self.batch_size = samples, grid, batch_size

    def __len__(self) -> int:
        return -(-len(self.samples) // self.batch_size)

    def __getitem__(self, index: int) -> Batch:
        if index >= len(self):
            raise IndexError(index)
        chosen = self.samples[index * self.batch_size : (index + 1) * self.batch_size]
        images, masks = [], []
        for sample in chosen:
            letterbox = Letterbox.fit(_shape(sample.pixels), self.grid)
            images.append(letterbox.to_grid(sample.pixels).astype(np.float32) / 255)
            masks.append(sample.head.transformed(letterbox.matrix).coverage(self.grid))
        return {
            "image": normalise(torch.from_numpy(np.stack(images)[:, None])),
            "mask": torch.from_numpy(np.stack(masks)[:, None]),
        }


class RoundSampler(Sampler[int]):
    """The steps of one round (an epoch of lightning's), which lightning tells by `set_epoch`.

    It tells the first one too late when it resumes, so that is given here. The last round may be shorter than its
    length says; the run ends before it runs out.
    """

    def __init__(self, steps_a_round: int, steps: int, first_step: int = 0) -> None:
        self.steps_a_round, self.steps, self.round = steps_a_round, steps, first_step // steps_a_round

    def set_epoch(self, epoch: int) -> None:
        self.round = epoch

    def __iter__(self) -> Iterator[int]:
        first = self.round * self.steps_a_round
        return iter(range(first, min(first + self.steps_a_round, self.steps)))

    def __len__(self) -> int:
        return min(self.steps_a_round, self.steps)


def _shape(pixels: np.ndarray) -> tuple[int, int]:
    return pixels.shape[0], pixels.shape[1]
