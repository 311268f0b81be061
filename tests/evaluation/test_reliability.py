"""Verdicts and intervals against references, and a model folder that carries a calibration."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toys import bright_head

import fetalhead
from fetalhead.errors import FetalheadError
from fetalhead.evaluation.cases import ScoredCase, score
from fetalhead.evaluation.reliability import reliability
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.pixel_size import PixelSize
from fetalhead.inference.card_reliability import reliability_lines
from fetalhead.inference.model_folder import ModelFolder

SIZE = PixelSize(0.5, 0.5, "user")
HEAD = Ellipse(96, 64, 40, 30, 0.2)
HC = HEAD.scaled(0.5, 0.5).perimeter


def case(name: str, quality: str, interval: tuple[float, float] | None, found: Ellipse | None = HEAD) -> ScoredCase:
    mask = np.zeros((128, 192), dtype=bool)
    scores = score(HEAD, found, mask, SIZE)
    return ScoredCase(name, name, "test", SIZE, HEAD, found, "" if found else "none", scores, quality, interval)


def test_coverage_width_and_the_accuracy_of_what_is_accepted() -> None:
    far = Ellipse(96, 64, 44, 33, 0.2)
    cases = [
        case("a", "accept", (HC - 1, HC + 1)),
        case("b", "accept", (HC + 1, HC + 3)),
        case("c", "review", (HC - 3, HC + 3), far),
        case("d", "refuse", None, None),
    ]
    found = reliability(cases)
    assert found.verdicts == {"accept": 2, "review": 1, "refuse": 1}
    assert (found.accepted_adf_mm, found.accepted_dice) == (0, 1)
    assert found.intervals is not None and found.intervals.images == 3
    assert found.intervals.coverage.share == pytest.approx(2 / 3)
    assert (found.intervals.binomial_low, found.intervals.binomial_high) == pytest.approx((0.0943, 0.9916), abs=1e-4)
    assert found.intervals.mean_width_percent == pytest.approx(100 * (2 + 2 + 6) / 3 / HC)
    assert list(found.interval_bands) == ["100 to 260 mm"]


def test_a_model_without_intervals_says_nothing_of_them() -> None:
    found = reliability([case("a", "accept", None)])
    assert found.intervals is None and found.interval_bands == {}
    assert math.isnan(reliability([case("a", "refuse", None, None)]).accepted_adf_mm)
    lines = reliability_lines(
        {"verdicts": found.verdicts, "accepted_dice": 1.0, "accepted_adf_mm": 0.0, "intervals": None}, 1
    )
    assert lines[0] == "Verdicts over 1 pictures: accept 1, review 0, refuse 0."
    assert lines[1:] == ["Of the accepted: Dice 100.00 %, ADF 0.00 mm."]


def test_a_calibrated_model_gives_an_interval(toy_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(toy_model, folder)
    config = json.loads((folder / "config.json").read_text())
    picture = bright_head(HEAD)
    plain = fetalhead.measure(picture, pixel_size=0.5, model=str(folder))
    assert plain.hc_low_mm is None
    (folder / "config.json").write_text(json.dumps(config | {"calibration": {"factor": 0.5, "subjects": 100}}))
    found = fetalhead.measure(picture, pixel_size=0.5, model=str(folder))
    assert found.hc_low_mm is not None and found.hc_high_mm is not None and found.hc_mm is not None
    assert found.hc_low_mm < found.hc_mm < found.hc_high_mm
    assert found.hc_high_mm - found.hc_low_mm > 2 * 0.5 * (1 + 0.01 * found.hc_mm)
    assert replace(found, hc_low_mm=None, hc_high_mm=None) == plain


@pytest.mark.parametrize("value", [3, {}, {"factor": "wide", "subjects": 3}, {"factor": -1, "subjects": 3}])
def test_a_broken_calibration_is_named(toy_model: Path, tmp_path: Path, value: object) -> None:
    folder = tmp_path / "model"
    shutil.copytree(toy_model, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"calibration": value}))
    with pytest.raises(FetalheadError, match="calibration"):
        ModelFolder.load(folder)
