"""The options of a training run: the command line, the YAML file and the run's `config.yaml` are this dataclass."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any, Literal

import yaml

from fetalhead.errors import FetalheadError
from fetalhead.models.unet import STRIDE


@dataclasses.dataclass(frozen=True)
class TrainingOptions:
    """What a run is a function of, with the strategy; checked on construction (`FetalheadError`)."""

    strategy: str
    data: tuple[str, ...]
    steps: int = 4000
    batch_size: int = 8
    image_size: str = "192x288"
    seed: int = 0
    encoder: str = "tf_efficientnet_lite0"
    encoder_weights: Literal["imagenet", "none"] = "imagenet"
    decoder_channels: tuple[int, ...] = (128, 64, 32, 16)
    init: str | None = None
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    average_decay: float = 0.995
    steps_a_round: int = 200
    precision: Literal["auto", "32", "bf16"] = "auto"

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "steps_a_round"):
            if getattr(self, name) < 1:
                raise FetalheadError(f"--{name.replace('_', '-')} {getattr(self, name)}: wants at least 1")
        if not self.data:
            raise FetalheadError("no data to train on: give --data hc18=DIR")
        self.grid  # noqa: B018 - checks image_size

    @property
    def grid(self) -> tuple[int, int]:
        """(H, W) of the network's input."""
        match = re.fullmatch(r"(\d+)x(\d+)", self.image_size)
        if not match:
            raise FetalheadError(f"--image-size {self.image_size}: wants HxW, such as 192x288")
        height, width = int(match[1]), int(match[2])
        if height % STRIDE or width % STRIDE or not height or not width:
            raise FetalheadError(f"--image-size {self.image_size}: height and width must be multiples of {STRIDE}")
        return height, width

    def to_dict(self) -> dict[str, Any]:
        values = dataclasses.asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    def save(self, path: Path) -> None:
        path.write_text(yaml.safe_dump(self.to_dict(), sort_keys=False), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> TrainingOptions:
        """The options saved with a run. Raises `FetalheadError`."""
        try:
            values = yaml.safe_load(path.read_text(encoding="utf-8"))
            return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})
        except (OSError, TypeError, AttributeError, yaml.YAMLError) as error:
            raise FetalheadError(f"{path}: not the configuration of a run: {error}") from error
