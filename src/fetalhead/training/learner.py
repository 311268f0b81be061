"""The one LightningModule: any strategy, any network."""

from __future__ import annotations

import math
from typing import Any, Protocol

import lightning
import torch
from torch import Tensor, nn
from torchmetrics import MeanMetric

from fetalhead.options import TrainingOptions
from fetalhead.training.batches import Batch

WARM_UP = 0.03
"""Share of the steps in which the learning rate rises; then it falls along a cosine to a hundredth."""


class Strategy(Protocol):
    """What `Learner` drives: a name, and a batch's named losses."""

    name: str

    def losses(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]: ...


class Learner(lightning.LightningModule):
    def __init__(self, network: nn.Module, strategy: Strategy, options: TrainingOptions) -> None:
        super().__init__()
        self.network, self.strategy, self.options = network, strategy, options
        self.val_dice, self.val_iou = MeanMetric(), MeanMetric()

    def training_step(self, batch: Batch, index: int) -> Tensor:
        losses = self.strategy.losses(self.network, _channels_last(batch))
        total = torch.stack(list(losses.values())).sum()
        named = {"loss": total, **{f"loss_{name}": value for name, value in losses.items()}}
        self.log_dict(
            {name: value.detach() for name, value in named.items()},
            on_step=False,
            on_epoch=True,
            batch_size=len(batch["image"]),
            sync_dist=True,
        )
        self.log("train_loss", total.detach(), prog_bar=True, logger=False)
        return total

    def on_train_batch_end(self, outputs: Any, batch: Batch, index: int) -> None:
        """End with the last step, also within a round. (With `max_steps` lightning cannot resume between epochs.)"""
        if self.trainer.global_step >= self.options.steps:
            self.trainer.should_stop = True

    def validation_step(self, batch: Batch, index: int) -> None:
        """Dice and IoU of each picture's mask on the network's grid."""
        found = self.network(_channels_last(batch)["image"])["head_logits"] > 0
        truth = batch["mask"] > 0.5
        overlap = (found & truth).sum(dim=(1, 2, 3)).float()
        both = found.sum(dim=(1, 2, 3)) + truth.sum(dim=(1, 2, 3))
        self.val_dice.update(2 * overlap / both)
        self.val_iou.update(overlap / (both - overlap))

    def on_validation_epoch_end(self) -> None:
        self.log("val_dice", self.val_dice, prog_bar=True)
        self.log("val_iou", self.val_iou)

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=self.options.learning_rate, weight_decay=self.options.weight_decay
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, self._rate)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _rate(self, step: int) -> float:
        warm_up = max(1, round(WARM_UP * self.options.steps))
        if step < warm_up:
            return (step + 1) / warm_up
        share = min(1.0, (step - warm_up) / max(1, self.options.steps - warm_up))
        return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share))


def _channels_last(batch: Batch) -> Batch:
    return {**batch, "image": batch["image"].contiguous(memory_format=torch.channels_last)}
