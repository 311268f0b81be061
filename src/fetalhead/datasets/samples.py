"""What training draws from: pictures with what is known of them, small enough to keep in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fetalhead.datasets import parse_data
from fetalhead.datasets.hc18 import Hc18
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.geometry import Letterbox


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One picture, letterboxed to a base grid a little finer than the network's, with its head's outline."""

    name: str
    subject: str
    pixels: npt.NDArray[np.uint8]
    """(H, W) grey values on the base grid."""
    head: Ellipse
    """In pixels of the base grid."""


def load_samples(data: Iterable[str], split: str, base: tuple[int, int]) -> list[Sample]:
    """The samples of one split of the data sets `KIND=DIR`, on a base grid of (H, W). Raises `FetalheadError`."""
    samples: list[Sample] = []
    for argument in data:
        _, folder = parse_data(argument)
        samples.extend(_hc18_samples(folder, split, base))
    return samples


def _hc18_samples(folder: Path, split: str, base: tuple[int, int]) -> Iterable[Sample]:
    for case in Hc18(folder).cases:
        if case.split == split:
            pixels = case.pixels()
            shape = (pixels.shape[0], pixels.shape[1])
            letterbox = Letterbox.fit(shape, base)
            yield Sample(
                case.name,
                case.subject,
                letterbox.to_grid(pixels).astype(np.uint8),
                case.ellipse(shape).transformed(letterbox.matrix),
            )
