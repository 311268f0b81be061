"""`fetalhead export RUN --out DIR`."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from fetalhead.cli.command import parse
from fetalhead.options import option


@dataclasses.dataclass(frozen=True)
class Options:
    """Turn a training run into a model folder. Example: fetalhead export runs/first --out models/first"""

    run: str = option("folder of the training run", positional=True)
    out: str = option("the model folder to write")
    name: str | None = option("the model's name (default: the name of --out)", default=None)
    checkpoint: Literal["best", "last"] = option("which checkpoint; both hold averaged weights", default="best")
    half: bool = option("store weights in half precision", default=False)
    flips: bool = option("predict as the mean over the picture and its mirror image", default=False)
    calibrate: str | None = option(
        "set the 90 % interval of HC on the validation subjects of a data set with mm, such as hc18=DIR", default=None
    )
    familiar: list[str] = option(
        "keep what the training pictures of a data set look like, such as hc18=DIR, so that pictures unlike them are "
        "told; may be repeated",
        default=[],
    )
    metrics: list[str] = option(
        "metrics.json of 'fetalhead evaluate' with this very model, for the card; may be repeated, and TITLE=FILE says "
        "what the data set is called there",
        default=[],
    )


def main(argv: Sequence[str]) -> int:
    options = parse(Options, argv, "fetalhead export")
    from fetalhead.training.export import ExportOptions, export

    folder = Path(options.out)
    folder_name = options.name or folder.resolve().name
    chosen = ExportOptions(
        name=folder_name,
        checkpoint=f"{options.checkpoint}.ckpt",
        half=options.half,
        flips=options.flips,
        calibrate=options.calibrate,
        familiar=tuple(options.familiar),
        metrics=tuple(options.metrics),
    )
    model = export(Path(options.run), folder, chosen)
    print(f"{folder}: {model.model_id}", file=sys.stderr)
    return 0
