"""Scores of a case, and the figures over many: failures, bands, intervals by subject."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fetalhead.datasets.splits import BAND_NAMES
from fetalhead.evaluation.cases import COLUMNS, PIXEL_BANDS, ScoredCase, score, write_cases
from fetalhead.evaluation.figures import (
    Example,
    bland_altman,
    panel,
    pick_examples,
    save,
    scatter,
    sheet,
    worst_cases,
)
from fetalhead.evaluation.metrics import filled
from fetalhead.evaluation.reliability import reliability
from fetalhead.evaluation.results import Evaluation, document, table
from fetalhead.evaluation.summary import bootstrap_interval, summarise, summarise_bands, summarise_pixel_sizes
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.pixel_size import PixelSize

SHAPE = (80, 120)
REFERENCE = Ellipse.make(60, 40, 30, 24, 0.2)
HC_PX = REFERENCE.perimeter


def case(name: str, growth: float | None, hc_mm: float = 180.0, subject: str | None = None) -> ScoredCase:
    """A case whose prediction is `growth` times the reference (None: no head found)."""
    size = PixelSize.make(hc_mm / HC_PX, hc_mm / HC_PX, "user")
    predicted = None
    if growth is not None:
        predicted = replace(REFERENCE, semi_axis_a=growth * 30, semi_axis_b=growth * 24)
    mask = filled(predicted or REFERENCE, SHAPE)
    return ScoredCase(
        name, subject or name, "test", size, REFERENCE, predicted, "" if predicted else "nothing above one half",
        score(REFERENCE, predicted, mask, size),
    )


def test_a_perfect_case_and_a_failure() -> None:
    perfect = case("a", 1.0).scores
    assert (perfect.dice, perfect.iou, perfect.mask_dice) == (1, 1, 1)
    assert (perfect.hausdorff_mm, perfect.hd95_mm, perfect.average_distance_mm) == pytest.approx((0, 0, 0), abs=1e-6)
    assert (perfect.df_mm, perfect.adf_mm, perfect.adf_percent) == (0, 0, 0)
    failed = case("b", None)
    assert failed.failed
    assert (failed.scores.dice, failed.scores.iou, failed.scores.mask_dice) == (0, 0, 1)
    assert math.isnan(failed.predicted_hc_mm)
    distances = (failed.scores.hausdorff_mm, failed.scores.hd95_mm, failed.scores.average_distance_mm)
    assert all(map(math.isnan, (*distances, failed.scores.df_mm, failed.scores.adf_mm, failed.scores.adf_percent)))


def test_unlike_pixel_sizes_measure_in_mm() -> None:
    size = PixelSize.make(0.3, 0.2, "user")
    turned = Ellipse.make(60, 40, 30, 24, 0.2 + math.pi / 2)
    scores = score(REFERENCE, turned, filled(turned, SHAPE), size)
    expected = turned.scaled(0.3, 0.2).perimeter - REFERENCE.scaled(0.3, 0.2).perimeter
    assert scores.df_mm == pytest.approx(expected)
    assert abs(scores.df_mm) > 0.5  # equal in pixels


def test_summary_counts_failures_and_leaves_them_out_of_distances() -> None:
    summary = summarise([case("a", 1.01), case("b", 0.96), case("c", 1.025), case("d", None)])
    assert (summary.images, summary.subjects, summary.failures) == (4, 4, 1)
    dice, adf = summary.metrics["dice"], summary.metrics["adf_percent"]
    assert (dice.count, dice.worst) == (4, 0)
    assert adf.count == 3
    assert (adf.mean, adf.median, adf.worst) == pytest.approx((2.5, 2.5, 4.0))
    assert adf.sd == pytest.approx(1.5)
    assert summary.metrics["df_mm"].worst == pytest.approx(-7.2)
    assert {percent: share.share for percent, share in summary.within.items()} == {2: 0.25, 3: 0.5, 5: 0.75}


def test_bands_hold_both_ends_of_the_middle() -> None:
    lengths = {"a": 99.99, "b": 100.01, "c": 259.99, "d": 260.01}
    bands = summarise_bands([case(name, 1.0, hc_mm) for name, hc_mm in lengths.items()])
    assert {name: summary.images for name, summary in bands.items()} == dict(zip(BAND_NAMES, (1, 2, 1), strict=True))
    assert list(summarise_bands([case("a", 1.0, 300.0)])) == [BAND_NAMES[2]]


def test_bands_of_pixel_size_hold_their_lower_ends() -> None:
    sizes = {"a": (0.09, 0.09), "b": (0.10, 0.10), "c": (0.10, 0.20), "d": (0.20, 0.20), "e": (0.4, 0.2)}
    cases = [
        replace(case(name, 1.0), pixel_size=PixelSize.make(x, y, "user")) for name, (x, y) in sizes.items()
    ]
    groups = {name: summary.images for name, summary in summarise_pixel_sizes(cases).items()}
    assert groups == {PIXEL_BANDS[0]: 1, PIXEL_BANDS[1]: 2, PIXEL_BANDS[3]: 2}


def test_the_document_tells_the_worst_cases_and_why() -> None:
    cases = [case("a", 1.01), case("b", 1.08), case("c", None)]
    written = json.loads(json.dumps(document(evaluation(cases)), allow_nan=False))
    assert [row["name"] for row in written["worst"]] == ["c", "b"]
    assert (written["worst"][0]["df_mm"], written["worst"][0]["dice"]) == (None, 0)
    assert written["worst"][0]["reasons"] == ["nothing above one half"]
    assert written["worst"][1]["df_mm"] == pytest.approx(cases[1].scores.df_mm, abs=1e-5)
    assert "robustness" not in written


def test_interval_resamples_subjects_not_images() -> None:
    """Ten subjects of ten equal images each are ten observations, not a hundred."""
    generator = np.random.default_rng(4)
    values = np.repeat(generator.normal(size=10), 10)
    low, high = bootstrap_interval(values, np.repeat(np.arange(10), 10))
    narrow_low, narrow_high = bootstrap_interval(values, np.arange(100))
    assert high - low > 2 * (narrow_high - narrow_low)
    assert low < values.mean() < high


def test_interval_is_the_one_of_scipy_and_repeats() -> None:
    stats = pytest.importorskip("scipy.stats")
    values = np.random.default_rng(5).exponential(size=60)
    mine = bootstrap_interval(values, np.arange(60), draws=20_000)
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    assert mine == pytest.approx(tuple(theirs), abs=0.02)
    assert bootstrap_interval(values, np.arange(60)) == bootstrap_interval(values, np.arange(60))
    assert bootstrap_interval(values, np.arange(60), seed=1) != bootstrap_interval(values, np.arange(60))


def test_one_subject_has_no_interval() -> None:
    assert all(map(math.isnan, bootstrap_interval([1.0, 2.0], ["a", "a"])))


def evaluation(cases: list[ScoredCase]) -> Evaluation:
    figures = summarise(cases), summarise_bands(cases), summarise_pixel_sizes(cases), reliability(cases)
    return Evaluation("toy-0123456789ab", "hc18", "test", 3, 1, *figures, worst_cases(cases, 2))


def test_document_is_json_with_null_for_nothing() -> None:
    text = json.dumps(document(evaluation([case("a", None)])), allow_nan=False)
    overall = json.loads(text)["overall"]
    assert overall["failures"] == 1
    assert overall["metrics"]["dice"] == {
        "count": 1, "mean": 0.0, "sd": None, "median": 0.0, "worst": 0.0, "low": None, "high": None
    }
    assert overall["metrics"]["hausdorff_mm"]["count"] == 0
    assert overall["metrics"]["hausdorff_mm"]["mean"] is None


def test_table_says_failures_bands_and_what_is_left_out() -> None:
    lines = table(evaluation([case("a", 1.01), case("b", None, 90.0)])).splitlines()
    assert "2 images of 2 subjects, no head found in 1" in lines[0]
    assert "unassigned): 3, left out" in lines[1]
    assert lines[2] == "images that could not be read: 1, left out"
    dice = next(line for line in lines if line.startswith("Dice, ellipse (%)"))
    assert float(dice.split()[3]) == pytest.approx(100 * case("a", 1.01).scores.dice / 2, abs=0.01)
    assert any(line.startswith(BAND_NAMES[0]) and line.split()[3:5] == ["1", "1"] for line in lines)


def test_cases_come_back_from_the_csv_to_the_last_digit(tmp_path: Path) -> None:
    cases = [case("a, \"b\".png", 1.01), case("b.png", None)]
    write_cases(tmp_path / "cases.csv", cases)
    with open(tmp_path / "cases.csv", newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == COLUMNS
    assert [row["name"] for row in rows] == ["a, \"b\".png", "b.png"]
    assert [row["status"] for row in rows] == ["ok", "no_head"]
    assert float(rows[0]["dice"]) == cases[0].scores.dice
    assert float(rows[0]["predicted_hc_mm"]) == cases[0].predicted_hc_mm
    assert float(rows[0]["hausdorff_mm"]) == cases[0].scores.hausdorff_mm
    assert rows[1]["adf_mm"] == rows[1]["predicted_center_x_px"] == ""
    assert rows[1]["reason"] == "nothing above one half"


def test_examples_are_best_median_worst_and_never_twice() -> None:
    cases = [case(f"{index:02d}", 1 + index / 100) for index in range(11)]
    names = {title: [item.name for item in row] for title, row in pick_examples(cases).items()}
    assert names == {"best": ["00", "01", "02"], "median": ["04", "05", "06"], "worst": ["10", "09", "08"]}
    for count in (1, 2, 3, 5):
        shown = [item.name for row in pick_examples(cases[:count]).values() for item in row]
        assert len(shown) == len(set(shown)) == min(count, 3)
    assert next(iter(pick_examples([case("a", 1.0), case("b", None)])["worst"])).failed


@pytest.mark.parametrize("cases", [[case("a", None)], [case("a", 1.0)], [case("a", 1.01), case("b", 0.97, 90.0)]])
def test_figures_can_be_drawn_for_few_cases(cases: list[ScoredCase], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    figures = {
        "panel": panel(pick_examples(cases), lambda name: np.full(SHAPE, 90, dtype=np.uint8)),
        "bland_altman": bland_altman(cases),
        "scatter": scatter(cases),
        "sheet": sheet([Example.of(item) for item in cases], lambda name: np.full(SHAPE, 90, dtype=np.uint8)),
    }
    for name, figure in figures.items():
        save(figure, tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_bland_altman_draws_bias_and_limits() -> None:
    pytest.importorskip("matplotlib")
    cases = [case("a", 1.01), case("b", 0.98), case("c", 1.03)]
    differences = [item.scores.df_mm for item in cases]
    bias, sd = np.mean(differences), np.std(differences, ddof=1)
    axes = bland_altman(cases).axes[0]
    heights = sorted(float(line.get_ydata()[0]) for line in axes.lines)
    assert heights == pytest.approx(sorted([0, bias, bias - 1.96 * sd, bias + 1.96 * sd]))
    points = np.concatenate([collection.get_offsets() for collection in axes.collections])
    assert sorted(points[:, 1]) == pytest.approx(sorted(differences))
