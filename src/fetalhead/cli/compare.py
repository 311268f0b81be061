"""`fetalhead compare GRID.yaml --out DIR`: train, export and evaluate every run of a grid, and compare them."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fetalhead.cli.command import from_values, parse
from fetalhead.cli.grid_run import RUNS, carried_out, finished, is_finished, is_same, is_trained, tell
from fetalhead.cli.shared import made_folder
from fetalhead.errors import FetalheadError
from fetalhead.options import TrainingOptions, option, options_class

if TYPE_CHECKING:
    from fetalhead.evaluation.comparison.collect import Finished
    from fetalhead.evaluation.comparison.grid import Grid, Run
    from fetalhead.evaluation.comparison.speed import StepCost

GRID = "grid.yaml"


@dataclasses.dataclass(frozen=True)
class Options:
    """Train, score and compare strategies. Example: fetalhead compare examples/compare.yaml --out results/compare

    It goes on where it was stopped; several processes may work on one --out at a time, each on runs of its own.
    """

    grid: str = option("GRID.yaml: arms, label shares, draws (docs/comparing.md)", positional=True)
    out: str = option("folder for runs/, the CSV files, results.md and the figures")
    plan: bool = option("only tell the runs, and what they will cost here", default=False)
    known: str | None = option(
        "results of this grid from before or from another machine: runs finished there are not trained again",
        default=None,
    )
    collect: bool = option("train nothing: write tables and figures of the runs that are finished", default=False)


def main(argv: Sequence[str]) -> int:
    options = parse(Options, argv, "fetalhead compare")
    from fetalhead.evaluation import figures
    from fetalhead.evaluation.comparison.grid import planned_runs, with_equal_time
    from fetalhead.evaluation.comparison.speed import known_costs, known_seconds, write_costs
    from fetalhead.evaluation.comparison.write import write_results

    figures.require_matplotlib()
    grid = _read_grid(Path(options.grid))
    out = made_folder(options.out)
    planned = planned_runs(grid, _read_options)
    if not options.collect:
        _check_fair(planned, grid)
    theirs = _their_grid(Path(options.known)) if options.known else None
    if options.known:  # runs at equal time must make the same steps
        write_costs(known_costs(Path(options.known)) | _costs_here(out), out)
    seconds = known_seconds(out) if options.collect else _seconds_a_step(planned, out)
    if options.collect and not seconds and ((out / RUNS).is_dir() or (out / "runs.csv").is_file()):
        raise FetalheadError(f"{out}: no speed.json, which a comparison begins with; begin it, or give --known FOLDER")
    runs = with_equal_time(planned, seconds)
    known = _known(Path(options.known), theirs, (grid, runs), seconds) if options.known and theirs else {}
    if not options.collect:
        _tell_plan(runs, seconds, [run for run in runs if run.place in known or is_trained(run, out)])
    if options.plan:
        return 0
    there = [run for run in runs if (out / RUNS / run.place).is_dir()]
    wanted = there if options.collect else [run for run in runs if run in there or run.place not in known]
    failed = [run for run in wanted if not (is_same if options.collect else carried_out)(run, grid, out)]
    whole = [run for run in wanted if run not in failed and is_finished(run, grid, out, options.collect)]
    found = known | {run.place: finished(run, grid, seconds[run.arm], out) for run in whole}
    compared = [found[run.place] for run in runs if run.place in found]
    (out / GRID).write_bytes(Path(options.grid).read_bytes())
    print(write_results(planned, compared, grid, out))
    missing = len(planned) - len(compared) - len(failed)
    elsewhere = f", {missing} are not finished" if missing else ""
    print(f"{len(compared)} of {len(planned)} runs compared{elsewhere}: {out}", file=sys.stderr)
    return 1 if failed else 0


def _check_fair(runs: Sequence[Run], grid: Grid) -> None:
    """Tell in which options arms differ that all else rests on; raises `FetalheadError` where patients who are learnt
    from would be scored.
    """
    from fetalhead.datasets.separation import refuse_scored_patients
    from fetalhead.evaluation.comparison.grid import title_of, unlike

    for line in unlike(runs):
        tell(line)
    scored = [(argument, grid.split_of(title_of(argument))) for argument in grid.evaluate]
    for data, unlabelled in dict.fromkeys(
        (tuple(run.options.data), tuple(getattr(run.options, "unlabelled", ()))) for run in runs
    ):
        refuse_scored_patients(data, unlabelled, scored)


def _read_options(strategy: str, values: Mapping[str, Any], what: str) -> TrainingOptions:
    return from_values(options_class(strategy), values, f"fetalhead compare: {what}", strategy=strategy)


def _costs_here(out: Path) -> dict[str, StepCost]:
    """What is known of the arms' steps; a broken record counts as none, and is told."""
    from fetalhead.evaluation.comparison.speed import known_costs

    try:
        return known_costs(out)
    except FetalheadError as error:
        tell(str(error))
        return {}


