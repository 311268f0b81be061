"""A comparison's page: the tables, figures and sentences that its files give, what was run, and what is not yet.

It is made from the small files alone, so that it can be made again wherever those are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from fetalhead.evaluation.comparison.collect import MACHINES, Row, read_rows, rows_if_any
from fetalhead.evaluation.comparison.figures import CLEAN
from fetalhead.evaluation.comparison.grid import in_file_name
from fetalhead.evaluation.comparison.paired import made_worse
from fetalhead.evaluation.comparison.reading import difference_sentences, plane_sentences, worse_sentences
from fetalhead.evaluation.comparison.speed import known_seconds
from fetalhead.evaluation.comparison.tables import (
    differences_table,
    elsewhere_table,
    markdown,
    planes_table,
    planned_table,
    reached_table,
    share_order,
    worse_table,
)

NOTES = "notes.md"
"""What a person has to say of the comparison; it stands on the page as it is, and holds no results."""


def results_page(folder: Path, link: str = "") -> str:
    """The page of the comparison in `folder`; `link` goes before the names of its pictures."""
    plan, runs = read_rows(folder / "plan.csv"), rows_if_any(folder / "runs.csv")
    done = sum(row["finished"] == "yes" for row in plan)
    finished = f"**{done} of {len(plan)} runs** are finished; the last section tells what was run, and where."
    parts = ["# Results", finished]
    if runs:
        differences = rows_if_any(folder / "differences.csv")
        reference = differences[0]["against"] if differences else runs[0]["arm"]
        parts += [
            *_reached(folder, runs, [row for row in differences if row["data"] == runs[0]["data"]], link),
            *_elsewhere(rows_if_any(folder / "elsewhere.csv"), differences),
            *_worse(folder, rows_if_any(folder / "robustness.csv"), differences, reference, link),
        ]
    if (folder / NOTES).is_file():
        parts += ["## Notes", (folder / NOTES).read_text(encoding="utf-8").strip()]
    parts += _what_was_run(folder, plan, runs)
    return "\n\n".join(part for part in parts if part) + "\n"


def _what_was_run(folder: Path, plan: Sequence[Row], runs: Sequence[Row]) -> list[str]:
    parts = [
        "## What was run",
        "`fetalhead compare grid.yaml --out DIR`, with this `grid.yaml`:",
        f"```yaml\n{(folder / 'grid.yaml').read_text(encoding='utf-8').strip()}\n```",
        "A draw (seed) decides which subjects are labelled, and all else that is drawn. Finished, and not yet:",
        planned_table(plan),
    ]
    if runs:
        first = runs[0]
        parts.append(
            f"Scored are each run's last averaged weights, on the {first['split']} split of {first['data']}: "
            f"{first['images']} pictures of {first['subjects']} subjects."
        )
        parts += [_machines(folder, runs), _speed(folder, runs)]
    return parts


def _machines(folder: Path, runs: Sequence[Row]) -> str:
    machines = json.loads((folder / MACHINES).read_text(encoding="utf-8"))
    lines = [
        f"- {sum(run['machine'] == key for run in runs)} runs: "
        + ", ".join(f"{name} {value}" for name, value in machine.items())
        for key, machine in machines.items()
    ]
    return "\n".join(["Trained on:", "", *lines]) if lines else ""


def _speed(folder: Path, runs: Sequence[Row]) -> str:
    """What a step of each arm that has run costs."""
    seconds = known_seconds(folder)
    arms = [arm for arm in dict.fromkeys(row["arm"] for row in runs) if arm in seconds]
    least = min(seconds[arm] for arm in arms)
    table = markdown(
        ("arm", "seconds a step", "ratio"),
        ((arm, f"{seconds[arm]:.2f}", f"{seconds[arm] / least:.1f}") for arm in arms),
    )
    return f"A step costs, arms timed in turns on the same machine:\n\n{table}"


def _reached(folder: Path, runs: Sequence[Row], differences: Sequence[Row], link: str) -> list[str]:
    parts = [
        f"## On {runs[0]['data']}",
        "Means over draws ± SD of the draws. Dice is of the ellipse that is measured: a picture in which none is "
        "believed counts as 0, without distances. Dice of masks is of what the network marks, believed or not.",
        reached_table(runs),
        _picture(folder, "label_efficiency.png", "Dice and ADF against the label share", link),
    ]
    return parts + _compared(differences)


def _compared(differences: Sequence[Row]) -> list[str]:
    table = differences_table(differences)
    if not table:
        return []
    return [
        "The arm minus the other, paired by draw and picture; the 95 % interval resamples draws and subjects:",
        table,
        _listed(difference_sentences(differences)),
    ]


def _elsewhere(rows: Sequence[Row], differences: Sequence[Row]) -> list[str]:
    parts = []
    for data in dict.fromkeys(row["data"] for row in rows):
        group = [row for row in rows if row["data"] == data]
        first = group[0]
        split = "all subjects" if first["split"] == "all" else f"the {first['split']} split"
        size = f"{first['images']} pictures of {first['subjects']} subjects"
        parts += [f"## On {data}", f"Another data set, {split}: {size}."]
        if first["dice"]:
            parts += [elsewhere_table(group), *_compared([row for row in differences if row["data"] == data])]
        else:
            parts += [planes_table(group), _listed(plane_sentences(group))]
    return parts


def _worse(
    folder: Path, rows: Sequence[Row], differences: Sequence[Row], reference: str, link: str
) -> list[str]:
    if not rows:
        return []
    severities = sorted({int(row["severity"]) for row in rows} - {0})
    severity = severities[-1]
    parts = [
        "## On pictures made worse",
        f"One picture a subject; means over draws at severity {severity} of 5, as Dice % / ADF mm / % without a head "
        f"found (`{CLEAN}`: as they are).",
    ]
    for labels in sorted(dict.fromkeys(row["labels"] for row in rows), key=share_order):
        group = [row for row in rows if row["labels"] == labels]
        parts += [
            f"### Labels {labels}",
            worse_table(group, severity),
            _listed(worse_sentences(group, reference, severity)),
            _over_kinds([row for row in differences if row["labels"] == labels], rows[0]["data"], severities),
            _picture(folder, f"robustness_{in_file_name(labels)}.png", f"Dice against severity, labels {labels}", link),
        ]
    return parts


def _over_kinds(differences: Sequence[Row], data: str, severities: Sequence[int]) -> str:
    """Arm against arm over all kinds of corruption together, severity by severity."""
    sentences = [
        f"Severity {severity}: {sentence}"
        for severity in severities
        for sentence in difference_sentences(
            [row for row in differences if row["data"] == made_worse(data, str(severity))]
        )
    ]
    return "All kinds together, paired by draw and picture:\n\n" + _listed(sentences) if sentences else ""


def _listed(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _picture(folder: Path, name: str, title: str, link: str) -> str:
    return f"![{title}]({link}{name})" if (folder / name).is_file() else ""
