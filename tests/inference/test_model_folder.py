"""CASES, "model in two pieces": the folder that config.json describes, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from fetalhead.biometry.calibration import Calibration
from fetalhead.errors import FetalheadError
from fetalhead.inference.model_folder import ModelFolder, model_path
from fetalhead.training.model_place import configure


@pytest.fixture
def folder(toy_model: Path, tmp_path: Path) -> Path:
    """The toy model with a second file, copied by what its config.json lists and nothing else."""
    source = tmp_path / "source"
    shutil.copytree(toy_model, source)
    (source / "MODEL_CARD.md").write_text("a toy\n")
    change(source, lambda config: config["files"].update({"MODEL_CARD.md": sha256(source / "MODEL_CARD.md")}))
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ["config.json", *json.loads((source / "config.json").read_text())["files"]]:
        shutil.copy(source / name, copy)
    return copy


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def change(folder: Path, edit: Any) -> None:
    config = json.loads((folder / "config.json").read_text())
    edit(config)
    (folder / "config.json").write_text(json.dumps(config))


def refusal(folder: Path) -> str:
    with pytest.raises(FetalheadError) as caught:
        ModelFolder.load(folder)
    text = str(caught.value)
    assert "\n" not in text
    assert str(folder) in text
    return text


def test_the_listed_files_are_the_model(folder: Path) -> None:
    model = ModelFolder.load(folder)
    assert (model.name, model.version, model.input_size) == ("toy", "0", (64, 96))
    assert (model.mean, model.std, model.outputs, model.classes) == (0.5, 0.5, ("head_probability",), ())
    assert model.model_id == f"toy-{sha256(folder / 'model.onnx')[:12]}"
    assert not model.flips
    assert model.file("model.onnx") == folder / "model.onnx"
    with pytest.raises(FetalheadError, match=r"no weights\.safetensors"):
        model.file("weights.safetensors")


@pytest.mark.parametrize("name", ["config.json", "model.onnx", "MODEL_CARD.md"])
def test_a_missing_piece_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert f"{name}: missing" in refusal(folder)


@pytest.mark.parametrize("name", ["model.onnx", "MODEL_CARD.md"])
def test_an_altered_piece_is_named(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    assert f"{name}: altered" in refusal(folder)


def test_a_folder_in_a_file_s_place_is_a_missing_file(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    (folder / "model.onnx").mkdir()
    assert "model.onnx: missing" in refusal(folder)


@pytest.mark.parametrize("name", ["../model.onnx", "/etc/hostname", "a/b", "a\\b", "..", "", "C:x", "config.json"])
def test_a_name_that_leaves_the_folder_is_refused(folder: Path, name: str) -> None:
    change(folder, lambda config: config["files"].update({name: "0" * 64}))
    assert repr(name) in refusal(folder)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not a JSON object"),
        (" " * 1_000_001, "far too large"),
    ],
)
def test_a_broken_config_is_one_line(folder: Path, text: str, words: str) -> None:
    (folder / "config.json").write_text(text)
    assert words in refusal(folder)


def test_a_config_that_is_not_text_is_one_line(folder: Path) -> None:
    (folder / "config.json").write_bytes(b"\xff\xfe\x00\x01")
    assert "not JSON" in refusal(folder)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"format": 2}, "format 2"),
        ({"format": None}, "format None"),
        ({"name": 3}, "'name'"),
        ({"model_id": "toy-000000000000"}, "'model_id' toy-000000000000"),
        ({"input_size": [64]}, "'input_size'"),
        ({"input_size": [64, 1e9]}, "'input_size'"),
        ({"normalisation": {"mean": 0.5, "std": 0}}, "'normalisation'"),
        ({"normalisation": {"mean": float("nan"), "std": 1}}, "'normalisation'"),
        ({"normalisation": {"mean": 0.5, "std": 1e-300}}, "'normalisation'"),
        ({"outputs": []}, "outputs []"),
        ({"outputs": ["head_probability", "plane_probability"], "classes": ["femur", "other"]}, "head among them"),
        ({"outputs": ["head_probability", "plane_probability"], "classes": ["head", "head"]}, "head among them"),
        ({"outputs": ["head_probability", "plane_probability"]}, "classes []"),
        ({"files": {}}, "does not list model.onnx"),
        ({"files": {"model.onnx": "abc"}}, "64 hex digits"),
        ({"flips": "yes"}, "'flips'"),
    ],
)
def test_a_wrong_entry_is_named(folder: Path, edit: dict[str, Any], words: str) -> None:
    change(folder, lambda config: config.update(edit))
    assert words in refusal(folder)


def test_neither_a_name_nor_a_folder(tmp_path: Path) -> None:
    with pytest.raises(FetalheadError, match=r"no such model folder.*standard"):
        ModelFolder.load(str(tmp_path / "nothing"))
    (tmp_path / "file").write_text("")
    with pytest.raises(FetalheadError, match="no such model folder"):
        ModelFolder.load(tmp_path / "file")


def test_a_bundled_name_is_found_in_the_package_and_a_path_is_not_taken_for_one() -> None:
    assert model_path("standard").parts[-3:] == ("fetalhead", "weights", "standard")
    assert model_path(Path("standard")) == Path("standard")
    assert model_path("./standard") == Path("standard")


def test_an_altered_entry_is_told_and_another_layout_is_none(folder: Path) -> None:
    configure(folder, {"calibration": {"factor": 1.5, "subjects": 100}, "level": 0.1 + 0.2})
    assert ModelFolder.load(folder).calibration == Calibration(1.5, 100)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(dict(reversed(config.items()))))
    assert ModelFolder.load(folder).calibration == Calibration(1.5, 100)
    for edit in (lambda config: config["calibration"].update(factor=1.4), lambda config: config.update(flips=True)):
        (folder / "config.json").write_text(json.dumps(config))
        change(folder, edit)
        assert "config.json: altered ('entries_sha256' is not that of its entries)" in refusal(folder)
