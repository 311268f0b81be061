"""COCO's run lengths: the pixels of a mask counted down its columns, outside and inside in turn, from outside.

The compressed form packs each count, as its difference from the one two before, into letters of 5 bits from '0' on
(pycocotools, `maskApi.c`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fetalhead.errors import FetalheadError
from fetalhead.images.masks import Mask


def encode(mask: Mask) -> list[int]:
    """The counts of an (H, W) mask."""
    flat = np.concatenate([[False], mask.ravel(order="F")])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    return [int(count) for count in np.diff(np.concatenate([[0], changes, [mask.size]]))]


def decode(counts: Sequence[int], shape: tuple[int, int]) -> Mask:
    """The (H, W) mask of `counts`. Raises `FetalheadError` where they do not fill the shape exactly."""
    if not all(isinstance(count, int) and count >= 0 for count in counts) or sum(counts) != shape[0] * shape[1]:
        raise FetalheadError(f"its run lengths do not fill {shape[1]} x {shape[0]} pixels")
    inside = np.arange(len(counts)) % 2 == 1
    return np.ascontiguousarray(np.repeat(inside, counts).reshape(shape, order="F"))


def unpack(text: str) -> list[int]:
    """The counts in the compressed form. Raises `FetalheadError` where it is none."""
    counts: list[int] = []
    value = shift = 0
    for letter in text:
        bits = ord(letter) - 48
        if not 0 <= bits < 64 or shift > 60:
            raise FetalheadError("its run lengths are no compressed counts")
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            if bits & 16:
                value -= 1 << shift
            counts.append(value + counts[-2] if len(counts) > 2 else value)
            value = shift = 0
    if shift:
        raise FetalheadError("its run lengths end in the middle of a count")
    return counts
