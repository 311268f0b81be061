"""`MODEL_CARD.md`: what a model is, what it was trained on, what it may be used for, how good it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from fetalhead.catalog import DATA_KINDS, DATASETS
from fetalhead.inference.card_figures import centres, kind_of, section, weakest
from fetalhead.options import options_class

WATTS_A_CORE = 10
"""Assumed of a processor core in use, its share of memory and cooling included."""

LIMITS = {
    "hc18": "HC18's heads are one hospital's, in standard planes, without a growth abnormality, at 10 to 40 weeks:\n"
    "malformed heads, and heads moulded by labour, are not among them.",
}
"""What is known of the pictures of a data set."""


def model_card(
    name: str,
    model_id: str,
    stages: Sequence[Mapping[str, Any]],
    evaluations: Sequence[Mapping[str, Any]],
    export_command: str,
) -> str:
    """The card of a model, from its stages of training (the last made it) and the `metrics.json` of its evaluations."""
    figures = [document for document in evaluations if kind_of(document)]
    return "\n".join(
        [
            f"# {name}",
            "",
            f"`{model_id}`: outlines the fetal head in a grey ultrasound picture that shows one.",
            "",
            "## Use",
            "",
            "For research. **Not a medical device**: no measurement of it may decide about a patient.",
            "",
            "## What it does not know",
            "",
            *_what_it_knows(stages),
            "",
            *weakest(figures),
            "Pictures of another site, probe or setting may be read worse than any figure here tells: compare with",
            "readings of your own (`fetalhead agree`) first.",
            "",
            "## Training",
            "",
            "Subjects of the train split; those of val chose among checkpoints and settings; those of test had no part",
            "in it. What counts as a head is ruled alike for every model, and docs/model.md tells by what.",
            "",
            *(line for number, stage in enumerate(stages, 1) for line in _stage(number, stage)),
            "",
            *_cost(stages),
            "## Figures",
            "",
            *centres(figures),
            *(line for document in figures for line in section(document)),
            *(_validation(document) for document in evaluations if not kind_of(document)),
            "## How to make it again",
            "",
            "```",
            *(_command(number, stage) for number, stage in enumerate(stages, 1)),
            export_command,
            *(command_of(name, document) for document in figures),
            "```",
            "",
            *_afterwards(stages, figures),
        ]
    )


def _what_it_knows(stages: Sequence[Mapping[str, Any]]) -> list[str]:
    kinds = {data["kind"] for stage in stages for data in stage["data"] if data["split"] == "published"}
    limits = [LIMITS[kind] for kind in LIMITS if kind in kinds]
    if any(data["kind"] == "planes" for stage in stages for data in stage["data"]):
        return [
            "It tells head planes from abdomen, femur and other planes of obstetric scans, and outlines heads in",
            "the former alone. Of other organs, and of pictures that are no ultrasound, it was shown none.",
            *limits,
        ]
    return [
        "It was trained on head standard planes alone and expects one: in a picture of another plane or another",
        "organ it may outline something that is no head.",
        *limits,
    ]


def _stage(number: int, stage: Mapping[str, Any]) -> list[str]:
    apart = ("data", "unlabelled", "strategy", "cost")
    options = ", ".join(f"{key} {value}" for key, value in stage.items() if key not in apart)
    return [
        f"{number}. {stage['strategy']}: {options}",
        *(f"   - data: {_data(data)}" for data in stage["data"]),
        *(f"   - without labels: {_data(data)}" for data in stage.get("unlabelled", [])),
    ]


def _data(data: Mapping[str, Any]) -> str:
    counts = ", ".join(
        f"{split} {pictures} pictures of {subjects} subjects"
        for split, (pictures, subjects) in data.get("counts", {}).items()
    )
    return _data_set(data) + (f": {counts}" if counts else "")


def _data_set(data: Mapping[str, Any]) -> str:
    if data["split"] != "published":
        return f"a data set in the layout of {data['kind']}, with a split of its own"
    if data["kind"] == "pictures":
        return DATA_KINDS["pictures"]
    if data["kind"] not in DATASETS:
        return f"{DATA_KINDS[data['kind']]}; split by subject, 70/15/15 by a hash of the subject"
    known = DATASETS[data["kind"]]
    split = (
        "70/15/15 at random within bands of HC (`fetalhead/datasets/split_files/hc18.csv`)"
        if data["kind"] == "hc18"
        else "70/15/15 by a hash of the subject"
    )
    return f"{known['title']}; {known['citation']}; doi {known['doi']}, {known['licence']}; split by subject, {split}"


def _cost(stages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Time and energy of each stage on record; no lines where none is."""
    lines = []
    for number, stage in enumerate(stages, 1):
        if not (cost := stage.get("cost")):
            continue
        processor_hours = cost["processor_seconds"] / 3600
        part = "" if cost["steps"] == stage["steps"] else f" for {cost['steps']} of its {stage['steps']} steps"
        line = f"- stage {number}{part}: {cost['seconds'] / 3600:.2f} hours on {'; '.join(cost['devices'])}"
        if all(device.endswith("cores") for device in cost["devices"]):
            energy = processor_hours * WATTS_A_CORE / 1000
            line += f", {processor_hours:.2f} hours of processor time: about {energy:.3f} kWh"
        lines.append(line)
    if not lines:
        return []
    return [
        "What it took, without what was tried on the way and without its teacher's training, if it had one:",
        "",
        *lines,
        "",
        f"Energy is an estimate: the processor time at {WATTS_A_CORE} W a core in use, memory and cooling included,",
        "which is assumed and not measured. Of other devices the time alone is known.",
        "",
    ]


