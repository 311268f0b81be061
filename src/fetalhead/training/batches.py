"""Batches as a function of seed and step, so that a run can stop anywhere and go on as if it had not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from fetalhead.catalog import PLANES
from fetalhead.datasets.draws import (
    OUTLINED,
    OUTLINED_VIEWS,
    PLANE_VIEWS,
    PLANES_ONLY,
    UNLABELLED,
    UNLABELLED_VIEWS,
)
from fetalhead.datasets.samples import Sample
from fetalhead.images.geometry import Letterbox
from fetalhead.models.unet import normalise
from fetalhead.training.augment.appearance import Appearance
from fetalhead.training.augment.geometry import Geometry, warp
from fetalhead.training.augment.overlays import drawn_over
from fetalhead.training.strategy import Batch

BASE_FINENESS = 1.5
"""The samples' base grid over the network's grid: fine enough to enlarge small heads from."""

BOX_CHANCE, BOX_AREA = 0.5, (0.02, 0.4)
"""CutMix: how often a view gets a box, and the box's share of the picture (UniMatch's figures)."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Samples that a batch takes so many of."""

    samples: Sequence[Sample]
    batch_size: int

    def draw(self, seed: int, key: int, place: int) -> Sample:
        """From shuffled passes over all samples, so that each comes equally often."""
        turn, index = divmod(place, len(self.samples))
        order = np.random.default_rng([seed, key, turn]).permutation(len(self.samples))
        return self.samples[int(order[index])]


class PlaneStream(Stream):
    """Takes a picture of each plane in turn, however many there are of it: most sets have few of some."""

    def draw(self, seed: int, key: int, place: int) -> Sample:
        turn, index = divmod(place, len(self._of_planes))
        return self._of_planes[index].draw(seed, key, turn)

    @cached_property
    def _of_planes(self) -> list[Stream]:
        planes = sorted({sample.plane for sample in self.samples})
        return [Stream([sample for sample in self.samples if sample.plane == plane], 1) for plane in planes]


@dataclass(frozen=True, slots=True)
class Material:
    """What a run learns from."""

    outlined: Stream
    planes: Stream | None = None
    """Pictures with a plane label and no outline."""
    unlabelled: Stream | None = None
    plane_classes: int = 0
    """How many of `catalog.PLANES` are told apart; pictures of other planes then have no class."""


class TrainingBatches(Dataset[Batch]):
    """Item `step` is the batch of that step: drawn samples, each in a drawn geometry and appearance.

    Each stream has draws of its own, so that what is added to the labelled pictures does not change them. With several
    devices, `rank` of `world` gives each its own pictures of a step. `training.strategy` tells what a batch holds.
    """

    def __init__(
        self, material: Material, grid: tuple[int, int], seed: int, rank: int = 0, world: int = 1
    ) -> None:
        self.material, self.grid, self.seed, self.rank, self.world = material, grid, seed, rank, world

    def __getitem__(self, step: int) -> Batch:
        views = list(self._labelled(self.material.outlined, OUTLINED, OUTLINED_VIEWS, step))
        if self.material.planes is not None:
            views.extend(self._labelled(self.material.planes, PLANES_ONLY, PLANE_VIEWS, step))
        batch = labelled_batch(views, self.material.plane_classes)
        if self.material.unlabelled is not None:
            batch |= self._unlabelled(self.material.unlabelled, step)
        return batch

    def _places(self, stream: Stream, step: int) -> range:
        first = (step * self.world + self.rank) * stream.batch_size
        return range(first, first + stream.batch_size)

    def _labelled(self, stream: Stream, key: int, view_key: int, step: int) -> Iterator[View]:
        for place in self._places(stream, step):
            sample = stream.draw(self.seed, key, place)
            rng = np.random.default_rng([self.seed, view_key, place])
            matrix = Geometry.draw(rng).matrix(_shape(sample.pixels), self.grid)
            appearance = Appearance.draw(rng)
            image = appearance.apply(warp(drawn_over(sample.pixels, rng), matrix, self.grid))
            yield View(image, sample, matrix)

    def _unlabelled(self, stream: Stream, step: int) -> Batch:
        """A weak and two strong views of each picture, all in one geometry, and boxes for CutMix."""
        parts: dict[str, list[np.ndarray]] = {name: [] for name in ("weak", "strong_1", "strong_2", "box_1", "box_2")}
        samples = [stream.draw(self.seed, UNLABELLED, place) for place in self._places(stream, step)]
        for place, sample in zip(self._places(stream, step), samples, strict=True):
            rng = np.random.default_rng([self.seed, UNLABELLED_VIEWS, place])
            weak = warp(sample.pixels, Geometry.draw(rng).matrix(_shape(sample.pixels), self.grid), self.grid)
            parts["weak"].append(weak.astype(np.float32) / 255)
            for number in "12":
                parts[f"strong_{number}"].append(Appearance.draw(rng).apply(weak))
                parts[f"box_{number}"].append(_draw_box(rng, self.grid))
        tensors = {name: torch.from_numpy(np.stack(arrays)[:, None]) for name, arrays in parts.items()}
        views = {name: value if value.dtype == torch.bool else normalise(value) for name, value in tensors.items()}
        return views | {"unlabelled_plane": _classes(samples, self.material.plane_classes)}


