"""Networks from a run's checkpoint or from a model folder."""

from __future__ import annotations

from pathlib import Path

import torch

from fetalhead.errors import FetalheadError
from fetalhead.inference.model_folder import ModelFolder
from fetalhead.models.unet import Architecture, UNet
from fetalhead.options import TrainingOptions
from fetalhead.training.run_folder import BEST, CONFIG

NETWORK = "network."
"""How the learner's state names the network's tensors."""


def network_of_run(run: Path, checkpoint: str = BEST) -> tuple[UNet, TrainingOptions]:
    """The network with a checkpoint's averaged weights, and the run's options. Raises `FetalheadError`."""
    path = run / checkpoint
    if not path.is_file():
        raise FetalheadError(f"{run}: no training run with {checkpoint} here")
    options = TrainingOptions.load(run / CONFIG)
    state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    network = UNet(Architecture(options.encoder, options.decoder_channels))
    network.load_state_dict(
        {name.removeprefix(NETWORK): value for name, value in state.items() if name.startswith(NETWORK)}
    )
    return network, options


def steps_done(checkpoint: Path) -> int:
    """The steps behind a run's checkpoint."""
    return int(torch.load(checkpoint, map_location="cpu", weights_only=True)["global_step"])


def initial_network(source: Path) -> UNet:
    """The network to fine-tune: of a training run, or of a model folder that holds its weights."""
    if (source / CONFIG).is_file():
        return network_of_run(source)[0]
    from safetensors.torch import load_file

    folder = ModelFolder.load(str(source))
    weights = folder.path / "weights.safetensors"
    if not weights.is_file():
        raise FetalheadError(f"{source}: holds no weights.safetensors to train on from")
    network = UNet(Architecture.from_dict(dict(folder.architecture)))
    network.load_state_dict({name: value.float() if value.is_floating_point() else value
                             for name, value in load_file(weights).items()})
    return network
