"""What a training run leaves behind: checkpoints written whole or not at all, `log.csv` and `curves.png`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightning
import yaml
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.plugins.io import TorchCheckpointIO

from fetalhead.datasets import LISTED, open_data
from fetalhead.datasets.case import Case
from fetalhead.datasets.splits import OWN_SPLIT, SPLITS, UNASSIGNED
from fetalhead.datasets.unlabelled import unlabelled_cases
from fetalhead.errors import FetalheadError
from fetalhead.images.annotations.places import folder_of
from fetalhead.options import RUN_CONFIG, SemiSupervisedOptions, TrainingOptions
from fetalhead.training.costs import cost_of
from fetalhead.training.round_table import read_rows, write_rows

CONFIG, ORIGIN, LOG, CURVES = RUN_CONFIG, "origin.yaml", "log.csv", "curves.png"
BEST, LAST = "best.ckpt", "last.ckpt"


def begin(folder: Path, options: TrainingOptions, earlier: list[dict[str, Any]]) -> None:
    """Make the run's folder, with its configuration, the stages of training before it, and counts of its pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    unlabelled = options.unlabelled if isinstance(options, SemiSupervisedOptions) else []
    counts = [counts_of(open_data(argument).cases) for argument in options.data]
    counts += [counts_of(unlabelled_cases(argument, options.data)[0]) for argument in unlabelled]
    origin = {"earlier": earlier, "counts": counts}
    (folder / ORIGIN).write_text(yaml.safe_dump(origin, sort_keys=False), encoding="utf-8")
    options.save(folder / CONFIG)


def changed_options(saved: TrainingOptions, given: TrainingOptions) -> list[str]:
    """Names, as on the command line, of the options in which a run and what is asked for differ.

    Where data lies relative to the working folder is no difference, nor is an encoder or decoder other than that of
    the network to fine-tune, which has its own.
    """
    plain = [saved.to_dict(), given.to_dict()]
    for values in plain:
        if given.init:
            values |= {"encoder": None, "decoder_channels": None}
        for name in values.keys() & {"data", "unlabelled"}:
            values[name] = list(map(_absolute, values[name]))
    return [name.replace("_", "-") for name in plain[0] if plain[0][name] != plain[1].get(name)]


def _absolute(data: str) -> str:
    kind, equals, folder = data.partition("=")
    return f"{kind}={Path(folder).absolute()}" if equals else str(Path(data).absolute())


def stages_of(run: Path) -> list[dict[str, Any]]:
    """The stages of training behind a run's network, itself last: options, data sets by kind, split and size, cost.

    No place on this machine is told of: a teacher is called by the name of its folder.
    """
    options = TrainingOptions.load(run / CONFIG)
    apart = ("data", "unlabelled", "init")
    stage: dict[str, Any] = {name: value for name, value in options.to_dict().items() if name not in apart}
    origin = _origin(run)
    counts = iter(origin.get("counts", []))
    stage["data"] = [_described(argument, next(counts, None)) for argument in options.data]
    if isinstance(options, SemiSupervisedOptions):
        stage["unlabelled"] = [_described(argument, next(counts, None)) for argument in options.unlabelled]
        stage["teacher"] = options.teacher and Path(options.teacher).name
    if cost := cost_of(run):
        stage["cost"] = cost
    return [*origin["earlier"], stage]


def _origin(run: Path) -> dict[str, Any]:
    path = run / ORIGIN
    if not path.is_file():
        return {"earlier": []}
    try:
        origin = yaml.safe_load(path.read_text(encoding="utf-8"))
        return {"earlier": [], **origin}
    except (OSError, TypeError, ValueError, yaml.YAMLError) as error:
        raise FetalheadError(f"{path}: not what a run records of its origin: {' '.join(str(error).split())}") from error


def counts_of(cases: Sequence[Case]) -> dict[str, list[int]]:
    """Pictures and subjects by split."""
    found = {}
    for split in (*SPLITS, UNASSIGNED):
        ours = [case for case in cases if case.split == split]
        if ours:
            found[split] = [len(ours), len({case.subject for case in ours})]
    return found


def _described(data: str, counts: dict[str, list[int]] | None) -> dict[str, Any]:
    """A data set without its place on this machine; `counts` are None for runs of older versions."""
    word, equals, folder = data.partition("=")
    kind = word.partition(":")[0] if equals else "pictures"
    root = folder_of(Path(folder)) if kind in LISTED else Path(folder)
    own = equals and (root / OWN_SPLIT).is_file()
    described: dict[str, Any] = {
        "kind": kind,
        "split": "its own" if own else "published",
    }
    return described | ({"counts": counts} if counts else {})


class WholeCheckpoints(TorchCheckpointIO):
    """A checkpoint appears under its name when it is complete: a kill while writing leaves the one before.

    Raises `FetalheadError` where it cannot be written.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        partial = Path(f"{path}.partial")
        try:
            super().save_checkpoint(checkpoint, str(partial), storage_options)
            with open(partial, "rb") as stream:
                os.fsync(stream.fileno())
            partial.replace(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise FetalheadError(
                f"{path}: cannot be written: {os.strerror(error.errno or 0)}; make room and go on with --resume, which "
                "begins with the checkpoint before"
            ) from error


class RoundCheckpoint(ModelCheckpoint):
    """A checkpoint after each round: of the best one by a metric, or, without a metric, of the last one.

    (Lightning's own `save_last` follows only when the best one changes.) A run may be moved or renamed between.
    """

    def __init__(self, path: Path, metric: str | None = None) -> None:
        super().__init__(
            dirpath=path.parent,
            filename=path.stem,
            monitor=metric,
            mode="max",
            save_on_train_epoch_end=True,
            auto_insert_metric_name=False,
            enable_version_counter=False,
        )
        self._path = str(path)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        here: dict[str, Any] = {"dirpath": self.dirpath, "best_model_path": self._path}
        if self.monitor:
            here |= {
                "kth_best_model_path": self._path,
                "best_k_models": {self._path: state_dict["best_model_score"]},
            }
        super().load_state_dict({**state_dict, **here})


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
        write_rows(self.folder / LOG, list(dict.fromkeys(name for row in rows for name in row)), rows)


def rows_of(run: Path) -> list[dict[str, str]]:
    """The rows of a run's `log.csv`, as text; none where it has not finished a round."""
    return read_rows(run / LOG)


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
            label = {"val_dice": "Dice", "val_iou": "IoU"}.get(name, name.removeprefix("val_").replace("_", " "))
            right.plot(steps, [100 * value for value in values], label=label, marker=".")
    left.set(xlabel="step", ylabel="training loss", yscale="log")
    right.set(xlabel="step", ylabel="validation (%)")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path, dpi=120, metadata={"Software": None})
