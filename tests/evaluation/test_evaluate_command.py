"""`fetalhead evaluate` from end to end, on a small folder in HC18's layout and a toy model."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import bright_head

from fetalhead.cli import main
from fetalhead.datasets.splits import write_split
from fetalhead.images.ellipse import Ellipse

FILES = ("metrics.json", "cases.csv", "panel.png", "bland_altman.png", "scatter.png")
SHAPE = (128, 192)


def draw_outline(ellipse: Ellipse) -> np.ndarray:
    """(H, W) uint8 with a thin outline, as HC18's annotations are drawn."""
    picture = np.zeros(SHAPE, dtype=np.uint8)
    points = np.round(ellipse.points(720) * 16).astype(np.int32)
    return cv2.polylines(picture, [points], True, 255, 1, cv2.LINE_8, 4)


@pytest.fixture(scope="module")
def small_hc18(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four pictures of the test split (no head in the last), one of the training split, one of none."""
    root = tmp_path_factory.mktemp("hc18")
    (root / "training_set").mkdir()
    names = ["001_HC.png", "001_2HC.png", "002_HC.png", "003_HC.png", "004_HC.png", "999_HC.png"]
    write_split(root / "split.csv", dict(zip(names, ["test"] * 4 + ["train"], strict=False)))
    rows = ["filename,pixel size(mm),head circumference (mm)"]
    for index, name in enumerate(names):
        ellipse = Ellipse.make(96 + index, 64 - index, 60 + index, 44, 0.1 * index)
        picture = bright_head(ellipse) if index != 3 else bright_head(ellipse, grey=40)
        cv2.imwrite(str(root / "training_set" / name), picture)
        cv2.imwrite(str(root / "training_set" / name.replace(".png", "_Annotation.png")), draw_outline(ellipse))
        pixel_size = (0.2, 0.5, 0.6, 0.9, 0.5, 0.5)[index]
        rows.append(f"{name},{pixel_size},{ellipse.perimeter * pixel_size:.2f}")
    (root / "training_set_pixel_size_and_HC.csv").write_text("\n".join(rows) + "\n")
    return root


def run(model: Path, data: Path, out: Path, *more: str) -> int:
    return main(["evaluate", "--model", str(model), "--data", f"hc18={data}", "--out", str(out), *more])


def test_evaluate_writes_all_files(
    toy_model: Path, small_hc18: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    assert run(toy_model, small_hc18, tmp_path / "out") == 0
    printed = capsys.readouterr().out
    assert "no head found in 1" in printed
    assert "unassigned): 1, left out" in printed
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(FILES)

    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["model_id"].startswith("toy-")
    assert (metrics["data"], metrics["split"], metrics["failures"]) == ("hc18", "test", 1)
    assert (metrics["images"], metrics["subjects"]) == (4, 3)
    assert metrics["unassigned"] == 1
    assert metrics["bootstrap"]["seed"] == 0
    assert str(tmp_path) not in json.dumps(metrics)
    assert str(small_hc18) not in json.dumps(metrics)
    numbers = metrics["overall"]["metrics"]
    assert numbers["dice"]["mean"] == pytest.approx(0.75, abs=0.01)  # three found, one missed
    assert numbers["adf_percent"]["worst"] < 1
    assert numbers["hausdorff_mm"]["count"] == 3
    assert numbers["hausdorff_mm"]["worst"] < 0.6
    assert metrics["overall"]["adf_within_percent"]["2"]["share"] == 0.75

    with open(tmp_path / "out" / "cases.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["status"] for row in rows] == ["ok", "ok", "ok", "no_head"]
    assert all(row["split"] == "test" for row in rows)
    assert np.mean([float(row["dice"]) for row in rows]) == pytest.approx(numbers["dice"]["mean"], abs=1e-6)


def test_evaluate_repeats_to_the_last_byte(toy_model: Path, small_hc18: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    for out in ("one", "two"):
        assert run(toy_model, small_hc18, tmp_path / out, "--split", "all") == 0
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert json.loads((tmp_path / "one" / "metrics.json").read_text())["images"] == 6


def test_the_worst_are_drawn_in_their_order_and_told(toy_model: Path, small_hc18: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "out"
    command = ("--worst", "3", "--corruptions", "blur", "--severities", "5")
    assert run(toy_model, small_hc18, out, *command) == 0
    assert (out / "worst.png").read_bytes().startswith(b"\x89PNG")
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["worst"][0]["name"] == "003_HC.png" and len(metrics["worst"]) == 4
    assert list(metrics["pixel_sizes"]) == ["0.20 mm and more"]
    with open(out / "robustness.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    told = [(row["corruption"], str(row["severity"]), row["dice"]["mean"]) for row in metrics["robustness"]]
    assert told == [(row["corruption"], row["severity"], pytest.approx(float(row["dice"]), abs=1e-5)) for row in rows]
    assert run(toy_model, small_hc18, tmp_path / "no", "--worst", "-1") == 2


def test_evaluate_says_what_is_wrong_in_one_line(
    toy_model: Path, small_hc18: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(data: str, *more: str) -> str:
        arguments = ["evaluate", "--model", str(toy_model), "--data", data, "--out", str(tmp_path / "out"), *more]
        assert main(arguments) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.count("\n") == 1
        assert not (tmp_path / "out").exists()
        return captured.err

    assert "planets" in fails(f"planets={small_hc18}")
    assert "nowhere" in fails("hc18=nowhere")
    assert "KIND=DIR" in fails(str(small_hc18))
    assert "HC18" in fails(f"hc18={tmp_path}")
    assert "--split all" in fails(f"hc18={small_hc18}", "--split", "val")
    (tmp_path / "file").write_text("")
    assert run(toy_model, small_hc18, tmp_path / "file") == 1
    assert f"{tmp_path}/file" in capsys.readouterr().err


def test_evaluate_knows_its_splits(toy_model: Path, small_hc18: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="2"):
        run(toy_model, small_hc18, tmp_path / "out", "--split", "tset")
