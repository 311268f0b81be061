"""Pseudo-labels in the shape of a head: which become ellipses, and what is left as it is."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from fetalhead.images.ellipse import Ellipse
from fetalhead.options import SemiSupervisedOptions
from fetalhead.training.head_shape import ellipse_labels
from fetalhead.training.pseudo_labels import labels_of

SHAPE = (64, 96)
HEAD = Ellipse.make(46, 30, 26, 19, 0.4)


def marked(coverage: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
    """Probability, target and confidence of a network that is sure but for the border."""
    probability = torch.from_numpy(coverage)[None, None].clamp(0.01, 0.99)
    return probability, (probability > 0.5).float(), torch.maximum(probability, 1 - probability) >= 0.95


def test_a_bite_out_of_a_head_is_filled_and_its_border_is_sure() -> None:
    coverage = HEAD.coverage(SHAPE)
    bitten = coverage.copy()
    bitten[18:24, 22:30] = 0.2
    probability, target, confident = marked(bitten)
    before = target.clone(), confident.clone()
    label, sure = ellipse_labels(probability, target, confident)
    assert not confident.all() and sure.all()
    assert np.abs(label[0, 0].numpy() - coverage).mean() < 0.1 * np.abs(target[0, 0].numpy() - coverage).mean()
    assert torch.equal(target, before[0]) and torch.equal(confident, before[1]), "what is given stays as it is"


def test_a_head_that_the_picture_cuts_goes_on_beyond_its_edge() -> None:
    cut = Ellipse.make(80, 30, 26, 19, 0.1)
    label, sure = ellipse_labels(*marked(cut.coverage(SHAPE)))
    assert sure.all() and np.abs(label[0, 0].numpy() - cut.coverage(SHAPE)).max() < 0.1


@pytest.mark.parametrize("what", ["square", "two", "unsure", "empty", "faint"])
def test_what_is_no_sure_ellipse_stays_as_it_is(what: str) -> None:
    values = HEAD.coverage(SHAPE)
    if what == "square":
        values[:] = 0
        values[10:50, 20:60] = 1
    elif what == "two":
        first, second = (Ellipse.make(x, 30, 14, 11, 0).coverage(SHAPE) for x in (25, 48))
        values = np.maximum(first, second)
    elif what == "unsure":
        values = 0.2 + 0.6 * values
    else:
        values = values * (0 if what == "empty" else 0.4)
    probability, target, confident = marked(values)
    label, sure = ellipse_labels(probability, target, confident)
    assert torch.equal(label, target) and torch.equal(sure, confident)


def test_the_option_says_whether_labels_become_ellipses() -> None:
    probability, *_ = marked(HEAD.coverage(SHAPE))
    logits = probability.logit()
    free = labels_of(logits, SemiSupervisedOptions(data=["hc18=x"]))
    shaped = labels_of(logits, SemiSupervisedOptions(data=["hc18=x"], label_shape="ellipse"))
    assert set(free[0].unique().tolist()) == {0.0, 1.0} and not free[1].all()
    assert shaped[1].all() and float(shaped[0].sum() - (shaped[0] == 1).sum()) > 0.05, "a soft edge"
