"""`MODEL_CARD.md`: what a model is, what it was trained on, what it may be used for, how good it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fetalhead.catalog import DATA_KINDS, DATASETS

METRICS = {
    "dice": ("Dice of the filled ellipses (%)", 100),
    "iou": ("IoU of the filled ellipses (%)", 100),
    "mask_dice": ("Dice of the masks (%)", 100),
    "hausdorff_mm": ("Hausdorff distance (mm)", 1),
    "hd95_mm": ("95 % Hausdorff distance (mm)", 1),
    "average_distance_mm": ("average surface distance (mm)", 1),
    "df_mm": ("DF: predicted - reference HC (mm)", 1),
    "adf_mm": ("ADF: absolute DF (mm)", 1),
    "adf_percent": ("ADF (% of HC)", 1),
}


def model_card(name: str, model_id: str, stages: Sequence[Mapping[str, Any]], metrics: Mapping[str, Any]) -> str:
    """The card of a model, from its stages of training (the last made it) and its `metrics.json`."""
    return "\n".join(
        [
            f"# {name}",
            "",
            f"`{model_id}`: outlines the fetal head in a grey ultrasound picture that shows one.",
            "",
            "## Use",
            "",
            "For research. **Not a medical device**: no measurement of it may decide about a patient.",
            *_what_it_knows(stages),
            "",
            "## Training",
            "",
            "Subjects of the train split; those of val chose among checkpoints and settings; those of test were not",
            "touched.",
            "",
            *(line for number, stage in enumerate(stages, 1) for line in _stage(number, stage)),
            "",
            "## Figures",
            "",
            *_figures(metrics),
            "",
        ]
    )


def _what_it_knows(stages: Sequence[Mapping[str, Any]]) -> list[str]:
    if any(data["kind"] == "planes" for stage in stages for data in stage["data"]):
        return [
            "It tells head planes from abdomen, femur and other planes of obstetric scans, and outlines heads in",
            "the former alone. Of other organs, and of pictures that are no ultrasound, it was shown none.",
        ]
    return [
        "It was trained on head standard planes alone and expects one: in a picture of another plane or another",
        "organ it may outline something that is no head.",
    ]


def _stage(number: int, stage: Mapping[str, Any]) -> list[str]:
    apart = ("data", "unlabelled", "strategy")
    options = ", ".join(f"{key} {value}" for key, value in stage.items() if key not in apart)
    return [
        f"{number}. {stage['strategy']}: {options}",
        *(f"   - data: {_data(data)}" for data in stage["data"]),
        *(f"   - without labels: {_data(data)}" for data in stage.get("unlabelled", [])),
    ]


def _data(data: Mapping[str, str]) -> str:
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


def _figures(metrics: Mapping[str, Any]) -> list[str]:
    if "overall" not in metrics:
        return [
            f"Validation at step {metrics['step']}, {metrics['on']}: Dice {100 * metrics['dice']:.2f} %, "
            f"IoU {100 * metrics['iou']:.2f} %. `fetalhead evaluate` gives the rest."
        ]
    return [figures_table(metrics)]


def figures_table(metrics: Mapping[str, Any]) -> str:
    """The figures of an evaluation's `metrics.json` as Markdown: overall, then the chief ones by band of HC."""
    overall = metrics["overall"]
    name = metrics["model_id"].rpartition("-")[0]
    lines = [
        f"`fetalhead evaluate --model {name} --data {metrics['data']}=DIR --split {metrics['split']}`, "
        f"model `{metrics['model_id']}`: {overall['images']} pictures of {overall['subjects']} subjects, "
        f"no head found in {overall['failures']}.",
        "",
        "| figure | mean | SD | median | worst | 95 % interval of the mean, by subject |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for key, (title, factor) in METRICS.items():
        mean, sd, median, worst, low, high = (
            _number(overall["metrics"][key][name], factor) for name in ("mean", "sd", "median", "worst", "low", "high")
        )
        lines.append(f"| {title} | {mean} | {sd} | {median} | {worst} | {low} to {high} |")
    lines += [
        "",
        "| HC band (mm) | pictures | no head | Dice (%) | Hausdorff (mm) | DF (mm) | ADF (mm) |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for band, summary in metrics["bands"].items():
        dice, hausdorff, df, adf = (
            _number(summary["metrics"][key]["mean"], METRICS[key][1])
            for key in ("dice", "hausdorff_mm", "df_mm", "adf_mm")
        )
        lines.append(
            f"| {band} | {summary['images']} | {summary['failures']} | {dice} | {hausdorff} | {df} | {adf} |"
        )
    sentences = reliability_lines(metrics["reliability"], overall["images"]) if "reliability" in metrics else []
    return "\n".join([*lines, *(["", *sentences] if sentences else [])])


def reliability_lines(found: Mapping[str, Any], images: int) -> list[str]:
    """Verdicts and intervals, as `metrics.json` has them, in sentences, one a line."""
    counts = ", ".join(f"{verdict} {count}" for verdict, count in found["verdicts"].items())
    lines = [f"Verdicts over {images} pictures: {counts}."]
    if found["verdicts"]["accept"]:
        dice, adf = _number(found["accepted_dice"], 100), _number(found["accepted_adf_mm"], 1)
        lines.append(f"Of the accepted: Dice {dice} %, ADF {adf} mm.")
    if intervals := found["intervals"]:
        width = intervals["mean_width_percent"]
        covered = f"The 90 % interval of HC holds the reference in {_covered(intervals)}"
        lines.append(f"{covered}; its mean width is {width:.1f} % of HC.")
        bands = "; ".join(f"{band}: {_covered(one)}" for band, one in found["interval_bands"].items())
        lines.append(f"By band of HC: {bands}.")
    return lines


def _covered(intervals: Mapping[str, Any]) -> str:
    share = intervals["coverage"]
    return f"{100 * share['share']:.1f} % of {intervals['images']}"


def _number(value: float | None, factor: float) -> str:
    return "-" if value is None else f"{factor * value:.2f}"
