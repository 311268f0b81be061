"""One `fit()` for every strategy."""

from __future__ import annotations

import dataclasses
import logging
import math
import os
import warnings
from pathlib import Path

import lightning
import torch
from lightning.pytorch.callbacks import EMAWeightAveraging, TQDMProgressBar
from lightning.pytorch.utilities import rank_zero_only
from torch.utils.data import DataLoader

from fetalhead.catalog import STRATEGIES
from fetalhead.errors import FetalheadError
from fetalhead.models.unet import prepare
from fetalhead.options import TrainingOptions, named
from fetalhead.training import run_folder
from fetalhead.training.batches import RoundSampler, TrainingBatches, ValidationBatches
from fetalhead.training.checkpoint import starting_network, steps_to_resume_from
from fetalhead.training.costs import RunCosts
from fetalhead.training.learner import Learner
from fetalhead.training.material import load_material

VALIDATION_BATCH = 16


def fit(options: TrainingOptions, folder: Path, resume: bool = False) -> None:
    """Train into `folder`: `config.yaml`, `log.csv`, `curves.png`, `best.ckpt` and `last.ckpt`.

    Runs on whatever lightning finds: a CPU, a GPU, several, or several nodes. With `resume` it goes on from
    `last.ckpt` exactly as if it had not been stopped, since a batch is a function of seed and step. Raises
    `FetalheadError` where the folder holds another run.
    """
    _quieten()
    lightning.seed_everything(options.seed, workers=True, verbose=False)
    network, earlier = starting_network(options)
    architecture = network.architecture
    options = dataclasses.replace(
        options, encoder=architecture.encoder, decoder_channels=architecture.decoder_channels
    )
    last = _last_checkpoint(options, folder, resume)
    prepare(network)
    learner = Learner(network, named(STRATEGIES[options.strategy]["class"])(network, options), options)
    done = steps_to_resume_from(last, learner.state_dict()) if last else 0
    material, validation = load_material(options)
    if _is_first_process():
        run_folder.begin(folder, options, earlier)
    trainer = lightning.Trainer(
        accelerator="auto",
        devices=int(os.environ.get("LOCAL_WORLD_SIZE", 0)) or "auto",  # torchrun says how many processes it started
        num_nodes=int(os.environ.get("GROUP_WORLD_SIZE", os.environ.get("SLURM_NNODES", 1))),
        precision=precision_of(options),  # type: ignore[arg-type]
        max_epochs=math.ceil(options.steps / options.steps_a_round),  # and `Learner` stops at the last step
        callbacks=_callbacks(options, folder),
        plugins=[run_folder.WholeCheckpoints()],
        logger=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        enable_model_summary=False,
        log_every_n_steps=1,
        default_root_dir=folder,
    )
    workers = 0 if trainer.num_devices == 1 and trainer.strategy.root_device.type == "cpu" else 4
    rounds = RoundSampler(options.steps_a_round, options.steps, done)
    batches = TrainingBatches(material, options.grid, options.seed, trainer.global_rank, trainer.world_size)
    trainer.fit(
        learner,
        DataLoader(batches, batch_size=None, sampler=rounds, num_workers=workers),
        DataLoader(
            ValidationBatches(validation, options.grid, VALIDATION_BATCH, material.plane_classes),
            batch_size=None,
            num_workers=workers,
        ),
        ckpt_path=str(last) if last else None,
    )


def _quieten() -> None:
    """Silence lightning's notices that tell a user of this command nothing."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message="Checkpoint directory .* exists and is not empty")
    warnings.filterwarnings("ignore", message=".*does not have many workers")
    warnings.filterwarnings("ignore", message=".*LeafSpec")


def _is_first_process() -> bool:
    return not getattr(rank_zero_only, "rank", 0)


def _last_checkpoint(options: TrainingOptions, folder: Path, resume: bool) -> Path | None:
    """The checkpoint to go on from, if any. Of several processes, the first alone minds what the folder holds."""
    config, last = folder / run_folder.CONFIG, folder / run_folder.LAST
    there = [name for name in (run_folder.LAST, run_folder.BEST) if (folder / name).exists()]
    if there and not config.exists() and _is_first_process():
        raise FetalheadError(
            f"{folder}: holds {there[0]} without the {run_folder.CONFIG} of its run; put that beside it and go on with "
            "--resume, or choose another --out"
        )
    if config.exists() and _is_first_process():
        if not resume:
            raise FetalheadError(f"{folder}: holds a run already; go on with --resume, or choose another --out")
        changed = run_folder.changed_options(TrainingOptions.load(config), options)
        if changed:
            raise FetalheadError(f"{folder}: --resume continues the run as it was set up, but --{changed[0]} differs")
    return last if last.exists() else None


def _callbacks(options: TrainingOptions, folder: Path) -> list[lightning.Callback]:
    average = EMAWeightAveraging(decay=options.average_decay)
    best = run_folder.RoundCheckpoint(folder / run_folder.BEST, "val_dice")
    last = run_folder.RoundCheckpoint(folder / run_folder.LAST)
    return [average, run_folder.RunLog(folder), RunCosts(folder), best, last, TQDMProgressBar(refresh_rate=1)]


def precision_of(options: TrainingOptions) -> str:
    """bf16 where the processor computes in it; elsewhere it is ten times slower, so 32 bit."""
    if options.precision != "auto":
        return {"32": "32-true", "bf16": "bf16-mixed"}[options.precision]
    if torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported() else "16-mixed"
    return "bf16-mixed" if torch.cpu._is_avx512_bf16_supported() else "32-true"
