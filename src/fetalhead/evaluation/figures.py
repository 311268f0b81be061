"""The figures of an evaluation, for a paper: examples with both outlines, Bland-Altman plot, scatter plot.

Colours are Okabe and Ito's, which colour-blind readers tell apart; reference and prediction also differ in line style,
and HC bands in the marker's shape. matplotlib is imported when a figure is drawn, and never its global state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from fetalhead.datasets.splits import BAND_NAMES, band_of
from fetalhead.errors import MissingExtra, one_line
from fetalhead.evaluation.cases import ScoredCase
from fetalhead.images.ellipse import Ellipse

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class OutlineStyle:
    """How an outline is drawn, and what the legend calls it."""

    label: str
    color: str
    dashes: tuple[float, ...]


REFERENCE_STYLE = OutlineStyle("reference", "#56B4E9", ())
PREDICTION_STYLE = OutlineStyle("prediction", "#E69F00", (4, 2))
BAND_STYLES = dict(zip(BAND_NAMES, (("#0072B2", "o"), ("#009E73", "s"), ("#D55E00", "^")), strict=True))
GREY = "#555555"
DPI = 200
EXAMPLES = 3
"""Pictures in each row of the panel."""
SHEET_COLUMNS = 5


@dataclass(frozen=True, slots=True)
class Example:
    """A picture with both outlines (px), and what is written over it."""

    name: str
    reference: Ellipse
    predicted: Ellipse | None
    aspect: float
    """A pixel's height over its width."""
    caption: str

    @classmethod
    def of(cls, case: ScoredCase) -> Example:
        if case.failed:
            caption = f"HC {case.reference_hc_mm:.0f} mm, no head found"
        else:
            off = f"{case.reference_hc_mm:.0f} {_signed(case.scores.df_mm)} mm"
            caption = f"Dice {100 * case.scores.dice:.2f} %, HC {off}"
        aspect = case.pixel_size.y / case.pixel_size.x
        return cls(case.name, case.reference, case.predicted, aspect, caption)


