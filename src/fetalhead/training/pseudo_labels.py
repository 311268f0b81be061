"""Pseudo-labels: what a network says of a weak view, asked of strong views of the same pictures."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from fetalhead.models.unet import UNet
from fetalhead.options import SemiSupervisedOptions
from fetalhead.training.losses import pseudo_label_loss
from fetalhead.training.strategy import Batch


@dataclass(frozen=True, slots=True)
class PseudoLabels:
    """Views to send through the network, and what it should say of them; (M, 1, H, W) unless told otherwise."""

    views: Tensor
    target: Tensor
    """0 or 1."""
    confident: Tensor
    """bool: where the target counts."""
    plane: Tensor
    """(M,): the planes that the views show, or -1."""
    perturbed: tuple[Tensor, Tensor, Tensor] | None = None
    """Logits under feature dropout, with their target and confidence, for terms that have them."""


class UnlabelledTerm(nn.Module):
    """An unlabelled term by name: who labels, and which views are asked."""

    def __init__(self, network: UNet, options: SemiSupervisedOptions) -> None:
        super().__init__()
        self.options = options

    def label(self, network: UNet, batch: Batch, step: int) -> PseudoLabels:
        raise NotImplementedError

    def loss(self, logits: Tensor, labels: PseudoLabels) -> Tensor:
        """The term, from the network's logits of `labels.views`."""
        return pseudo_label_loss(logits, labels.target, labels.confident)

    def after_step(self, network: UNet) -> None:
        """Called when the optimiser has made its step."""


def labels_of(logits: Tensor, confidence: float) -> tuple[Tensor, Tensor]:
    """Target (0 or 1) and where it is sure, from logits (M, 1, H, W)."""
    probability = logits.float().sigmoid()
    return (probability > 0.5).float(), torch.maximum(probability, 1 - probability) >= confidence


def cut_and_mix(picture: Tensor, box: Tensor) -> Tensor:
    """CutMix (Yun 2019): inside the boxes, (M, 1, H, W) bool, each picture shows its neighbour in the batch."""
    return torch.where(box, picture.roll(1, dims=0), picture)


def mixed_plane(plane: Tensor, box: Tensor) -> Tensor:
    """(M,) planes of pictures after CutMix: -1 for one that shows a part of another plane's."""
    return torch.where(box.any(dim=(1, 2, 3)) & (plane != plane.roll(1, dims=0)), -1, plane)
