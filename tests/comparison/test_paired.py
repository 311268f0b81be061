"""Paired differences: the right pairs, the right mean, an interval that covers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fetalhead.evaluation.comparison.collect import Row
from fetalhead.evaluation.comparison.paired import differences, interval_of, paired_difference


def case(arm: str, seed: int, name: str, dice: float | None, labels: str = "5%", subject: str = "") -> Row:
    text = "" if dice is None else str(dice)
    return {
        "data": "hc18", "arm": arm, "labels": labels, "seed": str(seed), "name": name, "subject": subject or name,
        "dice": text, "iou": text, "hd_mm": text, "adf_mm": text,
    }  # fmt: skip


def values(cases: list[Row]) -> dict[tuple[str, str], Row]:
    return {(row["seed"], row["name"]): row for row in cases}


def test_only_pairs_count() -> None:
    first = values([case("b", 1, "x", 0.9), case("b", 1, "y", 0.8), case("b", 2, "x", 0.5), case("b", 1, "z", None)])
    second = values([case("a", 1, "x", 0.8), case("a", 1, "y", 0.9), case("a", 3, "x", 0.1), case("a", 1, "z", 0.1)])
    found = paired_difference(first, second, "dice")
    assert (found.draws, found.subjects) == (1, 2)
    assert found.difference == pytest.approx(0.0)
    assert (found.arm_mean, found.against_mean) == (pytest.approx(0.85), pytest.approx(0.85))
    assert math.isnan(found.low), "one draw says nothing of others"


def test_a_constant_difference_has_no_width() -> None:
    first = values([case("b", seed, name, 0.9) for seed in range(3) for name in "xyz"])
    second = values([case("a", seed, name, 0.7) for seed in range(3) for name in "xyz"])
    found = paired_difference(first, second, "dice")
    assert (found.low, found.difference, found.high) == tuple(pytest.approx(0.2) for _ in range(3))


def test_the_interval_knows_of_draws_and_of_subjects() -> None:
    """Differences that vary by draw alone, or by subject alone, give intervals of the width that theory says."""
    rng = np.random.default_rng(0)
    by_draw, by_subject = rng.normal(0, 0.1, 8), rng.normal(0, 0.1, 50)
    student, normal = 2.365, 1.960  # of 7 degrees of freedom, and of many
    for effect, spread in (
        (lambda draw, subject: by_draw[draw], student * by_draw.std(ddof=1) / math.sqrt(8)),
        (lambda draw, subject: by_subject[subject], normal * by_subject.std() / math.sqrt(50)),
    ):
        first = values([case("b", d, f"s{s}", 1 + effect(d, s)) for d in range(8) for s in range(50)])
        second = values([case("a", d, f"s{s}", 1.0) for d in range(8) for s in range(50)])
        found = paired_difference(first, second, "dice")
        assert found.high - found.low == pytest.approx(2 * spread, rel=0.15)


@pytest.mark.parametrize("draws", [2, 3, 4])
@pytest.mark.parametrize("spread", [0.0, 1.0, 3.0])
def test_arms_that_do_not_differ_are_rarely_told_apart(draws: int, spread: float) -> None:
    """Few draws that differ among themselves: the interval of no difference misses zero about one time in twenty."""
    rng = np.random.default_rng([draws, int(spread)])
    clear = 0
    for _ in range(100):
        shape = (draws, 30)
        cells = rng.normal(0, spread, (draws, 1)) + rng.normal(0, 1, (1, 30)) + rng.normal(0, 1, shape)
        low, high = interval_of(cells, np.ones(shape))
        clear += low > 0 or high < 0
    assert clear <= 15


def test_pictures_of_one_subject_stay_together() -> None:
    alone = [case("b", d, f"{s}", float(s % 2)) for d in range(3) for s in range(20)]
    together = [row | {"subject": row["name"]} | {"name": f"{row['name']}{n}"} for row in alone for n in "pq"]
    zero = [row | {"arm": "a", "dice": "0"} for row in together]
    wide = paired_difference(values(alone), values([row | {"dice": "0"} for row in alone]), "dice")
    same = paired_difference(values(together), values(zero), "dice")
    assert (same.low, same.high) == (wide.low, wide.high)


def test_rows_for_each_share_that_both_arms_have() -> None:
    cases = [case(arm, seed, name, 0.5, labels)
             for arm, shares in (("a", ("5%", "10%")), ("b", ("5%", "20%")))
             for labels in shares for seed in (1, 2) for name in "xy"]  # fmt: skip
    rows = differences(cases, [("b", "a"), ("c", "a")])
    assert {(row["arm"], row["against"], row["labels"]) for row in rows} == {("b", "a", "5%")}
    assert [row["metric"] for row in rows] == ["dice", "iou", "hd_mm", "adf_mm"]
    assert rows[0]["draws"] == "2" and float(rows[0]["difference"]) == 0


def test_data_sets_are_compared_apart() -> None:
    """A picture's name may be in two sets; what has no mm is compared in pixels and in %."""
    cases = [case(arm, seed, "x", value) for seed in (1, 2) for arm, value in (("a", 0.5), ("b", 0.7))]
    elsewhere = [
        {name: row[name] for name in ("arm", "labels", "seed", "name", "subject")}
        | {"data": "masks", "dice": "0.4", "adf_percent": "3" if row["arm"] == "b" else "5", "adf_mm": ""}
        for row in cases
    ]
    rows = {
        (row["data"], row["metric"]): float(row["difference"])
        for row in differences([*cases, *elsewhere], [("b", "a")])
    }
    assert rows["hc18", "dice"] == pytest.approx(0.2) and rows["masks", "dice"] == 0
    assert rows["masks", "adf_percent"] == -2 and ("masks", "adf_mm") not in rows
