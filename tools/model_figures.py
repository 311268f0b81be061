"""`python tools/model_figures.py MODEL [TITLE=]FILE...`: new figures for a bundled model, in its folder and its card.

FILE is the `metrics.json` of an evaluation of this very model (`fetalhead evaluate`; the card tells the commands). Its
network stays as it is. `python tools/readme_figures.py` comes after.
"""

from __future__ import annotations

import sys

from fetalhead.inference.model_folder import FAMILIARITY_NAME, ModelFolder
from fetalhead.training.export import ExportOptions, evaluations_of, write_figures
from fetalhead.training.model_place import configure


def main(name: str, *metrics: str) -> None:
    model = ModelFolder.load(name)
    stages = list(model.training["stages"])
    kinds = dict.fromkeys(data["kind"] for stage in stages for data in stage["data"])
    options = ExportOptions(
        name, "last.ckpt", half=True, flips=model.flips, metrics=metrics,
        calibrate="hc18" if model.calibration else None,
        familiar=tuple(kinds) if FAMILIARITY_NAME in model.files else (),
    )  # fmt: skip
    write_figures(model.path, model.model_id, stages, evaluations_of(metrics, model.model_id), options)
    configure(model.path, {})


if __name__ == "__main__":
    main(*sys.argv[1:])
