"""Phantoms as data sets: what `fetalhead phantom` writes, and what it refuses."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from fetalhead.cli import main
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.outline import ellipse_of_outline

HEADS, PLANES = 3, 2


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("phantoms") / "set"
    assert main(["phantom", "--out", str(out), "--count", str(HEADS), "--planes", str(PLANES), "--seed", "7"]) == 0
    return out


def rows_of(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream, delimiter=delimiter))


def ellipse_in(row: dict[str, str]) -> Ellipse:
    names = ("center_x_px", "center_y_px", "semi_axis_a_px", "semi_axis_b_px", "angle_rad")
    return Ellipse(*(float(row[name]) for name in names))


def test_heads_lie_in_hc18s_layout(written: Path) -> None:
    names = {path.name for path in (written / "training_set").iterdir()}
    assert names == {f"{n:03d}_HC{end}.png" for n in range(HEADS) for end in ("", "_Annotation")}
    table = written / "training_set_pixel_size_and_HC.csv"
    assert table.read_text().splitlines()[0] == "filename,pixel size(mm),head circumference (mm)"
    assert [row["filename"] for row in rows_of(table)] == [f"{n:03d}_HC.png" for n in range(HEADS)]
    picture = cv2.imread(str(written / "training_set" / "000_HC.png"), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (540, 800) and picture.dtype == np.uint8


def test_the_outlines_centre_line_gives_the_circumference_in_the_csv(written: Path) -> None:
    for row in rows_of(written / "training_set_pixel_size_and_HC.csv"):
        path = written / "training_set" / row["filename"].replace(".png", "_Annotation.png")
        drawn = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert set(np.unique(drawn)) == {0, 255}
        ellipse = ellipse_of_outline(drawn)
        assert isinstance(ellipse, Ellipse)
        size = float(row["pixel size(mm)"])
        assert ellipse.perimeter * size == pytest.approx(float(row["head circumference (mm)"]), abs=0.1)


def test_masks_and_ellipses_tell_the_same_head(written: Path) -> None:
    circumferences = {r["filename"]: r for r in rows_of(written / "training_set_pixel_size_and_HC.csv")}
    rows = rows_of(written / "ellipses.csv")
    assert len(rows) == HEADS
    for row in rows:
        ellipse = ellipse_in(row)
        assert float(row["hc_mm"]) == pytest.approx(ellipse.perimeter * float(row["pixel_size_mm"]), abs=1e-6)
        assert row["hc_mm"] == circumferences[row["filename"]]["head circumference (mm)"]
        mask = cv2.imread(str(written / "masks" / row["filename"]), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(mask, np.where(ellipse.coverage(mask.shape) >= 0.5, 255, 0))
        assert (mask > 0).sum() == pytest.approx(ellipse.area, rel=1e-3)


def test_other_planes_lie_in_fetal_planes_layout(written: Path) -> None:
    table = written / "planes" / "FETAL_PLANES_DB_data.csv"
    assert table.read_text().splitlines()[0] == "Image_name;Patient_num;Plane;Brain_plane;Operator;US_Machine;Train "
    rows = rows_of(table, ";")
    assert [row["Plane"] for row in rows] == ["Fetal abdomen", "Fetal femur"]
    assert len({row["Patient_num"] for row in rows}) == PLANES
    pictures = {path.name for path in (written / "planes" / "Images").iterdir()}
    assert pictures == {f"{row['Image_name']}.png" for row in rows}


def test_an_image_depends_on_seed_and_number_only_and_other_files_are_left(written: Path, tmp_path: Path) -> None:
    keep = tmp_path / "training_set" / "notes.txt"
    keep.parent.mkdir()
    keep.write_text("mine")
    assert main(["phantom", "--out", str(tmp_path), "--count", "2", "--planes", "0", "--seed", "7"]) == 0
    for name in ("training_set/001_HC.png", "training_set/001_HC_Annotation.png", "masks/001_HC.png"):
        assert (tmp_path / name).read_bytes() == (written / name).read_bytes()
    assert keep.read_text() == "mine"
    assert not (tmp_path / "planes").exists()


def test_the_closing_line_tells_what_was_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["phantom", "--out", str(tmp_path / "x"), "--count", "0", "--planes", "1"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'x'}: 0 heads and 1 other planes, seed 0\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--count", "-1"], "--count -1"),
        (["--planes", "-2"], "--planes -2"),
        (["--seed", "-1"], "--seed -1"),
        (["--count", "0"], "nothing to make"),
    ],
)
def test_numbers_that_make_no_sense_are_one_line(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["phantom", "--out", str(tmp_path / "x"), *arguments]) == 2
    told = capsys.readouterr().err
    assert words in told and told.count("\n") == 1
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_file_where_the_folder_should_be_is_one_line(
    below: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("")
    assert main(["phantom", "--out", str(tmp_path / "taken" / below), "--count", "1"]) == 1
    told = capsys.readouterr().err
    assert "taken" in told and told.count("\n") == 1
