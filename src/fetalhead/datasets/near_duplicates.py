"""Near-duplicates among many pictures: copies, also mirrored or cut by up to a tenth a side, and a moment later.

Small thumbnails of every picture, as it is, less margins, and mirrored, are compared with those of all others by
matrix products, in blocks; what is alike so coarsely is laid over each other and looked at closely (`likeness`).
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fetalhead.datasets.likeness import SIDE, Likeness, Margins, Thumbnail, likeness

COARSE = 12
"""Side of the thumbnails that are all compared, pixels: so few that half a step of `CUT` does not matter."""

CUT = 0.07
"""Margin that is tried on each side, a share of the picture."""

CANDIDATE = 0.82
"""Coarse correlation from which a pair is looked at closely; one cut by up to 0.1 at random on each side has 0.86."""

BLOCK = 1024
"""Thumbnails compared at a time, so that a table of correlations stays at 4 MB."""

BATCH = 256
"""Pairs looked at closely at a time."""

CROWD = 20
"""A group of near-duplicates as large as this, such as frames of one clip, is no longer looked at pair by pair."""

VARIANTS: tuple[tuple[bool, Margins], ...] = tuple(
    (mirrored, (left, top, right, bottom))
    for mirrored in (False, True)
    for left, top, right, bottom in itertools.product((0.0, CUT), repeat=4)
)
"""Whether a picture is mirrored, and what it then lacks."""

Table = npt.NDArray[np.float32]


class Pair(NamedTuple):
    """Two pictures by their places in the sequence, first < second."""

    first: int
    second: int
    likeness: Likeness
    mirrored: bool


def near_duplicates(thumbnails: Sequence[Thumbnail]) -> list[Pair]:
    """The pairs of near-duplicates, most alike first.

    In a group of `CROWD` or more, every picture is in at least one pair, but not every two of them are.
    """
    groups = _Groups(len(thumbnails))
    candidates = _candidates(thumbnails)
    found: list[Pair] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for top in range(0, len(candidates), BATCH):
            new = [(w, p, v) for w, p, v in candidates[top : top + BATCH].tolist() if not groups.is_crowd(w, p)]
            looks = pool.map(lambda one: _look(thumbnails, *one), new)
            for (whole, part, variant), how in zip(new, looks, strict=True):
                if how.is_near_duplicate:
                    groups.join(whole, part)
                    found.append(Pair(min(whole, part), max(whole, part), how, VARIANTS[variant][0]))
    return sorted(found, key=lambda pair: (-pair.likeness.correlation, pair.first, pair.second))


def _look(thumbnails: Sequence[Thumbnail], whole: int, part: int, variant: int) -> Likeness:
    mirrored, margins = VARIANTS[variant]
    picture = thumbnails[whole]
    return likeness(np.ascontiguousarray(picture[:, ::-1]) if mirrored else picture, thumbnails[part], margins)


def _candidates(thumbnails: Sequence[Thumbnail]) -> npt.NDArray[np.int32]:
    """(N, 3) pairs to look at, each once, the most alike first: the whole, the part, and the variant of the whole."""
    found = [np.empty((0, 3), dtype=np.int32)]
    alike = [np.empty(0, dtype=np.float32)]
    blocks = [np.stack(thumbnails[top : top + BLOCK]) for top in range(0, len(thumbnails), BLOCK)]
    for (i, first), (j, second) in itertools.combinations_with_replacement(enumerate(blocks), 2):
        best, variant = _best(first, second)
        if i == j:
            best[np.tril_indices(len(best))] = -1
        rows, columns = np.nonzero(best > CANDIDATE)
        chosen = variant[rows, columns]
        turned = chosen < 0
        places = np.stack([rows + i * BLOCK, columns + j * BLOCK], axis=1)
        places[turned] = places[turned, ::-1]
        found.append(np.column_stack([places, np.where(turned, ~chosen, chosen)]).astype(np.int32))
        alike.append(best[rows, columns])
    order = np.argsort(-np.concatenate(alike), kind="stable")
    return np.asarray(np.concatenate(found)[order], dtype=np.int32)


def _best(first: Thumbnail, second: Thumbnail) -> tuple[Table, npt.NDArray[np.int8]]:
    """(n, m) best correlation over the variants of two blocks' pictures, and which: v of `first`, or ~v of `second`."""
    best = np.full((len(first), len(second)), -1, dtype=np.float32)
    variant = np.zeros(best.shape, dtype=np.int8)
    plain = [_coarse(block, *VARIANTS[0]) for block in (first, second)]
    for number, (mirrored, margins) in enumerate(VARIANTS):
        for sign, table in (
            (number, _coarse(first, mirrored, margins) @ plain[1].T),
            (~number, plain[0] @ _coarse(second, mirrored, margins).T),
        ):
            better = table > best
            best[better] = table[better]
            variant[better] = sign
    return best, variant


def _coarse(block: Thumbnail, mirrored: bool, margins: Margins) -> Table:
    """(n, 144) of n thumbnails less margins, each with mean 0 and length 1, so that gain and offset do not count."""
    left, top, right, bottom = margins
    pixels = (block[:, :, ::-1] if mirrored else block).astype(np.float32)
    small = (_averages(top, bottom) @ pixels @ _averages(left, right).T).reshape(len(block), -1)
    small -= small.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(small, axis=1, keepdims=True)
    return np.asarray(small / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def _averages(before: float, after: float) -> Table:
    """(12, 64) matrix that averages the pixels of a thumbnail's side less these shares of it."""
    edges = np.linspace(before * SIDE, (1 - after) * SIDE, COARSE + 1)
    pixels = np.arange(SIDE)
    shares = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    shares = np.maximum(shares, 0)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float32)


class _Groups:
    """Which pictures hang together through near-duplicates, and how many."""

    def __init__(self, count: int) -> None:
        self._leader = list(range(count))
        self._size = [1] * count

    def is_crowd(self, first: int, second: int) -> bool:
        leader = self._find(first)
        return self._size[leader] >= CROWD and leader == self._find(second)

    def join(self, first: int, second: int) -> None:
        one, other = self._find(first), self._find(second)
        if one != other:
            self._leader[other] = one
            self._size[one] += self._size[other]

    def _find(self, index: int) -> int:
        while self._leader[index] != index:
            self._leader[index] = self._leader[self._leader[index]]
            index = self._leader[index]
        return index
