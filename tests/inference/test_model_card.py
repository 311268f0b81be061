"""The card tells what the evaluations and the run tell, each figure in its place, and no more."""

from __future__ import annotations

from typing import Any

import pytest

from fetalhead.inference.card_figures import figures_table, kind_of
from fetalhead.inference.model_card import command_of, model_card

ID = "m-0123456789ab"


def numbers(mean: float | None) -> dict[str, Any]:
    if mean is None:
        return dict.fromkeys(("mean", "sd", "median", "worst", "low", "high"))
    return {"mean": mean, "sd": 0.01, "median": mean, "worst": mean / 2, "low": mean - 0.01, "high": mean + 0.01}


def summary(dice: float, images: int = 4) -> dict[str, Any]:
    names = ("iou", "mask_dice", "hausdorff_mm", "hd95_mm", "average_distance_mm", "df_mm", "adf_mm", "adf_percent")
    return {
        "images": images,
        "subjects": 3,
        "failures": 1,
        "metrics": {"dice": numbers(dice)} | dict.fromkeys(names, numbers(1.25)),
    }


OUTLINES = {
    "model_id": ID, "data": "hc18", "split": "test", "images": 8, "overall": summary(0.97, 8),
    "bands": {"below 100 mm": summary(0.951), "above 260 mm": summary(0.983)},
    "pixel_sizes": {"below 0.10 mm": summary(0.962), "0.20 mm and more": summary(0.944)},
    "reliability": {
        "verdicts": {"accept": 7, "review": 1, "refuse": 0}, "accepted_dice": 0.98, "accepted_adf_mm": 1.5,
        "intervals": {"images": 8, "coverage": {"share": 0.875, "low": 0.7, "high": 1.0}, "mean_width_percent": 4.2,
                      "binomial_low": 0.473, "binomial_high": 0.997},
        "interval_bands": {},
    },
    "worst": [
        {"name": "001_HC.png", "reference_hc_mm": 70.5, "df_mm": -3.25, "dice": 0.9, "hausdorff_mm": 2.0,
         "quality": "review", "reasons": ["poor contact"]},
        {"name": "002_HC.png", "reference_hc_mm": 80.0, "df_mm": None, "dice": 0.0, "hausdorff_mm": None,
         "quality": "refuse", "reasons": ["no head: nothing"]},
    ],
    "robustness": [
        {"corruption": kind, "severity": severity, "images": 3, "subjects": 3, "failures": failures,
         "dice": numbers(dice), "adf_mm": numbers(2.0)}
        for kind, severity, failures, dice in (("none", 0, 0, 0.97), ("blur", 1, 0, 0.96), ("blur", 5, 2, 0.5),
                                               ("text", 1, 0, 0.95))
    ],
}  # fmt: skip
PIXELS = {
    "model_id": ID, "data": "masks", "split": "all", "images": 9, "subjects": 8, "failures": 2,
    "title": "Another hospital", "verdicts": {"accept": 6, "review": 2, "refuse": 1},
    "accepted": {"dice": 0.951, "adf_percent": 1.25},
    "metrics": dict.fromkeys(("dice", "iou", "mask_dice"), numbers(0.93)) | dict.fromkeys(
        ("hd_px", "df_percent", "adf_percent"), numbers(7.5)),
}  # fmt: skip
SHARE = {"share": 0.25, "low": 0.1, "high": 0.4}
PLANES = {
    "model_id": ID, "data": "planes", "split": "test", "images": 10, "subjects": 9, "accuracy": SHARE,
    "accuracy_of_three": None, "false_heads": {"share": 0.0, "low": 0.0, "high": 0.0},
    "false_heads_by_plane": {"femur": SHARE},
    "missed_heads": SHARE, "classes": {"head": {"images": 6, "precision": 0.6, "recall": None}, "femur": {
        "images": 4, "precision": 0.7, "recall": 0.8}},
    "confusion": {"head": {"head": 5, "femur": 1}, "femur": {"head": 2, "femur": 2}},
    "head_verdicts": {"accept": 4, "review": 1, "refuse": 1},
}  # fmt: skip
CLIPS = {
    "model_id": ID, "data": "clips", "clips": 2, "frames": 30, "head_free_frames": 30,
    "accepted_head_free": 0.025,
    "by_frame": {"false_heads": 0.1, "dropout": None, "hc_error": None, "jitter": None},
    "smoothed": {"false_heads": 0.0, "dropout": None, "hc_error": None, "jitter": None},
}  # fmt: skip

FIRST = {
    "strategy": "supervised", "steps": 4000, "learning_rate": 0.01, "decoder_channels": [32, 16],
    "data": [{"kind": "hc18", "split": "published", "counts": {"train": [500, 400], "val": [90, 80]}}],
    "cost": {"steps": 4000, "seconds": 7200, "processor_seconds": 10800, "devices": ["CPU X, 2 cores"]},
}  # fmt: skip
SECOND = {
    "strategy": "multitask", "steps": 600, "data": [{"kind": "planes", "split": "published"}], "unlabelled": [],
    "cost": {"steps": 300, "seconds": 1800, "processor_seconds": 900, "devices": ["GPU Y"]},
}  # fmt: skip


