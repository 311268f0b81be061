"""The HC18 challenge's results file: its columns and convention, the check by redrawing, and the command."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import bright_head

from fetalhead.cli import main
from fetalhead.errors import FetalheadError
from fetalhead.evaluation.metrics import dice, filled
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.pixel_size import PixelSize
from fetalhead.reports.challenge import COLUMNS, Outline, check_by_redrawing, redraw, write_challenge

SIZE = PixelSize.make(0.25, 0.25, "hc18-csv")
ANGLES = (0.0, 0.6, math.pi / 2, 2.5)


@pytest.fixture
def outlines() -> list[Outline]:
    return [
        Outline(f"{index:03d}_HC.png", Ellipse.make(100, 60, 50, 30, angle), SIZE) for index, angle in enumerate(ANGLES)
    ]


def read_rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as stream:
        return list(csv.DictReader(stream))


def test_columns_and_units(tmp_path: Path, outlines: list[Outline]) -> None:
    write_challenge(tmp_path / "results.csv", outlines)
    first = (tmp_path / "results.csv").read_text().splitlines()[0]
    assert first == "filename,center_x_mm,center_y_mm,semi_axes_a_mm,semi_axes_b_mm,angle_rad"
    for row, angle in zip(read_rows(tmp_path / "results.csv"), ANGLES, strict=True):
        values = [float(row[column]) for column in COLUMNS[1:]]
        assert values == pytest.approx([25.0, 15.0, 12.5, 7.5, angle])


def test_redrawn_by_opencv_it_is_the_predicted_head(tmp_path: Path, outlines: list[Outline]) -> None:
    """A third drawing, by other people's code: OpenCV turns from +x towards +y as well."""
    path = tmp_path / "results.csv"
    write_challenge(path, outlines)
    for row, outline in zip(read_rows(path), outlines, strict=True):
        x, y, a, b = (float(row[column]) / SIZE.x for column in COLUMNS[1:5])
        mask = np.zeros((120, 200), dtype=np.uint8)
        cv2.ellipse(mask, ((x, y), (2 * a, 2 * b), math.degrees(float(row["angle_rad"]))), 1, -1)
        assert dice(mask.astype(bool), filled(outline.ellipse, mask.shape)) > 0.98


def test_redrawing_agrees_also_for_unlike_pixel_sizes(tmp_path: Path) -> None:
    outline = Outline("a.png", Ellipse.make(100, 60, 50, 30, 0.6), PixelSize.make(0.3, 0.2, "user"))
    write_challenge(tmp_path / "results.csv", [outline])
    check_by_redrawing(tmp_path / "results.csv", [outline])
    points = redraw(tmp_path / "results.csv", {"a.png": outline.pixel_size})["a.png"]
    assert np.abs(outline.ellipse.signed_distance(*points.T)).max() < 1e-9


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("center_x_mm", lambda value: value + 0.125),
        ("center_y_mm", lambda value: value / 0.25),
        ("semi_axes_a_mm", lambda value: value * 2),
        ("semi_axes_b_mm", lambda value: value * 1.01),
        ("angle_rad", lambda value: -value),
        ("angle_rad", math.degrees),
    ],
)
def test_redrawing_finds_every_slip(tmp_path: Path, outlines: list[Outline], column: str, change: object) -> None:
    path = tmp_path / "results.csv"
    write_challenge(path, outlines)
    rows = read_rows(path)
    rows[1][column] = repr(change(float(rows[1][column])))  # type: ignore[operator]
    path.write_text("\n".join([",".join(COLUMNS), *(",".join(row.values()) for row in rows)]) + "\n")
    with pytest.raises(FetalheadError, match=r"001_HC\.png"):
        check_by_redrawing(path, outlines)


def test_redrawing_finds_a_lost_row_and_a_file_that_is_none(tmp_path: Path, outlines: list[Outline]) -> None:
    path = tmp_path / "results.csv"
    write_challenge(path, outlines[:-1])
    with pytest.raises(FetalheadError, match=r"003_HC\.png"):
        check_by_redrawing(path, outlines)
    write_challenge(path, outlines)
    with pytest.raises(FetalheadError, match="known image"):
        check_by_redrawing(path, outlines[:-1])
    path.write_text("filename,hc\n")
    with pytest.raises(FetalheadError, match="columns"):
        check_by_redrawing(path, outlines)


