"""One run of `fetalhead compare`'s grid: trained, exported and evaluated as far as its folder lacks it."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fetalhead.errors import FetalheadError
from fetalhead.options import RUN_CONFIG, TrainingOptions

if TYPE_CHECKING:
    from fetalhead.evaluation.comparison.collect import Finished
    from fetalhead.evaluation.comparison.grid import Grid, Run

RUNS, LOCK = "runs", ".lock"
EVALUATIONS, MODEL, TRAINING, MACHINE = "evaluations", "model", "training", "machine.json"


def tell(line: str) -> None:
    """A line of the command's on standard error."""
    print(f"fetalhead compare: {line}", file=sys.stderr, flush=True)


def is_trained(run: Run, out: Path) -> bool:
    """Whether the folder holds the run's model."""
    return (out / RUNS / run.place / MODEL).is_dir()


def is_same(run: Run, grid: Grid, out: Path) -> bool:
    """Whether the folder's run is this one. False, and a line, where it has other options."""
    try:
        _check_same(run, out / RUNS / run.place)
    except FetalheadError as error:
        tell(f"{run}: {error}")
        return False
    return True


def carried_out(run: Run, grid: Grid, out: Path) -> bool:
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
            tell(f"{run}: {error}")
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
    from fetalhead.evaluation.comparison.scoring import record_place, what_differs
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
            tell(f"{run}: {other}: it is scored again")
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
        record_place(partial, argument)
        folder.parent.mkdir(exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)  # of another scoring; the new one is whole
        partial.rename(folder)


def _data_of(grid: Grid) -> list[tuple[str, str]]:
    from fetalhead.evaluation.comparison.grid import title_of

    return [(title_of(argument), argument) for argument in grid.evaluate]


def is_finished(run: Run, grid: Grid, out: Path, aloud: bool) -> bool:
    """Whether all of a run's evaluations are there, and as the grid has them; `aloud`, with a line where one is not."""
    from fetalhead.evaluation.comparison.scoring import what_differs

    places = _evaluations(run, grid, out)
    if not all(place.is_dir() for place in places.values()):
        return False
    for title, argument in _data_of(grid):
        if other := what_differs(places[title], grid, run, argument):
            if aloud:
                tell(f"{run}: {other}: left out until it is scored again, which needs a start without --collect")
            return False
    return True


def _evaluations(run: Run, grid: Grid, out: Path) -> dict[str, Path]:
    return {title: out / RUNS / run.place / EVALUATIONS / title for title, _ in _data_of(grid)}


def finished(run: Run, grid: Grid, seconds: float, out: Path) -> Finished:
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
