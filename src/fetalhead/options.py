"""Options as dataclasses: one definition is the command line, the YAML file, their check, and what a run saves."""

from __future__ import annotations

import dataclasses
import math
import re
from pathlib import Path
from typing import Any, Literal

import yaml

from fetalhead.errors import FetalheadError

RUN_CONFIG = "config.yaml"
"""The options of a training run, in its folder."""

STRIDE = 32
"""Height and width of a network's input are multiples of this."""


def option(help: str, *, default: Any = dataclasses.MISSING, positional: bool = False) -> Any:
    """A dataclass field with its help text; lists are options that may be repeated, or positionals."""
    metadata = {"help": help, "positional": positional}
    if isinstance(default, list):
        return dataclasses.field(default_factory=lambda: list(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """What a training run is a function of. Checked on construction, which raises `FetalheadError`."""

    strategy: str = option("the way to learn", default="supervised")
    data: list[str] = option("data set as KIND=DIR, such as hc18=data/hc18; may be repeated", default=[])
    steps: int = option("training steps (batches)", default=4000)
    batch_size: int = option("pictures a step (on each device)", default=8)
    image_size: str = option("network input as HxW, multiples of 32", default="192x288")
    seed: int = option("the run is a function of its options and this", default=0)
    encoder: str = option("timm name of the encoder", default="tf_efficientnet_lite0")
    encoder_weights: Literal["imagenet", "none"] = option("start of the encoder", default="imagenet")
    decoder_channels: tuple[int, int, int, int] = option("widths of the decoder", default=(128, 64, 32, 16))
    init: str | None = option("run or model folder to fine-tune; it brings its encoder and decoder", default=None)
    learning_rate: float = option("highest learning rate", default=1e-3)
    weight_decay: float = option("of AdamW", default=1e-2)
    average_decay: float = option("decay a step of the averaged weights", default=0.995)
    steps_a_round: int = option("steps between validations and checkpoints", default=200)
    precision: Literal["auto", "32", "bf16"] = option("auto: bf16 where the hardware has it", default="auto")

    def __post_init__(self) -> None:
        object.__setattr__(self, "decoder_channels", tuple(self.decoder_channels))
        for name in ("steps", "batch_size", "steps_a_round"):
            if getattr(self, name) < 1:
                raise FetalheadError(f"--{name.replace('_', '-')} {getattr(self, name)}: wants at least 1")
        if self.seed < 0:
            raise FetalheadError(f"--seed {self.seed}: wants 0 or more")
        if not 0 < self.learning_rate < math.inf:
            raise FetalheadError(f"--learning-rate {self.learning_rate}: wants a number above 0")
        if not 0 <= self.average_decay < 1:
            raise FetalheadError(f"--average-decay {self.average_decay}: wants a number from 0 to below 1")
        if not self.data:
            raise FetalheadError("no data to train on: give --data hc18=DIR")
        _grid(self.image_size)

    @property
    def grid(self) -> tuple[int, int]:
        """(H, W) of the network's input."""
        return _grid(self.image_size)

    def to_dict(self) -> dict[str, Any]:
        """The options as plain data for YAML and JSON."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(TrainingOptions)}
        return values | {"decoder_channels": list(self.decoder_channels)}

    def save(self, path: Path) -> None:
        path.write_text(yaml.safe_dump(self.to_dict(), sort_keys=False), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> TrainingOptions:
        """The options saved with a run. Raises `FetalheadError`."""
        try:
            return cls(**yaml.safe_load(path.read_text(encoding="utf-8")))
        except (OSError, TypeError, AttributeError, yaml.YAMLError) as error:
            raise FetalheadError(f"{path}: not the configuration of a run: {error}") from error


def _grid(image_size: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)x(\d+)", image_size)
    if not match:
        raise FetalheadError(f"--image-size {image_size}: wants HxW, such as 192x288")
    height, width = int(match[1]), int(match[2])
    if height % STRIDE or width % STRIDE or not height or not width:
        raise FetalheadError(f"--image-size {image_size}: height and width must be multiples of {STRIDE}")
    return height, width
