"""How well planes are told apart, and how often a head is outlined where there is none."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fetalhead.biometry.quality import counted, counts_told
from fetalhead.catalog import HEAD, PLANES
from fetalhead.datasets.case import Case
from fetalhead.errors import FetalheadError
from fetalhead.evaluation.results import BOOTSTRAP, plain, write_document
from fetalhead.evaluation.summary import Share, share_of
from fetalhead.images.image import UltrasoundImage
from fetalhead.inference.measuring import measure_image
from fetalhead.inference.predictor import Predictor
from fetalhead.progress import progress

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class PlaneCase:
    """One picture with its true plane, and what the model said."""

    name: str
    subject: str
    plane: str
    predicted: str
    """Empty where the model does not tell planes."""
    outlined: bool
    """Whether a head was outlined in it, as `measure` would."""
    quality: str = ""
    """The verdict."""


@dataclass(frozen=True, slots=True)
class PlaneClass:
    """One plane's figures; NaN where nothing can be divided by."""

    images: int
    precision: float
    recall: float


@dataclass(frozen=True, slots=True)
class PlaneFigures:
    """All figures of some plane cases; shares 0 to 1 with their 95 % intervals by subject."""

    images: int
    subjects: int
    accuracy: Share | None
    """Over the planes that the model tells apart; None where it tells none."""
    accuracy_of_three: Share | None
    """Over pictures of head, abdomen and femur alone; another answer is wrong."""
    classes: dict[str, PlaneClass]
    confusion: dict[str, dict[str, int]]
    """Pictures by true plane, then by predicted plane."""
    false_heads: Share | None
    """Pictures of other planes in which a head is outlined; None where the data has none."""
    false_heads_by_plane: dict[str, Share]
    missed_heads: Share | None
    """Head planes in which none is."""
    head_verdicts: dict[str, int]
    """How many head planes have each verdict."""


def evaluate_planes(
    cases: Sequence[Case], predictor: Predictor, unreadable: Callable[[str], None]
) -> list[PlaneCase]:
    """The cases in the order given, with a progress bar; `unreadable` is told of each that cannot be read."""
    scored = []
    for case in progress(cases, "evaluate"):
        try:
            pixels = case.pixels()
        except FetalheadError as error:
            unreadable(str(error))
            continue
        measurement, prediction = measure_image(UltrasoundImage(pixels), predictor)
        predicted = prediction.best_plane if prediction else ""
        scored.append(PlaneCase(case.name, case.subject, case.plane, predicted, bool(measurement), measurement.quality))
    return scored


def plane_figures(cases: Sequence[PlaneCase], classes: Sequence[str]) -> PlaneFigures:
    """The figures of one or more cases for a model that tells `classes` apart (none, where it tells none).

    A picture whose plane is not among the classes, or one without contrast, which no network is shown, is in no figure
    of the classification.
    """
    told = [case for case in cases if case.plane in classes and case.predicted]
    confusion = {
        plane: {other: sum(c.plane == plane and c.predicted == other for c in told) for other in classes}
        for plane in classes
    }
    others = [case for case in cases if case.plane not in ("", HEAD)]
    heads = [case for case in cases if case.plane == HEAD]
    present = [plane for plane in PLANES if plane != HEAD and any(case.plane == plane for case in others)]
    return PlaneFigures(
        images=len(cases),
        subjects=len({case.subject for case in cases}),
        accuracy=_share(told, lambda case: case.plane == case.predicted),
        accuracy_of_three=_share(
            [case for case in told if case.plane in PLANES[:3]], lambda case: case.plane == case.predicted
        ),
        classes={plane: _class(confusion, plane) for plane in classes},
        confusion=confusion,
        false_heads=_share(others, lambda case: case.outlined),
        false_heads_by_plane={
            plane: share
            for plane in present
            if (share := _share([case for case in others if case.plane == plane], lambda case: case.outlined))
        },
        missed_heads=_share(heads, lambda case: not case.outlined),
        head_verdicts=counted(case.quality for case in heads),
    )


def _class(confusion: dict[str, dict[str, int]], plane: str) -> PlaneClass:
    images, right = sum(confusion[plane].values()), confusion[plane][plane]
    named = sum(row[plane] for row in confusion.values())
    return PlaneClass(images, right / named if named else math.nan, right / images if images else math.nan)


def _share(cases: Sequence[PlaneCase], holds: Callable[[PlaneCase], bool]) -> Share | None:
    if not cases:
        return None
    return share_of(np.array([holds(case) for case in cases]), [case.subject for case in cases])


def write_planes(folder: Path, cases: Sequence[PlaneCase], figures: PlaneFigures, about: dict[str, object]) -> None:
    """`planes.csv`, a row a case, and `metrics.json`, which begins with `about`: what was evaluated."""
    with open(folder / "planes.csv", "w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["name", "subject", "plane", "predicted", "head_outlined", "quality"])
        writer.writerows([c.name, c.subject, c.plane, c.predicted, str(c.outlined).lower(), c.quality] for c in cases)
    write_document(folder / "metrics.json", plain(about | {"bootstrap": BOOTSTRAP} | asdict(figures)))


def confusion_figure(figures: PlaneFigures) -> Figure:
    """The confusion matrix: rows are true planes, columns what the model said; shaded by the share of the row."""
    from matplotlib.figure import Figure

    planes = list(figures.confusion)
    counts = np.array([[figures.confusion[plane][other] for other in planes] for plane in planes])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(1.6 + 0.9 * len(planes), 1.2 + 0.8 * len(planes)), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if shares[row, column] > 0.6 else "black"
        axes.text(column, row, str(count), ha="center", va="center", color=colour, fontsize=11)
    axes.set(xticks=range(len(planes)), yticks=range(len(planes)), xlabel="predicted plane", ylabel="true plane")
    axes.set_xticklabels(planes)
    axes.set_yticklabels(planes)
    return figure


def planes_table(figures: PlaneFigures) -> str:
    """The figures as lines of text for a person."""
    lines = [f"{figures.images} images of {figures.subjects} subjects", ""]
    for plane, numbers in figures.classes.items():
        lines.append(
            f"{plane:8} {numbers.images:5} images   precision {_percent(numbers.precision)}"
            f"   recall {_percent(numbers.recall)}"
        )
    for title, share in (
        ("accuracy", figures.accuracy),
        ("accuracy over head, abdomen and femur", figures.accuracy_of_three),
        ("a head outlined in another plane", figures.false_heads),
        *((f"    in {plane}", share) for plane, share in figures.false_heads_by_plane.items()),
        ("no head outlined in a head plane", figures.missed_heads),
    ):
        if share is not None:
            interval = f"({_percent(share.low)} to {_percent(share.high)})"
            lines.append(f"{title}: {_percent(share.share)} {interval}")
    if figures.missed_heads is not None:
        lines.append(f"verdicts over head planes: {counts_told(figures.head_verdicts)}")
    return "\n".join(lines)


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{100 * value:.2f} %"