class ValidationBatches(Dataset[Batch]):
    """The samples in order, as a user's picture would come: letterboxed, unchanged."""

    def __init__(
        self, samples: Sequence[Sample], grid: tuple[int, int], batch_size: int, plane_classes: int = 0
    ) -> None:
        self.samples, self.grid, self.batch_size, self.plane_classes = samples, grid, batch_size, plane_classes

    def __len__(self) -> int:
        return -(-len(self.samples) // self.batch_size)

    def __getitem__(self, index: int) -> Batch:
        if index >= len(self):
            raise IndexError(index)
        views = []
        for sample in self.samples[index * self.batch_size : (index + 1) * self.batch_size]:
            letterbox = Letterbox.fit(_shape(sample.pixels), self.grid)
            views.append(View(letterbox.to_grid(sample.pixels).astype(np.float32) / 255, sample, letterbox.matrix))
        return labelled_batch(views, self.plane_classes)


@dataclass(frozen=True, slots=True)
class View:
    """A picture (H, W), 0 to 1, on the network's grid, and the map from its sample's base grid to it."""

    image: np.ndarray
    sample: Sample
    matrix: np.ndarray

    def mask(self) -> np.ndarray:
        """(H, W) shares in 0..1 of each pixel that is head; zero also where it is not known."""
        if self.sample.head is None:
            return np.zeros(self.image.shape, dtype=np.float32)
        return self.sample.head.transformed(self.matrix).coverage(_shape(self.image))


def labelled_batch(views: Sequence[View], plane_classes: int) -> Batch:
    """What is known of the views' pictures, as tensors."""
    return {
        "image": normalise(torch.from_numpy(np.stack([view.image for view in views])[:, None])),
        "mask": torch.from_numpy(np.stack([view.mask() for view in views])[:, None]),
        "outlined": torch.tensor([view.sample.outlined for view in views]),
        "plane": _classes([view.sample for view in views], plane_classes),
    }


def _classes(samples: Sequence[Sample], plane_classes: int) -> Tensor:
    """(N,): the samples' planes; -1 where it is not known, or not told apart."""
    classes = {name: number for number, name in enumerate(PLANES[:plane_classes])}
    return torch.tensor([classes.get(sample.plane, -1) for sample in samples])


def _draw_box(rng: np.random.Generator, grid: tuple[int, int]) -> np.ndarray:
    """(H, W) bool: a box for CutMix, or none."""
    box = np.zeros(grid, dtype=bool)
    if rng.random() < BOX_CHANCE:
        area, aspect = rng.uniform(*BOX_AREA), math.exp(rng.uniform(-1, 1) * math.log(3))
        height = min(grid[0], round(grid[0] * math.sqrt(area * aspect)))
        width = min(grid[1], round(grid[1] * math.sqrt(area / aspect)))
        top, left = rng.integers(grid[0] - height + 1), rng.integers(grid[1] - width + 1)
        box[top : top + height, left : left + width] = True
    return box


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
