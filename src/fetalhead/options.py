"""Options as dataclasses: one definition is the command line, the YAML file, their check, and what a run saves."""

from __future__ import annotations

import dataclasses
import importlib
import math
import re
from pathlib import Path
from typing import Any, Literal

import yaml

from fetalhead.catalog import DATA_KINDS, STRATEGIES, UNLABELLED_LOSSES
from fetalhead.errors import FetalheadError

RUN_CONFIG = "config.yaml"
"""The options of a training run, in its folder."""

LARGEST_SEED = 2**32 - 1
"""What numpy's and Python's generators are seeded with, all alike."""

DECODER_BLOCKS = (2, 4)
"""At least and at most."""


def option(
    help: str, *, default: Any = dataclasses.MISSING, positional: bool = False, or_number: bool = False
) -> Any:
    """A dataclass field with its help text; lists are options that may be repeated, or positionals.

    With `or_number` a YAML file may hold the text, or one of the list, as a whole number, and a list of one as it is.
    """
    metadata = {"help": help, "positional": positional, "or_number": or_number}
    if isinstance(default, list):
        return dataclasses.field(default_factory=lambda: list(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """What a training run is a function of. Checked on construction, which raises `FetalheadError`."""

    strategy: str = option("the way to learn", default="supervised")
    data: list[str] = option(f"data set as KIND=DIR ({', '.join(DATA_KINDS)}); may be repeated", default=[])
    labels: str = option(
        "share (5%) or number of the training subjects whose outlines are used", default="100%", or_number=True
    )
    steps: int = option("training steps (batches)", default=4000)
    batch_size: int = option("pictures a step (on each device)", default=8)
    image_size: str = option("network input as HxW, multiples of 32 (16 with three decoder blocks)", default="192x288")
    seed: int = option("the run is a function of its options and this", default=0)
    encoder: str = option("timm name of the encoder", default="tf_efficientnet_lite0")
    encoder_weights: Literal["imagenet", "none"] = option("start of the encoder", default="imagenet")
    decoder_channels: tuple[int, ...] = option(
        "widths of the decoder's 2 to 4 blocks; with fewer, as many of the encoder's last stages are left out",
        default=(128, 64, 32, 16),
    )
    init: str | None = option("run or model folder to fine-tune; it brings its encoder and decoder", default=None)
    learning_rate: float = option("highest learning rate", default=1e-3)
    weight_decay: float = option("of AdamW", default=1e-2)
    average_decay: float = option("decay a step of the averaged weights", default=0.995)
    steps_a_round: int = option("steps between validations and checkpoints", default=200)
    precision: Literal["auto", "32", "bf16"] = option("auto: bf16 where the hardware has it", default="auto")

    def __post_init__(self) -> None:
        object.__setattr__(self, "decoder_channels", tuple(self.decoder_channels))
        _check_counts(self, "steps", "batch_size", "steps_a_round")
        if not 0 <= self.seed <= LARGEST_SEED:
            raise FetalheadError(f"--seed {self.seed}: wants a whole number from 0 to {LARGEST_SEED}")
        if not 0 < self.learning_rate < math.inf:
            raise FetalheadError(f"--learning-rate {self.learning_rate}: wants a number above 0")
        _check_range(self, "weight_decay", 0, math.inf)
        if not 0 <= self.average_decay < 1:
            raise FetalheadError(f"--average-decay {self.average_decay}: wants a number from 0 to below 1")
        parse_labels(self.labels)
        if not self.data:
            raise FetalheadError("no data to train on: give --data hc18=DIR")
        _check_blocks(self.decoder_channels)
        _check_grid(self)
        _check_normalised(self, "batch_size")

    @property
    def grid(self) -> tuple[int, int]:
        """(H, W) of the network's input."""
        height, _, width = self.image_size.partition("x")
        return int(height), int(width)

    @property
    def planes(self) -> int:
        """Classes of the network's plane head; 0 for a network without one."""
        return 0

    def to_dict(self) -> dict[str, Any]:
        """The options as plain data for YAML and JSON."""
        return dataclasses.asdict(self) | {"decoder_channels": list(self.decoder_channels)}

    def save(self, path: Path) -> None:
        path.write_text(yaml.safe_dump(self.to_dict(), sort_keys=False), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> TrainingOptions:
        """The options saved with a run. Raises `FetalheadError`."""
        try:
            values = yaml.safe_load(path.read_text(encoding="utf-8"))
            return options_class(values["strategy"])(**values)
        except (OSError, TypeError, KeyError, AttributeError, ValueError, yaml.YAMLError) as error:
            raise FetalheadError(f"{path}: not the configuration of a run: {' '.join(str(error).split())}") from error


@dataclasses.dataclass(frozen=True, kw_only=True)
class SemiSupervisedOptions(TrainingOptions):
    """`TrainingOptions`, and what is done with pictures without outlines."""

    strategy: str = option("the way to learn", default="semi-supervised")
    unlabelled: list[str] = option(
        "pictures without outlines: a folder, or KIND=DIR for the training split of a data set; may be repeated",
        default=[],
    )
    unlabelled_loss: str = option(f"{', '.join(UNLABELLED_LOSSES)}", default="unimatch")
    teacher: str | None = option("run or model folder that the distillation term learns from", default=None)
    alpha: float = option("weight of the unlabelled loss; 0 is the supervised run", default=1.0)
    alpha_ramp: float = option("share of the steps over which alpha rises from 0", default=0.2)
    unlabelled_batch: int = option("pictures without outlines a step (on each device)", default=8)
    confidence: float = option("a pseudo-label's pixel counts from this probability on", default=0.95)
    teacher_decay: float = option("decay a step of the mean teacher's weights", default=0.99)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_counts(self, "unlabelled_batch")
        if self.unlabelled_loss not in UNLABELLED_LOSSES:
            raise FetalheadError(
                f"--unlabelled-loss {self.unlabelled_loss}: there are {', '.join(UNLABELLED_LOSSES)}"
            )
        if (self.unlabelled_loss == "distillation") != bool(self.teacher):
            raise FetalheadError("--teacher FOLDER and --unlabelled-loss distillation go together only")
        _check_range(self, "alpha", 0, math.inf)
        if self.alpha:
            _check_normalised(self, "unlabelled_batch")
        _check_range(self, "alpha_ramp", 0, 1)
        _check_range(self, "confidence", 0.5, 1)
        _check_range(self, "teacher_decay", 0, 1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class MultiTaskOptions(SemiSupervisedOptions):
    """`SemiSupervisedOptions`, and the classification of planes."""

    strategy: str = option("the way to learn", default="multitask")
    beta: float = option("weight of the classification loss; 0 for a network that tells no planes", default=0.3)
    plane_batch: int = option("pictures with a plane label and no outline a step (on each device)", default=4)
    absence_weight: float = option("weight in the labelled loss of pictures that hold no head", default=0.1)
    plane_classes: Literal[3, 4] = option("3: head, abdomen, femur; 4: and anything else", default=4)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_counts(self, "plane_batch")
        _check_range(self, "beta", 0, math.inf)
        _check_range(self, "absence_weight", 1e-6, 1)

    @property
    def planes(self) -> int:
        return self.plane_classes if self.beta else 0  # a head that nothing teaches would veto heads at random


def parse_labels(labels: str) -> tuple[float, bool]:
    """The number in `5%` or `24`, and whether it is a share in percent. Raises `FetalheadError`."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(%?)", labels)
    value, is_share = (float(match[1]), bool(match[2])) if match else (math.nan, False)
    if not (0 < value <= 100 if is_share else value >= 1 and value == int(value)):
        raise FetalheadError(f"--labels {labels}: wants a share above 0 % such as 5%, or a number of subjects from 1")
    return value, is_share


def options_class(strategy: str) -> type[TrainingOptions]:
    """The options of a strategy, by its name in the catalogue. Raises `KeyError`."""
    found: type[TrainingOptions] = named(STRATEGIES[strategy]["options"])
    return found


def named(place: str) -> Any:
    """What the catalogue names as `module:name`."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _check_counts(options: TrainingOptions, *names: str) -> None:
    for name in names:
        if getattr(options, name) < 1:
            raise FetalheadError(f"{_flag(name)} {getattr(options, name)}: wants at least 1")


def _check_range(options: TrainingOptions, name: str, low: float, high: float) -> None:
    value = getattr(options, name)
    if not (low <= value <= high and math.isfinite(value)):
        wanted = f"from {low:g} to {high:g}" if high < math.inf else f"of at least {low:g}"
        raise FetalheadError(f"{_flag(name)} {value}: wants a number {wanted}")


def _check_blocks(channels: tuple[int, ...]) -> None:
    least, most = DECODER_BLOCKS
    if not least <= len(channels) <= most or min(channels) < 1:
        raise FetalheadError(f"--decoder-channels {list(channels)}: wants {least} to {most} widths, each at least 1")


def _stride(options: TrainingOptions) -> int:
    """Of the network's coarsest features."""
    return 1 << (len(options.decoder_channels) + 1)


def _check_normalised(options: TrainingOptions, name: str) -> None:
    """Batch normalisation takes statistics of each channel: of one value there are none."""
    if options.grid == (_stride(options),) * 2 and getattr(options, name) < 2:
        raise FetalheadError(
            f"{_flag(name)} 1: batch normalisation has a single value a channel with --image-size "
            f"{options.image_size}; wants at least 2, or a larger --image-size"
        )


def _check_grid(options: TrainingOptions) -> None:
    stride = _stride(options)
    match = re.fullmatch(r"(\d+)x(\d+)", options.image_size)
    if not match:
        raise FetalheadError(f"--image-size {options.image_size}: wants HxW, such as 192x288")
    if any(not int(side) or int(side) % stride for side in match.groups()):
        raise FetalheadError(
            f"--image-size {options.image_size}: height and width must be multiples of {stride}, "
            f"with {len(options.decoder_channels)} decoder blocks"
        )
