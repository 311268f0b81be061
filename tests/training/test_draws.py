"""A seed's draws are what they were when the first runs were made: a run can be made again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from fetalhead.datasets import draws
from fetalhead.datasets.samples import Sample, load_training
from fetalhead.training.batches import Material, PlaneStream, Stream, TrainingBatches


def test_every_kind_of_draw_has_a_key_of_its_own() -> None:
    keys = {name: value for name, value in vars(draws).items() if name.isupper()}
    assert len(set(keys.values())) == len(keys) == 8


@pytest.mark.parametrize(("seed", "subjects"), [(0, ["001", "002", "007"]), (10, ["002", "005", "006"])])
def test_the_labelled_subjects_of_a_seed_are_the_same_for_ever(
    tiny_hc18: Path, seed: int, subjects: list[str]
) -> None:
    known, _ = load_training([f"hc18={tiny_hc18}"], "3", seed, (48, 72))
    assert sorted(sample.subject for sample in known) == subjects


def test_the_pictures_and_views_of_a_seed_are_the_same_for_ever(tiny_hc18: Path) -> None:
    known, _ = load_training([f"hc18={tiny_hc18}"], "100%", 0, (48, 72))
    stream = Stream(known, 2)
    drawn = {
        key: "".join(stream.draw(10, key, place).subject[-1] for place in range(10))
        for key in (draws.OUTLINED, draws.PLANES_ONLY, draws.UNLABELLED)
    }
    assert drawn == {draws.OUTLINED: "1234675063", draws.PLANES_ONLY: "2605731416", draws.UNLABELLED: "4163027502"}
    batch = TrainingBatches(Material(stream, Stream(known, 2), Stream(known, 2)), (32, 48), 10)[3]
    means = {"image": (-0.541, -0.911, -0.671, -0.830), "weak": (-0.779, -0.723), "strong_1": (-0.800, -0.639)}
    for name, numbers in means.items():
        assert batch[name].mean(dim=(1, 2, 3)).tolist() == pytest.approx(numbers, abs=5e-3)
    assert batch["box_1"].sum(dim=(1, 2, 3)).tolist() == [306, 576]
    assert batch["box_2"].sum(dim=(1, 2, 3)).tolist() == [357, 207]


def test_planes_come_in_turn_and_each_of_their_pictures_equally_often() -> None:
    counts = {"head": 5, "abdomen": 2, "other": 1}
    samples = [Sample(f"{plane}{n}", "", np.zeros((1, 1), np.uint8), plane=plane)
               for plane, count in counts.items() for n in range(count)]  # fmt: skip
    drawn = [PlaneStream(samples, 4).draw(0, draws.PLANES_ONLY, place) for place in range(30)]
    assert [sample.plane for sample in drawn] == ["abdomen", "head", "other"] * 10
    assert {name: count for name, count in Counter(sample.name for sample in drawn).items() if "head" in name} == {
        f"head{n}": 2 for n in range(5)
    }
