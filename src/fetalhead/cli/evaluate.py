"""`fetalhead evaluate`: compare a model with reference outlines."""

from __future__ import annotations

import dataclasses
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from fetalhead.cli.command import parse
from fetalhead.cli.shared import made_folder, writing
from fetalhead.errors import FetalheadError, WrongUsage, as_wrong_usage
from fetalhead.options import option

if TYPE_CHECKING:
    from fetalhead.datasets.case import Case
    from fetalhead.evaluation.figures import Example
    from fetalhead.inference.predictor import Predictor


OUTPUTS = (
    "metrics.json", "cases.csv", "panel.png", "bland_altman.png", "scatter.png", "worst.png", "robustness.csv",
    "robustness_cases.csv", "robustness.png", "planes.csv", "confusion.png", "clips.csv",
)  # fmt: skip
"""All that any evaluation writes: what is there of an earlier one goes, so that no figure stands beside another's."""


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """Compare a model with the reference outlines of a data set, and write figures that can be cited."""

    data: str = option(
        "the data set: hc18=DIR, masks=DIR (figures in pixels), planes=DIR, coco=FILE or ellipses=FILE (in mm where "
        "sizes of pixels are told, else in pixels)"
    )
    out: str = option(
        "folder for metrics.json, cases.csv, panel.png, bland_altman.png and scatter.png; of masks, metrics.json and "
        "cases.csv; of planes, metrics.json, planes.csv and confusion.png"
    )
    model: str = option("name of a bundled model, or a model folder", default="standard")
    split: Literal["train", "val", "test", "all"] = option(
        "which subjects: of one split, or all, those of no split included", default="test"
    )
    corruptions: str | None = option(
        "also with pictures made worse: all, or kinds such as speckle,blur; writes robustness.csv, "
        "robustness_cases.csv and robustness.png",
        default=None,
    )
    severities: str = option("severities of the corruptions, 1 to 5", default="1,2,3,4,5", or_number=True)
    clean: bool = option("take out what is drawn over the pictures before they are measured", default=False)
    video: bool = option(
        "figures of steadiness: of cines=DIR as phantom --video makes them, of known motion over hc18=DIR, of the runs "
        "of masks=DIR (its sequences.csv), or of clips=DIR without a head; writes metrics.json and clips.csv",
        default=False,
    )
    clips: int = option("clips of motion over hc18=DIR, with --video", default=40)
    worst: int = option("also worst.png: so many pictures of the lowest Dice, with both outlines", default=0)
    one_a_subject: bool = option("corrupt one image a subject: enough for a sweep", default=False)


@dataclass(frozen=True, slots=True)
class _Task:
    """The cases of the split, and what is done with them."""

    kind: str
    cases: list[Case]
    unassigned: int
    predictor: Predictor
    out: Path
    options: EvaluateOptions

    def about(self, unreadable: Sequence[str]) -> dict[str, object]:
        """What `metrics.json` begins with."""
        from fetalhead.datasets import parse_data

        label = parse_data(self.options.data).label
        return {
            "model_id": self.predictor.folder.model_id,
            "data": self.kind,
            **({"label": label} if label else {}),
            "split": self.options.split,
            "unreadable": len(unreadable),
        }

    def draw_worst(self, worst: Sequence[Example]) -> None:
        """`worst.png`, where any are asked for."""
        from fetalhead.evaluation import figures

        pixels = {case.name: case.pixels for case in self.cases}
        if worst:
            figures.save(figures.sheet(worst, lambda name: pixels[name]()), self.out / "worst.png")

    def print_table(self, lines: str) -> None:
        print(f"{self.predictor.folder.model_id} on {self.kind}, split {self.options.split}: {lines}")


