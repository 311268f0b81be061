"""`fetalhead compare GRID.yaml --out DIR`: train, export and evaluate every run of a grid, and compare them."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fetalhead.cli.command import from_values, parse
from fetalhead.cli.shared import made_folder
from fetalhead.errors import FetalheadError
from fetalhead.options import RUN_CONFIG, TrainingOptions, option, options_class

if TYPE_CHECKING:
    from fetalhead.evaluation.comparison.collect import Finished
    from fetalhead.evaluation.comparison.grid import Grid, Run

RUNS, GRID, LOCK = "runs", "grid.yaml", ".lock"
EVALUATIONS, MODEL, TRAINING, MACHINE = "evaluations", "model", "training", "machine.json"


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
    from fetalhead.evaluation.comparison.speed import known_seconds, write_seconds
    from fetalhead.evaluation.comparison.write import write_results

    figures.require_matplotlib()
    grid = _read_grid(Path(options.grid))
    out = made_folder(options.out)
    planned = planned_runs(grid, _read_options)
    if options.known:  # runs at equal time must make the same steps
        write_seconds(known_seconds(Path(options.known)) | _seconds_here(out), out)
    seconds = known_seconds(out) if options.collect else _seconds_a_step(planned, out)
    if options.collect and not seconds and ((out / RUNS).is_dir() or (out / "runs.csv").is_file()):
        raise FetalheadError(f"{out}: no speed.json, which a comparison begins with; begin it, or give --known FOLDER")
    runs = with_equal_time(planned, seconds)
    if not options.collect:
        _tell_plan(runs, seconds, out)
    if options.plan:
        return 0
    known = _known(Path(options.known), grid, runs, seconds) if options.known else {}
    there = [run for run in runs if (out / RUNS / run.place).is_dir()]
    wanted = there if options.collect else [run for run in runs if run in there or run.place not in known]
    failed = [run for run in wanted if not (_is_same if options.collect else _tried)(run, grid, out)]
    whole = [run for run in wanted if run not in failed and _is_finished(run, grid, out, options.collect)]
    found = known | {run.place: _finished(run, grid, seconds[run.arm], out) for run in whole}
    finished = [found[run.place] for run in runs if run.place in found]
    (out / GRID).write_bytes(Path(options.grid).read_bytes())
    print(write_results(planned, finished, grid, out))
    missing = len(planned) - len(finished) - len(failed)
    elsewhere = f", {missing} are not finished" if missing else ""
    print(f"{len(finished)} of {len(planned)} runs compared{elsewhere}: {out}", file=sys.stderr)
    return 1 if failed else 0


def _read_options(strategy: str, values: Mapping[str, Any], what: str) -> TrainingOptions:
    return from_values(options_class(strategy), values, f"fetalhead compare: {what}", strategy=strategy)


def _seconds_here(out: Path) -> dict[str, float]:
    """What is known of the arms' seconds; a broken record counts as none, and is told."""
    from fetalhead.evaluation.comparison.speed import known_seconds

    try:
        return known_seconds(out)
    except FetalheadError as error:
        _tell(str(error))
        return {}


def _seconds_a_step(runs: Sequence[Run], out: Path) -> dict[str, float]:
    """Of each arm, measured side by side once for a comparison, by this machine.

    An arm that joins later is measured beside one that is known, and told in its seconds: what is known stays, and
    with it the steps of runs at equal time.
    """
    arms = {run.arm: run.options for run in reversed(runs)}
    known = _seconds_here(out)
    new = [arm for arm in arms if arm not in known]
    if new:
        from fetalhead.evaluation.comparison.speed import write_seconds
        from fetalhead.training.step_cost import seconds_a_step

        beside = [arm for arm in arms if arm in known][:1]
        timed = [*beside, *new]
        measured = dict(zip(timed, seconds_a_step([arms[arm] for arm in timed], _tell), strict=True))
        scale = known[beside[0]] / measured[beside[0]] if beside else 1.0
        # What another process found meanwhile counts: all must make the same steps.
        known = {arm: scale * measured[arm] for arm in new} | _seconds_here(out)
        write_seconds(known, out)
    return known


def _tell(line: str) -> None:
    print(f"fetalhead compare: {line}", file=sys.stderr, flush=True)


def _tell_plan(runs: Sequence[Run], seconds: Mapping[str, float], out: Path) -> None:
    total = 0.0
    for arm in dict.fromkeys(run.arm for run in runs):
        of_arm = [run for run in runs if run.arm == arm]
        cost = sum(run.options.steps for run in of_arm) * seconds[arm]
        total += cost
        steps = of_arm[0].options.steps
        print(f"{arm}: {len(of_arm)} runs of {steps} steps at {seconds[arm]:.2f} s: {cost / 60:.0f} min")
    print(f"{len(runs)} runs, about {total / 3600:.1f} h of training here")


def _is_same(run: Run, grid: Grid, out: Path) -> bool:
    """Whether the folder's run is this one. False, and a line, where it has other options."""
    try:
        _check_same(run, out / RUNS / run.place)
    except FetalheadError as error:
        _tell(f"{run}: {error}")
        return False
    return True


def _tried(run: Run, grid: Grid, out: Path) -> bool:
    """Carry out what is missing of a run, unless another process has it. False, and a line, where it fails."""
    place = out / RUNS / run.place
    place.mkdir(parents=True, exist_ok=True)
    with _claimed(place / LOCK) as mine:
        if not mine:
            return True
        try:
            _check_same(run, place)
            _carry_out(run, grid, place)
        except FetalheadError as error:
            _tell(f"{run}: {error}")
            return False
    return True


