"""What a strategy is: the one thing in which ways to learn differ."""

from __future__ import annotations

from torch import Tensor, nn

from fetalhead.models.unet import UNet
from fetalhead.options import TrainingOptions

Batch = dict[str, Tensor]


class Strategy(nn.Module):
    """Turns a network and a batch into named losses, whose sum is minimised.

    It may keep networks of its own: what asks for gradients is trained along, and all of it is in the checkpoints.
    """

    def __init__(self, network: UNet, options: TrainingOptions) -> None:
        super().__init__()
        self.options = options

    def losses(self, network: UNet, batch: Batch, step: int) -> dict[str, Tensor]:
        """The terms of this step's loss by name, weights included; a term that the batch says nothing of is absent.

        `batch` (see `training.batches`) holds `image` (N, 1, H, W), normalised, `mask` (N, 1, H, W), shares in 0..1,
        `outlined` (N,) bool: whether the mask is known, `plane` (N,): class or -1; and, for strategies that have
        `unlabelled_batch`, the views `weak`, `strong_1`, `strong_2` (M, 1, H, W) with `box_1`, `box_2` (M, 1, H, W),
        and their `unlabelled_plane` (M,): class or -1.
        """
        raise NotImplementedError

    def after_step(self, network: UNet) -> None:
        """Called when the optimiser has made its step."""
