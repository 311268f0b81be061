"""Semi-supervised learning: labelled loss + alpha x unlabelled loss."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fetalhead.catalog import UNLABELLED_LOSSES
from fetalhead.models.unet import UNet
from fetalhead.options import SemiSupervisedOptions, named
from fetalhead.training.losses import segmentation_losses
from fetalhead.training.pseudo_labels import UnlabelledTerm
from fetalhead.training.strategy import Batch, Strategy


class SemiSupervised(Strategy):
    """The unlabelled term is chosen by name (`--unlabelled-loss`); while alpha is 0, the step is the supervised one."""

    options: SemiSupervisedOptions

    def __init__(self, network: UNet, options: SemiSupervisedOptions) -> None:
        super().__init__(network, options)
        self.term: UnlabelledTerm = named(UNLABELLED_LOSSES[options.unlabelled_loss])(network, options)

    def alpha(self, step: int) -> float:
        """Alpha after its ramp, exp(-5 (1 - t)^2) (Laine and Aila 2017), from 0 at the first step."""
        ramp = self.options.alpha_ramp * self.options.steps
        if step >= ramp:
            return self.options.alpha
        return self.options.alpha * math.exp(-5 * (1 - step / ramp) ** 2) if step else 0.0

    def losses(self, network: UNet, batch: Batch, step: int) -> dict[str, Tensor]:
        outputs, _, unlabelled = self.forward_with_unlabelled(network, batch, step)
        logits = outputs["head_logits"][: len(batch["image"])]
        return segmentation_losses(logits, batch["mask"], batch["outlined"]) | unlabelled

    def forward_with_unlabelled(
        self, network: UNet, batch: Batch, step: int
    ) -> tuple[dict[str, Tensor], Tensor, dict[str, Tensor]]:
        """The network's outputs, the planes of the pictures that these are of, and the unlabelled term, weighted.

        The pictures are the batch's labelled ones and, behind them, the views of unlabelled ones. They go through the
        network together, so that they share batch statistics.
        """
        alpha = self.alpha(step)
        if not alpha:
            return network(batch["image"]), batch["plane"], {}
        labels = self.term.label(network, batch, step)
        outputs = network(torch.cat([batch["image"], labels.views]))
        loss = self.term.loss(outputs["head_logits"][len(batch["image"]) :], labels)
        return outputs, torch.cat([batch["plane"], labels.plane]), {"unlabelled": alpha * loss}

    def after_step(self, network: UNet) -> None:
        self.term.after_step(network)
