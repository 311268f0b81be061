"""`fetalhead evaluate`: compare a model with reference outlines."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fetalhead.cli.command import parse
from fetalhead.options import option

if TYPE_CHECKING:
    from fetalhead.datasets.case import Case
    from fetalhead.inference.predictor import Predictor


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """Compare a model with the reference outlines of a data set, and write figures that can be cited."""

    data: str = option("the data set as KIND=DIR: hc18=DIR, masks=DIR (figures in pixels) or planes=DIR")
    out: str = option(
        "folder for metrics.json, cases.csv, panel.png, bland_altman.png and scatter.png; of planes, metrics.json, "
        "planes.csv and confusion.png"
    )
    model: str = option("name of a bundled model, or a model folder", default="standard")
    split: Literal["train", "val", "test", "all"] = option(
        "which subjects: of one split, or all, those of no split included", default="test"
    )
    corruptions: str | None = option(
        "also with pictures made worse: all, or kinds such as speckle,blur; writes robustness.csv and robustness.png",
        default=None,
    )
    severities: str = option("severities of the corruptions, 1 to 5", default="1,2,3,4,5")
    one_a_subject: bool = option("corrupt one image a subject: enough for a sweep", default=False)


def main(argv: Sequence[str]) -> int:
    options = parse(EvaluateOptions, argv, "fetalhead evaluate")

    from fetalhead.datasets import open_data
    from fetalhead.errors import FetalheadError
    from fetalhead.evaluation import figures
    from fetalhead.evaluation.cases import write_cases
    from fetalhead.evaluation.corruptions import chosen_kinds, chosen_severities, one_a_subject
    from fetalhead.evaluation.evaluate import evaluate, select
    from fetalhead.evaluation.results import Evaluation, table, write_metrics
    from fetalhead.evaluation.robustness import robustness_figure, robustness_table, sweep, write_robustness
    from fetalhead.evaluation.summary import summarise, summarise_bands
    from fetalhead.inference.predictor import Predictor

    figures.require_matplotlib()
    kinds, severities = chosen_kinds(options.corruptions or ""), chosen_severities(options.severities)
    data = open_data(options.data)
    if data.kind == "pictures":
        raise FetalheadError(f"--data {options.data}: of plain pictures nothing is known to compare with")
    chosen, unassigned = select(data.cases, options.split)
    predictor = Predictor(options.model)
    out = Path(options.out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FetalheadError(f"--out {out}: cannot be made: {os.strerror(error.errno or 0)}") from error

    if kinds and data.kind != "hc18":
        raise FetalheadError("--corruptions: wants a data set with outlines and pixel sizes: hc18=DIR")
    if data.kind == "planes":
        return _evaluate_planes(chosen, predictor, out, options)
    if data.kind == "masks":
        return _evaluate_in_pixels(chosen, predictor, out, options)
    unreadable: list[str] = []
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always", UserWarning)
        cases = evaluate(chosen, predictor, unreadable.append)
    for line in [*unreadable, *(f"note: {note.message}" for note in notes)]:
        print(f"fetalhead evaluate: {line}", file=sys.stderr)
    if not cases:
        raise FetalheadError(f"none of the {len(chosen)} images of --split {options.split} can be read")
    result = Evaluation(
        predictor.folder.model_id, data.kind, options.split, unassigned, len(unreadable), summarise(cases),
        summarise_bands(cases),
    )
    pixels = {case.name: case.pixels for case in chosen}
    try:
        write_metrics(out / "metrics.json", result)
        write_cases(out / "cases.csv", cases)
        figures.save(figures.panel(figures.pick_examples(cases), lambda name: pixels[name]()), out / "panel.png")
        figures.save(figures.bland_altman(cases), out / "bland_altman.png")
        figures.save(figures.scatter(cases), out / "scatter.png")
    except OSError as error:
        raise FetalheadError(f"--out {out}: cannot be written to: {os.strerror(error.errno or 0)}") from error
    print(table(result))
    if kinds:
        swept = one_a_subject(chosen) if options.one_a_subject else chosen
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # told above, for these same pictures
            rows = sweep(swept, kinds, severities, predictor, lambda line: None)
        write_robustness(out / "robustness.csv", rows)
        figures.save(robustness_figure(rows), out / "robustness.png")
        print(f"\n{robustness_table(rows)}")
    left_out = f"; {len(unreadable)} of {len(chosen)} images could not be read and are left out" if unreadable else ""
    print(f"\nwritten to {out}{left_out}", file=sys.stderr)
    return 1 if unreadable else 0


def _evaluate_planes(cases: Sequence[Case], predictor: Predictor, out: Path, options: EvaluateOptions) -> int:
    from fetalhead.errors import FetalheadError
    from fetalhead.evaluation import figures
    from fetalhead.evaluation.planes import (
        confusion_figure,
        evaluate_planes,
        plane_figures,
        planes_table,
        write_planes,
    )

    unreadable: list[str] = []
    scored = evaluate_planes(cases, predictor, unreadable.append)
    for line in unreadable:
        print(f"fetalhead evaluate: {line}", file=sys.stderr)
    if not scored:
        raise FetalheadError(f"none of the {len(cases)} images of --split {options.split} can be read")
    model = predictor.folder
    result = plane_figures(scored, model.classes)
    about: dict[str, object] = {
        "model_id": model.model_id, "data": "planes", "split": options.split, "unreadable": len(unreadable),
    }  # fmt: skip
    try:
        write_planes(out, scored, result, about)
        if model.classes:
            figures.save(confusion_figure(result), out / "confusion.png")
    except OSError as error:
        raise FetalheadError(f"--out {out}: cannot be written to: {os.strerror(error.errno or 0)}") from error
    print(f"{model.model_id} on planes, split {options.split}: {planes_table(result)}")
    if not model.classes:
        print(f"fetalhead evaluate: {model.model_id} tells no planes: no confusion matrix", file=sys.stderr)
    print(f"\nwritten to {out}", file=sys.stderr)
    return 1 if unreadable else 0


def _evaluate_in_pixels(cases: Sequence[Case], predictor: Predictor, out: Path, options: EvaluateOptions) -> int:
    from fetalhead.errors import FetalheadError
    from fetalhead.evaluation.in_pixels import evaluate_in_pixels, pixels_table, write_in_pixels

    unreadable: list[str] = []
    scored = evaluate_in_pixels(cases, predictor, unreadable.append)
    for line in unreadable:
        print(f"fetalhead evaluate: {line}", file=sys.stderr)
    if not scored:
        raise FetalheadError(f"none of the {len(cases)} images of --split {options.split} can be read")
    about: dict[str, object] = {
        "model_id": predictor.folder.model_id, "data": "masks", "split": options.split, "unreadable": len(unreadable),
    }  # fmt: skip
    try:
        write_in_pixels(out, scored, about)
    except OSError as error:
        raise FetalheadError(f"--out {out}: cannot be written to: {os.strerror(error.errno or 0)}") from error
    print(f"{predictor.folder.model_id} on masks, split {options.split}: {pixels_table(scored)}")
    print(f"\nwritten to {out}", file=sys.stderr)
    return 1 if unreadable else 0
