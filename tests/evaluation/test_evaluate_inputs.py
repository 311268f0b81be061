"""`fetalhead evaluate` on pictures and masks by other hands: frames, label values, parts, and the unreadable."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest
from conftest import bright_head
from PIL import Image

from fetalhead.cli import main
from fetalhead.cli.evaluate import OUTPUTS
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.readers.orientation import as_shown

pytest.importorskip("matplotlib")

SHAPE = (128, 192)
HEAD = Ellipse.make(95.3, 63.1, 61, 44, 0.4)
MASK = (HEAD.coverage(SHAPE) > 0.5).astype(np.uint8) * 255
NAMES = ("a", "b", "c")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three pictures of one head, with filled masks; no split is told, so `--split all` takes them."""
    root = tmp_path / "hc18"
    (root / "training_set").mkdir(parents=True)
    write_table(root, [f"{name}.png" for name in NAMES])
    for name in NAMES:
        Image.fromarray(bright_head(HEAD)).save(root / "training_set" / f"{name}.png")
        Image.fromarray(MASK).save(root / "training_set" / f"{name}_Annotation.png")
    return root


def write_table(root: Path, names: list[str]) -> None:
    rows = ["filename,pixel size(mm),head circumference (mm)", *(f"{name},0.5,{HEAD.perimeter / 2}" for name in names)]
    (root / "training_set_pixel_size_and_HC.csv").write_bytes(os.fsencode("\n".join(rows) + "\n"))


def evaluate(model: Path, root: Path) -> tuple[int, list[dict[str, str]], dict[str, object]]:
    """Exit status, rows of cases.csv, and metrics.json."""
    out = root.parent / "out"
    status = main(["evaluate", "--model", str(model), "--data", f"hc18={root}", "--out", str(out), "--split", "all"])
    with open(out / "cases.csv", newline="", errors="surrogateescape") as stream:
        return status, list(csv.DictReader(stream)), json.loads((out / "metrics.json").read_text())


def columns(row: dict[str, str], start: str) -> list[float]:
    return [float(value) for name, value in row.items() if name.startswith(start)]


def test_picture_and_mask_in_two_frames(toy_model: Path, data: Path) -> None:
    """The picture stored turned, with its tag; the mask drawn as shown, or stored turned with the tag."""
    folder = data / "training_set"
    write_table(data, ["a.png", "b.jpg", "c.jpg"])
    for name, orientation, back in (("b", 6, 8), ("c", 3, 3)):
        exif = Image.Exif()
        exif[274] = orientation
        stored = Image.fromarray(as_shown(bright_head(HEAD), back))
        stored.save(folder / f"{name}.jpg", exif=exif, quality=95)
        if name == "c":
            Image.fromarray(as_shown(MASK, back)).save(folder / f"{name}_Annotation.png", exif=exif)
    status, rows, _ = evaluate(toy_model, data)
    upright = rows[0]
    assert status == 0 and [row["name"] for row in rows] == ["a.png", "b.jpg", "c.jpg"]
    for row in rows:
        assert float(row["predicted_hc_mm"]) == pytest.approx(float(upright["predicted_hc_mm"]), rel=0.002)
        assert float(row["reference_hc_mm"]) == pytest.approx(HEAD.perimeter / 2, rel=0.002)
        assert columns(row, "predicted_center") == pytest.approx([HEAD.center_x, HEAD.center_y], abs=0.2)
        assert columns(row, "reference_center") == pytest.approx([HEAD.center_x, HEAD.center_y], abs=0.2)
        assert 0.99 < float(row["dice"]) <= 1


