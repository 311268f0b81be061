"""How unlike pictures are to a model's training pictures: `python tools/unlikeness.py standard KIND=DIR ...`.

Of each data set the test split; all of it where it has none, as `pictures=DIR` has. 1 is the most unlike
picture of HC18's validation split.
"""

from __future__ import annotations

import sys

import numpy as np

from fetalhead.biometry.quality import FOREIGN, UNLIKE
from fetalhead.datasets import open_data
from fetalhead.errors import FetalheadError
from fetalhead.images.geometry import Letterbox
from fetalhead.images.texture import texture
from fetalhead.inference.familiarity import Familiarity
from fetalhead.inference.model_folder import FAMILIARITY_NAME, ModelFolder


def main(model: str, *places: str) -> None:
    folder = ModelFolder.load(model)
    known = Familiarity.load(folder.file(FAMILIARITY_NAME))
    print(f"{'':40} pictures  median    95 %     max  above {UNLIKE:g}  above {FOREIGN:g}")
    for place in places:
        cases = open_data(place).cases
        found = []
        for case in [case for case in cases if case.split == "test"] or cases:
            try:
                pixels = case.pixels()
            except FetalheadError as error:
                print(f"left out: {error}", file=sys.stderr)
                continue
            letterbox = Letterbox.fit((pixels.shape[0], pixels.shape[1]), folder.input_size)
            found.append(known.unlikeness(texture(letterbox.inner_of(letterbox.to_grid(pixels)))))
        away = np.array(found)
        middle, most = np.quantile(away, [0.5, 0.95])
        shares = f"{(away > UNLIKE).mean():8.1%}  {(away > FOREIGN).mean():7.1%}"
        print(f"{place[-40:]:40} {len(away):8} {middle:7.2f} {most:7.2f} {away.max():7.2f}  {shares}")


if __name__ == "__main__":
    main(*sys.argv[1:])
