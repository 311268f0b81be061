"""Near-duplicates: copies are found through what is done to them, and heads that merely lie alike are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from fetalhead.datasets import open_data
from fetalhead.datasets.likeness import thumbnail
from fetalhead.datasets.near_duplicates import BLOCK, CROWD, Pair, near_duplicates
from fetalhead.phantoms.phantom import head_phantom

HEADS = 8
RNG = np.random.default_rng(5)


@pytest.fixture(scope="module")
def heads() -> list[np.ndarray]:
    return [head_phantom(11, index).image.pixels for index in range(HEADS)]


def pairs_of(pictures: list[np.ndarray]) -> list[Pair]:
    return near_duplicates([thumbnail(picture) for picture in pictures])


def cut(picture: np.ndarray, left: float, top: float, right: float, bottom: float) -> np.ndarray:
    height, width = picture.shape
    return picture[round(top * height) : round((1 - bottom) * height), round(left * width) : round((1 - right) * width)]


def as_jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE)


def brighter(picture: np.ndarray) -> np.ndarray:
    return np.clip(picture * 1.3 + 20, 0, 255).astype(np.uint8)


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "the same": lambda picture: picture,
    "mirrored": lambda picture: np.ascontiguousarray(picture[:, ::-1]),
    "cut on all sides": lambda picture: cut(picture, 0.03, 0.08, 0.06, 0.02),
    "cut on one side": lambda picture: cut(picture, 0, 0, 0.1, 0),
    "JPEG": lambda picture: as_jpeg(picture, 20),
    "brighter": brighter,
    "another gamma": lambda picture: (255 * (picture / 255) ** 0.6).astype(np.uint8),
    "shrunk and squeezed": lambda picture: cv2.resize(picture, (220, 200), interpolation=cv2.INTER_AREA),
    "noise": lambda picture: np.clip(picture + RNG.normal(0, 15, picture.shape), 0, 255).astype(np.uint8),
    "all at once": lambda picture: as_jpeg(brighter(cut(picture, 0.05, 0.01, 0.03, 0.06)[:, ::-1]), 40),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_copy_is_found_and_nothing_else(change: str, heads: list[np.ndarray]) -> None:
    found = pairs_of([*heads, CHANGES[change](heads[3])])
    assert [(pair.first, pair.second) for pair in found] == [(3, HEADS)]
    assert found[0].mirrored == (change in ("mirrored", "all at once"))
    assert found[0].likeness.correlation > 0.9


def test_flat_pictures_are_like_nothing(heads: list[np.ndarray]) -> None:
    assert pairs_of([heads[0], np.zeros((90, 120), np.uint8), np.full((90, 120), 40, np.uint8)]) == []
    assert pairs_of([]) == [] and pairs_of(heads[:1]) == []


def test_copies_are_found_across_blocks(heads: list[np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fetalhead.datasets.near_duplicates.BLOCK", 3)
    assert BLOCK > 3
    pictures = [*heads, cut(heads[0], 0.05, 0, 0.05, 0), heads[4][:, ::-1]]
    assert {(pair.first, pair.second) for pair in pairs_of(pictures)} == {(0, HEADS), (4, HEADS + 1)}
    assert {(pair.first, pair.second) for pair in pairs_of(pictures[::-1])} == {(1, 9), (0, 5)}


def test_frames_of_a_clip_are_not_compared_all_with_all(heads: list[np.ndarray]) -> None:
    count = 80
    found = pairs_of([as_jpeg(heads[0], 90 - index // 2) for index in range(count)])
    assert {index for pair in found for index in (pair.first, pair.second)} == set(range(count))
    assert count - 1 <= len(found) < count * (count - 1) / 4
    assert len(pairs_of([heads[0]] * (CROWD - 1))) == (CROWD - 1) * (CROWD - 2) / 2


@pytest.mark.slow
def test_hc18_has_the_few_that_are_known(hc18_dir: Path) -> None:
    every = open_data(f"hc18={hc18_dir}").cases
    several = Counter(case.subject for case in every)
    cases = [case for case in every if several[case.subject] > 1]
    found = near_duplicates([thumbnail(case.pixels()) for case in cases])
    assert all(cases[pair.first].subject == cases[pair.second].subject for pair in found)
    known = {("243_3HC.png", "243_HC.png"), ("392_2HC.png", "392_3HC.png"), ("795_2HC.png", "795_HC.png")}
    names = {tuple(sorted((cases[pair.first].name, cases[pair.second].name))) for pair in found}
    assert known <= names and 14 <= len(names) <= 18
