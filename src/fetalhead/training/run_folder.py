"""What a training run leaves behind: checkpoints written whole or not at all, `log.csv` and `curves.png`."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.plugins.io import TorchCheckpointIO

CONFIG, LOG, CURVES, BEST, LAST = "config.yaml", "log.csv", "curves.png", "best.ckpt", "last.ckpt"


class WholeCheckpoints(TorchCheckpointIO):
    """A checkpoint appears under its name when it is complete: a kill while writing leaves the one before."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        partial = f"{path}.partial"
        super().save_checkpoint(checkpoint, partial, storage_options)
        with open(partial, "rb") as stream:
            os.fsync(stream.fileno())
        Path(partial).replace(path)


class RunLog(Callback):
    """A row of `log.csv` and new curves after each round. Rows later than the checkpoint resumed from are dropped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_train_start(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        if trainer.is_global_zero and (self.folder / LOG).exists():
            rows = [row for row in rows_of(self.folder) if int(row["step"]) <= trainer.global_step]
            self._write(rows)

    def on_train_epoch_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items() if name != "train_loss"}
        row = {"step": trainer.global_step, "learning_rate": trainer.optimizers[0].param_groups[0]["lr"], **metrics}
        rows = [old for old in rows_of(self.folder) if int(old["step"]) < trainer.global_step]
        self._write([*rows, {name: format(value, ".6g") for name, value in row.items()}])
        draw_curves(rows_of(self.folder), self.folder / CURVES)

    def _write(self, rows: list[dict[str, str]]) -> None:
        names = list(dict.fromkeys(name for row in rows for name in row))
        partial = self.folder / f"{LOG}.partial"
        with open(partial, "w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        partial.replace(self.folder / LOG)


def rows_of(run: Path) -> list[dict[str, str]]:
    """The rows of a run's `log.csv`, as text; none where it has not finished a round."""
    path = run / LOG
    if not path.exists():
        return []
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def draw_curves(rows: list[dict[str, str]], path: Path) -> None:
    """Losses and validation Dice against steps."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name in rows[0]:
        steps = [int(row["step"]) for row in rows if row.get(name)]
        values = [float(row[name]) for row in rows if row.get(name)]
        if name.startswith("loss"):
            left.plot(steps, values, label=name.removeprefix("loss_").replace("_", " "), marker=".")
        elif name.startswith("val_"):
            label = {"val_dice": "Dice", "val_iou": "IoU"}.get(name, name.removeprefix("val_"))
            right.plot(steps, [100 * value for value in values], label=label, marker=".")
    left.set(xlabel="step", ylabel="training loss", yscale="log")
    right.set(xlabel="step", ylabel="validation (%)")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path, dpi=120, metadata={"Software": None})
