"""What README.md and docs/comparing.md say of the project's own comparison is what its small files give."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

import pytest

from fetalhead.evaluation.comparison.collect import Row, read_rows

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "results" / "few_labels"
SEMI, MULTI = ("semi-supervised", "supervised"), ("multitask", "supervised")


def text_of(name: str) -> str:
    """The document in one line."""
    return " ".join((ROOT / name).read_text(encoding="utf-8").split())


def difference(pair: tuple[str, str], labels: str, metric: str, data: str = "hc18") -> Row:
    (row,) = (
        row for row in read_rows(KEPT / "differences.csv")
        if (row["arm"], row["against"], row["labels"], row["metric"], row["data"]) == (*pair, labels, metric, data)
    )  # fmt: skip
    return row


def with_interval(pair: tuple[str, str], labels: str, metric: str) -> str:
    row = difference(pair, labels, metric)
    factor = 1 if metric.endswith("_mm") else 100
    size, low, high = (factor * float(row[name]) for name in ("difference", "low", "high"))
    return f"{size:+.2f} ({low:+.2f} to {high:+.2f})"


def mean(arm: str, labels: str, metric: str, file: str = "runs.csv", **others: str) -> float:
    """Over draws."""
    wanted = {"arm": arm, "labels": labels, **others}
    return fmean(
        float(row[metric]) for row in read_rows(KEPT / file)
        if all(row[name] == value for name, value in wanted.items())
    )  # fmt: skip


def worse(arm: str, kind: str, metric: str) -> float:
    """At 5 % of the labels."""
    return mean(arm, "5%", metric, "robustness.csv", corruption=kind, severity="5")


def test_the_readme_tells_the_comparison_as_it_is() -> None:
    text = text_of("README.md")
    plan = read_rows(KEPT / "plan.csv")
    dice = [100 * float(difference(SEMI, labels, "dice")["difference"]) for labels in ("1%", "5%", "10%")]
    masks = [100 * float(difference(SEMI, labels, "mask_dice", "psfhs")["difference"]) for labels in ("5%", "10%")]
    of_planes = {"data": "fetal_planes", "file": "elsewhere.csv"}
    for words in (
        f"in {sum(row['finished'] == 'yes' for row in plan)} of {len(plan)} runs",
        f"(Dice {', '.join(f'{size:+.1f}' for size in dice)} points)",
        f"(PSFHS: {masks[0]:.1f} and {masks[1]:.1f} points, both clear;",
        f"those masks gains ({100 * float(difference(SEMI, '100%', 'mask_dice', 'psfhs')['difference']):.1f} point)",
        f"shadow ({100 * (worse(SEMI[0], 'shadow', 'dice') - worse(SEMI[1], 'shadow', 'dice')):.0f} points)",
        f"ADF {mean('supervised', '5%', 'adf_mm'):.2f} mm against {mean('supervised', '100%', 'adf_mm'):.2f}",
        f"apart ({100 * mean('multitask', '100%', 'head_abdomen_femur_accuracy', **of_planes):.1f} % with all labels)",
        f"misses {100 * mean('multitask', '100%', 'missed_heads', **of_planes):.0f} to "
        f"{100 * mean('multitask', '5%', 'missed_heads', **of_planes):.0f} % of heads",
    ):  # fmt: skip
        assert words in text, words
    for labels in ("5%", "10%"):
        row = difference(SEMI, labels, "mask_dice", "psfhs")
        assert float(row["low"]) > 0, "the README calls it clear"
    for labels in ("1%", "5%", "10%"):
        row = difference(SEMI, labels, "dice")
        assert float(row["low"]) < 0 < float(row["high"]), "and this not"


@pytest.mark.parametrize("labels", ["1%", "5%", "10%"])
def test_the_aims_are_told_with_what_came_of_them(labels: str) -> None:
    text = text_of("docs/comparing.md")
    assert with_interval(SEMI, labels, "dice") in text and with_interval(SEMI, labels, "adf_mm") in text
    assert f"{100 * mean('semi-supervised', labels, 'dice'):.2f}" in text
    assert f"{100 * mean('supervised', labels, 'dice'):.2f}" in text
    assert f"come to {100 * mean('supervised', '100%', 'dice'):.2f} %" in text


def test_so_are_those_of_multi_task_learning() -> None:
    text = text_of("docs/comparing.md")
    of_planes = {"data": "fetal_planes", "file": "elsewhere.csv"}
    share = "head_abdomen_femur_accuracy"
    apart = [f"{100 * mean('multitask', labels, share, **of_planes):.2f}" for labels in ("100%", "5%")]
    assert f"{apart[0]} % with all labels, {apart[1]} % with 5 %" in text
    assert with_interval(MULTI, "5%", "adf_mm") in text and with_interval(MULTI, "100%", "adf_mm") in text
    without = difference(("multitask", "multitask-without-classification"), "100%", "mask_dice")
    assert f"of masks {100 * float(without['difference']):+.2f} ({without['draws']} draw" in text
    for labels in ("5%", "100%"):
        by_draw = [
            {row["seed"]: float(row["adf_mm"]) for row in read_rows(KEPT / "runs.csv")
             if (row["arm"], row["labels"]) == (arm, labels)}
            for arm in MULTI
        ]  # fmt: skip
        assert all(value > by_draw[1][seed] for seed, value in by_draw[0].items()), "the README says: in each draw"
