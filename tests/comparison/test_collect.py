"""Figures of other data sets, gathered from what `evaluate` wrote of each run."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from fetalhead.evaluation.comparison.collect import Finished, gather, read_rows, write_plan
from fetalhead.evaluation.comparison.evaluated import evaluated_rows
from fetalhead.evaluation.comparison.grid import Run
from fetalhead.evaluation.in_pixels import PixelScores, write_in_pixels
from fetalhead.evaluation.planes import PlaneCase, plane_figures, write_planes
from fetalhead.evaluation.results import write_document
from fetalhead.images.ellipse import Ellipse
from fetalhead.options import TrainingOptions

HEAD = Ellipse.make(96, 64, 60, 44, 0.3)

PLANES = [
    PlaneCase("a", "1", "head", "head", True),
    PlaneCase("b", "2", "head", "abdomen", False),
    PlaneCase("c", "3", "abdomen", "abdomen", True),
    PlaneCase("d", "4", "femur", "femur", False),
    PlaneCase("e", "5", "other", "femur", False),
    PlaneCase("f", "6", "", "head", True),
]


@pytest.fixture
def finished(tmp_path: Path) -> Finished:
    places = {name: tmp_path / name for name in ("hc18", "planes", "masks")}
    for place in places.values():
        place.mkdir()
    metrics = {name: {"mean": 0.5} for name in ("dice", "iou", "mask_dice", "hausdorff_mm", "adf_mm")}
    about = {"failures": 1, "images": 3, "subjects": 2, "split": "test", "model_id": "m-1"}
    elsewhere = {"model_id": "m-1", "split": "all"}
    overall = {"metrics": metrics | {"df_mm": {"mean": None}}}
    write_document(places["hc18"] / "metrics.json", about | {"overall": overall})
    (places["hc18"] / "cases.csv").write_text("name,status,hausdorff_mm\nx.png,ok,1.5\n")
    (places["hc18"] / "robustness_cases.csv").write_text(
        "corruption,severity,name,subject,dice,adf_mm\nnone,0,x.png,x,0.99,1\nblur,5,x.png,x,0.9,2\ntext,5,x.png,x,0,\n"
    )
    write_planes(places["planes"], PLANES, plane_figures(PLANES, ("head", "abdomen", "femur")), elsewhere)
    scores = [
        PixelScores("p", "1", "", "accept", 0.9, 0.8, 0.9, 4.0, 1.0, 1.0, HEAD, HEAD),
        PixelScores("q", "2", "none", "refuse", 0.0, 0.0, 0.1, math.nan, math.nan, math.nan, HEAD, None),
    ]
    write_in_pixels(places["masks"], scores, elsewhere)
    options = TrainingOptions(data=["hc18=there"], steps=7)
    run = Run("supervised", "5%", 3, options)
    return Finished(run, evaluated_rows(run, places, 0.25), {"processor": "one", "cores": 2})


def test_a_run_s_row_holds_what_evaluate_said(finished: Finished, tmp_path: Path) -> None:
    gather([finished], tmp_path)
    (run,), (case,) = read_rows(tmp_path / "runs.csv"), read_rows(tmp_path / "cases.csv")
    assert (run["dice"], run["hd_mm"], run["df_mm"], run["failures"]) == ("0.5", "0.5", "", "1")
    assert (run["steps"], run["seconds_a_step"], run["model_id"], run["data"]) == ("7", "0.25", "m-1", "hc18")
    assert (case["data"], case["hd_mm"], case["labels"]) == ("hc18", "1.5", "5%")
    others = read_rows(tmp_path / "cases_elsewhere.csv")
    assert [(row["data"], row["name"], row["dice"], row["adf_percent"]) for row in others] == [
        ("masks", "p", "0.9", "1.0"), ("masks", "q", "0.0", ""),
    ]  # fmt: skip


def test_of_pictures_made_worse_the_mean_over_all_kinds_is_kept(finished: Finished, tmp_path: Path) -> None:
    """A head that is not found counts as Dice 0. Distances, which it lacks, have no mean over kinds."""
    gather([finished], tmp_path)
    (made_worse,) = read_rows(tmp_path / "robustness_cases.csv")
    assert {name: made_worse[name] for name in ("arm", "data", "severity", "name", "dice")} == {
        "arm": "supervised", "data": "hc18", "severity": "5", "name": "x.png", "dice": "0.45",
    }  # fmt: skip


def test_each_machine_is_told_once(finished: Finished, tmp_path: Path) -> None:
    other = replace(finished, machine={"processor": "two", "cores": 8})
    gather([finished, other, finished, replace(finished, machine=None)], tmp_path)
    machines = json.loads((tmp_path / "machines.json").read_text())
    told = [machines.get(row["machine"], {}).get("processor") for row in read_rows(tmp_path / "runs.csv")]
    assert told == ["one", "two", "one", None] and len(machines) == 2


def test_the_plan_says_what_is_not_there_yet(finished: Finished, tmp_path: Path) -> None:
    later = replace(finished.run, seed=4)
    longer = replace(finished.run, arm="longer", equal_time="supervised")
    write_plan([finished.run, later, longer], [finished], tmp_path)
    rows = [(row["arm"], row["seed"], row["steps"], row["finished"]) for row in read_rows(tmp_path / "plan.csv")]
    assert rows == [("supervised", "3", "7", "yes"), ("supervised", "4", "7", "no"), ("longer", "3", "", "no")]


def test_planes_that_a_model_does_not_tell_are_no_errors_of_it(finished: Finished, tmp_path: Path) -> None:
    gather([finished], tmp_path)
    rows = {row["data"]: row for row in read_rows(tmp_path / "elsewhere.csv")}
    planes = rows["planes"]
    assert planes["images"] == "6"
    assert float(planes["plane_accuracy"]) == float(planes["head_abdomen_femur_accuracy"]) == 0.75
    assert float(planes["false_heads"]) == pytest.approx(1 / 3, abs=1e-6), "of an unknown plane nobody knows"
    assert float(planes["missed_heads"]) == 0.5
    masks = rows["masks"]
    assert masks["split"] == planes["split"] == "all"
    assert (masks["images"], masks["failures"], float(masks["dice"]), masks["hd_px"]) == ("2", "1", 0.45, "4")
