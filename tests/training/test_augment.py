"""Augmentation: drawn once, replayed, shared by picture and outline."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from toys import bright_head

from fetalhead.datasets.samples import Sample
from fetalhead.images.ellipse import Ellipse
from fetalhead.training.augment.appearance import Appearance
from fetalhead.training.augment.geometry import SIZE_LIMITS, Geometry, warp
from fetalhead.training.augment.overlays import drawn_over
from fetalhead.training.batches import Material, RoundSampler, Stream, TrainingBatches

HEAD = Ellipse.make(70, 50, 40, 28, 0.4)
SAMPLES = [Sample(str(i), str(i), bright_head(HEAD, (96, 144), 200), HEAD) for i in range(5)]


@pytest.mark.parametrize("seed", range(8))
def test_picture_and_outline_share_the_geometry(seed: int) -> None:
    matrix = Geometry.draw(np.random.default_rng(seed)).matrix((96, 144), (64, 96))
    picture = warp(SAMPLES[0].pixels, matrix, (64, 96)) > 100
    mask = HEAD.transformed(matrix).coverage((64, 96)) > 0.5
    assert (picture & mask).sum() / (picture | mask).sum() > 0.95


def test_sizes_reach_half_and_one_and_a_half() -> None:
    sizes = [Geometry.draw(np.random.default_rng(seed)).size for seed in range(2000)]
    assert min(sizes) == SIZE_LIMITS[0] and max(sizes) == SIZE_LIMITS[1]
    assert 0.95 < np.median(sizes) < 1.05


def test_appearance_can_be_replayed_and_differs_between_draws() -> None:
    picture = SAMPLES[0].pixels
    views = [Appearance.draw(np.random.default_rng(seed)) for seed in (1, 1, 2)]
    first, again, other = (view.apply(picture) for view in views)
    assert views[0] == views[1] and np.array_equal(first, again) and not np.array_equal(first, other)
    assert first.dtype == np.float32 and first.min() >= 0 and first.max() <= 1


def test_a_batch_is_a_function_of_seed_and_step() -> None:
    first, second = (TrainingBatches(Material(Stream(SAMPLES, 2)), (64, 96), seed=3) for _ in range(2))
    second[0]
    assert torch.equal(first[7]["image"], second[7]["image"])
    other = TrainingBatches(Material(Stream(SAMPLES, 2)), (64, 96), seed=4)
    assert not torch.equal(first[7]["image"], other[7]["image"])
    assert not torch.equal(first[7]["image"], first[8]["image"])


def test_devices_share_a_step_without_overlap() -> None:
    alone = TrainingBatches(Material(Stream(SAMPLES, 4)), (64, 96), seed=0)
    pair = [TrainingBatches(Material(Stream(SAMPLES, 2)), (64, 96), seed=0, rank=rank, world=2) for rank in (0, 1)]
    assert torch.equal(alone[3]["image"], torch.cat([part[3]["image"] for part in pair]))


def test_every_sample_comes_equally_often() -> None:
    marked = [Sample(str(i), str(i), np.full((96, 144), 10 * i, np.uint8), HEAD) for i in range(5)]
    batches = TrainingBatches(Material(Stream(marked, 5)), (64, 96), seed=0)
    orders = [np.random.default_rng([0, 0, turn]).permutation(5) for turn in range(3)]
    assert all(len(batches[step]["image"]) == 5 for step in range(3))
    assert all(sorted(order) == list(range(5)) for order in orders)


def test_rounds_cover_the_steps_once() -> None:
    sampler = RoundSampler(4, 10)
    seen = []
    for epoch in range(3):
        sampler.set_epoch(epoch)
        seen += list(sampler)
    assert seen == list(range(10))


def test_real_outlines_follow_the_picture(hc18_dir: Path) -> None:
    from fetalhead.datasets.samples import load_samples

    samples = load_samples([f"hc18={hc18_dir}"], "test", (96, 144))
    assert len(samples) == 121
    # the skull is brighter than what surrounds it: grey on the outline against grey outside it
    brighter = 0
    for sample in samples:
        y, x = np.mgrid[0:96, 0:144]
        distance = sample.head.signed_distance(x, y)
        on, outside = np.abs(distance + 1) < 1.5, (distance > 2.5) & (distance < 6)
        brighter += sample.pixels[on].mean() > sample.pixels[outside].mean()
    assert brighter > 0.8 * len(samples)


def test_now_and_then_words_and_calipers_are_drawn_and_the_picture_given_stays() -> None:
    picture = np.full((288, 432), 60, np.uint8)
    drawn = [drawn_over(picture, np.random.default_rng(seed)) for seed in range(200)]
    shares = [float((one > 100).mean()) for one in drawn]
    assert (picture == 60).all()
    assert 0.15 <= np.mean([share > 0 for share in shares]) <= 0.35
    assert max(shares) < 0.1
    assert (drawn_over(picture, np.random.default_rng(7)) == drawn[7]).all()
