"""What a training step costs here, several ways of training side by side."""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median

import torch
from lightning.fabric import Fabric

from fetalhead.catalog import STRATEGIES
from fetalhead.models.unet import UNet, prepare
from fetalhead.options import TrainingOptions, named
from fetalhead.training.batches import TrainingBatches
from fetalhead.training.checkpoint import architecture_of
from fetalhead.training.fit import precision_of
from fetalhead.training.learner import channels_last
from fetalhead.training.material import load_material

WARM_UP, ROUNDS = 2, 7


class _Stepper:
    """A run that makes one step at a time, as late ones are: with every term at its full weight."""

    def __init__(self, options: TrainingOptions, fabric: Fabric) -> None:
        self.fabric, self.step = fabric, options.steps
        self.network = prepare(UNet(architecture_of(options))).to(fabric.device)
        self.strategy = named(STRATEGIES[options.strategy]["class"])(self.network, options).to(fabric.device)
        trained = [*self.network.parameters(), *self.strategy.parameters()]
        self.optimizer = torch.optim.AdamW([value for value in dict.fromkeys(trained) if value.requires_grad])
        self.batches = TrainingBatches(load_material(options)[0], options.grid, options.seed)

    def seconds(self) -> float:
        """Of one step, the making of its batch included."""
        start = time.perf_counter()
        batch = self.fabric.to_device(channels_last(self.batches[self.step]))
        self.optimizer.zero_grad()
        with self.fabric.autocast():
            loss = torch.stack(list(self.strategy.losses(self.network, batch, self.step).values())).sum()
        torch.autograd.backward(loss)
        self.optimizer.step()
        self.strategy.after_step(self.network)
        if self.fabric.device.type == "cuda":
            torch.cuda.synchronize()
        self.step += 1
        return time.perf_counter() - start


def seconds_a_step(runs: Sequence[TrainingOptions]) -> list[float]:
    """The median seconds of a step of each run, taken in turns, so that other load falls on all alike."""
    fabric = Fabric(accelerator="auto", devices=1, precision=precision_of(runs[0]))  # type: ignore[arg-type]
    steppers = [_Stepper(options, fabric) for options in runs]
    rounds = [[stepper.seconds() for stepper in steppers] for _ in range(WARM_UP + ROUNDS)]
    return [median(seconds) for seconds in zip(*rounds[WARM_UP:], strict=True)]
