"""Inside the unlabelled terms: who labels what, which pixels count, what moves with a box, and what is dropped."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
import torch
from test_strategies import TINY, random_batch
from torch import Tensor

from fetalhead.models.unet import Architecture, UNet
from fetalhead.options import SemiSupervisedOptions
from fetalhead.training.losses import pseudo_label_loss
from fetalhead.training.mean_teacher import MeanTeacher
from fetalhead.training.pseudo_labels import PseudoLabels, cut_and_mix, labels_of, mixed_plane
from fetalhead.training.unimatch import UniMatch, _drop_channels


def options(**changes: Any) -> SemiSupervisedOptions:
    return SemiSupervisedOptions(**(TINY | {"data": ["hc18=x"], "seed": 5} | changes))


def new_network(seed: int) -> UNet:
    torch.manual_seed(seed)
    return UNet(Architecture("resnet10t", TINY["decoder_channels"]))


def boxed_batch() -> dict[str, Tensor]:
    """Two pictures of two planes; the first view of both has a box, the second view of the first alone."""
    batch = random_batch()
    for name, picture, rows, columns in (
        ("box_1", 0, slice(4, 30), slice(8, 50)),
        ("box_1", 1, slice(20, 60), slice(40, 96)),
        ("box_2", 0, slice(10, 64), slice(0, 30)),
    ):
        batch[name][picture, 0, rows, columns] = True
    return batch | {"unlabelled_plane": torch.tensor([0, 1])}


def half_sure(network: UNet, batch: dict[str, Tensor]) -> tuple[float, Tensor, Tensor]:
    """The confidence that half the pixels of the weak view reach, and that view's target and where it is sure.

    The network's bias is moved, so that half of the pixels are head.
    """
    with torch.no_grad():
        network.head.bias -= network(batch["weak"])["head_logits"].median()
        probability = network(batch["weak"])["head_logits"].double().sigmoid()
    sureness = torch.maximum(probability, 1 - probability)
    confidence = float(sureness.median()) + 1e-9
    target, confident = (probability > 0.5).float(), sureness >= confidence
    for share in (target.mean(), confident.float().mean(), target[confident].mean()):
        assert 0.2 < share < 0.8, "a test that could not tell"
    return confidence, target, confident


def pasted(of: Tensor, box: Tensor) -> Tensor:
    """Each picture with the one before it in the batch inside its box."""
    found = of.clone()
    for index in range(len(of)):
        found[index][box[index]] = of[index - 1][box[index]]
    return found


def agree(found: Tensor, expected: Tensor) -> bool:
    """But for single pixels beside a threshold, which rounding may move."""
    assert found.shape == expected.shape and found.dtype == expected.dtype
    return (found != expected).float().mean().item() < 1e-3


def test_a_label_is_the_likelier_answer_and_sure_on_both_sides() -> None:
    target, confident = labels_of(torch.tensor([-4.0, -2.0, 2.0, 4.0]).view(1, 1, 2, 2), 0.95)
    assert target.flatten().tolist() == [0, 0, 1, 1] and target.dtype == torch.float32
    assert confident.flatten().tolist() == [True, False, False, True]


def test_a_pixel_exactly_at_the_confidence_counts() -> None:
    logits = torch.full((1, 1, 1, 1), 2.0)
    at = logits.sigmoid().item()
    assert labels_of(logits, at)[1].item() and not labels_of(logits, float(np.nextafter(np.float32(at), 1)))[1].item()
    target, confident = labels_of(torch.zeros(1, 1, 1, 1), 0.5)
    assert (target.item(), confident.item()) == (0, True)


def test_confidence_is_judged_in_single_precision() -> None:
    """Probability 0.9598 would be 0.9609 in bfloat16, which half-precision training gives."""
    assert not labels_of(torch.full((1, 1, 1, 1), 3.171875, dtype=torch.bfloat16), 0.96)[1].item()


def test_the_loss_is_of_sure_pixels_alone() -> None:
    """Four of the first picture's 16 pixels are sure, at probability 0.5 of 1; of the second picture none is."""
    confident = torch.zeros(2, 1, 4, 4, dtype=torch.bool)
    confident[0, 0, 0] = True
    logits = torch.where(confident, 0.0, 7.0).requires_grad_()
    loss = pseudo_label_loss(logits, confident.float(), confident)
    dice = 1 - (2 * 2 + 1) / (2 + 4 + 1)
    assert loss.item() == pytest.approx(4 * math.log(2) / 32 + dice / 2)
    loss.backward()
    assert logits.grad is not None and (logits.grad[~confident] == 0).all()
    slope_of_dice = -(2 * (6 + 1) - (2 * 2 + 1)) / (6 + 1) ** 2 * 0.25
    assert logits.grad[confident].tolist() == pytest.approx([-0.5 / 32 + slope_of_dice / 2] * 4)


