"""What a run's network says of the pictures whose outlines were withheld from it, against those outlines.

`python tools/pseudo_labels.py RUN...`, where RUN is `runs/ARM/LABELS/SEED` of a comparison, from where its data is.
A pseudo-label counts where the network is sure (`--confidence`): how much that is, how often it is wrong, and where the
wrong pixels are. A row a run, then their mean. Pictures are as validation shows them, not as training turns them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from fetalhead.datasets.samples import Sample, load_samples, load_training
from fetalhead.options import SemiSupervisedOptions, TrainingOptions
from fetalhead.training.batches import ValidationBatches
from fetalhead.training.checkpoint import initial_network
from fetalhead.training.learner import channels_last
from fetalhead.training.material import base_of
from fetalhead.training.pseudo_labels import labels_of

CONFIDENCE = SemiSupervisedOptions.confidence
TITLES = ("sure", "wrong where sure", "wrong where unsure", "of the wrong, unsure", "Dice of masks")


def withheld_from(options: TrainingOptions) -> list[Sample]:
    """The training pictures whose outlines a run was not shown, with these outlines."""
    base = base_of(options)
    shown = {sample.subject for sample in load_training(options.data, options.labels, options.seed, base)[0]}
    return [sample for sample in load_samples(options.data, "train", base) if sample.subject not in shown]


@torch.no_grad()
def figures(run: Path) -> npt.NDArray[np.float64]:
    """`TITLES` as shares, each the mean over pictures or a ratio of such means."""
    options = TrainingOptions.load(run / "training" / "config.yaml")
    network = initial_network(run / "model")[0].eval()
    rows = []
    for batch in ValidationBatches(withheld_from(options), options.grid, 16):
        target, sure = labels_of(network(channels_last(batch)["image"])["head_logits"], CONFIDENCE)
        said, truth = target > 0, batch["mask"] > 0.5
        wrong = said != truth
        overlap = 2 * (said & truth).sum((1, 2, 3)) / (said.sum((1, 2, 3)) + truth.sum((1, 2, 3)))
        shares = [mask.float().mean((1, 2, 3)) for mask in (sure, wrong & sure, wrong & ~sure)]
        rows.append(torch.stack([*shares, overlap], dim=1).numpy())
    sure_share, wrong_sure, wrong_unsure, dice = np.concatenate(rows).mean(axis=0)
    wrong_share = wrong_sure + wrong_unsure
    return np.array(
        [sure_share, wrong_sure / sure_share, wrong_unsure / (1 - sure_share), wrong_unsure / wrong_share, dice]
    )


def main(*runs: str) -> None:
    print(f"{'%':40} " + "  ".join(TITLES))
    found = []
    for run in runs:
        found.append(figures(Path(run)))
        _row(run[-40:], found[-1])
    _row("mean", np.mean(found, axis=0))


def _row(name: str, values: npt.NDArray[np.float64]) -> None:
    cells = [f"{100 * value:{len(title)}.2f}" for title, value in zip(TITLES, values, strict=True)]
    print(f"{name:40} " + "  ".join(cells), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
