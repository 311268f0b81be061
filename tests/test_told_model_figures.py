"""What docs/model.md says of the bundled models on test subjects is what their metrics.json say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fetalhead.catalog import MODELS
from fetalhead.inference.model_folder import ModelFolder

PAGE = Path(__file__).resolve().parents[1] / "docs" / "model.md"

Metrics = dict[str, Any]


def metrics_of(name: str) -> Metrics:
    return dict(json.loads(ModelFolder.load(name).file("metrics.json").read_text(encoding="utf-8")))


def other(metrics: Metrics, data: str, title: str = "") -> Metrics:
    (found,) = (one for one in metrics["others"] if one["data"] == data and title in one.get("title", ""))
    return dict(found)


def cell(start: str, column: str) -> str:
    """Of the row of the table of figures that begins so, the text under `standard` or `small`."""
    table = PAGE.read_text(encoding="utf-8").partition("\n| set | pictures |")[2].partition("\n\n")[0]
    rows = [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in table.split("\n")[2:]]
    (row,) = (row for row in rows if " | ".join(row).startswith(start))
    return row[2 + MODELS.index(column)]


@pytest.mark.parametrize("name", MODELS)
def test_heads_of_hc18(name: str) -> None:
    metrics = metrics_of(name)
    dice, hausdorff, adf = (metrics["overall"]["metrics"][key] for key in ("dice", "hausdorff_mm", "adf_mm"))
    told = cell("HC18, test | 121", name)
    assert f"{100 * dice['mean']:.2f} %, " in told and f"{hausdorff['mean']:.2f} mm" in told
    assert f"{adf['mean']:.2f} mm (median {adf['median']:.2f})" in told
    assert metrics["failures"] == 0 and "none not found" in told
    intervals = metrics["reliability"]["intervals"]
    told = cell("its 90 % interval", name)
    assert f"{100 * intervals['coverage']['share']:.1f} %" in told
    small = metrics["reliability"]["interval_bands"]["below 100 mm"]["coverage"]["share"]
    assert f"{100 * small:.1f} %" in told and f"{intervals['mean_width_percent']:.1f} %" in told
    accepted = cell("of these accepted", name)
    assert accepted.startswith(f"{metrics['reliability']['verdicts']['accept']}, ")
    assert f"ADF {metrics['reliability']['accepted_adf_mm']:.2f} mm" in accepted


NUMBERS = ("none", "one", "two", "three", "four", "five")


@pytest.mark.parametrize("name", MODELS)
def test_planes(name: str) -> None:
    planes = other(metrics_of(name), "planes")
    missed = round(planes["missed_heads"]["share"] * 53)
    told = cell("FETAL_PLANES_DB, test: heads | 53", name)
    assert f"{planes['head_verdicts']['accept']} accepted" in told
    assert told.startswith("all outlined" if not missed else f"{missed} missed")
    false = round(planes["false_heads"]["share"] * 79)
    assert cell("FETAL_PLANES_DB, test: other planes | 79", name).startswith(f"{NUMBERS[false]} outlined")
    apart = f"{100 * planes['accuracy_of_three']['share']:.2f}".rstrip("0").rstrip(".")
    assert cell("FETAL_PLANES_DB, test: head, abdomen", name).startswith(f"{apart} %")


@pytest.mark.parametrize("name", MODELS)
def test_other_hospitals_and_organs(name: str) -> None:
    metrics = metrics_of(name)
    barcelona, psfhs = other(metrics, "masks", "Trans-ventricular"), other(metrics, "masks", "PSFHS")
    told = cell("trans-ventricular heads", name)
    assert f"{100 * barcelona['metrics']['dice']['mean']:.2f} %" in told
    assert (barcelona["verdicts"]["accept"], barcelona["failures"]) == (41, 0) and "all found and accepted" in told
    told = cell("PSFHS", name)
    assert told.startswith(f"{psfhs['failures']} ") and f"{100 * psfhs['metrics']['dice']['median']:.1f} %" in told
    clips = other(metrics, "clips")
    told = cell("frames of lung", name)
    assert told.startswith(f"{100 * clips['by_frame']['false_heads']:.2f} %")
    assert f"{round(clips['accepted_head_free'] * clips['frames'])} accepted" in told
    followed = clips["smoothed"]["false_heads"]
    assert ("none followed" in told) if not followed else f"{100 * followed:.2f} %" in told
