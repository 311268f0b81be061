"""Mask folders are scored against the masks as drawn, in pixels."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import bright_head

from fetalhead.cli import main
from fetalhead.evaluation.in_pixels import PixelScores, pixels_table, write_in_pixels
from fetalhead.images.ellipse import Ellipse
from fetalhead.inference.model_card import command_of

HEAD = Ellipse.make(96, 64, 60, 44, 0.3)


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    """A head outlined right, one whose mask is smaller than the head by known axes, and one that is not to be seen."""
    root = tmp_path / "masks"
    (root / "images").mkdir(parents=True)
    (root / "labels").mkdir()
    smaller = Ellipse.make(96, 64, 54, 39.6, 0.3)
    for name, drawn, grey in (("a", HEAD, 220), ("b", smaller, 220), ("c", HEAD, 40)):
        cv2.imwrite(str(root / "images" / f"{name}.png"), bright_head(HEAD, grey=grey))
        mask = np.where(drawn.coverage((128, 192)) > 0.5, 2, 0).astype(np.uint8)
        mask[:5, :5] = 1
        cv2.imwrite(str(root / "labels" / f"{name}.png"), mask)
    return root


def test_a_mask_folder_s_figures(
    toy_model: Path, masks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["evaluate", "--model", str(toy_model), "--data", f"masks:2={masks}", "--split", "all", "--out", str(out)]
    assert main(command) == 0
    with open(out / "cases.csv", newline="") as stream:
        right, large, missed = csv.DictReader(stream)
    assert float(right["dice"]) > 0.995 and float(right["hd_px"]) < 0.5 and float(right["adf_percent"]) < 0.5
    # areas as 0.9 ** 2 to 1: Dice 2 * 0.81 / 1.81; circumferences as 0.9 to 1; axes differ by 6 pixels
    assert float(large["dice"]) == pytest.approx(2 * 0.81 / 1.81, abs=0.005)
    assert float(large["iou"]) == pytest.approx(0.81, abs=0.005)
    assert float(large["df_percent"]) == pytest.approx(100 / 9, abs=0.5)
    assert float(large["hd_px"]) == pytest.approx(6, abs=0.4)
    assert missed["reason"] and float(missed["dice"]) == 0 and missed["hd_px"] == ""
    document = json.loads((out / "metrics.json").read_text())
    assert (document["images"], document["failures"], document["unreadable"]) == (3, 1, 0)
    assert [row["quality"] for row in (right, large, missed)] == ["review", "review", "refuse"]
    assert document["verdicts"] == {"accept": 0, "review": 2, "refuse": 1}
    assert document["accepted"] == {"dice": None, "adf_percent": None}
    assert command_of("m", document).split(" --out")[0] == "fetalhead evaluate --model m --data masks:2=DIR"
    mean = np.mean([float(row["dice"]) for row in (right, large, missed)])
    assert document["metrics"]["dice"]["mean"] == pytest.approx(mean, abs=1e-5)
    assert document["metrics"]["hd_px"]["count"] == 2
    said = capsys.readouterr().out
    assert "no head found in 1" in said and "verdicts: accept 0, review 2, refuse 1" in said
    assert "of the accepted" not in said


def test_what_is_accepted_is_told_beside_all(tmp_path: Path) -> None:
    head = Ellipse.make(48, 32, 20, 15, 0)

    def scores(name: str, quality: str, dice: float, off: float) -> PixelScores:
        return PixelScores(name, name, "", quality, dice, dice, dice, 1.0, off, abs(off), head, head)

    scored = [scores("a", "accept", 0.98, -1.0), scores("b", "accept", 0.96, 2.0), scores("c", "review", 0.7, 9.0)]
    write_in_pixels(tmp_path, scored, {})
    document = json.loads((tmp_path / "metrics.json").read_text())
    assert document["accepted"] == {"dice": pytest.approx(0.97), "adf_percent": pytest.approx(1.5)}
    assert "of the accepted: Dice 97.00 %, ADF 1.50 % of HC" in pixels_table(scored)


def test_an_empty_mask_says_that_there_is_no_head_and_what_is_found_is_a_false_one(
    toy_model: Path, masks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("b", "c"):
        cv2.imwrite(str(masks / "labels" / f"{name}.png"), np.zeros((128, 192), np.uint8))
    out = tmp_path / "out"
    command = ["evaluate", "--model", str(toy_model), "--data", f"masks:2={masks}", "--split", "all", "--out", str(out)]
    assert main([*command, "--worst", "3"]) == 0
    document = json.loads((out / "metrics.json").read_text())
    assert (document["images"], document["subjects"], document["failures"], document["unreadable"]) == (1, 1, 0, 0)
    assert document["head_free"] == {"images": 2, "false_heads": 1}
    assert document["metrics"]["dice"]["count"] == 1 and document["metrics"]["dice"]["mean"] > 0.995
    with open(out / "cases.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["dice"] != "" for row in rows] == [True, False, False]
    assert "2 more have an empty mask, so no head: one outlined all the same in 1" in capsys.readouterr().out
    cv2.imwrite(str(masks / "labels" / "a.png"), np.zeros((128, 192), np.uint8))
    (masks / "labels" / "c.png").write_bytes(b"damaged")
    command[command.index(f"masks:2={masks}")] = f"masks={masks}"
    assert main(command) == 1
    document = json.loads((out / "metrics.json").read_text())
    assert (document["images"], document["unreadable"], document["metrics"]["dice"]["mean"]) == (0, 1, None)
    assert document["head_free"] == {"images": 2, "false_heads": 2}


def test_a_mask_of_another_size_is_named_and_the_others_are_scored(
    toy_model: Path, masks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cv2.imwrite(str(masks / "labels" / "b.png"), np.zeros((20, 20), np.uint8))
    out = tmp_path / "out"
    command = ["evaluate", "--model", str(toy_model), "--data", f"masks:2={masks}", "--split", "all", "--out", str(out)]
    assert main(command) == 1
    assert "b.png" in capsys.readouterr().err
    assert json.loads((out / "metrics.json").read_text())["images"] == 2


def test_a_coco_file_is_scored_as_its_masks_are_and_in_mm_where_it_has_pixel_sizes(
    toy_model: Path, masks: Path, tmp_path: Path
) -> None:
    scored = []
    coco = f"coco={tmp_path / 'coco' / 'annotations.json'}"
    in_mm = f"coco={tmp_path / 'mm' / 'annotations.json'}"
    convert = ["data", "convert", f"masks:2={masks}", "--to", "coco", "--out"]
    assert main([*convert, str(tmp_path / "coco")]) == 0
    assert main([*convert, str(tmp_path / "mm"), "--pixel-size", "0.5"]) == 0
    for number, data in enumerate((f"masks:2={masks}", coco, in_mm)):
        out = tmp_path / str(number)
        command = ["evaluate", "--model", str(toy_model), "--data", data, "--split", "all", "--out", str(out)]
        assert main(command) == 0
        scored.append(list(csv.DictReader((out / "cases.csv").read_text().splitlines())))
    first, second = ([{**row, "name": "", "subject": ""} for row in rows] for rows in scored[:2])
    assert first == second
    assert float(scored[2][1]["hausdorff_mm"]) == pytest.approx(0.5 * float(scored[1][1]["hd_px"]), abs=0.02)
