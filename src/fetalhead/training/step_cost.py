"""What a training step costs here, several ways of training side by side."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from statistics import median

import torch
from lightning.fabric import Fabric

from fetalhead.catalog import STRATEGIES
from fetalhead.models.unet import prepare
from fetalhead.options import TrainingOptions, named
from fetalhead.training.batches import TrainingBatches
from fetalhead.training.checkpoint import starting_network
from fetalhead.training.fit import precision_of
from fetalhead.training.learner import channels_last
from fetalhead.training.material import training_material

ROUNDS, LEAST_ROUNDS, ENOUGH_S = 7, 1, 60.0
"""Timed rounds at most and at least, and the time after which no more are begun than the least."""
PICTURES = 16
"""Pictures of each kind that batches are made of: which ones they are changes no cost."""


class _Stepper:
    """A run that makes one step at a time, as late ones are: with every term at its full weight."""

    def __init__(self, options: TrainingOptions, fabric: Fabric) -> None:
        self.fabric, self.step = fabric, options.steps
        network, _ = starting_network(dataclasses.replace(options, encoder_weights="none"))
        self.network = prepare(network).to(fabric.device)
        self.strategy = named(STRATEGIES[options.strategy]["class"])(self.network, options).to(fabric.device)
        trained = [*self.network.parameters(), *self.strategy.parameters()]
        self.optimizer = torch.optim.AdamW([value for value in dict.fromkeys(trained) if value.requires_grad])
        self.batches = TrainingBatches(training_material(options, PICTURES), options.grid, options.seed)

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


def seconds_a_step(runs: Sequence[TrainingOptions], tell: Callable[[str], None]) -> list[float]:
    """The median seconds of a step of each run, taken in turns, so that other load falls on all alike.

    Runs that differ in nothing that a step costs are timed once, and cost the same. `tell` hears how far it is.
    """
    fabric = Fabric(accelerator="auto", devices=1, precision=precision_of(runs[0]))  # type: ignore[arg-type]
    costs = [cost_options(run) for run in runs]
    distinct = [run for place, run in enumerate(runs) if costs.index(costs[place]) == place]
    tell(f"timing a step of {len(distinct)} ways to train, side by side")
    start = time.monotonic()
    steppers = [_Stepper(options, fabric) for options in distinct]
    for stepper in steppers:
        stepper.seconds()  # the first step of each is slower
    rounds: list[list[float]] = []
    while len(rounds) < LEAST_ROUNDS or (len(rounds) < ROUNDS and time.monotonic() - start < ENOUGH_S):
        rounds.append([stepper.seconds() for stepper in steppers])
        tell(f"round {len(rounds)}: {', '.join(f'{seconds:.2f}' for seconds in rounds[-1])} s")
    medians = [median(seconds) for seconds in zip(*rounds, strict=True)]
    timed = [cost_options(run) for run in distinct]
    return [medians[timed.index(cost)] for cost in costs]


def cost_options(options: TrainingOptions) -> TrainingOptions:
    """The options without those that change no step's cost, so that equal ones cost the same."""
    default = TrainingOptions
    return dataclasses.replace(options, steps=default.steps, seed=default.seed, labels=default.labels)
