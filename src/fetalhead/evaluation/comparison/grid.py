"""Which runs a comparison has: arms x label shares x draws, all as training options."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fetalhead.catalog import STRATEGIES
from fetalhead.datasets import parse_data
from fetalhead.datasets.splits import SPLITS
from fetalhead.errors import FetalheadError
from fetalhead.evaluation.corruptions import chosen_kinds, chosen_severities
from fetalhead.evaluation.evaluate import ALL
from fetalhead.options import TrainingOptions, option

OF_THE_GRID = ("strategy", "labels", "seeds", "equal_time", "against")
"""What an arm says beside its training options."""
SET_BY_GRID = ("labels", "seed")
ALIKE = (
    "init", "encoder", "encoder_weights", "decoder_channels", "image_size", "steps", "batch_size", "learning_rate",
    "weight_decay", "average_decay", "precision",
)  # fmt: skip
"""Options that a fair comparison has alike in all arms."""

ReadOptions = Callable[[str, Mapping[str, Any], str], TrainingOptions]
"""From a strategy, plain values, and what to call them in an error, to checked options."""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """What to compare, as GRID.yaml says it. Checked on construction, which raises `FetalheadError`."""

    training: dict[str, Any] = option("training options of every arm", default=dataclasses.MISSING)
    arms: dict[str, dict[str, Any] | None] = option(
        "by name: strategy (default: the name), options of its own, labels, seeds, equal_time and against: OTHER ARM"
    )
    labels: list[str] = option("label shares, such as 5%, or numbers of subjects", default=["100%"], or_number=True)
    seeds: list[int] = option("a draw of labelled subjects, and of all else, for each", default=[0])
    evaluate: list[str] = option("data sets as KIND=DIR, the first one with mm (hc18=DIR)")
    split: Literal["train", "val", "test", "all"] = option("which subjects are scored", default="test")
    splits: list[str] = option("of data sets of which others are, as NAME=SPLIT by the folder's name", default=[])
    baseline: str = option("the arm that the others are compared with (default: the first)", default="")
    corruptions: str = option("also on pictures made worse, one a subject: all, or kinds", default="")
    severities: str = option("severities of the corruptions, 1 to 5", default="1,3,5", or_number=True)
    corrupted_labels: list[str] = option(
        "at which label shares pictures are made worse (default: all)", default=[], or_number=True
    )
    corrupted_seeds: list[int] = option("and in which draws (default: all)", default=[])

    def __post_init__(self) -> None:
        if not self.arms:
            raise FetalheadError("arms: none are given")
        if self.baseline and self.baseline not in self.arms:
            raise FetalheadError(f"baseline: there is no arm {self.baseline!r}")
        if not self.evaluate or parse_data(self.evaluate[0]).kind != "hc18":
            raise FetalheadError("evaluate: the first data set gives the figures in mm, such as hc18=DIR")
        titles = [title_of(argument) for argument in self.evaluate]
        for title in titles:
            if titles.count(title) > 1:
                raise FetalheadError(f"evaluate: two data sets are called {title}; rename one folder")
        for title, split in map(_title_and_split, self.splits):
            if title not in titles or split not in (*SPLITS, ALL):
                raise FetalheadError(
                    f"splits: {title}={split}: wants NAME=SPLIT of {', '.join(titles)} and {', '.join(SPLITS)}, {ALL}"
                )
        chosen_kinds(self.corruptions)
        chosen_severities(self.severities)
        for name in SET_BY_GRID:
            if name in self.training:
                raise FetalheadError(f"training: {name} is set by the grid's {name.rstrip('s')}s")

    @property
    def reference(self) -> str:
        """The arm that the others are compared with."""
        return self.baseline or next(iter(self.arms))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Arms and what each is compared with: first the baseline, then the ones that they name themselves."""
        named = [(arm, (values or {}).get("against", "")) for arm, values in self.arms.items()]
        pairs = [*((arm, self.reference) for arm in self.arms), *named]
        return [(arm, against) for arm, against in dict.fromkeys(pairs) if against and arm != against]

    def split_of(self, title: str) -> str:
        """Which subjects of a data set are scored."""
        return dict(map(_title_and_split, self.splits)).get(title, self.split)

    def corrupts(self, run: Run) -> bool:
        """Whether a run is also scored on pictures made worse."""
        of_share = not self.corrupted_labels or run.labels in self.corrupted_labels
        return bool(self.corruptions) and of_share and (not self.corrupted_seeds or run.seed in self.corrupted_seeds)

    def made_worse(self, run: Run) -> set[tuple[str, int]]:
        """Kinds and severities of corruption that a run is scored on."""
        kinds = chosen_kinds(self.corruptions) if self.corrupts(run) else []
        return {(kind, severity) for kind in kinds for severity in chosen_severities(self.severities)}


