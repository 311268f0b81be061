"""An export writes over a model and over nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fetalhead.errors import FetalheadError
from fetalhead.training.model_place import check_place, replace_model


def write_model(folder: Path, **files: str) -> Path:
    """What looks like a model folder: `files` by name without suffix, and a configuration that lists them."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {"model.onnx": "network", **{f"{name}.txt": text for name, text in files.items()}}
    for name, text in names.items():
        (folder / name).write_text(text)
    (folder / "config.json").write_text(json.dumps({"format": 1, "files": dict.fromkeys(names, "0" * 64)}))
    return folder


def texts_of(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


CONFIGS = [
    '{"app": "mine"}',
    "[1]",
    "not json",
    '{"format": 1, "files": {}}',
    '{"format": 2, "files": {"model.onnx": ""}}',
]


@pytest.mark.parametrize("config", CONFIGS)
def test_a_folder_with_a_configuration_of_its_own_is_kept(tmp_path: Path, config: str) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "config.json").write_text(config)
    (tmp_path / "src" / "thesis.txt").write_text("years of work")
    before = texts_of(tmp_path)
    for call in (lambda: check_place(tmp_path), lambda: replace_model(tmp_path, write_model(tmp_path.parent / "made"))):
        with pytest.raises(FetalheadError, match="is no model folder; choose another --out"):
            call()
    assert texts_of(tmp_path) == before


@pytest.mark.parametrize("name", ["thesis.txt", "src/thesis.txt", "metrics.json/thesis.txt"])
def test_a_model_with_something_else_beside_it_is_kept(tmp_path: Path, name: str) -> None:
    write_model(tmp_path / "model")
    (tmp_path / "model" / name).parent.mkdir(exist_ok=True)
    (tmp_path / "model" / name).write_text("years of work")
    with pytest.raises(FetalheadError, match=rf"model: holds {name.split('/')[0]} besides a model"):
        check_place(tmp_path / "model")


def test_an_earlier_model_is_replaced_with_all_its_files(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model", old="listed")
    (folder / "MODEL_CARD.md").write_text("not listed, and an export's all the same")
    made = write_model(tmp_path / "made", new="listed")
    wanted = texts_of(made)
    replace_model(folder, made)
    assert texts_of(folder) == wanted


def test_absent_and_empty_folders_are_taken_and_a_file_is_not(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "empty", tmp_path / "absent" / "below"):
        replace_model(place, write_model(tmp_path / "made"))
        assert set(texts_of(place)) == {"config.json", "model.onnx"}
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FetalheadError, match="file: is a file"):
        check_place(tmp_path / "file")
