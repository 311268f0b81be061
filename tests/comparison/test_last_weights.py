"""A comparison scores the last averaged weights, also where validation was better before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from test_compare_command import TRAINING, write_grid

from fetalhead.cli import compare
from fetalhead.training import export as export_module
from fetalhead.training.checkpoint import WEIGHTS, network_of_run
from fetalhead.training.learner import Learner
from fetalhead.training.run_folder import BEST, LAST, rows_of


def test_the_model_is_the_last_one_and_not_the_best_on_validation(
    tiny_hc18: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkpoints go once the model is there, so they are looked at just before."""
    kept: dict[str, dict[str, torch.Tensor]] = {}
    export = export_module.export

    def worse_each_round(self: Learner) -> None:
        self.log("val_dice", 1 / self.trainer.global_step)
        self.log("val_iou", 0.5)

    def looked_at_before(run: Path, *others: Any) -> Any:
        kept.update({name: network_of_run(run, name)[0].state_dict() for name in (BEST, LAST)})
        content = torch.load(run / LAST, weights_only=True)["current_model_state"]
        kept["not averaged"] = {name.removeprefix("network."): value for name, value in content.items()}
        return export(run, *others)

    monkeypatch.setattr(Learner, "on_validation_epoch_end", worse_each_round)
    monkeypatch.setattr(export_module, "export", looked_at_before)
    training = TRAINING | {"data": [f"hc18={tiny_hc18}"], "steps": 4, "steps_a_round": 2}
    grid = write_grid(
        tmp_path / "grid.yaml", tiny_hc18, training=training, arms={"supervised": {}}, seeds=[1], corruptions=""
    )
    (tmp_path / "speed.json").write_text('{"supervised": 1.0}')
    assert compare.main([str(grid), "--out", str(tmp_path)]) == 0
    place = tmp_path / "runs" / "supervised" / "100_percent" / "1"
    assert [(row["step"], row["val_dice"]) for row in rows_of(place / "training")] == [("2", "0.5"), ("4", "0.25")]
    model = load_file(place / "model" / WEIGHTS)
    same = {name: all(torch.equal(model[key], state[key]) for key in model) for name, state in kept.items()}
    assert same == {LAST: True, BEST: False, "not averaged": False}
    assert json.loads((place / "model" / "metrics.json").read_text())["step"] == 4
