"""A small network learns from a trained one: what the teacher says is what is asked, and it stays as it is."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from test_strategies import TINY, random_batch

from fetalhead.errors import FetalheadError
from fetalhead.inference.predictor import Predictor
from fetalhead.models.unet import Architecture, UNet
from fetalhead.options import SemiSupervisedOptions, TrainingOptions
from fetalhead.training.checkpoint import initial_network, network_of_run
from fetalhead.training.distillation import Distillation
from fetalhead.training.export import ExportOptions, export
from fetalhead.training.fit import fit
from fetalhead.training.pseudo_labels import PseudoLabels
from fetalhead.training.run_folder import rows_of
from fetalhead.training.semi_supervised import SemiSupervised

PUPIL = {**TINY, "decoder_channels": (8, 8, 8), "image_size": "48x80", "unlabelled_batch": 2, "alpha_ramp": 0.0}


@pytest.fixture(scope="module")
def teacher(tiny_hc18: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("teacher") / "run"
    fit(TrainingOptions(**TINY, data=[f"hc18={tiny_hc18}"]), folder)
    return folder


def test_a_shallow_network_leaves_the_last_stages_out() -> None:
    deep = UNet(Architecture("tf_efficientnet_lite0", (16, 8, 8, 8)))
    shallow = UNet(Architecture("tf_efficientnet_lite0", (8, 8, 8), planes=4))
    count = {name: sum(p.numel() for p in net.parameters()) for name, net in (("deep", deep), ("shallow", shallow))}
    assert count["shallow"] < 0.8e6 < 3e6 < count["deep"]
    outputs = shallow(torch.zeros(1, 1, 48, 80))
    assert outputs["head_logits"].shape == (1, 1, 48, 80) and outputs["plane_logits"].shape == (1, 4)
    outputs["head_logits"].sum().backward()
    used = [p.grad is not None for name, p in shallow.named_parameters() if not name.startswith("plane_head")]
    assert all(used)  # no weight is carried along that nothing looks at
    assert Architecture.from_dict(shallow.architecture.to_dict()) == shallow.architecture


def test_the_loss_is_least_where_the_pupil_says_what_the_teacher_says(teacher: Path) -> None:
    term = Distillation(UNet(Architecture("resnet10t", (8, 8, 8))), options(teacher, tiny="x"))
    target = torch.full((1, 1, 8, 8), 0.3)
    labels = PseudoLabels(target, target, torch.ones_like(target, dtype=torch.bool), torch.full((len(target),), -1))
    logits = torch.linspace(-4, 4, 81)
    losses = [term.loss(torch.full((1, 1, 8, 8), float(value)), labels).item() for value in logits]
    assert logits[int(np.argmin(losses))].item() == pytest.approx(np.log(0.3 / 0.7), abs=0.1)


def test_the_teacher_is_asked_and_does_not_learn(teacher: Path) -> None:
    network = UNet(Architecture("resnet10t", (8, 8, 8)))
    strategy = SemiSupervised(network, options(teacher, tiny="x"))
    strategy.train()
    before = {name: value.clone() for name, value in strategy.term.teacher.state_dict().items()}
    batch = random_batch((48, 80))
    strategy.losses(network, batch, step=1)["unlabelled"].backward()
    strategy.after_step(network)
    assert all(torch.equal(before[name], value) for name, value in strategy.term.teacher.state_dict().items())
    assert all(p.grad is None for p in strategy.term.teacher.parameters())
    assert max(p.grad.abs().max() for p in network.parameters() if p.grad is not None) > 0
    view = torch.nn.functional.interpolate(batch["strong_1"], size=(64, 96), mode="bilinear", antialias=True)
    expected = initial_network(teacher)[0].eval()(view)["head_logits"].sigmoid()
    expected = torch.nn.functional.interpolate(expected, size=(48, 80), mode="bilinear", antialias=True)
    assert torch.allclose(strategy.term.label(network, batch, 1).target, expected, atol=1e-6)


def test_distilled_from_a_run_or_a_model_folder_resumed_and_exported(
    tiny_hc18: Path, teacher: Path, tmp_path: Path
) -> None:
    export(teacher, tmp_path / "model", ExportOptions("t", "best.ckpt", half=False, flips=False, metrics=()))
    for name, source in (("run", teacher), ("folder", tmp_path / "model")):
        fit(options(source, tiny_hc18), tmp_path / name)
        assert float(rows_of(tmp_path / name)[-1]["loss_unlabelled"]) > 0
    weights = [network_of_run(tmp_path / name, "last.ckpt")[0].state_dict() for name in ("run", "folder")]
    assert all(torch.allclose(weights[0][name], weights[1][name], atol=1e-4) for name in weights[0])
    small = export(
        tmp_path / "run", tmp_path / "small", ExportOptions("s", "last.ckpt", half=True, flips=False, metrics=())
    )
    assert Predictor(small).predict(np.zeros((54, 80), np.uint8)).grid_probability.shape == (48, 80)


def test_a_teacher_and_distillation_go_together(teacher: Path) -> None:
    with pytest.raises(FetalheadError, match="go together"):
        SemiSupervisedOptions(data=["hc18=x"], unlabelled_loss="distillation")
    with pytest.raises(FetalheadError, match="go together"):
        dataclasses.replace(options(teacher, tiny="x"), unlabelled_loss="unimatch")


def options(teacher: Path, tiny: object) -> SemiSupervisedOptions:
    return SemiSupervisedOptions(
        **PUPIL, data=[f"hc18={tiny}"], unlabelled_loss="distillation", teacher=str(teacher)
    )
