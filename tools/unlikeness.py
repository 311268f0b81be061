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
from fetalhead.inference.predictor import Predictor


def main(model: str, *places: str) -> None:
    predictor = Predictor(model)
    print(f"{'':40} pictures  median    95 %     max  above {UNLIKE:g}  above {FOREIGN:g}")
    for place in places:
        cases = open_data(place).cases
        found = []
        for case in [case for case in cases if case.split == "test"] or cases:
            try:
                found.append(predictor.predict(case.pixels()).unlikeness)
            except FetalheadError as error:
                print(f"left out: {error}", file=sys.stderr)
        away = np.array(found, dtype=float)
        middle, most = np.quantile(away, [0.5, 0.95])
        shares = f"{(away > UNLIKE).mean():8.1%}  {(away > FOREIGN).mean():7.1%}"
        print(f"{place[-40:]:40} {len(away):8} {middle:7.2f} {most:7.2f} {away.max():7.2f}  {shares}")


if __name__ == "__main__":
    main(*sys.argv[1:])
