"""What evaluations say of a model, as the Markdown of its card: a section for each `metrics.json`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fetalhead.catalog import DATA_KINDS, DATASETS
from fetalhead.inference.card_reliability import accepted_lines, number, reliability_lines, verdicts_told

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
CHIEF = ("dice", "hausdorff_mm", "df_mm", "adf_mm")

IN_PIXELS = {
    "dice": ("Dice of the ellipse and the drawn mask (%)", 100),
    "iou": ("IoU of the two (%)", 100),
    "mask_dice": ("Dice of the masks (%)", 100),
    "hd_px": ("Hausdorff distance (pixels)", 1),
    "df_percent": ("difference of HC (%)", 1),
    "adf_percent": ("absolute difference of HC (%)", 1),
}

STATISTICS = (
    "| figure | mean | SD | median | worst | 95 % interval of the mean, by subject |\n"
    "| --- | --- | --- | --- | --- | --- |"
)


def kind_of(document: Mapping[str, Any]) -> str:
    """What an evaluation's `metrics.json` tells of: outlines, pixels, planes or clips; empty for another document."""
    marks = {"overall": "outlines", "metrics": "pixels", "false_heads": "planes", "head_free_frames": "clips"}
    return next((kind for mark, kind in marks.items() if mark in document), "")


def title_of(document: Mapping[str, Any]) -> str:
    """The data set by the name given with it, else by its kind."""
    kind = str(document["data"])
    if "title" in document:
        return str(document["title"])
    return DATASETS[kind]["title"] if kind in DATASETS else re.split(r" \(|:", DATA_KINDS.get(kind, kind))[0]


def centres(documents: Sequence[Mapping[str, Any]]) -> list[str]:
    """A row for each data set with outlines: how its figures compare."""
    rows = []
    for document in documents:
        kind = kind_of(document)
        if kind not in ("outlines", "pixels"):
            continue
        found = document["overall"] if kind == "outlines" else document
        numbers = found["metrics"]
        rows.append(
            f"| {title_of(document)}, {document['split']} | {found['images']} of {found['subjects']} | "
            f"{found['failures']} | {_mean(numbers['dice'], 100)} | {_mean(numbers['adf_percent'], 1)} |"
        )
    if len(rows) < 2:
        return []
    return [
        "Outlines, by where the pictures are from; in brackets the 95 % interval by subject:",
        "",
        "| pictures | number, of subjects | no head found | Dice (%) | absolute difference of HC (%) |",
        "| --- | --- | --- | --- | --- |",
        *rows,
        "",
    ]


def section(document: Mapping[str, Any]) -> list[str]:
    """The lines of one evaluation's section."""
    make = {"outlines": _outlines, "pixels": _pixels, "planes": _planes, "clips": _clips}[kind_of(document)]
    split = f", {document['split']}" if "split" in document else ""
    return [f"### {title_of(document)}{split}", "", *make(document), ""]


def weakest(documents: Sequence[Mapping[str, Any]]) -> list[str]:
    """Where the figures are lowest: the band of HC, the band of pixel size and the corruption of the lowest Dice."""
    found = []
    for document in documents:
        for what, group in (("HC", "bands"), ("pixel size", "pixel_sizes")):
            bands = document.get(group) or {}
            if len(bands) > 1:
                name, band = min(bands.items(), key=lambda item: float(item[1]["metrics"]["dice"]["mean"]))
                dice = number(band["metrics"]["dice"]["mean"], 100)
                of = f"{title_of(document).partition(':')[0]}, {document['split']}"
                found.append(f"- {of}: {what} {name}: Dice {dice} % of {band['images']} pictures")
        if rows := [row for row in document.get("robustness", ()) if row["severity"]]:
            row = min(rows, key=lambda row: float(row["dice"]["mean"]))
            found.append(
                f"- pictures made worse: `{row['corruption']}` at severity {row['severity']}: Dice "
                f"{number(row['dice']['mean'], 100)} %, no head found in {row['failures']} of {row['images']}"
            )
    return ["Where the figures below are lowest:", "", *found, ""] if found else []


