"""Losses, each a function of logits and targets that gives one number."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def dice_loss(logits: Tensor, target: Tensor, smooth: float = 1.0, weight: Tensor | None = None) -> Tensor:
    """1 - soft Dice (Milletari 2016), a picture at a time: a small head counts as much as a large one.

    `logits` (N, 1, H, W); `target` (N, 1, H, W) shares in 0..1; `weight` (N,) of the pictures, alike unless given.
    """
    probability = logits.float().sigmoid()
    overlap = (probability * target).sum(dim=(1, 2, 3))
    total = probability.sum(dim=(1, 2, 3)) + target.sum(dim=(1, 2, 3))
    return _mean(1 - (2 * overlap + smooth) / (total + smooth), weight)


def cross_entropy(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Binary cross-entropy a pixel; shapes and ranges as for `dice_loss`."""
    if weight is None:
        return functional.binary_cross_entropy_with_logits(logits.float(), target)
    entropy = functional.binary_cross_entropy_with_logits(logits.float(), target, reduction="none")
    return _mean(entropy.mean(dim=(1, 2, 3)), weight)


def segmentation_losses(
    logits: Tensor, mask: Tensor, outlined: Tensor, weight: Tensor | None = None
) -> dict[str, Tensor]:
    """Dice and cross-entropy over the pictures whose outline is known, (N,) bool; none for a batch without any."""
    if not outlined.any():
        return {}
    if not outlined.all():
        logits, mask = logits[outlined], mask[outlined]
        weight = None if weight is None else weight[outlined]
    return {"dice": dice_loss(logits, mask, weight=weight), "cross_entropy": cross_entropy(logits, mask, weight)}


def _mean(losses: Tensor, weight: Tensor | None) -> Tensor:
    return losses.mean() if weight is None else (losses * weight).sum() / weight.sum()


def classification_losses(logits: Tensor, plane: Tensor) -> dict[str, Tensor]:
    """Cross-entropy of (N, planes) logits over the pictures whose plane is known, (N,) with -1 for not known."""
    known = plane >= 0
    return {"plane": functional.cross_entropy(logits[known].float(), plane[known])} if known.any() else {}


def pseudo_label_loss(logits: Tensor, target: Tensor, confident: Tensor) -> Tensor:
    """Cross-entropy and Dice against pseudo-labels, over the pixels that they are sure of.

    All (N, 1, H, W): logits, `target` 0 or 1, `confident` bool. Cross-entropy is the mean over all pixels, so that a
    picture with few sure ones counts little (FixMatch, Sohn 2020, eq. 4).
    """
    weight = confident.float()
    entropy = functional.binary_cross_entropy_with_logits(logits.float(), target, reduction="none")
    probability = logits.float().sigmoid()
    overlap = (probability * target * weight).sum(dim=(1, 2, 3))
    total = ((probability + target) * weight).sum(dim=(1, 2, 3))
    return (entropy * weight).mean() + (1 - (2 * overlap + 1) / (total + 1)).mean()
