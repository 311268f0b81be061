"""The one LightningModule: any strategy, any network."""

from __future__ import annotations

import math
from typing import Any

import lightning
import torch
from torch import Tensor
from torchmetrics import MeanMetric

from fetalhead.errors import FetalheadError
from fetalhead.models.unet import UNet
from fetalhead.options import TrainingOptions
from fetalhead.training.strategy import Batch, Strategy

WARM_UP = 0.03
"""Share of the steps in which the learning rate rises; then it falls along a cosine to a hundredth."""


class Learner(lightning.LightningModule):
    def __init__(self, network: UNet, strategy: Strategy, options: TrainingOptions) -> None:
        super().__init__()
        self.network, self.strategy, self.options = network, strategy, options
        self.val_dice, self.val_iou = MeanMetric(), MeanMetric()
        self.val_plane_accuracy, self.val_false_heads = MeanMetric(), MeanMetric()

    def training_step(self, batch: Batch, index: int) -> Tensor:
        losses = self.strategy.losses(self.network, channels_last(batch), self.trainer.global_step)
        for name, value in losses.items():
            if not value.isfinite():
                raise self._diverged(self.trainer.global_step + 1, f"the loss term {name} is {value.item():g}")
        total = torch.stack(list(losses.values())).sum() if losses else self._nothing()
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

    def _nothing(self) -> Tensor:
        """The loss of a batch that says nothing: 0, with gradients of 0."""
        return 0 * torch.stack([value.sum() for value in self.network.parameters()]).sum()

    def on_train_epoch_end(self) -> None:
        """Called before the round's checkpoints are written, so that none holds what is no number."""
        state = self.network.state_dict().values()
        if not all(value.isfinite().all() for value in state if value.is_floating_point()):
            raise self._diverged(self.trainer.global_step, "not all weights are numbers any more")

    def _diverged(self, step: int, what: str) -> FetalheadError:
        rate = f"a lower --learning-rate than {self.options.learning_rate:g}"
        return FetalheadError(
            f"step {step}: {what}: training has diverged and stops here, its checkpoints as they were before; "
            f"start anew with {rate}, in another --out"
        )

    def on_train_batch_end(self, outputs: Any, batch: Batch, index: int) -> None:
        """End with the last step, also within a round. (With `max_steps` lightning cannot resume between epochs.)"""
        self.strategy.after_step(self.network)
        if self.trainer.global_step >= self.options.steps:
            self.trainer.should_stop = True

    def validation_step(self, batch: Batch, index: int) -> None:
        """Dice and IoU of each head's mask on the network's grid; planes told apart; heads where there are none."""
        outputs = self.network(channels_last(batch)["image"])
        found, truth = outputs["head_logits"] > 0, batch["mask"] > 0.5
        overlap = (found & truth).sum(dim=(1, 2, 3)).float()
        both = found.sum(dim=(1, 2, 3)) + truth.sum(dim=(1, 2, 3))
        head = truth.any(dim=(1, 2, 3))
        if head.any():
            self.val_dice.update((2 * overlap / both)[head])
            self.val_iou.update((overlap / (both - overlap))[head])
        if (without := batch["outlined"] & ~head).any():
            self.val_false_heads.update(found.any(dim=(1, 2, 3))[without].float())
        known = batch["plane"] >= 0
        if "plane_logits" in outputs and known.any():
            right = outputs["plane_logits"].argmax(dim=1) == batch["plane"]
            self.val_plane_accuracy.update(right[known].float())

    def on_validation_epoch_end(self) -> None:
        self.log("val_dice", self.val_dice, prog_bar=True)
        self.log("val_iou", self.val_iou)
        for name in ("val_plane_accuracy", "val_false_heads"):
            if getattr(self, name).update_called:
                self.log(name, getattr(self, name))

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.AdamW(
            [value for value in self.parameters() if value.requires_grad],
            lr=self.options.learning_rate,
            weight_decay=self.options.weight_decay,
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, self._rate)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _rate(self, step: int) -> float:
        warm_up = max(1, round(WARM_UP * self.options.steps))
        if step < warm_up:
            return (step + 1) / warm_up
        share = min(1.0, (step - warm_up) / max(1, self.options.steps - warm_up))
        return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share))


def channels_last(batch: Batch) -> Batch:
    """The batch with its pictures in the memory layout that `models.unet.prepare` gives the network."""
    return {
        name: value.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else value
        for name, value in batch.items()
    }
