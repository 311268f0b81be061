"""Networks from a run's checkpoint or from a model folder."""

from __future__ import annotations

import pickle
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
        return dict(torch.load(path, map_location="cpu", weights_only=True))
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise FetalheadError(f"{path}: not a whole checkpoint") from error


def _fill(network: UNet, weights: dict[str, torch.Tensor], path: Path) -> None:
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise FetalheadError(f"{path}: weights of another network than its configuration says") from error
