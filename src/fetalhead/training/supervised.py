"""Supervised learning: Dice and binary cross-entropy on pictures with outlines."""

from __future__ import annotations

from torch import Tensor

from fetalhead.models.unet import UNet
from fetalhead.training.losses import segmentation_losses
from fetalhead.training.strategy import Batch, Strategy


class Supervised(Strategy):
    def losses(self, network: UNet, batch: Batch, step: int) -> dict[str, Tensor]:
        return segmentation_losses(network(batch["image"])["head_logits"], batch["mask"], batch["outlined"])
