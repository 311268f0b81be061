"""Plane figures against scikit-learn, and the command from end to end."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from toys import TOY_GRID

from fetalhead.catalog import PLANES
from fetalhead.cli import main
from fetalhead.evaluation.planes import PlaneCase, confusion_figure, plane_figures
from fetalhead.phantoms.write import write_planes as write_plane_phantoms


def made_up(count: int = 300) -> list[PlaneCase]:
    rng = np.random.default_rng(0)
    cases = []
    for index in range(count):
        plane = PLANES[rng.integers(4)]
        predicted = plane if rng.random() < 0.8 else PLANES[rng.integers(4)]
        outlined = rng.random() < (0.9 if plane == "head" else 0.05)
        cases.append(PlaneCase(f"{index}.png", str(index // 2), plane, predicted, bool(outlined)))
    return cases


def test_precision_recall_and_confusion_are_scikit_learn_s() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    cases = made_up()
    truth, said = [case.plane for case in cases], [case.predicted for case in cases]
    figures = plane_figures(cases, PLANES)
    precision, recall, _, support = metrics.precision_recall_fscore_support(truth, said, labels=PLANES)
    for plane, p, r, n in zip(PLANES, precision, recall, support, strict=True):
        assert figures.classes[plane].precision == pytest.approx(p)
        assert figures.classes[plane].recall == pytest.approx(r)
        assert figures.classes[plane].images == n
    assert [list(row.values()) for row in figures.confusion.values()] == metrics.confusion_matrix(
        truth, said, labels=PLANES
    ).tolist()
    assert figures.accuracy.share == pytest.approx(metrics.accuracy_score(truth, said))
    assert figures.accuracy.low < figures.accuracy.share < figures.accuracy.high


def test_false_and_missed_heads_are_shares_of_their_own_planes() -> None:
    cases = [
        PlaneCase("a", "1", "head", "head", True),
        PlaneCase("b", "2", "head", "head", False),
        PlaneCase("c", "3", "femur", "head", True),
        PlaneCase("d", "4", "femur", "femur", False),
        PlaneCase("e", "5", "other", "other", False),
    ]
    figures = plane_figures(cases, PLANES[:3])
    assert figures.false_heads.share == pytest.approx(1 / 3)
    assert {plane: share.share for plane, share in figures.false_heads_by_plane.items()} == {"femur": 0.5, "other": 0}
    assert figures.missed_heads.share == 0.5
    assert figures.accuracy.share == 0.75, "a plane that the model does not know is in no figure of classes"


def test_a_model_without_planes_has_only_its_heads_counted() -> None:
    figures = plane_figures([PlaneCase("a", "1", "femur", "", True), PlaneCase("b", "2", "head", "", True)], ())
    assert figures.accuracy is None and figures.classes == {} and figures.confusion == {}
    assert (figures.false_heads.share, figures.missed_heads.share) == (1, 0)


def test_the_command_writes_figures_of_planes(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_plane_phantoms(tmp_path / "planes", seed=3, count=4)
    out = tmp_path / "out"
    command = ["evaluate", "--model", str(toy_model), "--data", f"planes={tmp_path / 'planes'}", "--split", "all"]
    assert main([*command, "--out", str(out)]) == 0
    document = json.loads((out / "metrics.json").read_text())
    assert document["images"] == 4 and document["accuracy"] is None
    assert 0 <= document["false_heads"]["share"] <= 1
    with open(out / "planes.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert sorted(row["plane"] for row in rows) == ["abdomen", "abdomen", "femur", "femur"]
    assert np.mean([row["head_outlined"] == "true" for row in rows]) == document["false_heads"]["share"]
    assert "a head outlined in another plane" in capsys.readouterr().out
    assert not (out / "confusion.png").exists()


GREYS = dict(zip(PLANES, (40, 100, 160, 220), strict=True))
"""How bright a picture is that the model below calls a plane."""

SHOWN_AND_SAID = [
    ("Fetal brain", "head"), ("Fetal brain", "head"), ("Fetal brain", "femur"), ("Fetal abdomen", "abdomen"),
    ("Fetal abdomen", "other"), ("Fetal femur", "femur"), ("Fetal thorax", "head"), ("Other", "other"),
]  # fmt: skip
"""Published labels, and what the model below is made to say of their pictures."""

COUNTED = {("head", "head"): 2, ("head", "femur"): 1, ("abdomen", "abdomen"): 1, ("abdomen", "other"): 1,
           ("femur", "femur"): 1, ("other", "head"): 1, ("other", "other"): 1}  # fmt: skip


@pytest.fixture
def four_planes(tmp_path: Path) -> Path:
    """A model folder without training: the nearest of four greys to the picture's mean tells the plane; no heads."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper

    levels = np.array(list(GREYS.values())) / 255
    nodes = [
        helper.make_node("Mul", ["image", "zero"], ["head_probability"]),
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "slopes"], ["sloped"]),  # -(mean - level)^2, but for what all share
        helper.make_node("Add", ["sloped", "shifts"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["plane_probability"]),
    ]
    shape = ["N", 1, *TOY_GRID]
    graph = helper.make_graph(
        nodes,
        "planes",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info("head_probability", TensorProto.FLOAT, shape),
            helper.make_tensor_value_info("plane_probability", TensorProto.FLOAT, ["N", 4]),
        ],
        [
            helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0]),
            helper.make_tensor("slopes", TensorProto.FLOAT, [1, 4], 200 * levels),
            helper.make_tensor("shifts", TensorProto.FLOAT, [1, 4], -100 * levels**2),
        ],
    )
    folder = tmp_path / "four_planes"
    folder.mkdir()
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, folder / "model.onnx")
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    config = {
        "format": 1, "name": "four", "model_id": f"four-{digest[:12]}", "version": "0", "architecture": {},
        "input_size": list(TOY_GRID), "normalisation": {"mean": 0.0, "std": 1.0},
        "outputs": ["head_probability", "plane_probability"], "classes": list(PLANES), "training": {},
        "files": {"model.onnx": digest},
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def write_shown(root: Path) -> None:
    (root / "Images").mkdir(parents=True)
    rows = ["Image_name;Patient_num;Plane"]
    noise = np.random.default_rng(0).integers(-9, 10, TOY_GRID)
    for number, (label, said) in enumerate(SHOWN_AND_SAID, 1):
        cv2.imwrite(str(root / "Images" / f"{number}.png"), (GREYS[said] + noise).astype(np.uint8))
        rows.append(f"{number};{number};{label}")
    (root / "FETAL_PLANES_DB_data.csv").write_text("\n".join(rows) + "\n")


def test_the_command_writes_and_draws_the_confusion_of_a_model_that_tells_planes(
    four_planes: Path, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    write_shown(tmp_path / "planes")
    out = tmp_path / "out"
    words = ["--data", f"planes={tmp_path / 'planes'}", "--split", "all", "--out", str(out)]
    assert main(["evaluate", "--model", str(four_planes), *words]) == 0
    document = json.loads((out / "metrics.json").read_text())
    counts = {(shown, said): count for shown, row in document["confusion"].items() for said, count in row.items()}
    assert {pair: count for pair, count in counts.items() if count} == COUNTED and len(counts) == 16
    assert sum(counts.values()) == document["images"] == len(SHOWN_AND_SAID)
    assert document["accuracy"]["share"] == 5 / 8 and document["missed_heads"]["share"] == 1
    assert document["head_verdicts"] == {"accept": 0, "review": 0, "refuse": document["classes"]["head"]["images"]}
    with open(out / "planes.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["predicted"] for row in rows] == [said for _, said in SHOWN_AND_SAID]
    assert {row["quality"] for row in rows} == {"refuse"}
    for pair, count in COUNTED.items():
        assert sum((row["plane"], row["predicted"]) == pair for row in rows) == count
    with Image.open(out / "confusion.png") as picture:
        colours = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    assert min(picture.size) > 300
    blue = (colours[:, 2] > colours[:, 0].astype(int) + 60).mean()
    assert 0.05 < blue < 0.5, "cells shaded by their share"
    assert (colours == 255).all(axis=1).mean() > 0.2 and (colours < 80).all(axis=1).any(), "a border, and words on it"


def test_the_matrix_is_drawn_with_true_planes_as_rows() -> None:
    pytest.importorskip("matplotlib")
    cases = [PlaneCase("a", "1", "head", "head", True), PlaneCase("b", "2", "head", "femur", False),
             PlaneCase("c", "3", "head", "femur", False)]  # fmt: skip
    (axes,) = confusion_figure(plane_figures(cases, PLANES)).axes
    words = {text.get_position(): text.get_text() for text in axes.texts}
    assert {place: word for place, word in words.items() if word != "0"} == {(0, 0): "1", (2, 0): "2"}, "column, row"
    assert len(words) == 16 and (axes.get_xlabel(), axes.get_ylabel()) == ("predicted plane", "true plane")
    (shading,) = axes.images
    assert shading.get_array()[0].tolist() == pytest.approx([1 / 3, 0, 2 / 3, 0]) and not shading.get_array()[1:].any()
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [label.get_text() for label in labels] == list(PLANES)


def test_a_set_without_figures_is_one_line(toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_plane_phantoms(tmp_path / "planes", seed=3, count=2)
    data = f"pictures={tmp_path / 'planes' / 'Images'}"
    assert main(["evaluate", "--model", str(toy_model), "--data", data, "--out", str(tmp_path / "out")]) == 2
    assert "nothing is known to compare with" in capsys.readouterr().err