def _outlines(document: Mapping[str, Any]) -> list[str]:
    lines = [*_overall(document), "", *_bands("HC", document["bands"], intervals=True)]
    if sizes := document.get("pixel_sizes"):
        lines += ["", *_bands("pixel size", sizes, intervals=True)]
    if found := document.get("reliability"):
        lines += ["", *reliability_lines(found, document["overall"]["images"])]
    if rows := document.get("robustness"):
        lines += ["", *_robustness(rows)]
    if worst := document.get("worst"):
        lines += ["", *_worst(worst)]
    return lines


def _overall(document: Mapping[str, Any]) -> list[str]:
    overall = document["overall"]
    name = document["model_id"].rpartition("-")[0]
    return [
        f"`fetalhead evaluate --model {name} --data {document['data']}=DIR --split {document['split']}`, "
        f"model `{document['model_id']}`: {overall['images']} pictures of {overall['subjects']} subjects, "
        f"no head found in {overall['failures']}.",
        "",
        STATISTICS,
        *(_statistics(*METRICS[key], overall["metrics"][key]) for key in METRICS),
    ]


def _bands(title: str, bands: Mapping[str, Any], intervals: bool = False) -> list[str]:
    lines = [
        f"| {title} | pictures | no head | Dice (%) | Hausdorff (mm) | DF (mm) | ADF (mm) |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for band, summary in bands.items():
        show = _mean if intervals else lambda numbers, factor: number(numbers["mean"], factor)
        cells = [show(summary["metrics"][key], METRICS[key][1]) for key in CHIEF]
        lines.append(f"| {band} | {summary['images']} | {summary['failures']} | {' | '.join(cells)} |")
    return lines


def _robustness(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A row a corruption, a column a severity."""
    severities = sorted({row["severity"] for row in rows if row["severity"]})
    by_place = {(row["corruption"], row["severity"]): _robust_cell(row) for row in rows if row["severity"]}
    clean = next((f" As they are: {_robust_cell(row)}." for row in rows if not row["severity"]), "")
    lines = [
        f"Of {rows[0]['images']} pictures made worse: Dice (%) / ADF (mm) of the found / no head found, by severity."
        f"{clean}",
        "",
        "| corruption | " + " | ".join(map(str, severities)) + " |",
        "| --- |" + " --- |" * len(severities),
    ]
    for kind in dict.fromkeys(kind for kind, _ in by_place):
        lines.append(f"| {kind} | " + " | ".join(by_place.get((kind, level), "-") for level in severities) + " |")
    return lines


def _robust_cell(row: Mapping[str, Any]) -> str:
    return f"{number(row['dice']['mean'], 100)} / {number(row['adf_mm']['mean'], 1)} / {row['failures']}"


def _worst(cases: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        f"The {len(cases)} of the lowest Dice (`--worst {len(cases)}` with the command above draws them, with both "
        "outlines, into `worst.png`):",
        "",
        "| picture | HC (mm) | DF (mm) | Dice (%) | Hausdorff (mm) | verdict |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for case in cases:
        verdict = ": ".join(filter(None, [case["quality"], ", ".join(case["reasons"])]))
        lines.append(
            f"| {case['name']} | {number(case['reference_hc_mm'], 1)} | {number(case['df_mm'], 1)} | "
            f"{number(case['dice'], 100)} | {number(case['hausdorff_mm'], 1)} | {verdict} |"
        )
    return lines


def _pixels(document: Mapping[str, Any]) -> list[str]:
    return [
        f"{document['images']} pictures of {document['subjects']} subjects, no head found "
        f"in {document['failures']}. Their pixel size is not known." + verdicts_told(document.get("verdicts")),
        *accepted_lines(document.get("accepted")),
        "",
        STATISTICS,
        *(_statistics(*IN_PIXELS[key], document["metrics"][key]) for key in IN_PIXELS),
    ]


def _planes(document: Mapping[str, Any]) -> list[str]:
    lines = [
        f"{document['images']} pictures of {document['subjects']} subjects; in brackets the 95 % interval by subject,",
        "which a share of none or all has not.",
        "",
        "| figure | share (%) |",
        "| --- | --- |",
    ]
    shares = {
        "accuracy": document["accuracy"],
        "accuracy over head, abdomen and femur": document["accuracy_of_three"],
        "false heads: one outlined in another plane": document["false_heads"],
        **{f"in {plane}": share for plane, share in document["false_heads_by_plane"].items()},
        "missed heads: none outlined in a head plane": document["missed_heads"],
    }
    lines += [f"| {title} | {_share(share)} |" for title, share in shares.items() if share]
    if classes := document["classes"]:
        lines += [
            "",
            "| true plane | " + " | ".join(f"told {plane}" for plane in classes) + " | recall (%) | precision (%) |",
            "| --- |" + " --- |" * (len(classes) + 2),
        ]
        for plane, numbers in classes.items():
            counts = " | ".join(str(document["confusion"][plane][other]) for other in classes)
            recall, precision = number(numbers["recall"], 100), number(numbers["precision"], 100)
            lines.append(f"| {plane} | {counts} | {recall} | {precision} |")
    if sum(document.get("head_verdicts", {}).values()):
        lines += ["", f"Head planes:{verdicts_told(document['head_verdicts'])}"]
    return lines


def _clips(document: Mapping[str, Any]) -> list[str]:
    lines = [
        f"{document['clips']} clips of {document['frames']} frames, {document['head_free_frames']} without a head.",
        "",
        "| figure | frame by frame | as `video` follows it |",
        "| --- | --- | --- |",
    ]
    titles = {
        "false_heads": ("a head where there is none (% of frames)", 100),
        "dropout": ("no head where there is one (% of frames)", 100),
        "hc_error": ("error of HC (%)", 100),
        "jitter": ("HC from frame to frame (%)", 100),
    }
    for key, (title, factor) in titles.items():
        cells = [number(document[way][key], factor) for way in ("by_frame", "smoothed")]
        if cells != ["-", "-"]:
            lines.append(f"| {title} | {cells[0]} | {cells[1]} |")
    if document.get("accepted_head_free") is not None:
        share = number(document["accepted_head_free"], 100)
        lines.append(f"| a head where there is none, with the verdict accept (% of frames) | {share} | |")
    return lines


def _statistics(title: str, factor: float, numbers: Mapping[str, Any]) -> str:
    mean, sd, median, worst, low, high = (
        number(numbers[name], factor) for name in ("mean", "sd", "median", "worst", "low", "high")
    )
    return f"| {title} | {mean} | {sd} | {median} | {worst} | {low} to {high} |"


def _mean(numbers: Mapping[str, Any], factor: float) -> str:
    low, high = number(numbers["low"], factor), number(numbers["high"], factor)
    return f"{number(numbers['mean'], factor)} ({low} to {high})"


def _share(share: Mapping[str, Any]) -> str:
    low, high = number(share["low"], 100), number(share["high"], 100)
    return number(share["share"], 100) + (f" ({low} to {high})" if low != high else "")


def figures_table(metrics: Mapping[str, Any]) -> str:
    """The figures of an evaluation's `metrics.json` as Markdown: overall, then the chief ones by band of HC."""
    lines = [*_overall(metrics), "", *_bands("HC band (mm)", metrics["bands"])]
    overall = metrics["overall"]
    sentences = reliability_lines(metrics["reliability"], overall["images"]) if "reliability" in metrics else []
    return "\n".join([*lines, *(["", *sentences] if sentences else [])])
