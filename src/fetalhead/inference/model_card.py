"""`MODEL_CARD.md`: what a model is, what it was trained on, what it may be used for, how good it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fetalhead.catalog import DATASETS

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


def model_card(name: str, model_id: str, training: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """The card of a model, from its training options and its `metrics.json`."""
    return "\n".join(
        [
            f"# {name}",
            "",
            f"`{model_id}`: outlines the fetal head in a grey ultrasound picture that shows one.",
            "",
            "## Use",
            "",
            "For research. **Not a medical device**: no measurement of it may decide about a patient. It was trained",
            "on head standard planes alone and expects one: in a picture of another plane or another organ it may",
            "outline something that is no head.",
            "",
            "## Training",
            "",
            *_training(training),
            "",
            "## Figures",
            "",
            *_figures(metrics),
            "",
        ]
    )


def _training(training: Mapping[str, Any]) -> list[str]:
    data = [
        f"- data: {DATASETS[kind]['title']}; {DATASETS[kind]['citation']}; doi {DATASETS[kind]['doi']}, "
        f"{DATASETS[kind]['licence']}"
        for kind in training["data"]
    ]
    options = ", ".join(f"{key} {value}" for key, value in training.items() if key not in ("data", "strategy"))
    return [
        f"- strategy: {training['strategy']}",
        *data,
        "- subjects: the train split, 70 % of the subjects drawn at random within bands of HC "
        "(`fetalhead/datasets/split_files`); val chose among checkpoints, test was not touched",
        f"- options: {options}",
    ]


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
        numbers = {name: factor * value for name, value in overall["metrics"][key].items() if value is not None}
        lines.append(
            f"| {title} | {numbers['mean']:.2f} | {numbers['sd']:.2f} | {numbers['median']:.2f} "
            f"| {numbers['worst']:.2f} | {numbers['low']:.2f} to {numbers['high']:.2f} |"
        )
    lines += [
        "",
        "| HC band (mm) | pictures | no head | Dice (%) | Hausdorff (mm) | DF (mm) | ADF (mm) |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for band, summary in metrics["bands"].items():
        means = {key: value["mean"] for key, value in summary["metrics"].items()}
        lines.append(
            f"| {band} | {summary['images']} | {summary['failures']} | {100 * means['dice']:.2f} "
            f"| {means['hausdorff_mm']:.2f} | {means['df_mm']:.2f} | {means['adf_mm']:.2f} |"
        )
    return "\n".join(lines)
