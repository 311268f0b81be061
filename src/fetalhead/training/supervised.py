"""Supervised learning: Dice and binary cross-entropy on pictures with outlines."""

from __future__ import annotations

from torch import Tensor, nn

from fetalhead.training.losses import cross_entropy, dice_loss


class Supervised:
    """A strategy: turns a network and a batch into named losses, whose sum is minimised."""

    name = "supervised"

    def losses(self, network: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """`batch` holds `image` (N, 1, H, W), normalised, and `mask` (N, 1, H, W), shares in 0..1."""
        logits = network(batch["image"])["head_logits"]
        return {"dice": dice_loss(logits, batch["mask"]), "cross_entropy": cross_entropy(logits, batch["mask"])}