def main(argv: Sequence[str]) -> int:
    options = parse(EvaluateOptions, argv, "fetalhead evaluate")

    from fetalhead.datasets import open_data
    from fetalhead.evaluation import figures
    from fetalhead.evaluation.corruptions import chosen_kinds, chosen_severities
    from fetalhead.evaluation.evaluate import select
    from fetalhead.inference.predictor import Predictor

    if options.video:
        for name in ("corruptions", "clean", "worst", "one_a_subject"):
            if getattr(options, name):
                raise WrongUsage(f"--{name.replace('_', '-')}: not with --video")
        return _evaluate_video(options)
    if options.worst < 0:
        raise WrongUsage(f"--worst {options.worst}: wants a number of pictures")
    if options.worst and options.data.partition("=")[0] == "planes":
        raise WrongUsage("--worst: wants a data set with outlines")
    figures.require_matplotlib()
    with as_wrong_usage():
        corruptions, severities = chosen_kinds(options.corruptions or ""), chosen_severities(options.severities)
    data = open_data(options.data)
    if data.kind == "pictures":
        raise WrongUsage(f"--data {options.data}: of plain pictures nothing is known to compare with")
    chosen, unassigned = select(data.cases, options.split)
    if data.kind != "planes":
        chosen = _drawn(chosen, options)
    in_mm = data.kind == "hc18" or (data.kind != "planes" and any(case.pixel_size for case in chosen))
    for name, given in (("corruptions", corruptions), ("clean", options.clean)):
        if given and not in_mm:
            raise WrongUsage(f"--{name}: wants a data set with outlines and pixel sizes, such as hc18=DIR")
    predictor = Predictor(options.model)
    out = made_folder(options.out)
    task = _Task(data.kind, chosen, unassigned, predictor, out, options)
    if data.kind == "planes":
        unreadable = _evaluate_planes(task)
    elif in_mm:
        unreadable = _evaluate_outlines(task, corruptions, severities)
    else:
        unreadable = _evaluate_in_pixels(task)
    left_out = f"; {len(unreadable)} of {len(chosen)} images could not be read and are left out" if unreadable else ""
    print(f"\nwritten to {out}{left_out}", file=sys.stderr)
    return 1 if unreadable else 0


def _drawn(cases: list[Case], options: EvaluateOptions) -> list[Case]:
    """Those that have an outline, with a line on the others. Raises `FetalheadError` where none has."""
    drawn = [case for case in cases if case.annotation_path]
    if not drawn:
        raise FetalheadError(f"--data {options.data}: none of the {len(cases)} pictures to score has an outline")
    if undrawn := len(cases) - len(drawn):
        left_out = f"{undrawn} of {len(cases)} pictures have no outline, and are left out"
        print(f"fetalhead evaluate: {left_out}", file=sys.stderr)
    return drawn


def _evaluate_video(options: EvaluateOptions) -> int:
    from fetalhead.evaluation.video import clips_table, evaluate_clips, kind_and_place, true_clips, write_clips
    from fetalhead.inference.predictor import Predictor

    if options.clips < 1:
        raise WrongUsage(f"--clips {options.clips}: at least 1 is needed")
    clips = true_clips(options.data, options.split, options.clips)
    predictor = Predictor(options.model)
    with writing(Path(options.out)) as out:
        out.mkdir(parents=True, exist_ok=True)
    unreadable: list[str] = []
    scored = evaluate_clips(clips, predictor, unreadable.append)
    for line in unreadable:
        print(f"fetalhead evaluate: {line}", file=sys.stderr)
    if not scored:
        raise FetalheadError(f"none of the {len(clips)} clips of --data {options.data} can be read")
    kind = kind_and_place(options.data)[0]
    split = options.split if kind.partition(":")[0] in ("hc18", "masks") else "all"
    about = {"model_id": predictor.folder.model_id, "data": kind, "split": split, "unreadable": len(unreadable)}
    with _emptied(Path(options.out)) as out:
        write_clips(out, scored, about)
    print(f"{predictor.folder.model_id} on {options.data}: {clips_table(scored)}")
    return 1 if unreadable else 0


@contextmanager
def _emptied(folder: Path) -> Iterator[Path]:
    """`writing`, without what an earlier evaluation left there."""
    with writing(folder) as out:
        for name in OUTPUTS:
            (out / name).unlink(missing_ok=True)
        yield out


