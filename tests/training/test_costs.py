"""What training took adds up over rounds, stops and machines."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")

from fetalhead.training.costs import COSTS, RunCosts, cost_of  # noqa: E402


def rounds(folder: Path, start: int, *ends: int, processes: int = 1) -> None:
    """A process that begins at step `start` and ends rounds at the others."""
    trainer = SimpleNamespace(global_step=start, is_global_zero=True, world_size=processes)
    module = SimpleNamespace(device=torch.device("cpu"))
    costs = RunCosts(folder)
    costs.on_train_start(trainer, module)
    for trainer.global_step in ends:
        sum(range(100_000))
        costs.on_train_epoch_end(trainer, module)


def lines(folder: Path) -> list[str]:
    return [",".join(line.split(",")[:2]) for line in (folder / COSTS).read_text().splitlines()]


def test_a_round_gone_back_to_is_counted_once(tmp_path: Path) -> None:
    assert cost_of(tmp_path) is None
    rounds(tmp_path, 0, 2, 4)
    assert lines(tmp_path) == ["step,steps", "2,2", "4,2"]
    rounds(tmp_path, 2, 4, 5)  # killed after the checkpoint at step 2
    assert lines(tmp_path) == ["step,steps", "2,2", "4,2", "5,1"]
    rounds(tmp_path, 5)  # has ended: nothing more
    assert lines(tmp_path) == ["step,steps", "2,2", "4,2", "5,1"]


def test_the_cost_adds_up_over_machines(tmp_path: Path) -> None:
    header = "step,steps,seconds,processor_seconds,processes,device"
    (tmp_path / COSTS).write_text(f"{header}\n2,2,10.0,20.0,1,here\n5,3,1000.0,2000.0,2,there\n")
    assert cost_of(tmp_path) == {
        "steps": 5, "seconds": 1010, "processor_seconds": 4020, "devices": ["here", "2 x there"]
    }  # fmt: skip