def require_matplotlib() -> None:
    """Raises `MissingExtra` where the figures cannot be drawn: asked before the work, not after it."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MissingExtra("drawing figures", "matplotlib", "train") from None


def pick_examples(cases: Sequence[ScoredCase], count: int = EXAMPLES) -> dict[str, list[ScoredCase]]:
    """Up to `count` best, median and worst cases by Dice, each case once; of few cases the worst come first."""
    ranked = sorted(cases, key=lambda case: (-case.scores.dice, case.name))
    count = max(1, min(count, len(ranked) // 3))
    middle = (len(ranked) - count) // 2
    worst = ranked[::-1][:count]
    best = [case for case in ranked[:count] if case not in worst]
    median = [case for case in ranked[middle : middle + count] if case not in worst and case not in best]
    return {title: row for title, row in (("best", best), ("median", median), ("worst", worst)) if row}


def panel(examples: Mapping[str, Sequence[ScoredCase]], pixels_of: Callable[[str], Pixels]) -> Figure:
    """A row of pictures for each title, with both outlines; `pixels_of` gives a case's (H, W) picture by its name."""
    columns = max(len(row) for row in examples.values())
    figure = new_figure(3.5 * columns + 0.4, 2.85 * len(examples) + 0.5)
    grid = figure.subplots(len(examples), columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes_row, (title, row) in zip(grid, examples.items(), strict=True):
        for axes, case in zip(axes_row, row, strict=False):
            _draw_example(axes, Example.of(case), pixels_of(case.name))
        axes_row[0].text(
            -0.03, 0.5, title.capitalize(), transform=axes_row[0].transAxes, rotation=90, ha="right", va="center",
            fontsize=12, fontweight="bold",
        )
    _outline_legend(figure)
    return figure


def worst_cases(cases: Sequence[ScoredCase], count: int) -> list[ScoredCase]:
    """The `count` cases of the lowest Dice, the worst first."""
    return sorted(cases, key=lambda case: (case.scores.dice, case.name))[:count]


def sheet(examples: Sequence[Example], pixels_of: Callable[[str], Pixels]) -> Figure:
    """One or more pictures with both outlines, row by row; `pixels_of` gives a picture (H, W) by its name."""
    columns = min(SHEET_COLUMNS, len(examples))
    rows = -(-len(examples) // columns)
    figure = new_figure(3.3 * columns, 2.7 * rows + 0.4)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, example in zip(grid.flat, examples, strict=False):
        _draw_example(axes, example, pixels_of(example.name))
    _outline_legend(figure)
    return figure


def bland_altman(cases: Sequence[ScoredCase]) -> Figure:
    """Difference of HC against its mean, with the bias and the 95 % limits of agreement (Bland and Altman 1986)."""
    found = [case for case in cases if not case.failed]
    pairs = [(case.predicted_hc_mm, case.reference_hc_mm) for case in found]
    figure = agreement_plot(pairs, ("predicted", "reference"))
    _count_note(figure.axes[0], cases)
    return figure


def agreement_plot(pairs: Sequence[tuple[float, float]], names: tuple[str, str]) -> Figure:
    """Bland and Altman's plot of pairs of HC in mm, called by two `names`, marked by the second one's band."""
    points = [Point((first + second) / 2, first - second, BAND_NAMES[band_of(second)]) for first, second in pairs]
    figure, axes = _plot(points, 6.4)
    axes.set_xlabel(f"mean of {names[0]} and {names[1]} HC (mm)")
    axes.set_ylabel(f"{names[0]} \N{MINUS SIGN} {names[1]} HC (mm)")
    axes.axhline(0, color=GREY, linewidth=0.7, linestyle=":")
    differences = np.array([first - second for first, second in pairs])
    if len(differences) > 1:
        bias, sd = float(differences.mean()), float(differences.std(ddof=1))
        _level(axes, bias, "bias", "-")
        for deviations in (1.96, -1.96):
            _level(axes, bias + deviations * sd, f"{_signed(deviations)} SD", "--")
    axes.margins(y=0.12)
    if pairs:
        figure.legend(
            title=f"{names[1]} HC", loc="outside lower center", ncols=len(BAND_NAMES), frameon=False,
            fontsize=9, title_fontsize=9,
        )
    return figure


def scatter(cases: Sequence[ScoredCase]) -> Figure:
    """Predicted against reference HC, with the line on which they are equal."""
    found = [case for case in cases if not case.failed]
    figure, axes = _plot([Point(case.reference_hc_mm, case.predicted_hc_mm, case.band) for case in found], 5.3)
    axes.set_xlabel("reference HC (mm)")
    axes.set_ylabel("predicted HC (mm)")
    axes.set_aspect("equal")
    values = [value for case in found for value in (case.reference_hc_mm, case.predicted_hc_mm)] or [0.0, 350.0]
    margin = max(5.0, 0.05 * (max(values) - min(values)))
    ends = (min(values) - margin, max(values) + margin)
    axes.plot(ends, ends, color=GREY, linewidth=1, zorder=1, label="identity")
    axes.set_xlim(ends)
    axes.set_ylim(ends)
    axes.legend(frameon=False, loc="upper left", title="reference HC", alignment="left", fontsize=9, title_fontsize=9)
    _count_note(axes, cases)
    return figure


def save(figure: Figure, path: Path) -> None:
    """The figure as PNG; the same figure gives the same bytes."""
    figure.savefig(path, dpi=DPI, metadata={"Software": None})


def new_figure(width: float, height: float) -> Figure:
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _outline_legend(figure: Figure) -> None:
    figure.legend(
        handles=[_line(style, np.empty((0, 2))) for style in (REFERENCE_STYLE, PREDICTION_STYLE)],
        loc="outside lower center", ncols=2, frameon=False, fontsize=11, handlelength=3.5,
    )


def _draw_example(axes: Axes, example: Example, pixels: Pixels) -> None:
    height, width = pixels.shape
    axes.imshow(pixels, cmap="gray", vmin=0, vmax=255, aspect=example.aspect)
    draw_outline(axes, example.reference, REFERENCE_STYLE)
    if example.predicted:
        draw_outline(axes, example.predicted, PREDICTION_STYLE)
    axes.set_title(f"{one_line(example.name)}\n{example.caption}", fontsize=9.5, parse_math=False)
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(height - 0.5, -0.5)


def draw_outline(axes: Axes, ellipse: Ellipse, style: OutlineStyle) -> None:
    axes.add_line(_line(style, np.concatenate([ellipse.points(), ellipse.points()[:1]])))


def _line(style: OutlineStyle, points: npt.NDArray[np.float64]) -> Line2D:
    """A line through (N, 2) points x, y, over a thin dark rim that parts it from bright bone."""
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import Normal, Stroke

    line = Line2D(points[:, 0], points[:, 1], color=style.color, linewidth=1.8, label=style.label)
    if style.dashes:
        line.set_dashes(style.dashes)
    line.set_path_effects([Stroke(linewidth=2.6, foreground="black", alpha=0.6), Normal()])
    return line


class Point(NamedTuple):
    """A point of a plot, in mm, and the band of HC that marks it."""

    x: float
    y: float
    band: str


def _plot(points: Sequence[Point], width: float) -> tuple[Figure, Axes]:
    """A figure `width` inches wide with the points, by band."""
    figure = new_figure(width, 5.0)
    axes = figure.subplots()
    plain_axes(axes)
    for band, (color, marker) in BAND_STYLES.items():
        places = np.array([(point.x, point.y) for point in points if point.band == band]).reshape(-1, 2)
        if len(places):
            label = f"{band} ({len(places)})"
            x, y = places.T
            axes.scatter(x, y, s=22, c=color, marker=marker, alpha=0.75, linewidths=0, label=label, zorder=3)
    return figure, axes


def plain_axes(axes: Axes) -> None:
    """Axes to the left and below alone, over a light grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#E5E5E5", linewidth=0.6)
    axes.set_axisbelow(True)


def _level(axes: Axes, value: float, label: str, style: str) -> None:
    axes.axhline(value, color="black", linewidth=1.1, linestyle=style, zorder=2)
    axes.annotate(
        f"{label}\n{_signed(value)} mm", (1, value), xycoords=("axes fraction", "data"),
        xytext=(4, 0), textcoords="offset points", va="center", fontsize=9, annotation_clip=False,
    )


def _count_note(axes: Axes, cases: Sequence[ScoredCase]) -> None:
    failures = sum(case.failed for case in cases)
    missed = f"; no head found in {failures} (not shown)" if failures else ""
    axes.set_title(f"{len(cases)} images of {len({case.subject for case in cases})} subjects{missed}", fontsize=10)


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")
