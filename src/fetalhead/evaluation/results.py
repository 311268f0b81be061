"""What an evaluation says: the document `metrics.json`, and the table printed for a person."""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from fetalhead.evaluation.cases import ScoredCase
from fetalhead.evaluation.reliability import Reliability
from fetalhead.evaluation.summary import (
    DRAWS,
    LEVEL_PERCENT,
    METRICS,
    SEED,
    WITHIN_PERCENT,
    Metric,
    Robustness,
    Summary,
)
from fetalhead.inference.card_reliability import reliability_lines

DIGITS = 6
"""Decimals in `metrics.json`: beyond what another machine's arithmetic would change; `cases.csv` has them all."""

BOOTSTRAP = {"resampled": "subjects", "draws": DRAWS, "seed": SEED, "level_percent": LEVEL_PERCENT}
"""How the intervals were made, as `metrics.json` tells it."""

MODULES = ("fetalhead", "numpy", "cv2", "onnxruntime")
"""Whose versions the figures may depend on."""


WORST_TOLD = 10
"""Cases of the lowest Dice that `metrics.json` tells by name."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was evaluated, and what came of it."""

    model_id: str
    data: str
    """Kind of the data set; its folder is the machine's own affair."""
    split: str
    unassigned: int
    """Labelled images of the data set that belong to no split."""
    unreadable: int
    """Images of the split whose picture or reference could not be read: left out of every figure."""
    overall: Summary
    bands: dict[str, Summary]
    pixel_sizes: dict[str, Summary]
    reliability: Reliability
    worst: Sequence[ScoredCase]
    """The worst first."""
    robustness: Sequence[Robustness] = ()
    """Empty where no picture was made worse."""


def write_metrics(path: Path, evaluation: Evaluation) -> None:
    """The evaluation as JSON: no path, time or host in it, `null` where there is no number."""
    write_document(path, document(evaluation))


def write_document(path: Path, values: dict[str, object]) -> None:
    """Plain data as JSON."""
    path.write_text(json.dumps(values, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def document(evaluation: Evaluation) -> dict[str, object]:
    """The evaluation as plain data for JSON; lengths in mm, Dice, IoU and shares 0 to 1."""
    return plain({
        "model_id": evaluation.model_id,
        "data": evaluation.data,
        "split": evaluation.split,
        "images": evaluation.overall.images,
        "subjects": evaluation.overall.subjects,
        "failures": evaluation.overall.failures,
        "unassigned": evaluation.unassigned,
        "unreadable": evaluation.unreadable,
        "bootstrap": BOOTSTRAP,
        "versions": {name: str(importlib.import_module(name).__version__) for name in MODULES},
        "overall": _summary(evaluation.overall),
        "bands": {name: _summary(summary) for name, summary in evaluation.bands.items()},
        "pixel_sizes": {name: _summary(summary) for name, summary in evaluation.pixel_sizes.items()},
        "reliability": asdict(evaluation.reliability),
        "worst": [_worst(case) for case in evaluation.worst],
        **({"robustness": [_robustness(row) for row in evaluation.robustness]} if evaluation.robustness else {}),
    })


def table(evaluation: Evaluation) -> str:
    """The evaluation as lines of text: all metrics over all images, then the chief ones by HC band."""
    overall = evaluation.overall
    lines = [f"{evaluation.model_id} on {evaluation.data}, split {evaluation.split}: {_count(overall)}"]
    if evaluation.unassigned:
        fate = "included" if evaluation.split == "all" else "left out"
        lines.append(f"images that belong to no split (unassigned): {evaluation.unassigned}, {fate}")
    if evaluation.unreadable:
        lines.append(f"images that could not be read: {evaluation.unreadable}, left out")
    lines += [
        "",
        f"{'':<22}{'mean':>9}{'SD':>9}{'median':>9}{'worst':>9}   {LEVEL_PERCENT} % interval of the mean, by subject",
    ]
    for metric in METRICS:
        numbers = overall.metrics[metric.name]
        cells = [_text(metric, value) for value in (numbers.mean, numbers.sd, numbers.median, numbers.worst)]
        interval = f"{_text(metric, numbers.low)} to {_text(metric, numbers.high)}"
        lines.append(f"{_title(metric):<22}" + "".join(f"{cell:>9}" for cell in cells) + f"   {interval}")
    shares = ", ".join(f"{100 * overall.within[percent].share:.1f} % within {percent} %" for percent in WITHIN_PERCENT)
    lines += ["", f"HC: {shares} of the reference", "", _band_line("HC band", ("images", "failures"), None)]
    lines += [
        _band_line(name, (str(summary.images), str(summary.failures)), summary)
        for name, summary in evaluation.bands.items()
    ]
    lines += ["", *reliability_lines(plain(asdict(evaluation.reliability)), overall.images)]
    return "\n".join(lines)


def _band_line(name: str, counts: tuple[str, str], summary: Summary | None) -> str:
    chief = [metric for metric in METRICS if metric.name in ("dice", "hausdorff_mm", "df_mm", "adf_mm")]
    cells = [
        _text(metric, summary.metrics[metric.name].mean) if summary else _title(metric)
        for metric in chief
    ]
    return f"{name:<22}{counts[0]:>9}{counts[1]:>9}" + "".join(f"{cell:>19}" for cell in cells)


def _count(summary: Summary) -> str:
    found = "a head found in all" if not summary.failures else f"no head found in {summary.failures}"
    return f"{summary.images} images of {summary.subjects} subjects, {found}"


def _title(metric: Metric) -> str:
    return f"{metric.title} ({metric.unit})"


def _text(metric: Metric, value: float) -> str:
    return "-" if math.isnan(value) else f"{metric.factor * value:.2f}"


def _summary(summary: Summary) -> dict[str, object]:
    return {
        "images": summary.images,
        "subjects": summary.subjects,
        "failures": summary.failures,
        "metrics": {name: asdict(numbers) for name, numbers in summary.metrics.items()},
        "adf_within_percent": {str(percent): asdict(share) for percent, share in summary.within.items()},
    }


def _worst(case: ScoredCase) -> dict[str, object]:
    return {
        "name": case.name,
        "reference_hc_mm": case.reference_hc_mm,
        "df_mm": case.scores.df_mm,
        "dice": case.scores.dice,
        "hausdorff_mm": case.scores.hausdorff_mm,
        "quality": case.quality,
        "reasons": [case.reason] if case.failed else list(case.quality_reasons),
    }


def _robustness(row: Robustness) -> dict[str, object]:
    summary = row.summary
    return {
        "corruption": row.kind,
        "severity": row.severity,
        "images": summary.images,
        "subjects": summary.subjects,
        "failures": summary.failures,
        "dice": asdict(summary.metrics["dice"]),
        "adf_mm": asdict(summary.metrics["adf_mm"]),
    }


def plain(values: Mapping[str, object]) -> dict[str, object]:
    """Data for JSON: None for NaN, and no more decimals than another machine would give."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return plain(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, DIGITS)
    return value
