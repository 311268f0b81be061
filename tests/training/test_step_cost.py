"""What a step costs: timed in turns, each way to train once, and not for long."""

from __future__ import annotations

import pytest

from fetalhead.options import SemiSupervisedOptions, TrainingOptions
from fetalhead.training import step_cost

SUPERVISED = TrainingOptions(data=["hc18=x"], steps=100, seed=1, labels="5%")
LONGER = TrainingOptions(data=["hc18=x"], steps=400, seed=2)
SEMI = SemiSupervisedOptions(data=["hc18=x"])


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The strategies of the steps made: a semi-supervised one takes 4 s, another 1 s, and no time goes by beside."""
    made: list[str] = []
    cost = {"supervised": 1.0, "semi-supervised": 4.0}

    class Stepper:
        def __init__(self, options: TrainingOptions, fabric: object) -> None:
            self.strategy = options.strategy

        def seconds(self) -> float:
            made.append(self.strategy)
            return cost[self.strategy]

    monkeypatch.setattr(step_cost, "_Stepper", Stepper)
    monkeypatch.setattr(step_cost.time, "monotonic", lambda: sum(cost[strategy] for strategy in made))
    return made


def test_ways_that_cost_the_same_are_timed_once_and_all_in_turns(turns: list[str]) -> None:
    told: list[str] = []
    assert step_cost.seconds_a_step([SUPERVISED, SEMI, LONGER], told.append) == [1.0, 4.0, 1.0]
    assert turns == ["supervised", "semi-supervised"] * (1 + step_cost.ROUNDS)
    assert "2 ways to train" in told[0] and len(told) == 1 + step_cost.ROUNDS


@pytest.mark.parametrize(("enough", "rounds"), [(0.0, step_cost.LEAST_ROUNDS), (21.0, 4)])
def test_a_slow_machine_is_not_kept_long(
    turns: list[str], monkeypatch: pytest.MonkeyPatch, enough: float, rounds: int
) -> None:
    monkeypatch.setattr(step_cost, "ENOUGH_S", enough)
    step_cost.seconds_a_step([SUPERVISED, SEMI], lambda line: None)
    assert len(turns) == 2 * (1 + rounds)
