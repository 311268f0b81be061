"""Pictures unlike a model's training pictures are told; models without that knowledge tell nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import fetalhead
from fetalhead.catalog import MODELS
from fetalhead.errors import FetalheadError
from fetalhead.images.texture import NUMBERS
from fetalhead.inference.familiarity import Familiarity
from fetalhead.inference.model_folder import ModelFolder
from fetalhead.inference.predictor import Predictor
from fetalhead.phantoms import head_phantom
from fetalhead.training.familiarity import familiarise, familiarity_of


def drawing() -> np.ndarray:
    """A head's outline, as a mask editor saves it."""
    pixels = np.zeros((540, 800), np.uint8)
    cv2.ellipse(pixels, (400, 270), (250, 190), 20, 0, 360, 255, 2)
    return pixels


def test_distances_are_told_in_the_limit_of_validation() -> None:
    known = Familiarity(np.zeros(NUMBERS), np.diag([4.0, *[1.0] * (NUMBERS - 1)]), limit=2.0)
    assert known.unlikeness(np.zeros(NUMBERS)) == 0
    assert known.unlikeness(np.eye(NUMBERS)[0] * 3) == pytest.approx(3)
    assert known.unlikeness(np.eye(NUMBERS)[1] * 3) == pytest.approx(1.5)


def test_it_is_kept_in_a_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    half = rng.normal(size=(NUMBERS, NUMBERS))
    known = Familiarity(rng.normal(size=NUMBERS), half @ half.T, 5.5)
    known.save(tmp_path / "familiarity.json")
    found = Familiarity.load(tmp_path / "familiarity.json")
    place = rng.normal(size=NUMBERS)
    assert found.unlikeness(place) == pytest.approx(known.unlikeness(place), rel=1e-5)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"limit": 1, "mean": [1], "precision": [[1]]}', '{"limit": 1, "mean": {}, "precision": []}'],
)
def test_a_file_that_holds_something_else_is_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "familiarity.json"
    path.write_text(content)
    with pytest.raises(FetalheadError, match=r"familiarity.json: .*export the model again$") as caught:
        Familiarity.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("key", "value"), [("limit", 0), ("limit", "NaN"), ("mean", ["NaN"] * NUMBERS)])
def test_numbers_that_cannot_be_are_one_line(tmp_path: Path, key: str, value: Any) -> None:
    path = tmp_path / "familiarity.json"
    Familiarity(np.zeros(NUMBERS), np.eye(NUMBERS), 1.0).save(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(FetalheadError, match="numbers and a limit are wanted"):
        Familiarity.load(path)


def test_a_model_learns_what_its_training_pictures_look_like(
    toy_model: Path, tiny_hc18: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = [f"hc18={tiny_hc18}"]
    with pytest.raises(FetalheadError, match=r"^--familiar hc18=.*: 8 training pictures and \d outlined ones of"):
        familiarity_of(data, (48, 72))
    monkeypatch.setattr("fetalhead.training.familiarity.LEAST_PICTURES", 8)
    model = tmp_path / "model"
    shutil.copytree(toy_model, model)
    before = ModelFolder.load(model)
    familiarise(model, data)
    after = ModelFolder.load(model)
    assert after.model_id == before.model_id and "familiarity.json" in after.files
    own = cv2.imread(str(next((tiny_hc18 / "training_set").glob("*_HC.png"))), cv2.IMREAD_GRAYSCALE)
    alike, unlike = (Predictor(model).predict(pixels).unlikeness for pixels in (own, drawing()))
    assert alike is not None and unlike is not None and alike < unlike
    assert Predictor(toy_model).predict(own).unlikeness is None
    (model / "familiarity.json").write_text("{}")
    with pytest.raises(FetalheadError, match="altered"):
        ModelFolder.load(model)


@pytest.mark.parametrize("model", MODELS)
def test_the_bundled_models_take_no_drawing_for_a_head(model: str) -> None:
    found = fetalhead.measure(drawing(), pixel_size=0.2, model=model)
    assert not found and found.quality_reasons == ("no ultrasound",)
    assert found.reason == "no head: the picture does not look like an ultrasound picture"


@pytest.mark.parametrize("model", MODELS)
def test_phantoms_look_like_ultrasound(model: str) -> None:
    predictor = Predictor(model)
    found = [predictor.predict(head_phantom(1, index).image.pixels).unlikeness or 9 for index in range(5)]
    assert np.median(found) < 1.1 and max(found) < 2


@pytest.mark.parametrize("model", MODELS)
def test_no_head_of_hc18_looks_like_something_else(model: str, hc18_dir: Path) -> None:
    """Each 20th picture; and its drawn outlines, which lie beside them."""
    known = Predictor(model)
    heads = sorted((hc18_dir / "training_set").glob("*HC.png"))[::20]
    assert len(heads) > 20
    for path in heads:
        assert (known.predict(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)).unlikeness or 9) < 1.2
        outline = fetalhead.measure(path.with_name(f"{path.stem}_Annotation.png"), pixel_size=0.2, model=known)
        assert not outline


def test_a_picture_of_one_line_is_measured_as_before() -> None:
    assert not fetalhead.measure(np.tile(np.arange(256, dtype=np.uint8), (16, 20)), pixel_size=0.2)