def _evaluate_outlines(task: _Task, corruptions: list[str], severities: list[int]) -> list[str]:
    from fetalhead.evaluation import figures
    from fetalhead.evaluation.cases import write_cases
    from fetalhead.evaluation.corruptions import one_a_subject
    from fetalhead.evaluation.evaluate import evaluate
    from fetalhead.evaluation.reliability import reliability
    from fetalhead.evaluation.results import WORST_TOLD, Evaluation, table, write_metrics
    from fetalhead.evaluation.robustness import robustness_figure, robustness_table, sweep, write_robustness
    from fetalhead.evaluation.summary import summarise, summarise_bands, summarise_pixel_sizes

    scored, unreadable = _scored(task, partial(evaluate, cleaned=task.options.clean))
    result = Evaluation(
        task.predictor.folder.model_id, task.kind, task.options.split, task.unassigned, len(unreadable),
        summarise(scored), summarise_bands(scored), summarise_pixel_sizes(scored), reliability(scored),
        figures.worst_cases(scored, WORST_TOLD),
    )  # fmt: skip
    pixels = {case.name: case.pixels for case in task.cases}
    worst = [figures.Example.of(case) for case in figures.worst_cases(scored, task.options.worst)]
    with _emptied(task.out) as out:
        write_metrics(out / "metrics.json", result)
        write_cases(out / "cases.csv", scored)
        figures.save(figures.panel(figures.pick_examples(scored), lambda name: pixels[name]()), out / "panel.png")
        figures.save(figures.bland_altman(scored), out / "bland_altman.png")
        figures.save(figures.scatter(scored), out / "scatter.png")
        task.draw_worst(worst)
    print(table(result))
    if corruptions:
        names = {case.name for case in scored}
        readable = [case for case in task.cases if case.name in names]
        swept = one_a_subject(readable) if task.options.one_a_subject else readable
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # told above, for these same pictures
            rows = sweep(swept, scored, corruptions, severities, task.predictor, task.options.clean)
        with writing(task.out) as out:
            write_metrics(out / "metrics.json", dataclasses.replace(result, robustness=rows))
            write_robustness(out, rows)
            figures.save(robustness_figure(rows), out / "robustness.png")
        print(f"\n{robustness_table(rows)}")
    return unreadable


def _evaluate_planes(task: _Task) -> list[str]:
    from fetalhead.evaluation import figures
    from fetalhead.evaluation.planes import (
        confusion_figure,
        evaluate_planes,
        plane_figures,
        planes_table,
        write_planes,
    )

    scored, unreadable = _scored(task, evaluate_planes)
    model = task.predictor.folder
    result = plane_figures(scored, model.classes)
    with _emptied(task.out) as out:
        write_planes(out, scored, result, task.about(unreadable))
        if model.classes:
            figures.save(confusion_figure(result), out / "confusion.png")
    task.print_table(planes_table(result))
    if not model.classes:
        print(f"fetalhead evaluate: {model.model_id} tells no planes: no confusion matrix", file=sys.stderr)
    return unreadable


def _evaluate_in_pixels(task: _Task) -> list[str]:
    from fetalhead.evaluation.in_pixels import evaluate_in_pixels, pixels_table, worst_in_pixels, write_in_pixels

    scored, unreadable = _scored(task, evaluate_in_pixels)
    with _emptied(task.out) as out:
        write_in_pixels(out, scored, task.about(unreadable))
        task.draw_worst(worst_in_pixels(scored, task.options.worst))
    task.print_table(pixels_table(scored))
    return unreadable


Scored = TypeVar("Scored")


def _scored(
    task: _Task, score: Callable[[list[Case], Predictor, Callable[[str], None]], list[Scored]]
) -> tuple[list[Scored], list[str]]:
    """The scored cases, and a line for each that cannot be read, printed with what was noted of the others.

    Raises `FetalheadError` where none can be read.
    """

    unreadable: list[str] = []
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always", UserWarning)
        scored = score(task.cases, task.predictor, unreadable.append)
    for line in [*unreadable, *(f"note: {note.message}" for note in notes)]:
        print(f"fetalhead evaluate: {line}", file=sys.stderr)
    if not scored:
        raise FetalheadError(f"none of the {len(task.cases)} images of --split {task.options.split} can be read")
    return scored, unreadable