def test_a_mask_of_the_other_frame_is_named(
    toy_model: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(as_shown(MASK, 6)).save(data / "training_set" / "b_Annotation.png")
    status, rows, metrics = evaluate(toy_model, data)
    said = capsys.readouterr().err
    assert status == 1 and [row["name"] for row in rows] == ["a.png", "c.png"]
    assert metrics["unreadable"] == 1 and metrics["images"] == 2
    assert "b_Annotation.png: mask of 128 x 192 for a picture of 192 x 128" in said


def test_label_values_are_not_taken_on_trust(
    toy_model: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = data / "training_set"
    names = ["whole", "one", "rgba", "palette", "jpeg", "parts"]
    write_table(data, [f"{name}.png" for name in names])
    for name in names:
        Image.fromarray(bright_head(HEAD)).save(folder / f"{name}.png")
    one = Image.fromarray(MASK // 255)
    palette = one.convert("P")
    palette.putpalette([0, 0, 0, 200, 30, 30])
    left = MASK * (np.arange(SHAPE[1]) < 90).astype(np.uint8)
    masks = {
        "whole": Image.fromarray(MASK), "one": one, "rgba": Image.fromarray(MASK).convert("RGBA"), "palette": palette,
        "jpeg": Image.fromarray(MASK), "parts": Image.fromarray(left),
    }
    for name, mask in masks.items():
        mask.save(folder / f"{name}_Annotation.png", "JPEG" if name == "jpeg" else "PNG")
    Image.fromarray(MASK - left).save(folder / "parts_Annotation_1.png")
    status, rows, metrics = evaluate(toy_model, data)
    said = capsys.readouterr().err
    assert status == 0 and metrics["unreadable"] == 0 and len(rows) == len(names)
    assert [line for line in said.splitlines() if "note:" in line] == [
        f"fetalhead evaluate: note: {folder / 'jpeg_Annotation.png'}: the mask has a grey fringe; "
        "cut at half its head's value"
    ]
    by_name = {Path(row["name"]).stem: row for row in rows}
    for name, row in by_name.items():
        assert 0.99 < float(row["dice"]) <= 1 and float(row["mask_dice"]) <= 1 and float(row["iou"]) <= 1
        if name != "jpeg":
            assert columns(row, "reference") == columns(by_name["whole"], "reference"), name
    _, _, a, b, *_ = columns(by_name["jpeg"], "reference")
    assert a * b == pytest.approx(HEAD.semi_axis_a * HEAD.semi_axis_b, rel=0.003)


def test_the_unreadable_are_named_and_the_others_scored(
    toy_model: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = data / "training_set"
    picture = folder / "a.png"
    picture.write_bytes(picture.read_bytes()[:200])
    (folder / "b_Annotation.png").unlink()
    status, rows, metrics = evaluate(toy_model, data)
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if line]
    assert status == 1 and [row["name"] for row in rows] == ["c.png"]
    assert metrics["unreadable"] == 2 and str(data) not in json.dumps(metrics)
    assert len(lines) == 3
    assert lines[0].startswith(f"fetalhead evaluate: {picture}: ")
    assert lines[1] == f"fetalhead evaluate: {folder / 'b.png'}: its outline b_Annotation.png is missing"
    assert "2 of 3 images could not be read" in lines[2]
    assert "could not be read: 2, left out" in captured.out
    assert (data.parent / "out" / "panel.png").is_file()


def test_nothing_readable_is_no_result(toy_model: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in NAMES:
        (data / "training_set" / f"{name}.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(FileNotFoundError, match=r"cases\.csv"):
        evaluate(toy_model, data)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4 and "none of the 3 images of --split all can be read" in lines[3]


def test_a_picture_without_pixel_size_is_left_out(
    toy_model: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = data / "training_set_pixel_size_and_HC.csv"
    table.write_text(table.read_text().replace("b.png,0.5", "b.png,77"))
    status, rows, metrics = evaluate(toy_model, data)
    assert status == 1 and len(rows) == 2 and metrics["unreadable"] == 1
    assert "fetalhead evaluate: b.png: " in capsys.readouterr().err


def test_names_that_are_not_utf8_or_look_like_formulas(toy_model: Path, data: Path) -> None:
    folder = data / "training_set"
    names = [os.fsdecode(b"t\xeate"), "$x^$"]
    for old, name in zip(NAMES, names, strict=False):
        (folder / f"{old}.png").rename(folder / f"{name}.png")
        (folder / f"{old}_Annotation.png").rename(folder / f"{name}_Annotation.png")
    write_table(data, [f"{name}.png" for name in names])
    status, rows, _ = evaluate(toy_model, data)
    assert status == 0 and [row["name"] for row in rows] == [f"{name}.png" for name in names]


def test_figures_of_an_earlier_evaluation_go_and_other_files_stay(toy_model: Path, data: Path) -> None:
    command = ["evaluate", "--model", str(toy_model), "--data", f"hc18={data}", "--split", "all"]
    out = data.parent / "out"
    worse = ["--corruptions", "blur", "--severities", "1", "--worst", "1"]
    assert main([*command, "--out", str(out), *worse]) == 0
    (out / "notes.txt").touch()
    first = {path.name for path in out.iterdir()}
    assert {"robustness.csv", "robustness_cases.csv", "robustness.png", "worst.png"} <= first <= {*OUTPUTS, "notes.txt"}
    assert main([*command, "--out", str(out)]) == 0
    kept = {"metrics.json", "cases.csv", "panel.png", "bland_altman.png", "scatter.png", "notes.txt"}
    assert {path.name for path in out.iterdir()} == kept


def test_a_subject_s_first_picture_that_can_be_read_is_made_worse(toy_model: Path, data: Path) -> None:
    folder = data / "training_set"
    for old, new in (("a", "1_a"), ("b", "1_b"), ("c", "2_c")):
        for end in (".png", "_Annotation.png"):
            (folder / f"{old}{end}").rename(folder / f"{new}{end}")
    write_table(data, ["1_a.png", "1_b.png", "2_c.png"])
    (folder / "1_a.png").write_bytes(b"damaged")
    out = data.parent / "out"
    command = ["evaluate", "--model", str(toy_model), "--data", f"hc18={data}", "--split", "all", "--out", str(out)]
    assert main([*command, "--corruptions", "blur", "--severities", "1", "--one-a-subject"]) == 1
    with open(out / "robustness_cases.csv", newline="") as stream:
        assert [row["name"] for row in csv.DictReader(stream)] == ["1_b.png", "2_c.png"] * 2


def test_sets_with_sizes_of_pixels_are_made_worse_and_undrawn_pictures_are_no_faults(
    toy_model: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "convert", f"hc18={data}", "--to", "ellipses", "--out", str(tmp_path / "listed")]) == 0
    listed = tmp_path / "listed" / "ellipses.csv"
    lines = listed.read_text().splitlines()
    names = [row["filename"] for row in csv.DictReader(lines)]
    (listed).write_text("\n".join(line for line in lines if not line.startswith(names[0])) + "\n")
    command = ["evaluate", "--model", str(toy_model), "--split", "all", "--data", f"ellipses={listed}"]
    worse = ["--corruptions", "blur", "--severities", "1", "--clean"]
    assert main([*command, *worse, "--out", str(tmp_path / "out")]) == 0
    document = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert {row["corruption"] for row in document["robustness"]} == {"none", "blur"} and document["data"] == "ellipses"
    assert main(["data", "convert", f"hc18={data}", "--to", "coco", "--out", str(tmp_path / "coco")]) == 0
    path = tmp_path / "coco" / "annotations.json"
    content = json.loads(path.read_text())
    content["annotations"].pop()
    path.write_text(json.dumps(content))
    command = ["evaluate", "--model", str(toy_model), "--split", "all", "--data", f"coco={path}"]
    assert main([*command, "--out", str(tmp_path / "drawn")]) == 0
    assert f"1 of {len(NAMES)} pictures have no outline, and are left out" in capsys.readouterr().err
    content["annotations"] = []
    path.write_text(json.dumps(content))
    assert main([*command, "--out", str(tmp_path / "none")]) == 1
    assert "has an outline" in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--corruptions", "blur"], ["--clean"], ["--worst", "3"], ["--one-a-subject"]])
def test_what_clips_do_not_take_is_refused(
    data: Path, tmp_path: Path, option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "--video", "--data", f"hc18={data}", "--out", str(tmp_path / "out"), *option]) != 0
    assert f"{option[0]}: not with --video" in capsys.readouterr().err
