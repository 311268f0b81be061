"""What README.md and docs/comparing.md say of the project's own comparison is what its small files give."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

import pytest

from fetalhead.evaluation.comparison.collect import Row, read_rows

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "results" / "few_labels"
SEMI, MULTI = ("semi-supervised", "supervised"), ("multitask", "supervised")
WITHOUT = "multitask-without-classification"


def text_of(name: str) -> str:
    """The document in one line."""
    return " ".join((ROOT / name).read_text(encoding="utf-8").split())


def difference(pair: tuple[str, str], labels: str, metric: str, data: str = "hc18") -> Row:
    (row,) = (
        row for row in read_rows(KEPT / "differences.csv")
        if (row["arm"], row["against"], row["labels"], row["metric"], row["data"]) == (*pair, labels, metric, data)
    )  # fmt: skip
    return row


def with_interval(pair: tuple[str, str], labels: str, metric: str, data: str = "hc18") -> str:
    row = difference(pair, labels, metric, data)
    factor = 1 if metric.endswith("_mm") else 100
    size, low, high = (factor * float(row[name]) for name in ("difference", "low", "high"))
    return f"{size:+.2f} ({low:+.2f} to {high:+.2f})"


def by_draw(arm: str, labels: str, metric: str, file: str = "runs.csv", **others: str) -> dict[str, float]:
    wanted = {"arm": arm, "labels": labels, **others}
    return {
        row["seed"]: float(row[metric]) for row in read_rows(KEPT / file)
        if all(row[name] == value for name, value in wanted.items())
    }  # fmt: skip


def mean(arm: str, labels: str, metric: str, file: str = "runs.csv", **others: str) -> float:
    """Over draws."""
    return fmean(by_draw(arm, labels, metric, file, **others).values())


def worse(arm: str, kind: str, metric: str) -> float:
    """At 5 % of the labels."""
    return mean(arm, "5%", metric, "robustness.csv", corruption=kind, severity="5")


def in_each_draw(pair: tuple[str, str], labels: str, metric: str, file: str = "runs.csv", **others: str) -> list[float]:
    """The arm minus the other, in each draw of the arm."""
    one, other = (by_draw(arm, labels, metric, file, **others) for arm in pair)
    assert one
    return [value - other[seed] for seed, value in one.items()]


def is_clear(pair: tuple[str, str], labels: str, metric: str, data: str = "hc18") -> bool:
    row = difference(pair, labels, metric, data)
    return not float(row["low"]) <= 0 <= float(row["high"])


def test_the_readme_tells_the_comparison_as_it_is() -> None:
    text = text_of("README.md")
    plan = read_rows(KEPT / "plan.csv")
    dice = [100 * float(difference(SEMI, labels, "dice")["difference"]) for labels in ("1%", "5%", "10%")]
    masks = [100 * float(difference(SEMI, labels, "mask_dice", "psfhs")["difference"]) for labels in ("5%", "10%")]
    of_planes = {"data": "fetal_planes", "file": "elsewhere.csv"}
    for words in (
        f"in {sum(row['finished'] == 'yes' for row in plan)} of {len(plan)} runs",
        f"(Dice {', '.join(f'{size:+.1f}' for size in dice)} points)",
        f"(PSFHS: {masks[0]:.1f} and {masks[1]:.1f} points at 5 and 10 %, both clear, "
        f"{100 * float(difference(SEMI, '100%', 'mask_dice', 'psfhs')['difference']):.1f} point with all labels;",
        f"small heads (`zoom`) is {worse(SEMI[0], 'zoom', 'adf_mm') - worse(SEMI[1], 'zoom', 'adf_mm'):.0f} mm worse",
        f"masks are {-100 * float(difference(MULTI, '100%', 'mask_dice')['difference']):.1f} points worse",
        f"outlines a head in {100 * mean(WITHOUT, '100%', 'false_heads', **of_planes):.0f} % of other planes "
        f"({told_draws(WITHOUT, '100%')})",
        f"shadow ({100 * (worse(SEMI[0], 'shadow', 'dice') - worse(SEMI[1], 'shadow', 'dice')):.0f} points)",
        f"ADF {mean('supervised', '5%', 'adf_mm'):.2f} mm against {mean('supervised', '100%', 'adf_mm'):.2f}",
        f"apart ({100 * mean('multitask', '100%', 'head_abdomen_femur_accuracy', **of_planes):.1f} % with all labels)",
        f"{100 * mean('multitask', '100%', 'missed_heads', **of_planes):.0f} % of heads are missed "
        f"({100 * mean('multitask', '5%', 'missed_heads', **of_planes):.0f} % at 5 % of the labels)",
    ):  # fmt: skip
        assert words in text, words
    for labels in ("5%", "10%", "100%"):
        assert is_clear(SEMI, labels, "mask_dice", "psfhs"), "the README calls it clear"
    quarter = difference(SEMI, "5%", "adf_percent", "psfhs")
    assert is_clear(SEMI, "5%", "adf_percent", "psfhs")
    assert -0.28 < float(quarter["difference"]) / float(quarter["against_mean"]) < -0.22
    for labels in ("1%", "5%", "10%"):
        assert not is_clear(SEMI, labels, "dice"), "and this not"
    for labels in ("5%", "10%", "100%"):
        assert not is_clear(SEMI, labels, "dice", "fetal_head_tv")
    assert not is_clear(("semi-supervised-elsewhere", "semi-supervised"), "5%", "dice", "fetal_head_tv")
    for arm in ("supervised", "semi-supervised"):
        assert 0.35 < mean(arm, "5%", "false_heads", **of_planes) < 0.5, "two in five"
    missed = mean("multitask", "100%", "failures", "elsewhere.csv", data="psfhs")
    assert 0.6 < missed / 315 < 0.73, "two in three"


def told_draws(arm: str, labels: str) -> str:
    numbers = {1: "one draw", 2: "two draws", 3: "three draws"}
    return numbers[len(by_draw(arm, labels, "dice"))]


def test_what_the_readme_says_of_each_draw_is_of_each() -> None:
    severest = {"file": "robustness.csv", "severity": "5"}
    for kind in ("shadow", "gain-up"):
        assert min(in_each_draw(SEMI, "5%", "dice", corruption=kind, **severest)) > 0
    assert max(in_each_draw(SEMI, "5%", "dice", corruption="text", **severest)) < 0
    assert min(in_each_draw(SEMI, "5%", "adf_mm", corruption="zoom", **severest)) > 0
    equal = ("supervised-equal-time", "semi-supervised")
    assert fmean(in_each_draw(equal, "5%", "dice", corruption="shadow", **severest)) < -0.03
    assert fmean(in_each_draw(equal, "5%", "mask_dice", "elsewhere.csv", data="psfhs")) < -0.02
    assert abs(fmean(in_each_draw(equal, "5%", "dice"))) < 0.003
    assert f"nor in PSFHS's masks ({told_draws(equal[0], '5%')})" in text_of("README.md")


def test_multi_task_learning_is_clearly_worse_where_the_documents_say_so() -> None:
    text = text_of("docs/comparing.md")
    for metric in ("mask_dice", "hd_mm"):
        assert with_interval(MULTI, "100%", metric) in text and is_clear(MULTI, "100%", metric)
    for labels in ("5%", "100%"):
        assert not is_clear(MULTI, labels, "adf_mm")
    of_planes = {"file": "elsewhere.csv", "data": "fetal_planes"}
    assert f"{100 * mean(WITHOUT, '100%', 'false_heads', **of_planes):.1f} % of other planes" in text
    elsewhere = ("semi-supervised-elsewhere", "semi-supervised")
    for metric in ("dice", "mask_dice"):
        assert with_interval(elsewhere, "5%", metric, "fetal_head_tv") in text


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
    without = {metric: difference(("multitask", WITHOUT), "100%", metric) for metric in ("mask_dice", "dice")}
    masks, ellipses = (100 * float(row["difference"]) for row in without.values())
    assert f"of masks {masks:+.2f}, of the ellipses {ellipses:+.2f} points ({without['dice']['draws']} draw" in text
    for labels in ("5%", "100%"):
        assert min(in_each_draw(MULTI, labels, "adf_mm")) > 0, "the README says: in each draw"
