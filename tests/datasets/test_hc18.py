"""HC18: every published outline gives the published HC; the split parts subjects; the way through the grid is exact."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from fetalhead.datasets.hc18 import Hc18
from fetalhead.datasets.splits import Splits, band_of, draw_split
from fetalhead.errors import FetalheadError
from fetalhead.images.contour import level_points
from fetalhead.images.ellipse import fit_ellipse
from fetalhead.images.geometry import Letterbox


@pytest.fixture(scope="module")
def cases(hc18_dir: Path):
    return Hc18(hc18_dir).cases


def test_hc_of_every_outline_is_the_published_one(cases) -> None:
    sizes = [case.pixel_size for case in cases]
    found = [case.ellipse().scaled(size.x, size.y).perimeter for case, size in zip(cases, sizes, strict=True)]
    worst = max(abs(hc - case.hc_mm) for hc, case in zip(found, cases, strict=True))
    assert len(cases) == 837
    assert worst < 0.1


@pytest.mark.parametrize("grid", [(192, 288), (256, 384)])
def test_the_way_through_the_network_s_grid_costs_nothing(cases, grid: tuple[int, int]) -> None:
    """outline -> mask -> grid -> back -> ellipse -> HC, with a perfect net in between."""
    errors = []
    for case in cases[::6]:
        pixels = case.pixels()
        head = case.ellipse(pixels.shape)
        letterbox = Letterbox.fit(pixels.shape, grid)
        mask = head.transformed(letterbox.matrix).coverage(grid)
        found = fit_ellipse(letterbox.points_from_grid(level_points(mask)))
        errors.append(found.scaled(case.pixel_size.x, case.pixel_size.y).perimeter - case.hc_mm)
    assert abs(np.mean(errors)) < 0.02 and np.abs(errors).mean() < 0.05 and np.abs(errors).max() < 0.1


def test_the_split_parts_subjects_and_holds_every_band(cases) -> None:
    splits, bands = defaultdict(set), defaultdict(set)
    for case in cases:
        splits[case.subject].add(case.split)
        bands[case.split].add(band_of(case.hc_mm))
    assert all(len(found) == 1 for found in splits.values())
    assert set(bands) == {"train", "val", "test"} and all(len(found) == 3 for found in bands.values())
    counts = {split: sum(found == {split} for found in splits.values()) for split in bands}
    assert counts == {"train": 474, "val": 102, "test": 102}


def test_the_split_is_not_by_ranges_of_file_numbers(cases) -> None:
    numbers = {split: [int(case.subject) for case in cases if case.split == split] for split in ("train", "test")}
    assert min(numbers["test"]) < np.percentile(numbers["train"], 10)
    assert max(numbers["test"]) > np.percentile(numbers["train"], 90)


def test_a_split_is_a_function_of_the_seed() -> None:
    heads = {str(i): 60.0 + 3 * i for i in range(90)}
    assert draw_split(heads, 1) == draw_split(dict(reversed(heads.items())), 1) != draw_split(heads, 2)
    for band in range(3):
        members = [split for subject, split in draw_split(heads, 1).items() if band_of(heads[subject]) == band]
        assert members.count("train") == round(0.7 * len(members))


def test_a_data_set_s_own_split_comes_first(tmp_path: Path) -> None:
    (tmp_path / "split.csv").write_text("filename,split\n002_HC.png,test\n")
    assert Splits.of(tmp_path, kept="hc18").listed == {"002_HC.png": "test"}
    (tmp_path / "split.csv").write_text("filename,split\n002_HC.png,holdout\n")
    with pytest.raises(FetalheadError, match="holdout"):
        Splits.of(tmp_path, kept="hc18")


def test_a_folder_of_something_else_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(FetalheadError, match="no HC18 data here"):
        _ = Hc18(tmp_path).cases