@contextlib.contextmanager
def _claimed(path: Path) -> Iterator[bool]:
    """Whether this process alone has the run; a lock ends with its process, however that ends."""
    with open(path, "w") as stream:
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
        yield True


def _check_same(run: Run, place: Path) -> None:
    """Raises `FetalheadError` where the folder's run has other options than the grid says now."""
    from fetalhead.training.run_folder import changed_options

    config = place / TRAINING / RUN_CONFIG
    if config.is_file() and (changed := changed_options(TrainingOptions.load(config), run.options)):
        raise FetalheadError(f"{place}: its --{changed[0]} was another; choose another --out, or remove the folder")


def _carry_out(run: Run, grid: Grid, place: Path) -> None:
    from fetalhead.cli import evaluate
    from fetalhead.evaluation.comparison.machine import this_machine
    from fetalhead.evaluation.comparison.scoring import what_differs
    from fetalhead.training.export import ExportOptions, export
    from fetalhead.training.fit import fit
    from fetalhead.training.run_folder import BEST, LAST

    training, model = place / TRAINING, place / MODEL
    if not model.is_dir():
        print(f"{run}", file=sys.stderr)
        fit(run.options, training, resume=(training / RUN_CONFIG).is_file())
        # The last averaged weights: a checkpoint chosen on validation would use labels that few-label users lack.
        (place / MACHINE).write_text(json.dumps(this_machine(), indent=2) + "\n", encoding="utf-8")
        export(training, model, ExportOptions(run.arm, LAST, half=False, flips=False, metrics=()))
    for name in (BEST, LAST):
        (training / name).unlink(missing_ok=True)  # the model folder holds the weights
    for title, argument in _data_of(grid):
        folder = place / EVALUATIONS / title
        if folder.is_dir():
            if not (other := what_differs(folder, grid, run, argument)):
                continue
            _tell(f"{run}: {other}: it is scored again")
        partial = place / f"{title}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        words = ["--data", argument, "--model", str(model), "--split", grid.split_of(title), "--out", str(partial)]
        if argument == grid.evaluate[0] and grid.corrupts(run):
            words += ["--corruptions", grid.corruptions, "--severities", grid.severities, "--one-a-subject"]
        told = io.StringIO()
        with (
            open(partial / "table.txt", "w", encoding="utf-8") as table,
            contextlib.redirect_stdout(table),
            contextlib.redirect_stderr(told),
        ):
            status = evaluate.main(words)
        if status:  # what could not be read is left out for every arm alike
            faults = [line for line in told.getvalue().splitlines() if line.startswith("fetalhead")]
            print("\n".join(faults), file=sys.stderr)
        folder.parent.mkdir(exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)  # of another scoring; the new one is whole
        partial.rename(folder)


def _data_of(grid: Grid) -> list[tuple[str, str]]:
    from fetalhead.evaluation.comparison.grid import title_of

    return [(title_of(argument), argument) for argument in grid.evaluate]


def _is_finished(run: Run, grid: Grid, out: Path, tell: bool) -> bool:
    """Whether all of a run's evaluations are there, and as the grid has them; with `tell`, a line where one is not."""
    from fetalhead.evaluation.comparison.scoring import what_differs

    places = _evaluations(run, grid, out)
    if not all(place.is_dir() for place in places.values()):
        return False
    for title, argument in _data_of(grid):
        if other := what_differs(places[title], grid, run, argument):
            if tell:
                _tell(f"{run}: {other}: left out until it is scored again, which needs a start without --collect")
            return False
    return True


def _evaluations(run: Run, grid: Grid, out: Path) -> dict[str, Path]:
    return {title: out / RUNS / run.place / EVALUATIONS / title for title, _ in _data_of(grid)}


def _finished(run: Run, grid: Grid, seconds: float, out: Path) -> Finished:
    from fetalhead.evaluation.comparison.collect import Finished
    from fetalhead.evaluation.comparison.evaluated import evaluated_rows

    rows = evaluated_rows(run, _evaluations(run, grid, out), seconds, grid.made_worse(run))
    return Finished(run, rows, _machine(out / RUNS / run.place / MACHINE))


def _machine(path: Path) -> dict[str, Any] | None:
    """What was recorded of it; None where nothing is, or nothing whole."""
    try:
        recorded = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return recorded if isinstance(recorded, dict) else None


def _known(folder: Path, grid: Grid, runs: Sequence[Run], seconds: Mapping[str, float]) -> dict[Path, Finished]:
    """By their place, the runs that are finished in a folder of results."""
    from fetalhead.evaluation.comparison.grid import planned_runs, with_equal_time
    from fetalhead.evaluation.comparison.known import known_runs

    if not (folder / GRID).is_file():
        raise FetalheadError(f"--known {folder}: holds no {GRID}, so not the results of a comparison")
    theirs = _read_grid(folder / GRID)
    their_runs = with_equal_time(planned_runs(theirs, _read_options), seconds)
    return {one.run.place: one for one in known_runs(folder, (grid, runs), (theirs, their_runs))}


def _read_grid(path: Path) -> Grid:
    from fetalhead.evaluation.comparison.grid import Grid

    return parse(Grid, ["--config", str(path)], f"fetalhead compare {path}")