def small_test_set(root: Path, blank: int | None = None) -> list[tuple[str, Ellipse]]:
    """Three pictures in HC18's test layout; in picture `blank` there is no head."""
    (root / "test_set").mkdir(parents=True)
    heads = []
    for index in range(3):
        name = f"{index:03d}_HC.png"
        ellipse = Ellipse.make(90 + 5 * index, 64, 60, 42, 0.3 * index)
        picture = bright_head(ellipse, grey=40 if index == blank else 220)
        cv2.imwrite(str(root / "test_set" / name), picture)
        heads.append((name, ellipse))
    rows = [f"{name},0.25" for name, _ in heads]
    (root / "test_set_pixel_size.csv").write_text("\n".join(["filename,pixel size(mm)", *rows]) + "\n")
    return heads


def challenge(model: Path, root: Path, out: Path) -> int:
    return main(["challenge", "--data", f"hc18={root}", "--out", str(out), "--model", str(model)])


def test_command_writes_a_row_an_image(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heads = small_test_set(tmp_path / "hc18")
    out = tmp_path / "results.csv"
    assert challenge(toy_model, tmp_path / "hc18", out) == 0
    said = capsys.readouterr().err
    assert "3 rows for 3 images, checked by redrawing" in said
    assert "335" in said
    rows = read_rows(out)
    assert [row["filename"] for row in rows] == [name for name, _ in heads]
    for row, (_, ellipse) in zip(rows, heads, strict=True):
        assert float(row["center_x_mm"]) == pytest.approx(0.25 * ellipse.center_x, abs=0.1)
        assert float(row["semi_axes_a_mm"]) == pytest.approx(0.25 * ellipse.semi_axis_a, abs=0.1)
        assert float(row["angle_rad"]) % math.pi == pytest.approx(ellipse.angle, abs=0.03) or ellipse.angle == 0
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_command_invents_no_row(toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small_test_set(tmp_path / "hc18", blank=1)
    out = tmp_path / "results.csv"
    assert challenge(toy_model, tmp_path / "hc18", out) == 1
    assert "001_HC.png: no head" in capsys.readouterr().err
    assert [row["filename"] for row in read_rows(out)] == ["000_HC.png", "002_HC.png"]


def test_command_names_what_is_missing(toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small_test_set(tmp_path / "hc18")
    out = tmp_path / "results.csv"
    assert challenge(toy_model, tmp_path, out) == 1
    assert "test_set_pixel_size.csv" in capsys.readouterr().err
    for nowhere in (tmp_path, tmp_path / "none" / "results.csv"):
        assert challenge(toy_model, tmp_path / "hc18", nowhere) == 1
        assert f"--out {nowhere}" in capsys.readouterr().err
    stray = tmp_path / "hc18" / "test_set" / "900_HC.png"
    stray.write_bytes((tmp_path / "hc18" / "test_set" / "000_HC.png").read_bytes())
    assert challenge(toy_model, tmp_path / "hc18", out) == 1
    assert "900_HC.png" in capsys.readouterr().err
    assert not out.exists()


def test_command_goes_on_past_what_is_unreadable(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small_test_set(tmp_path / "hc18")
    folder, out = tmp_path / "hc18" / "test_set", tmp_path / "results.csv"
    (folder / "000_HC.png").unlink()
    (folder / "001_HC.png").write_bytes((folder / "001_HC.png").read_bytes()[:100])
    assert challenge(toy_model, tmp_path / "hc18", out) == 1
    said = [line for line in capsys.readouterr().err.splitlines() if "has no row" in line]
    assert len(said) == 2
    assert f"{folder / '000_HC.png'}: no such file" in said[0]
    assert f"{folder / '001_HC.png'}: " in said[1]
    assert [row["filename"] for row in read_rows(out)] == ["002_HC.png"]


def test_command_leaves_out_a_picture_without_pixel_size(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small_test_set(tmp_path / "hc18")
    table, out = tmp_path / "hc18" / "test_set_pixel_size.csv", tmp_path / "results.csv"
    table.write_text(table.read_text().replace("001_HC.png,0.25", "001_HC.png,77"))
    assert challenge(toy_model, tmp_path / "hc18", out) == 1
    assert "001_HC.png: test_set_pixel_size.csv: pixel size 77" in capsys.readouterr().err
    assert [row["filename"] for row in read_rows(out)] == ["000_HC.png", "002_HC.png"]


def test_command_passes_over_hidden_files(toy_model: Path, tmp_path: Path) -> None:
    small_test_set(tmp_path / "hc18")
    (tmp_path / "hc18" / "test_set" / "._001_HC.png").write_bytes(b"\0\5\x16\7")
    assert challenge(toy_model, tmp_path / "hc18", tmp_path / "results.csv") == 0
    assert len(read_rows(tmp_path / "results.csv")) == 3
