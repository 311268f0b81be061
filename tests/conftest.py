"""What several tests share: where real data lies, and a toy model whose answer is known."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import settings
from toys import TOY_GRID, bright_head, write_tiny_hc18

__all__ = ["bright_head"]

settings.register_profile("fixed", derandomize=True)
settings.load_profile("fixed")  # the same examples each time; pytest --hypothesis-profile=default draws new ones


def _data(name: str) -> Path:
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("FETALHEAD_DATA", beside)) / name
    if not folder.is_dir():
        pytest.skip(f"real data not found: {folder} (set FETALHEAD_DATA)")
    return folder


@pytest.fixture(scope="session")
def hc18_dir() -> Path:
    return _data("hc18")


@pytest.fixture(scope="session")
def tiny_hc18(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tiny")
    write_tiny_hc18(root)
    return root


@pytest.fixture(scope="session")
def toy_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder without training: a pixel is head by its brightness (half of 220 is the border)."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper

    folder = tmp_path_factory.mktemp("toy")
    height, width = TOY_GRID
    # normalised x = (grey/255 - 0.5) / 0.5; the probability is linear in grey, so that 110 is 0.5 to sub-pixels
    nodes = [
        helper.make_node("Mul", ["image", "slope"], ["scaled"]),
        helper.make_node("Add", ["scaled", "shift"], ["sum"]),
        helper.make_node("Clip", ["sum", "zero", "one"], ["head_probability"]),
    ]
    slope = 0.5 * 255 / 220
    constants = {"slope": slope, "shift": slope, "zero": 0.0, "one": 1.0}
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, height, width])],
        [helper.make_tensor_value_info("head_probability", TensorProto.FLOAT, ["N", 1, height, width])],
        [helper.make_tensor(name, TensorProto.FLOAT, [], [value]) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, folder / "model.onnx")
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    config = {
        "format": 1,
        "name": "toy",
        "model_id": f"toy-{digest[:12]}",
        "version": "0",
        "architecture": {"name": "threshold"},
        "input_size": [height, width],
        "normalisation": {"mean": 0.5, "std": 0.5},
        "outputs": ["head_probability"],
        "classes": [],
        "training": {},
        "files": {"model.onnx": digest},
    }
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture(scope="session")
def clips_dir() -> Path:
    return _data("clips")


@pytest.fixture(scope="session")
def planes_dir() -> Path:
    return _data("fetal_planes")