def _seconds_a_step(runs: Sequence[Run], out: Path) -> dict[str, float]:
    """Of each arm, measured side by side once for a comparison, by this machine.

    An arm that joins later, or has other options than when it was measured and no runs of those, is measured beside
    one that is known, and told in its seconds: what is known stays, and with it the steps of runs at equal time.
    """
    from fetalhead.training.step_cost import cost_options, seconds_a_step

    arms = {run.arm: run.options for run in reversed(runs)}
    plain = {arm: cost_options(options).to_dict() for arm, options in arms.items()}

    def known() -> dict[str, StepCost]:
        costs = _costs_here(out).items()
        return {arm: cost for arm, cost in costs if cost.is_of(plain.get(arm, {})) or (out / RUNS / arm).is_dir()}

    costs = known()
    if new := [arm for arm in arms if arm not in costs]:
        from fetalhead.evaluation.comparison.speed import StepCost, write_costs

        beside = [arm for arm in arms if arm in costs][:1]
        timed = [*beside, *new]
        measured = dict(zip(timed, seconds_a_step([arms[arm] for arm in timed], tell), strict=True))
        scale = costs[beside[0]].seconds / measured[beside[0]] if beside else 1.0
        # What another process found meanwhile counts: all must make the same steps.
        costs = {arm: StepCost(scale * measured[arm], plain[arm]) for arm in new} | known()
        write_costs(costs, out)
    return {arm: cost.seconds for arm, cost in costs.items()}


def _tell_plan(runs: Sequence[Run], seconds: Mapping[str, float], trained: Sequence[Run]) -> None:
    total = 0.0
    for arm in dict.fromkeys(run.arm for run in runs):
        of_arm = [run for run in runs if run.arm == arm]
        left = [run for run in of_arm if run not in trained]
        cost = sum(run.options.steps for run in left) * seconds[arm]
        total += cost
        number = f"{len(left)} runs" if len(left) == len(of_arm) else f"{len(left)} of {len(of_arm)} runs"
        print(f"{arm}: {number} of {of_arm[0].options.steps} steps at {seconds[arm]:.2f} s: {cost / 60:.0f} min")
    print(f"{len(runs) - len(trained)} runs to train, about {total / 3600:.1f} h here; scoring them comes on top")


def _their_grid(folder: Path) -> Grid:
    """The grid of which `--known` holds the results. Raises `FetalheadError`."""
    if not (folder / GRID).is_file():
        raise FetalheadError(f"--known {folder}: holds no {GRID}, so not the results of a comparison")
    return _read_grid(folder / GRID)


def _known(
    folder: Path, theirs: Grid, ours: tuple[Grid, Sequence[Run]], seconds: Mapping[str, float]
) -> dict[Path, Finished]:
    """By their place, the runs that are finished in a folder of results."""
    from fetalhead.evaluation.comparison.grid import planned_runs, with_equal_time
    from fetalhead.evaluation.comparison.known import known_runs

    their_runs = with_equal_time(planned_runs(theirs, _read_options), seconds)
    return {one.run.place: one for one in known_runs(folder, ours, (theirs, their_runs))}


def _read_grid(path: Path) -> Grid:
    from fetalhead.evaluation.comparison.grid import Grid

    return parse(Grid, ["--config", str(path)], f"fetalhead compare {path}")
