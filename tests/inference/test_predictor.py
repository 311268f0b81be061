from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import TOY_GRID, bright_head

from fetalhead.errors import FetalheadError
from fetalhead.images.ellipse import Ellipse
from fetalhead.inference.predictor import Predictor

HEAD = Ellipse.make(90, 66, 55, 42, 0.4)


def write_folder(folder: Path, graph: Any, **entries: Any) -> Path:
    """A model folder around an ONNX graph."""
    import onnx
    from onnx import helper

    folder.mkdir(exist_ok=True)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, folder / "model.onnx")
    return write_config(folder, **entries)


def write_config(folder: Path, **entries: Any) -> Path:
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    config = {
        "format": 1, "name": "test", "model_id": f"test-{digest[:12]}", "version": "0", "architecture": {},
        "input_size": list(TOY_GRID), "normalisation": {"mean": 0.0, "std": 1.0}, "outputs": ["head_probability"],
        "classes": [], "training": {}, "files": {"model.onnx": digest},
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config | entries))
    return folder


@pytest.fixture
def graph() -> Callable[..., Any]:
    """Makes a graph: head_probability = image + ramp, brighter to the right; plane_probability = two constants."""
    onnx = pytest.importorskip("onnx")
    from onnx import helper, numpy_helper

    def make(input_name: str = "image") -> Any:
        height, width = TOY_GRID
        ramp = np.broadcast_to(np.arange(width, dtype=np.float32) / width, (1, 1, height, width))
        constants = [
            numpy_helper.from_array(np.ascontiguousarray(ramp), "ramp"),
            numpy_helper.from_array(np.array([0.2, 0.7], np.float32), "planes"),
        ]
        shape = ["N", 1, height, width]
        nodes = [
            helper.make_node("Add", [input_name, "ramp"], ["head_probability"]),
            helper.make_node("ReduceMean", [input_name], ["means"], axes=[2, 3], keepdims=0),
            helper.make_node("Add", ["means", "planes"], ["plane_probability"]),
        ]
        return helper.make_graph(
            nodes,
            "ramp",
            [helper.make_tensor_value_info(input_name, onnx.TensorProto.FLOAT, shape)],
            [
                helper.make_tensor_value_info("head_probability", onnx.TensorProto.FLOAT, shape),
                helper.make_tensor_value_info("plane_probability", onnx.TensorProto.FLOAT, ["N", 2]),
            ],
            constants,
        )

    return make


def test_the_prediction_is_on_the_grid_and_in_the_picture(toy_model: Path) -> None:
    picture = bright_head(HEAD)
    prediction = Predictor(toy_model).predict(picture)
    assert prediction.grid_probability.shape == TOY_GRID
    assert prediction.grid_probability.dtype == np.float32
    assert prediction.plane is None
    assert prediction.best_plane == ""
    assert prediction.model_id.startswith("toy-")
    full = prediction.head_probability
    assert (full.shape, full.dtype) == (picture.shape, np.float32)
    assert np.abs(full - picture / 220).mean() < 0.01


def test_any_shape_of_picture_is_taken_and_any_other_array_refused(toy_model: Path) -> None:
    predictor = Predictor(toy_model, threads=1)
    for shape in ((20, 300), (300, 20), (540, 800), (64, 96)):
        assert predictor.predict(np.zeros(shape, np.uint8)).head_probability.shape == shape
    for wrong in (np.zeros((10, 10, 3), np.uint8), np.zeros((10, 10), np.float32)):
        with pytest.raises(ValueError, match="uint8 picture is wanted"):
            predictor.predict(wrong)


def test_flips_average_the_picture_and_its_mirror_image(graph: Callable[..., Any], tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "m", graph())
    picture = np.maximum(bright_head(HEAD), np.random.default_rng(0).integers(0, 20, (128, 192), dtype=np.uint8))
    plain = Predictor(folder).predict(picture).grid_probability
    mirrored = Predictor(folder).predict(picture[:, ::-1]).grid_probability
    both = Predictor(folder, flips=True).predict(picture).grid_probability
    assert np.abs(plain - both).max() > 0.4  # the ramp
    np.testing.assert_allclose(both, (plain + mirrored[:, ::-1]) / 2, atol=1e-6)
    write_config(folder, flips=True)
    np.testing.assert_array_equal(Predictor(folder).predict(picture).grid_probability, both)
    np.testing.assert_array_equal(Predictor(folder, flips=False).predict(picture).grid_probability, plain)


def test_normalisation_and_planes_are_those_of_the_config(graph: Callable[..., Any], tmp_path: Path) -> None:
    entries = {
        "normalisation": {"mean": 0.25, "std": 0.5},
        "outputs": ["head_probability", "plane_probability"],
        "classes": ["head", "femur"],
    }
    prediction = Predictor(write_folder(tmp_path / "m", graph(), **entries)).predict(np.full((64, 96), 51, np.uint8))
    assert prediction.grid_probability[0, 0] == pytest.approx((0.2 - 0.25) / 0.5, abs=1e-6)
    assert prediction.plane == pytest.approx({"head": 0.2 - 0.1, "femur": 0.7 - 0.1}, abs=1e-6)
    assert prediction.best_plane == "femur"


def test_a_graph_that_is_not_what_the_config_says(graph: Callable[..., Any], tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "a", graph("picture"))
    with pytest.raises(FetalheadError, match=r"model\.onnx: takes \['picture'\] where \['image'\]"):
        Predictor(folder)
    only_head = graph()
    del only_head.output[1]
    entries = {"outputs": ["head_probability", "plane_probability"], "classes": ["head", "femur"]}
    with pytest.raises(FetalheadError, match="lacks the output plane_probability"):
        Predictor(write_folder(tmp_path / "b", only_head, **entries))
    three = entries | {"classes": ["head", "abdomen", "femur"]}
    with pytest.raises(FetalheadError, match=r"its plane_probability is \[2\], and \[3\] by config\.json"):
        Predictor(write_folder(tmp_path / "c", graph(), **three))
    with pytest.raises(FetalheadError, match=r"its image is \[1, 64, 96\], and \[1, 96, 64\] by config\.json"):
        Predictor(write_folder(tmp_path / "d", graph(), input_size=[96, 64]))


def test_weights_in_a_side_file_are_refused(
    graph: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnx

    folder = write_folder(tmp_path / "m", graph())
    model = onnx.load(folder / "model.onnx")
    onnx.save(model, folder / "model.onnx", save_as_external_data=True, location="side.bin", size_threshold=100)
    write_config(folder)
    assert (folder / "side.bin").is_file()
    monkeypatch.chdir(folder)
    with pytest.raises(FetalheadError, match=r"model\.onnx: onnxruntime cannot load it"):
        Predictor(folder)


def test_what_is_no_onnx_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "model.onnx").write_bytes(b"not an ONNX file")
    with pytest.raises(FetalheadError, match="onnxruntime cannot load it") as caught:
        Predictor(write_config(tmp_path))
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_providers_are_checked(toy_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import onnxruntime

    with pytest.raises(FetalheadError, match="no provider 'tpu'; there are cpu, cuda, openvino"):
        Predictor(toy_model, provider="tpu")
    with pytest.raises(FetalheadError, match="at least 1"):
        Predictor(toy_model, threads=0)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    for provider, package in (("cuda", "onnxruntime-gpu"), ("openvino", "onnxruntime-openvino")):
        with pytest.raises(FetalheadError, match=rf"which has cpu\): pip install {package} in its place"):
            Predictor(toy_model, provider=provider)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    with pytest.raises(FetalheadError, match="'cuda' is installed but does not start"):
        Predictor(toy_model, provider="cuda")
