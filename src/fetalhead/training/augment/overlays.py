"""What machines and people draw over pictures: words and calipers, so that they are no sign of anything."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fetalhead.phantoms.burned_in import draw_caliper, draw_text

CHANCE, CALIPERS_CHANCE = 0.25, 0.4
"""How often something is drawn, and how often calipers are part of it."""

MOST_WORDS = 20


def drawn_over(picture: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """The (H, W) picture, now and then with words and calipers on it; what is given stays as it is."""
    if rng.random() >= CHANCE:
        return picture
    drawn = picture.copy()
    height, width = picture.shape
    draw_text(drawn, rng, words=int(rng.integers(1, MOST_WORDS + 1)))
    if rng.random() < CALIPERS_CHANCE:
        for _ in range(int(rng.integers(1, 4))):
            ends = rng.uniform(0.1, 0.9, size=(2, 2)) * (width, height)
            draw_caliper(drawn, (ends[0, 0], ends[0, 1]), (ends[1, 0], ends[1, 1]))
    return drawn