def card(*evaluations: dict[str, Any], stages: tuple[dict[str, Any], ...] = (FIRST, SECOND)) -> str:
    return model_card("m", ID, stages, evaluations, "fetalhead export runs/2 --out m")


def test_each_evaluation_has_its_section_and_each_figure_its_place() -> None:
    text = card(OUTLINES, PIXELS, PLANES, CLIPS)
    for line in (
        "### Another hospital, all",
        "Of the accepted: Dice 95.10 %, ADF 1.25 % of HC.",
        "| a head where there is none, with the verdict accept (% of frames) | 2.50 | |",
        "| Another hospital, all | 9 of 8 | 2 | 93.00 (92.00 to 94.00) | 7.50 (7.49 to 7.51) |",
        "| 0.20 mm and more | 4 | 1 | 94.40 (93.40 to 95.40)" + 3 * " | 1.25 (1.24 to 1.26)" + " |",
        "| blur | 96.00 / 2.00 / 0 | 50.00 / 2.00 / 2 |",
        "| text | 95.00 / 2.00 / 0 | - |",
        "| 001_HC.png | 70.50 | -3.25 | 90.00 | 2.00 | review: poor contact |",
        "| 002_HC.png | 80.00 | - | 0.00 | - | refuse: no head: nothing |",
        "| head | 5 | 1 | - | 60.00 |",
        "| femur | 2 | 2 | 80.00 | 70.00 |",
        "| false heads: one outlined in another plane | 0.00 |",
        "| in femur | 25.00 (10.00 to 40.00) |",
        "| a head where there is none (% of frames) | 10.00 | 0.00 |",
        "The 90 % interval of HC holds the reference in 87.5 % of 8 (47.3 to 99.7), in brackets its binomial 95 % "
        "interval (Clopper and Pearson 1934); its mean width is 4.2 % of HC.",
        "in 2. Their pixel size is not known. Verdicts: accept 6, review 2, refuse 1.",
        "Head planes: Verdicts: accept 4, review 1, refuse 1.",
        "- HC18, test: pixel size 0.20 mm and more: Dice 94.40 % of 4 pictures",
        "- pictures made worse: `blur` at severity 5: Dice 50.00 %, no head found in 2 of 3",
    ):
        assert line in text.splitlines() or line in text, line
    assert "None" not in text.partition("## Figures")[2]


def test_what_is_not_given_is_not_in_the_card() -> None:
    text = card({key: OUTLINES[key] for key in ("model_id", "data", "split", "images", "overall", "bands")})
    for word in ("made worse", "pixel size", "lowest Dice (`", "Verdicts", "told head", "another hospital"):
        assert word not in text, word


def test_costs_and_counts_are_those_of_the_run() -> None:
    text = card(OUTLINES)
    assert "train 500 pictures of 400 subjects, val 90 pictures of 80 subjects" in text
    # 3 hours of processor time at 10 W are 30 Wh
    assert "- stage 1: 2.00 hours on CPU X, 2 cores, 3.00 hours of processor time: about 0.030 kWh" in text
    assert "- stage 2 for 300 of its 600 steps: 0.50 hours on GPU Y\n" in text
    assert "What it took" not in card(OUTLINES, stages=({**FIRST, "cost": None},))


def test_the_card_tells_how_to_make_it_again() -> None:
    text = card(OUTLINES, CLIPS).partition("## How to make it again")[2]
    assert (
        "fetalhead train supervised --out runs/1 --data hc18=DIR --decoder-channels [32,16] --learning-rate 0.01\n"
        "fetalhead train multitask --out runs/2 --init runs/1 --data planes=DIR --steps 600\n"
        "fetalhead export runs/2 --out m\n"
        "fetalhead evaluate --model m --data hc18=DIR --out OUT --split test --corruptions blur,text --one-a-subject "
        "--severities 1,5\n"
        "fetalhead evaluate --model m --data clips=DIR --out OUT --video\n"
        "```\n\n"
        "The export once more, with `--metrics TITLE=FILE` for each evaluation's `metrics.json`, makes this card.\n"
    ) in text
    assert "--teacher" not in text
    taught = card(stages=({**FIRST, "strategy": "semi-supervised", "teacher": "large"},))
    assert "`--teacher large` is the folder of another model, which is made first." in taught


@pytest.mark.parametrize(
    ("document", "kind"), [(OUTLINES, "outlines"), (PIXELS, "pixels"), (PLANES, "planes"), (CLIPS, "clips"), ({}, "")]
)
def test_a_document_is_told_by_what_it_holds(document: dict[str, Any], kind: str) -> None:
    assert kind_of(document) == kind
    if kind == "outlines":
        assert "HC band (mm)" in figures_table(document) and "text,--" not in command_of("m", document)
