"""What the numbers of a comparison say, in sentences made from the numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from fetalhead.evaluation.comparison.collect import Row
from fetalhead.evaluation.comparison.tables import UNITS, groups, interval, mean, share_order

LARGE = 1.0
"""Dice points on pictures made worse, from which on a kind of corruption is named."""


def difference_sentences(rows: Sequence[Row]) -> list[str]:
    """A sentence for each label share and pair of arms of one data set: its Dice, and its ADF in mm or else in %."""
    in_mm = any(row["metric"] == "adf_mm" for row in rows)
    told = ("dice", "adf_mm" if in_mm else "adf_percent")
    pairs: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        if row["metric"] in told:
            pairs.setdefault((row["labels"], row["arm"], row["against"]), []).append(row)
    return [
        f"Labels {labels}, {arm} against {against} ({_draws(found)}): {'; '.join(map(_told, found))}."
        for (labels, arm, against), found in sorted(pairs.items(), key=lambda pair: share_order(pair[0][0]))
    ]


def _draws(rows: Sequence[Row]) -> str:
    number = max(int(row["draws"]) for row in rows)
    return "1 draw" if number == 1 else f"{number} draws"


def _told(row: Row) -> str:
    """Better and worse only where the interval is clear of zero."""
    title, factor, unit = UNITS[row["metric"]]
    size, against = factor * float(row["difference"]), factor * float(row["against_mean"])
    amount = f"{abs(size):.2f} {unit} {'higher' if size > 0 else 'lower'}"
    if not row["low"]:
        one = "draw" if int(row["draws"]) < 2 else "subject"
        return f"{title} {amount}, which one {one} cannot tell from chance"
    if float(row["low"]) <= 0 <= float(row["high"]):
        return f"no clear difference of {title} ({interval(row)} {unit})"
    better = (size > 0) == (row["metric"] == "dice")
    relative = "" if row["metric"] == "dice" else f"; {100 * abs(size) / against:.0f} % of {against:.2f}"
    return f"{title} {'better' if better else 'worse'}, {amount} ({interval(row)}{relative})"


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

    Means over the draws that both have, where all of these agree which arm is better; without intervals.
    """
    chosen = [row for row in rows if row["severity"] == str(severity)]
    kinds = dict.fromkeys(row["corruption"] for row in chosen)
    seeds: dict[str, set[str]] = {}
    for row in chosen:
        seeds.setdefault(row["arm"], set()).add(row["seed"])
    told = {(row["arm"], row["corruption"], row["seed"]): 100 * float(row["dice"]) for row in chosen if row["dice"]}

    def dice(arm: str, kind: str, seed: str) -> float:
        return told.get((arm, kind, seed), math.nan)  # a kind that a run was not scored on is not named

    sentences = []
    for arm in seeds:
        common = seeds[arm] & seeds.get(reference, set())
        if arm == reference or not common:
            continue
        more, less = [], []
        for kind in kinds:
            changes = [dice(arm, kind, seed) - dice(reference, kind, seed) for seed in sorted(common)]
            change = fmean(changes)
            sizes = f"{kind} {change:+.2f} ({min(changes):+.2f} to {max(changes):+.2f})"
            if change >= LARGE and min(changes) > 0:
                more.append(sizes)
            elif change <= -LARGE and max(changes) < 0:
                less.append(sizes)
        draws = "1 draw" if len(common) == 1 else f"each of {len(common)} draws"
        sentences.append(
            f"{arm} against {reference}, Dice points at severity {severity}, in {draws}: better by {LARGE:g} or more "
            f"under {', '.join(more) or 'no kind'}; worse under {', '.join(less) or 'no kind'}."
        )
    return sentences
