"""What a training run cost: `costs.csv`, a row a round, so that it adds up over stops and machines."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback

from fetalhead.inference.processor import processor_name
from fetalhead.training.round_table import read_rows, write_rows

COSTS = "costs.csv"
COLUMNS = ("step", "steps", "seconds", "processor_seconds", "processes", "device")


class RunCosts(Callback):
    """A row of `costs.csv` after each round: its steps, its wall time and the first process's processor time.

    Rounds that a stop broke off, and rows later than the checkpoint resumed from, count nowhere.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._since = (0, 0.0, 0.0)

    def on_train_start(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        self._since = _now(trainer)

    def on_train_epoch_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        since, self._since = self._since, _now(trainer)
        step, seconds, processor = (now - before for now, before in zip(self._since, since, strict=True))
        if not trainer.is_global_zero or not step:
            return
        device = device_name(module.device)
        values = (trainer.global_step, step, f"{seconds:.1f}", f"{processor:.1f}", trainer.world_size, device)
        kept = [old for old in read_rows(self._folder / COSTS) if int(old["step"]) <= trainer.global_step - step]
        write_rows(self._folder / COSTS, COLUMNS, [*kept, dict(zip(COLUMNS, values, strict=True))])


def cost_of(run: Path) -> dict[str, Any] | None:
    """What the rounds on record took together; None where a run has none, as those of older versions have."""
    rows = read_rows(run / COSTS)
    if not rows:
        return None
    return {
        "steps": sum(int(row["steps"]) for row in rows),
        "seconds": round(sum(float(row["seconds"]) for row in rows)),
        "processor_seconds": round(sum(int(row["processes"]) * float(row["processor_seconds"]) for row in rows)),
        "devices": list(dict.fromkeys(_devices(row) for row in rows)),
    }


def device_name(device: torch.device) -> str:
    """What computes, such as `NVIDIA H100` or `AMD EPYC, 2 cores`."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type != "cpu":
        return device.type
    return f"{processor_name()}, {os.cpu_count()} cores"


def _now(trainer: lightning.Trainer) -> tuple[int, float, float]:
    return trainer.global_step, time.perf_counter(), time.process_time()


def _devices(row: dict[str, str]) -> str:
    return row["device"] if row["processes"] == "1" else f"{row['processes']} x {row['device']}"
