"""Distillation: a network that is trained already tells the one that learns how sure it is of every pixel.

Hinton 2015, arXiv:1503.02531. Teacher and pupil see the same strong view, which is what makes a small pupil agree with
its teacher everywhere (Beyer 2022, arXiv:2106.05237); what the teacher says counts as it is, unsure pixels included.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from fetalhead.models.unet import UNet
from fetalhead.options import SemiSupervisedOptions
from fetalhead.training.checkpoint import grid_of, initial_network
from fetalhead.training.losses import cross_entropy
from fetalhead.training.pseudo_labels import PseudoLabels, UnlabelledTerm
from fetalhead.training.strategy import Batch


class Distillation(UnlabelledTerm):
    def __init__(self, network: UNet, options: SemiSupervisedOptions) -> None:
        super().__init__(network, options)
        source = Path(str(options.teacher))
        teacher, _ = initial_network(source)
        self.teacher, self.teacher_grid = teacher.requires_grad_(False), grid_of(source)

    @torch.no_grad()
    def label(self, network: UNet, batch: Batch, step: int) -> PseudoLabels:
        """Every pixel counts; the target is a probability. The teacher looks at the size that it was trained for."""
        view = batch["strong_1"]
        probability = self.teacher.eval()(_resized(view, self.teacher_grid))["head_logits"].float().sigmoid()
        target = _resized(probability, self.options.grid)
        return PseudoLabels(view, target, torch.ones_like(target, dtype=torch.bool), batch["unlabelled_plane"])

    def loss(self, logits: Tensor, labels: PseudoLabels) -> Tensor:
        """Cross-entropy, and Dice with squares (Milletari 2016), which is least where both say the same."""
        probability, target = logits.float().sigmoid(), labels.target
        overlap = (probability * target).sum(dim=(1, 2, 3))
        total = (probability**2 + target**2).sum(dim=(1, 2, 3))
        return cross_entropy(logits, target) + (1 - (2 * overlap + 1) / (total + 1)).mean()


def _resized(picture: Tensor, grid: tuple[int, int]) -> Tensor:
    """(M, 1, H, W) on another grid."""
    if picture.shape[2:] == grid:
        return picture
    return functional.interpolate(picture, size=grid, mode="bilinear", align_corners=False, antialias=True)
