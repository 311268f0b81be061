"""Pseudo-labels in the shape of a head: where what a network marks is nearly an ellipse, that ellipse is the label.

The pixels along a head's border are those that a network is least sure of, so a confidence mask leaves out the very
pixels that decide a measurement. References are ellipses, and an ellipse through the whole border tells those too.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from fetalhead.biometry.head_region import HeadRegion
from fetalhead.biometry.outline_fit import fit_whole
from fetalhead.images.ellipse import NoEllipse

LEAST_OVERLAP = 0.92
"""Intersection over union of the ellipse and what is marked, from which on the ellipse is the label."""

LEAST_SURE = 0.9
"""Share of a picture's pixels that the network has to be sure of for that."""


def ellipse_labels(probability: Tensor, target: Tensor, confident: Tensor) -> tuple[Tensor, Tensor]:
    """Target and confidence with the pictures that show nearly an ellipse replaced: its coverage, sure everywhere.

    All (M, 1, H, W): head probability, target 0 or 1, and bool where that is sure. Others stay as they are.
    """
    target, confident = target.clone(), confident.clone()
    for place, values in enumerate(probability[:, 0].float().cpu().numpy()):
        if confident[place].float().mean() < LEAST_SURE:
            continue
        region = HeadRegion.find(values)
        ellipse = fit_whole(region.points, 1.0)
        if isinstance(ellipse, NoEllipse) or region.shares(ellipse)[0] < LEAST_OVERLAP:
            continue
        target[place, 0] = torch.from_numpy(np.ascontiguousarray(ellipse.coverage(values.shape))).to(target)
        confident[place] = True
    return target, confident