def _command(number: int, stage: Mapping[str, Any]) -> str:
    """The training of a stage: the options that differ from what they are by themselves."""
    words = [f"fetalhead train {stage['strategy']} --out runs/{number}"]
    if number > 1:
        words.append(f"--init runs/{number - 1}")
    words += [f"--data {data['kind']}=DIR" for data in stage["data"]]
    words += [f"--unlabelled {data['kind']}=DIR" for data in stage.get("unlabelled", [])]
    for field in dataclasses.fields(options_class(stage["strategy"])):
        if field.default is dataclasses.MISSING or field.name == "strategy" or field.name not in stage:
            continue
        value = stage[field.name]
        value = tuple(value) if isinstance(value, list) else value
        if value != field.default:
            said = str(list(value)).replace(" ", "") if isinstance(value, tuple) else value
            words.append(f"--{field.name.replace('_', '-')} {said}")
    return " ".join(words)


def _afterwards(stages: Sequence[Mapping[str, Any]], figures: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the commands do not tell."""
    again = "The export once more, with `--metrics TITLE=FILE` for each evaluation's `metrics.json`, makes this card."
    lines = [again] if figures else []
    teachers = dict.fromkeys(str(stage["teacher"]) for stage in stages if stage.get("teacher"))
    lines += [f"`--teacher {name}` is the folder of another model, which is made first." for name in teachers]
    return [*lines, ""] if lines else []


def command_of(name: str, document: Mapping[str, Any]) -> str:
    """The command that gives an evaluation's figures."""
    kind = f"{document['data']}:{document['label']}" if "label" in document else document["data"]
    words = [f"fetalhead evaluate --model {name} --data {kind}=DIR --out OUT"]
    if kind_of(document) == "clips":
        words.append("--video")
    else:
        words.append(f"--split {document['split']}")
    if rows := [row for row in document.get("robustness", ()) if row["severity"]]:
        words.append("--corruptions " + ",".join(dict.fromkeys(row["corruption"] for row in rows)))
        if rows[0]["images"] == rows[0]["subjects"] < document["images"]:
            words.append("--one-a-subject")
        words.append("--severities " + ",".join(dict.fromkeys(str(row["severity"]) for row in rows)))
    return " ".join(words)


def _validation(metrics: Mapping[str, Any]) -> str:
    return (
        f"Validation at step {metrics['step']}, {metrics['on']}: Dice {100 * metrics['dice']:.2f} %, "
        f"IoU {100 * metrics['iou']:.2f} %. `fetalhead evaluate` gives the rest.\n"
    )
