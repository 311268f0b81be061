"""`fetalhead train STRATEGY`."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from fetalhead.catalog import STRATEGIES
from fetalhead.cli.command import option, parse


@dataclasses.dataclass(frozen=True)
class Options:
    """Train a U-Net. Example: fetalhead train supervised --data hc18=data/hc18 --out runs/first"""

    out: str = option("folder of the run")
    data: list[str] = option("data set as KIND=DIR, such as hc18=data/hc18; may be repeated", default=[])
    steps: int = option("training steps (batches)", default=4000)
    batch_size: int = option("pictures a step (on each device)", default=8)
    image_size: str = option("network input as HxW, multiples of 32", default="192x288")
    seed: int = option("the run is a function of its options and this", default=0)
    encoder: str = option("timm name of the encoder", default="tf_efficientnet_lite0")
    encoder_weights: Literal["imagenet", "none"] = option("start of the encoder", default="imagenet")
    decoder_channels: tuple[int, int, int, int] = option("widths of the decoder", default=(128, 64, 32, 16))
    init: str | None = option("run or model folder to fine-tune from", default=None)
    learning_rate: float = option("highest learning rate", default=1e-3)
    weight_decay: float = option("of AdamW", default=1e-2)
    average_decay: float = option("decay a step of the averaged weights", default=0.995)
    steps_a_round: int = option("steps between validations and checkpoints", default=200)
    precision: Literal["auto", "32", "bf16"] = option("auto: bf16 where the hardware has it", default="auto")
    resume: bool = option("go on with the run in --out as if it had not stopped", default=False)


def main(argv: Sequence[str]) -> int:
    strategy = argv[0] if argv else "--help"
    if strategy in ("-h", "--help"):
        print(f"usage: fetalhead train {{{','.join(STRATEGIES)}}} --data KIND=DIR --out RUN [OPTIONS]\n")
        print("\n".join(f"  {name}: {text}" for name, text in STRATEGIES.items()))
        print("\nfetalhead train STRATEGY --help tells the options.")
        return 0 if argv else 2
    if strategy not in STRATEGIES:
        print(f"fetalhead train: no strategy {strategy!r}; there are {', '.join(STRATEGIES)}", file=sys.stderr)
        return 2
    options = parse(Options, argv[1:], f"fetalhead train {strategy}")
    from fetalhead.training.fit import fit
    from fetalhead.training.options import TrainingOptions

    values = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in vars(options).items()
        if name not in ("out", "resume")
    }
    fit(TrainingOptions(strategy=strategy, **values), Path(options.out), options.resume)
    return 0
