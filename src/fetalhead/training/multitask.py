"""Multi-task learning: labelled loss + alpha x unlabelled loss + beta x classification loss.

A batch mixes pictures that have an outline, a plane label, both or neither. A picture of another plane teaches that
there is no head to outline; one without an outline, but of a known plane, teaches that plane in every view of it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fetalhead.models.unet import UNet
from fetalhead.options import MultiTaskOptions
from fetalhead.training.losses import classification_losses, segmentation_losses
from fetalhead.training.semi_supervised import SemiSupervised
from fetalhead.training.strategy import Batch


class MultiTask(SemiSupervised):
    options: MultiTaskOptions

    def losses(self, network: UNet, batch: Batch, step: int) -> dict[str, Tensor]:
        outputs, planes, unlabelled = self.forward_with_unlabelled(network, batch, step)
        logits = outputs["head_logits"][: len(batch["image"])]
        labelled = segmentation_losses(logits, batch["mask"], batch["outlined"], self._weights(batch["mask"]))
        if not self.options.beta:
            return labelled | unlabelled
        classified = classification_losses(outputs["plane_logits"], planes)
        return labelled | unlabelled | {name: self.options.beta * loss for name, loss in classified.items()}

    def _weights(self, mask: Tensor) -> Tensor | None:
        """(N,): the pictures' shares in the labelled loss; None where all count alike."""
        if self.options.absence_weight == 1:
            return None
        return torch.where(mask.amax(dim=(1, 2, 3)) > 0, 1.0, self.options.absence_weight)
