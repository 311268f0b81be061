"""What a training run cost: `costs.csv`, a row a round, so that it adds up over stops and machines."""

from __future__ import annotations

import csv
import os
import platform
import re
import time
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback

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
        row = (trainer.global_step, step, f"{seconds:.1f}", f"{processor:.1f}", trainer.world_size, device)
        kept = [old for old in _rows(self._folder) if int(old["step"]) <= trainer.global_step - step]
        partial = self._folder / f"{COSTS}.partial"
        with open(partial, "w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows([*([old[name] for name in COLUMNS] for old in kept), row])
        partial.replace(self._folder / COSTS)


def cost_of(run: Path) -> dict[str, Any] | None:
    """What the rounds on record took together; None where a run has none, as those of older versions have."""
    rows = _rows(run)
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
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="utf-8") if info.is_file() else ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return f"{found[1].strip() if found else platform.machine()}, {os.cpu_count()} cores"


def _now(trainer: lightning.Trainer) -> tuple[int, float, float]:
    return trainer.global_step, time.perf_counter(), time.process_time()


def _devices(row: dict[str, str]) -> str:
    return row["device"] if row["processes"] == "1" else f"{row['processes']} x {row['device']}"


def _rows(run: Path) -> list[dict[str, str]]:
    path = run / COSTS
    if not path.is_file():
        return []
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
