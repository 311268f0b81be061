"""The bundled models: what they are, on phantoms (which they never saw), and on test subjects of the published sets."""

from __future__ import annotations

import itertools
import json
import math
import runpy
from pathlib import Path

import numpy as np
import pytest

import fetalhead
from fetalhead.catalog import MODELS
from fetalhead.inference.model_folder import ModelFolder
from fetalhead.phantoms import head_phantom

LARGEST_MODEL_BYTES = 12_000_000


def relative_errors(count: int, seeds: int = 1) -> list[float | None]:
    """Of HC, on the first `count` phantoms of each of `seeds` seeds; None where no head was found."""
    errors: list[float | None] = []
    for seed, index in itertools.product(range(seeds), range(count)):
        phantom = head_phantom(seed, index)
        found = fetalhead.measure(phantom.image.pixels, pixel_size=phantom.image.pixel_size)
        errors.append(abs(found.hc_mm / phantom.hc_mm - 1) if found and found.hc_mm else None)
    return errors


@pytest.mark.parametrize("name", MODELS)
def test_models_are_whole_and_small(name: str) -> None:
    folder = ModelFolder.load(name)
    assert folder.file("model.onnx").stat().st_size <= LARGEST_MODEL_BYTES
    assert {path.name for path in folder.path.iterdir()} == {*folder.files, "config.json"}
    metrics = json.loads(folder.file("metrics.json").read_text(encoding="utf-8"))
    assert metrics["model_id"] == folder.model_id
    assert folder.model_id in folder.file("MODEL_CARD.md").read_text(encoding="utf-8")


def test_the_readme_shows_the_bundled_models_figures() -> None:
    readme = Path(__file__).resolve().parents[1] / "README.md"
    tool = readme.parent / "tools" / "readme_figures.py"
    if not readme.is_file():
        pytest.skip("no README beside the tests")
    block = runpy.run_path(str(tool))["figures_block"]()
    assert block in readme.read_text(encoding="utf-8"), "run python tools/readme_figures.py"


def test_phantoms_it_never_saw_are_measured() -> None:
    errors = relative_errors(8)
    found = [error for error in errors if error is not None]
    assert len(found) >= 7
    assert np.median(found) <= 0.03


@pytest.mark.slow
def test_many_phantoms() -> None:
    errors = relative_errors(20, seeds=6)
    assert sum(error is None for error in errors[:40]) <= 1
    found = [error for error in errors if error is not None]
    print(f"median {100 * np.median(found):.2f} %, worst {100 * max(found):.2f} %, missed {len(errors) - len(found)}")
    assert len(found) >= 0.95 * len(errors)
    assert np.median(found) <= 0.01


def test_a_picture_without_anything_has_no_head() -> None:
    assert not fetalhead.measure(np.zeros((540, 800), np.uint8))
    assert not fetalhead.measure(np.full((540, 800), 90, np.uint8))


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_hc18_test_split(hc18_dir: Path, name: str) -> None:
    from fetalhead.datasets.hc18 import Hc18
    from fetalhead.evaluation.evaluate import evaluate, select
    from fetalhead.evaluation.reliability import reliability
    from fetalhead.evaluation.summary import summarise
    from fetalhead.inference.predictor import Predictor

    cases, unassigned = select(Hc18(hc18_dir).cases, "test")
    assert (len(cases), unassigned) == (121, 0)
    scored = evaluate(cases, Predictor(name))
    summary = summarise(scored)
    assert summary.failures == 0
    assert summary.metrics["dice"].mean >= 0.976
    assert summary.metrics["hausdorff_mm"].mean <= 1.4
    assert summary.metrics["adf_mm"].mean <= 2.0 and summary.metrics["adf_mm"].worst < 10
    told = reliability(scored)
    assert told.verdicts["accept"] >= 0.95 * 121 and told.accepted_adf_mm < summary.metrics["adf_mm"].mean
    assert told.intervals and told.intervals.coverage.share >= 0.85 and told.intervals.mean_width_percent <= 7


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_other_planes_hold_no_head(planes_dir: Path, name: str) -> None:
    from fetalhead.datasets import open_data
    from fetalhead.evaluation.evaluate import select
    from fetalhead.evaluation.planes import evaluate_planes, plane_figures
    from fetalhead.inference.predictor import Predictor

    predictor = Predictor(name)
    cases, _ = select(open_data(f"planes={planes_dir}").cases, "test")
    figures = plane_figures(evaluate_planes(cases, predictor, pytest.fail), predictor.folder.classes)
    assert figures.false_heads and figures.false_heads.share <= 1 / 79
    assert figures.missed_heads and figures.missed_heads.share <= 1 / 53
    assert figures.accuracy_of_three and figures.accuracy_of_three.share >= 0.97
    assert figures.head_verdicts["accept"] >= 0.9 * 53


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_other_organs_hold_no_head(clips_dir: Path, name: str) -> None:
    pytest.importorskip("av")
    from fetalhead.inference.predictor import Predictor
    from fetalhead.videos.clip import open_clip
    from fetalhead.videos.search import find_clips

    predictor = Predictor(name)
    frames = [
        image for path in find_clips([str(clips_dir)])
        for image in itertools.islice(open_clip(path).frames(), 0, None, 10)
    ]  # fmt: skip
    assert len(frames) > 150
    found = [bool(fetalhead.measure(image, model=predictor)) for image in frames]
    assert sum(found) <= 0.02 * len(frames)


@pytest.mark.parametrize(("name", "millions"), [("standard", 6), ("small", 1)])
def test_models_have_no_more_parameters_than_they_may(name: str, millions: int) -> None:
    with open(ModelFolder.load(name).file("weights.safetensors"), "rb") as stream:
        header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
    sizes = [
        math.prod(tensor["shape"]) for key, tensor in header.items()
        if key != "__metadata__" and "running_" not in key and "num_batches" not in key
    ]  # fmt: skip
    assert 0.5 * millions * 1e6 < sum(sizes) <= millions * 1e6