@dataclass(frozen=True, slots=True)
class Run:
    """One training run of the grid."""

    arm: str
    labels: str
    seed: int
    options: TrainingOptions
    equal_time: str = ""
    """The arm whose training time sets this one's steps; empty where its steps are its own."""

    @property
    def place(self) -> Path:
        """Of its folder among the runs."""
        return Path(self.arm, in_file_name(self.labels), str(self.seed))

    def __str__(self) -> str:
        return f"{self.arm}, labels {self.labels}, seed {self.seed}"


def in_file_name(labels: str) -> str:
    """A label share as names of files and folders have it."""
    return labels.replace("%", "_percent")


def _title_and_split(argument: str) -> tuple[str, str]:
    title, _, split = argument.rpartition("=")
    return title, split


def title_of(argument: str) -> str:
    """What a data set `KIND=DIR` is called in results: its folder's name. Raises `FetalheadError`."""
    return parse_data(argument).folder.resolve().name


def planned_runs(grid: Grid, read: ReadOptions) -> list[Run]:
    """All runs, draw by draw and share by share, so that what is there when it is stopped can be compared.

    Raises `FetalheadError` for what no run can be made of.
    """
    runs = [run for name in grid.arms for run in _runs_of(grid, name, read)]
    if not runs:
        raise FetalheadError("labels, seeds: an empty list leaves no run; give at least one of each, or leave both out")
    for run, number in Counter(map(str, runs)).items():
        if number > 1:
            raise FetalheadError(f"{run}: is planned {number} times; list each of labels and seeds once")
    arms, labels, seeds = (
        list(dict.fromkeys(getattr(run, part) for run in runs)) for part in ("arm", "labels", "seed")
    )
    return sorted(runs, key=lambda run: (seeds.index(run.seed), labels.index(run.labels), arms.index(run.arm)))


def unlike(runs: Sequence[Run]) -> list[str]:
    """A line for each option that should be alike in all arms, so that they differ in how they learn alone, and is not.

    The steps of runs at equal time are their own.
    """
    lines = []
    for name in ALIKE:
        values = {run.arm: getattr(run.options, name) for run in runs if not (name == "steps" and run.equal_time)}
        if len(set(values.values())) > 1:
            told = ", ".join(f"{arm} {value}" for arm, value in values.items())
            lines.append(f"note: arms differ in {name.replace('_', '-')}: {told}")
    return lines


def _runs_of(grid: Grid, name: str, read: ReadOptions) -> list[Run]:
    values = grid.arms[name] or {}
    if name in ("", ".", "..") or "/" in name or "\\" in name:
        raise FetalheadError(f"arm {name!r}: a name without / is wanted, since its runs lie in a folder of that name")
    strategy = values.get("strategy", name)
    if not isinstance(strategy, str) or strategy not in STRATEGIES:
        raise FetalheadError(f"arm {name}: no strategy {strategy!r}; there are {', '.join(STRATEGIES)}")
    equal_time, against = values.get("equal_time", ""), values.get("against", "")
    if equal_time and (not _is_arm(equal_time, grid) or "equal_time" in (grid.arms[equal_time] or {})):
        raise FetalheadError(f"arm {name}: equal_time wants another arm with steps of its own, not {equal_time!r}")
    if against and (not _is_arm(against, grid) or against == name):
        raise FetalheadError(f"arm {name}: against wants another arm, not {against!r}")
    own = {key: value for key, value in values.items() if key not in OF_THE_GRID}
    if "seed" in own:
        raise FetalheadError(f"arm {name}: its draws are seeds, such as seeds: [{own['seed']}]")
    if equal_time and "steps" in own:
        raise FetalheadError(f"arm {name}: steps and equal_time: {equal_time} exclude each other")
    runs = []
    for labels in _list(values.get("labels", grid.labels)):
        for seed in _list(values.get("seeds", grid.seeds)):
            options = read(strategy, {**grid.training, **own, "labels": str(labels), "seed": seed}, f"arm {name}")
            runs.append(Run(name, str(labels), seed, options, equal_time))
    return runs


def _is_arm(value: object, grid: Grid) -> bool:
    return isinstance(value, str) and value in grid.arms


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def with_equal_time(runs: list[Run], seconds: Mapping[str, float]) -> list[Run]:
    """The runs with the steps of those at equal time filled in, from the seconds a step of each arm.

    Runs of an arm whose seconds, or those of the arm whose time they have, are not known are left out.
    """
    steps = {run.arm: run.options.steps for run in runs}
    return [
        dataclasses.replace(
            run,
            options=dataclasses.replace(
                run.options, steps=round(steps[run.equal_time] * seconds[run.equal_time] / seconds[run.arm])
            ),
        )
        if run.equal_time
        else run
        for run in runs
        if run.arm in seconds and (not run.equal_time or run.equal_time in seconds)
    ]
