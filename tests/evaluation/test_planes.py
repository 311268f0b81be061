"""Plane figures against scikit-learn, and the command from end to end."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from fetalhead.catalog import PLANES
from fetalhead.cli import main
from fetalhead.evaluation.planes import PlaneCase, plane_figures
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


def test_a_set_without_figures_is_one_line(toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_plane_phantoms(tmp_path / "planes", seed=3, count=2)
    data = f"pictures={tmp_path / 'planes' / 'Images'}"
    assert main(["evaluate", "--model", str(toy_model), "--data", data, "--out", str(tmp_path / "out")]) == 1
    assert "nothing is known to compare with" in capsys.readouterr().err
