"""UniMatch: the network's own labels of a weak view, asked of two strong views and of dropped-out features.

Yang 2023, arXiv:2208.09910; weights 0.25 + 0.25 for the strong views and 0.5 for feature dropout, as published.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fetalhead.models.unet import UNet
from fetalhead.training.losses import pseudo_label_loss
from fetalhead.training.pseudo_labels import PseudoLabels, UnlabelledTerm, cut_and_mix, labels_of, mixed_plane
from fetalhead.training.strategy import Batch

DROPPED = 0.5
"""Share of the channels that feature dropout takes away, at every scale."""


class UniMatch(UnlabelledTerm):
    def label(self, network: UNet, batch: Batch, step: int) -> PseudoLabels:
        features = network.encoder(batch["weak"])
        with torch.no_grad():
            target, confident = labels_of(network.decode(features), self.options.confidence)
        generator = torch.Generator().manual_seed(self.options.seed * 1_000_003 + step)
        dropped = network.decode([_drop_channels(feature, generator) for feature in features])
        boxes = batch["box_1"], batch["box_2"]
        views = [cut_and_mix(batch["strong_1"], boxes[0]), cut_and_mix(batch["strong_2"], boxes[1])]
        return PseudoLabels(
            torch.cat(views),
            torch.cat([cut_and_mix(target, box) for box in boxes]),
            torch.cat([cut_and_mix(confident, box) for box in boxes]),
            torch.cat([mixed_plane(batch["unlabelled_plane"], box) for box in boxes]),
            (dropped, target, confident),
        )

    def loss(self, logits: Tensor, labels: PseudoLabels) -> Tensor:
        assert labels.perturbed is not None
        return 0.5 * super().loss(logits, labels) + 0.5 * pseudo_label_loss(*labels.perturbed)


def _drop_channels(feature: Tensor, generator: torch.Generator) -> Tensor:
    """Whole channels to zero, the others enlarged to keep the sum; drawn on the CPU, so alike on every device."""
    kept = torch.rand(*feature.shape[:2], 1, 1, generator=generator) >= DROPPED
    return feature * (kept / (1 - DROPPED)).to(feature)
