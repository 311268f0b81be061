"""Networks from a run's checkpoint or from a model folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from fetalhead.errors import FetalheadError
from fetalhead.inference.model_folder import ModelFolder
from fetalhead.models.unet import Architecture, UNet
from fetalhead.options import TrainingOptions
from fetalhead.training.run_folder import BEST, CONFIG, stages_of

NETWORK = "network."
"""How the learner's state names the network's tensors."""

WEIGHTS = "weights.safetensors"

TO_RESUME = {"epoch", "loops", "optimizer_states", "lr_schedulers", "callbacks", "pytorch-lightning_version"}
"""What lightning asks of a checkpoint besides weights and step."""


def network_of_run(run: Path, checkpoint: str = BEST) -> tuple[UNet, TrainingOptions]:
    """The network with a checkpoint's averaged weights, and the run's options. Raises `FetalheadError`."""
    if not (run / checkpoint).is_file():
        raise FetalheadError(f"{run}: no training run with {checkpoint} here")
    options = TrainingOptions.load(run / CONFIG)
    state = _load(run / checkpoint)["state_dict"]
    network = UNet(architecture_of(options))
    _fill(
        network,
        {name.removeprefix(NETWORK): value for name, value in state.items() if name.startswith(NETWORK)},
        run / checkpoint,
    )
    return network, options


def architecture_of(options: TrainingOptions) -> Architecture:
    """The network that a run with such options trains."""
    return Architecture(options.encoder, options.decoder_channels, options.planes)


def steps_done(checkpoint: Path) -> int:
    """The steps behind a run's checkpoint. Raises `FetalheadError`."""
    return int(_load(checkpoint)["global_step"])


def steps_to_resume_from(checkpoint: Path, state: Mapping[str, torch.Tensor]) -> int:
    """The steps behind a checkpoint that a run whose learner has such a state can go on from.

    Raises `FetalheadError` where the checkpoint holds less than that takes, or is of another network.
    """
    content = _load(checkpoint)
    if lacking := sorted(TO_RESUME - content.keys()):
        raise FetalheadError(f"{checkpoint}: nothing to go on from, since it holds no {lacking[0]}; start anew")
    shapes = {name: tuple(getattr(value, "shape", ())) for name, value in content["state_dict"].items()}
    if shapes != {name: tuple(value.shape) for name, value in state.items()}:
        raise FetalheadError(f"{checkpoint}: weights of another network than its configuration says")
    return int(content["global_step"])


def starting_network(options: TrainingOptions) -> tuple[UNet, list[dict[str, Any]]]:
    """The network that a run with such options begins with, and the stages of training behind it.

    Raises `FetalheadError`.
    """
    if options.init:
        return initial_network(Path(options.init), options.planes)
    weights = None if options.encoder_weights == "none" else options.encoder_weights
    try:
        return UNet(architecture_of(options), weights), []
    except (RuntimeError, KeyError, ValueError) as error:
        raise FetalheadError(f"--encoder {options.encoder}: timm has no such encoder ({error})") from error


def initial_network(source: Path, planes: int = 0) -> tuple[UNet, list[dict[str, Any]]]:
    """The network to fine-tune, of a training run or of a model folder with its weights, and its stages of training.

    It has a head for so many `planes`: a new one, where its own is for another number. Raises `FetalheadError`.
    """
    network, stages = _trained_network(source)
    if planes == network.architecture.planes:
        return network, stages
    other = UNet(replace(network.architecture, planes=planes))
    state = {name: value for name, value in network.state_dict().items() if not name.startswith("plane_head.")}
    other.load_state_dict(state, strict=False)
    return other, stages


def grid_of(source: Path) -> tuple[int, int]:
    """(H, W) of the input of a training run's or a model folder's network. Raises `FetalheadError`."""
    if (source / CONFIG).is_file():
        return TrainingOptions.load(source / CONFIG).grid
    return ModelFolder.load(str(source)).input_size


def _trained_network(source: Path) -> tuple[UNet, list[dict[str, Any]]]:
    if (source / CONFIG).is_file():
        return network_of_run(source)[0], stages_of(source)
    from safetensors.torch import load_file

    folder = ModelFolder.load(str(source))
    weights = load_file(folder.file(WEIGHTS))
    network = UNet(Architecture.from_dict(dict(folder.architecture)))
    whole = {name: value.float() if value.is_floating_point() else value for name, value in weights.items()}
    _fill(network, whole, folder.path / WEIGHTS)
    return network, list(folder.training.get("stages", []))


def _load(path: Path) -> dict[str, Any]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a file of another kind can make the unpickler raise anything
        raise FetalheadError(f"{path}: not a whole checkpoint") from error
    if not isinstance(content, dict) or not isinstance(content.get("state_dict"), dict):
        raise FetalheadError(f"{path}: no checkpoint of a training run, since it holds no weights (state_dict)")
    if not isinstance(content.get("global_step"), int):
        raise FetalheadError(f"{path}: no checkpoint of a training run, since it holds no step (global_step)")
    return content


def _fill(network: UNet, weights: dict[str, torch.Tensor], path: Path) -> None:
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise FetalheadError(f"{path}: weights of another network than its configuration says") from error
