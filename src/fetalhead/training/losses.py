"""Losses, each a function of logits and targets that gives one number."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def dice_loss(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    """1 - soft Dice (Milletari 2016), a picture at a time: a small head counts as much as a large one.

    `logits` (N, 1, H, W); `target` (N, 1, H, W) shares in 0..1.
    """
    probability = logits.float().sigmoid()
    overlap = (probability * target).sum(dim=(1, 2, 3))
    total = probability.sum(dim=(1, 2, 3)) + target.sum(dim=(1, 2, 3))
    return (1 - (2 * overlap + smooth) / (total + smooth)).mean()


def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Binary cross-entropy a pixel; shapes and ranges as for `dice_loss`."""
    return functional.binary_cross_entropy_with_logits(logits.float(), target)
