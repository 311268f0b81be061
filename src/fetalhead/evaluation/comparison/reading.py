"""What the numbers of a comparison say, in sentences made from the numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from fetalhead.evaluation.comparison.collect import Row
from fetalhead.evaluation.comparison.tables import UNITS, groups, interval, mean, share_order

LARGE = 1.0
"""Dice points, and mm of ADF, on pictures made worse, from which on a kind of corruption is named."""

NEARLY_ALL = 0.95
"""Of the pictures that are paired: where fewer have a distance in both arms, none is called better by it."""


def difference_sentences(rows: Sequence[Row]) -> list[str]:
    """A sentence for each label share and pair of arms of one data set: its Dice, and its ADF in mm or else in %."""
    in_mm = any(row["metric"] == "adf_mm" for row in rows)
    told = ("dice", "adf_mm" if in_mm else "adf_percent")
    pairs: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        if row["metric"] in told:
            pairs.setdefault((row["labels"], row["arm"], row["against"]), []).append(row)
    return [
        f"Labels {labels}, {arm} against {against} ({_draws(found)}): "
        f"{'; '.join(_told(row, max(int(one['pairs']) for one in found)) for row in found)}."
        for (labels, arm, against), found in sorted(pairs.items(), key=lambda pair: share_order(pair[0][0]))
    ]


def _draws(rows: Sequence[Row]) -> str:
    number = max(int(row["draws"]) for row in rows)
    return "1 draw" if number == 1 else f"{number} draws"


def _told(row: Row, of_pairs: int) -> str:
    """Better and worse only where the interval is clear of zero, and nearly all `of_pairs` pictures count."""
    title, factor, unit = UNITS[row["metric"]]
    size, against, pairs = factor * float(row["difference"]), factor * float(row["against_mean"]), int(row["pairs"])
    amount = f"{abs(size):.2f} {unit} {'higher' if size > 0 else 'lower'}"
    among = f" over the {pairs} of {of_pairs} in which both found a head" if pairs < of_pairs else ""
    if not row["low"]:
        one = "draw" if int(row["draws"]) < 2 else "subject"
        return f"{title} {amount}{among}, which one {one} cannot tell from chance"
    if float(row["low"]) <= 0 <= float(row["high"]):
        return f"no clear difference of {title}{among} ({interval(row)} {unit})"
    relative = "" if row["metric"] == "dice" else f"; {100 * abs(size) / against:.0f} % of {against:.2f}"
    better = "better" if (size > 0) == (row["metric"] == "dice") else "worse"
    verdict = f" {better}," if pairs >= NEARLY_ALL * of_pairs else ""
    return f"{title}{verdict} {amount}{among} ({interval(row)}{relative})"


def plane_sentences(rows: Sequence[Row]) -> list[str]:
    """Of the arms that tell planes, on one data set."""
    return [
        f"Labels {labels}, {arm} tells head, abdomen and femur apart in "
        f"{mean(group, 'head_abdomen_femur_accuracy', 100)} % of their pictures, outlines a head in "
        f"{mean(group, 'false_heads', 100)} % of the other planes, and misses "
        f"{mean(group, 'missed_heads', 100)} % of the heads."
        for (arm, labels), group in groups([row for row in rows if row["plane_accuracy"]], "arm", "labels")
    ]


def worse_sentences(rows: Sequence[Row], reference: str, severity: int) -> list[str]:
    """At one label share and severity: the kinds of corruption under which an arm differs from `reference` by much.

    Means over the draws that both have, where all of these agree which arm is better; without intervals. ADF is of
    the pictures in which an arm found a head.
    """
    chosen = [row for row in rows if row["severity"] == str(severity)]
    seeds: dict[str, set[str]] = {}
    for row in chosen:
        seeds.setdefault(row["arm"], set()).add(row["seed"])
    sentences = []
    for arm in seeds:
        common = sorted(seeds[arm] & seeds.get(reference, set()))
        if arm == reference or not common:
            continue
        draws = "1 draw" if len(common) == 1 else f"each of {len(common)} draws"
        more, less = _large_changes(chosen, (arm, reference), common, "dice", 100)
        higher, lower = _large_changes(chosen, (arm, reference), common, "adf_mm", 1)
        sentences.append(
            f"{arm} against {reference} at severity {severity}, in {draws}. Dice points: better by {LARGE:g} or more "
            f"under {more}; worse under {less}. ADF in mm: better by {LARGE:g} or more under {lower}; worse under "
            f"{higher}."
        )
    return sentences


def _large_changes(
    rows: Sequence[Row], pair: tuple[str, str], seeds: Sequence[str], metric: str, factor: float
) -> tuple[str, str]:
    """The kinds of corruption under which the first arm's metric is larger by much in all draws, and smaller."""
    told = {(row["arm"], row["corruption"], row["seed"]): factor * float(row[metric]) for row in rows if row[metric]}
    larger, smaller = [], []
    for kind in dict.fromkeys(row["corruption"] for row in rows):
        # a kind that a run was not scored on is not named
        first, second = ([told.get((arm, kind, seed), math.nan) for seed in seeds] for arm in pair)
        changes = [one - other for one, other in zip(first, second, strict=True)]
        change = fmean(changes)
        sizes = f"{kind} {change:+.2f} ({min(changes):+.2f} to {max(changes):+.2f})"
        if change >= LARGE and min(changes) > 0:
            larger.append(sizes)
        elif change <= -LARGE and max(changes) < 0:
            smaller.append(sizes)
    return ", ".join(larger) or "no kind", ", ".join(smaller) or "no kind"
