"""The figures of a comparison: label efficiency, robustness curves, and the same difficult cases under each arm.

An arm has one colour (Okabe and Ito's) and one marker in all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fetalhead.evaluation.comparison.collect import Row
from fetalhead.evaluation.figures import REFERENCE_STYLE, OutlineStyle, draw_outline, new_figure, plain_axes
from fetalhead.images.ellipse import Ellipse

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOOKS = (("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^"), ("#CC79A7", "D"), ("#E69F00", "v"), ("#000000", "P"))
CLEAN = "none"
DIFFICULT = 6
"""Cases on the sheet."""


def look_of(arms: Sequence[str], arm: str) -> tuple[str, str]:
    """Colour and marker of one of the `arms`."""
    return LOOKS[arms.index(arm) % len(LOOKS)]


def label_efficiency(runs: Sequence[Row]) -> Figure:
    """Dice and ADF against the label share: a small point each draw, a line through the means."""
    arms, shares = _arms(runs), _shares(runs)
    figure = new_figure(9.4, 4.0)
    left, right = figure.subplots(1, 2)
    for axes, name, factor, title in ((left, "dice", 100, "Dice (%)"), (right, "adf_mm", 1, "ADF (mm)")):
        for number, arm in enumerate(arms):
            color, marker = look_of(arms, arm)
            shift = 0.06 * (number - (len(arms) - 1) / 2)  # so that draws of several arms do not hide each other
            means = []
            for place, share in enumerate(shares):
                values = _values(runs, name, arm=arm, labels=share) * factor
                axes.plot(np.full(len(values), place + shift), values, marker, color=color, alpha=0.4, markersize=4)
                means.append(values.mean() if len(values) else np.nan)
            there = ~np.isnan(means)
            places = np.arange(len(shares))[there] + shift
            axes.plot(places, np.array(means)[there], marker=marker, color=color, label=arm)
        plain_axes(axes)
        axes.set_xticks(range(len(shares)), shares)
        axes.set_xlabel("labelled subjects of the training split")
        axes.set_ylabel(title)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(4, len(arms)), frameon=False)
    return figure


def robustness_curves(rows: Sequence[Row], labels: str) -> Figure:
    """Mean Dice over draws against severity, a panel a kind of corruption, a line an arm, at one label share."""
    chosen = [row for row in rows if row["labels"] == labels]
    arms = _arms(chosen)
    kinds = [kind for kind in dict.fromkeys(row["corruption"] for row in chosen) if kind != CLEAN]
    columns = min(5, len(kinds))
    lines = -(-len(kinds) // columns)
    figure = new_figure(2.6 * columns + 0.8, 2.3 * lines + 0.9)
    panels = figure.subplots(lines, columns, squeeze=False, sharex=True)
    for axes in panels.flat[len(kinds) :]:
        axes.set_axis_off()
    for kind, axes in zip(kinds, panels.flat, strict=False):
        for arm in arms:
            color, marker = look_of(arms, arm)
            curve = [row for row in chosen if row["arm"] == arm and row["corruption"] in (CLEAN, kind)]
            severities = sorted({int(row["severity"]) for row in curve})
            means = [100 * _values(curve, "dice", severity=str(severity)).mean() for severity in severities]
            axes.plot(severities, means, marker=marker, color=color, label=arm, markersize=4)
        plain_axes(axes)
        axes.set_title(kind, fontsize=10)
    figure.supxlabel("severity (0: as it is)", fontsize=10)
    figure.supylabel(f"Dice (%), labels {labels}", fontsize=10)
    handles, names = panels.flat[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=min(4, len(arms)), frameon=False)
    return figure


def difficult_cases(
    cases: Sequence[Row], labels: str, pixels_of: Callable[[str], npt.NDArray[np.uint8]]
) -> Figure:
    """The pictures that the arms do worst on at one label share, in the first draw that has most of the arms.

    A row a picture: as it is with its reference, then each arm's outline. `pixels_of` gives an (H, W) picture by name.
    """
    at_share = [case for case in cases if case["labels"] == labels]
    draws = [[case for case in at_share if case["seed"] == seed] for seed in _in_order(at_share, "seed")]
    draw = max(draws, key=lambda rows: len(_arms(rows)))
    arms = _arms(draw)
    by_place = {(case["name"], case["arm"]): case for case in draw}
    names = [name for name in _in_order(draw, "name") if all((name, arm) in by_place for arm in arms)]
    names.sort(key=lambda name: np.mean([float(by_place[name, arm]["dice"]) for arm in arms]))
    names = names[:DIFFICULT]
    figure = new_figure(2.9 * (1 + len(arms)), 2.25 * len(names) + 0.6)
    grid = figure.subplots(len(names), 1 + len(arms), squeeze=False)
    for line, name in zip(grid, names, strict=True):
        pixels = pixels_of(name)
        for axes, arm in zip(line, [None, *arms], strict=True):
            case = by_place[name, arm or arms[0]]
            axes.imshow(pixels, cmap="gray", vmin=0, vmax=255)
            axes.set_axis_off()
            draw_outline(axes, _ellipse(case, "reference"), REFERENCE_STYLE)
            if arm is None:
                axes.set_title(name, fontsize=9, parse_math=False)
                continue
            if case["status"] == "ok":
                style = OutlineStyle(arm, look_of(arms, arm)[0], (4, 2))
                draw_outline(axes, _ellipse(case, "predicted"), style)
            axes.set_title(_verdict(arm, case), fontsize=9, parse_math=False)
            axes.set_xlim(-0.5, pixels.shape[1] - 0.5)
            axes.set_ylim(pixels.shape[0] - 0.5, -0.5)
    seed = draw[0]["seed"]
    figure.suptitle(f"labels {labels}, seed {seed}: the reference in light blue, outlines dashed", fontsize=10)
    return figure


def _verdict(arm: str, case: Row) -> str:
    if case["status"] != "ok":
        return f"{arm}\nno head found"
    return f"{arm}\nDice {100 * float(case['dice']):.1f} %, ADF {float(case['adf_mm']):.1f} mm"


def _ellipse(case: Row, whose: str) -> Ellipse:
    parts = ("center_x_px", "center_y_px", "semi_axis_a_px", "semi_axis_b_px", "angle_rad")
    return Ellipse(*(float(case[f"{whose}_{part}"]) for part in parts))


def _arms(rows: Sequence[Row]) -> list[str]:
    return _in_order(rows, "arm")


def _in_order(rows: Sequence[Row], name: str) -> list[str]:
    return list(dict.fromkeys(row[name] for row in rows))


def _shares(rows: Sequence[Row]) -> list[str]:
    return sorted(_in_order(rows, "labels"), key=lambda share: (share.endswith("%"), float(share.rstrip("%"))))


def _values(rows: Sequence[Row], name: str, **where: str) -> npt.NDArray[np.float64]:
    return np.array([
        float(row[name]) for row in rows if row[name] and all(row[key] == value for key, value in where.items())
    ])