def test_where_nothing_is_sure_the_loss_and_its_gradient_are_0() -> None:
    logits = torch.tensor([[-300.0, 0.0], [3.0, 300.0]]).view(1, 1, 2, 2).requires_grad_()
    loss = pseudo_label_loss(logits, torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0 and logits.grad is not None and (logits.grad == 0).all()


def test_a_box_shows_the_neighbour_and_its_plane_is_then_none() -> None:
    box = torch.zeros(3, 1, 32, 32, dtype=torch.bool)
    box[0, 0, 2:9, 3:11] = box[2, 0, 20:, 30:] = True
    pictures = torch.tensor([1.0, 2.0, 3.0]).view(3, 1, 1, 1).expand(3, 1, 32, 32)
    mixed = cut_and_mix(pictures, box)
    assert (mixed[0][box[0]] == 3).all() and (mixed[0][~box[0]] == 1).all() and (mixed[1] == 2).all()
    assert (mixed[2][box[2]] == 2).all() and (mixed[2][~box[2]] == 3).all()
    assert mixed_plane(torch.tensor([0, 1, 2]), box).tolist() == [-1, 1, -1]
    assert mixed_plane(torch.tensor([0, 1, 1]), box).tolist() == [-1, 1, 1]


def test_unimatch_asks_both_strong_views_each_with_its_own_box() -> None:
    network, batch = new_network(1), boxed_batch()
    confidence, target, confident = half_sure(network, batch)
    labels = UniMatch(network, options(confidence=confidence)).label(network, batch, 1)
    boxes = batch["box_1"], batch["box_2"]
    views = [pasted(batch[f"strong_{number}"], box) for number, box in enumerate(boxes, 1)]
    assert torch.equal(labels.views, torch.cat(views))
    assert agree(labels.target, torch.cat([pasted(target, box) for box in boxes]))
    assert agree(labels.confident, torch.cat([pasted(confident, box) for box in boxes]))
    assert labels.plane.tolist() == [-1, -1, -1, 1]
    assert labels.perturbed is not None
    assert agree(labels.perturbed[1], target) and agree(labels.perturbed[2], confident)


def test_unimatch_drops_channels_of_every_scale_in_the_pass_that_it_learns_from() -> None:
    network, batch = new_network(1), boxed_batch()
    decode, seen = network.decode, []

    def recorded(features: list[Tensor]) -> Tensor:
        seen.append((features, decode(features)))
        return seen[-1][1]

    network.decode = recorded
    labels = UniMatch(network, options()).label(network, batch, 1)
    (clean, undropped), (dropped, perturbed) = seen
    assert len(clean) == len(dropped) == 6
    for before, after in zip(clean, dropped, strict=True):
        for channel, left in zip(before.flatten(0, 1), after.flatten(0, 1), strict=True):
            assert torch.equal(left, 2 * channel) or not left.any()
    shares = [1 - after.flatten(2).any(dim=2).float().mean().item() for after in dropped[1:]]
    assert all(0.2 < share < 0.8 for share in shares), shares
    assert labels.perturbed is not None and labels.perturbed[0] is perturbed
    assert (perturbed - undropped).abs().max() > 0.01
    assert not undropped.requires_grad and not labels.target.requires_grad and not labels.confident.requires_grad
    perturbed.sum().backward()
    assert all(any(p.grad is not None and p.grad.any() for p in part.parameters())
               for part in (network.encoder, network.decoder))  # fmt: skip


def test_unimatch_s_dropout_is_a_function_of_seed_and_step() -> None:
    network, batch = new_network(1), boxed_batch()

    def perturbed(step: int, **changes: Any) -> Tensor:
        found = UniMatch(network, options(**changes)).label(network, batch, step).perturbed
        assert found is not None
        return found[0].detach()

    first = perturbed(3)
    torch.rand(7)  # whatever else is drawn meanwhile
    assert torch.equal(perturbed(3), first)
    assert (perturbed(4) - first).abs().max() > 0.01 and (perturbed(3, seed=6) - first).abs().max() > 0.01


def test_dropped_channels_are_0_and_the_others_doubled() -> None:
    generator = torch.Generator().manual_seed(0)
    feature = torch.rand(40, 50, 3, 4, generator=generator) + 0.5
    left = _drop_channels(feature, generator) / feature
    assert torch.equal(left, left[:, :, :1, :1].expand_as(left)), "whole channels"
    assert set(left.unique().tolist()) == {0, 2}
    assert left.mean().item() == pytest.approx(1, abs=0.1)
    assert all(left[:, :, 0, 0].std(dim=dim).min() > 0 for dim in (0, 1)), "each picture has its own"


def test_unimatch_weighs_each_strong_view_a_quarter_and_feature_dropout_half() -> None:
    network = new_network(1)
    ones = torch.ones(2, 1, 4, 4)
    right, unsure = torch.full((1, 1, 4, 4), 40.0), torch.zeros(1, 1, 4, 4)
    whole = math.log(2) + 1 - 17 / 25  # of a picture of 16 pixels, all sure and all at probability 0.5
    for logits, dropped, share in (
        ((unsure, right), right, 0.25),
        ((right, unsure), right, 0.25),
        ((right, right), unsure, 0.5),
        ((unsure, unsure), unsure, 1.0),
    ):
        labels = PseudoLabels(
            ones, ones, ones.bool(), torch.tensor([-1, -1]), (dropped, ones[:1], ones[:1].bool())
        )
        found = UniMatch(network, options()).loss(torch.cat(logits), labels)
        assert found.item() == pytest.approx(share * whole, rel=1e-5)


def test_mean_teacher_labels_by_the_teacher_with_confidence_and_the_first_box() -> None:
    network, batch = new_network(1), boxed_batch()
    confidence, target, confident = half_sure(network, batch)
    term = MeanTeacher(network, options(unlabelled_loss="mean-teacher", confidence=confidence)).eval()
    network.load_state_dict(new_network(2).state_dict())
    half_sure(network, batch)
    weights = copy.deepcopy(dict(term.teacher.named_parameters()))
    labels = term.label(network, batch, 1)
    box = batch["box_1"]
    assert torch.equal(labels.views, pasted(batch["strong_1"], box))
    assert agree(labels.target, pasted(target, box)) and agree(labels.confident, pasted(confident, box))
    assert labels.plane.tolist() == [-1, -1] and labels.perturbed is None
    of_network = (network(batch["weak"])["head_logits"] > 0).float()
    assert (of_network != target).float().mean() > 0.1, "a test that could not tell"
    assert not labels.target.requires_grad
    assert all(torch.equal(weights[name], value) for name, value in term.teacher.named_parameters())


@pytest.mark.parametrize(("decay", "expected"), [(0.99, [1 / 2, 2 / 3, 3 / 4]), (0.6, [0.5, 0.7, 0.82])])
def test_the_teacher_begins_as_a_plain_mean_and_then_decays_as_told(decay: float, expected: list[float]) -> None:
    """The teacher's weights begin at 0 and the network's are 1."""
    network = new_network(1)
    with torch.no_grad():
        for value in network.parameters():
            value.zero_()
    term = MeanTeacher(network, options(unlabelled_loss="mean-teacher", teacher_decay=decay))
    with torch.no_grad():
        for value in network.parameters():
            value.fill_(1)
    statistics = [value for name, value in network.named_buffers() if name.endswith("running_mean")]
    for mean in expected:
        for value in statistics:
            value.fill_(mean * 7)
        term.after_step(network)
        for value in term.teacher.parameters():
            assert value.min().item() == pytest.approx(mean, rel=1e-5) == value.max().item()
        assert all(map(torch.equal, term.teacher.buffers(), network.buffers())), "statistics are copied"
