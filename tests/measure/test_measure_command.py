"""`fetalhead measure` as a whole: rows, pictures, exit statuses, options."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from measure_calls import (
    HEAD,
    head_picture,
    measure,
    read_picture,
    record_of,
    results_of,
    rows_of,
    start,
    write_cine,
    write_heads,
)
from PIL import Image

from fetalhead.reports.rows import COLUMNS


def test_a_folder_gives_a_row_and_an_overlay_each(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_heads(tmp_path / "in", 2)
    (tmp_path / "in" / "sub").mkdir()
    Image.fromarray(head_picture()).save(tmp_path / "in" / "sub" / "a.jpg", quality=95)
    cv2.imwrite(str(tmp_path / "in" / "black.png"), np.zeros((50, 60), np.uint8))
    (tmp_path / "in" / "notes.txt").write_text("not a picture")
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", "--pixel-size", "0.5") == 0
    rows = rows_of(tmp_path / "out")
    assert list(rows[0]) == list(COLUMNS)
    names = ["000.png", "001.png", "black.png", "sub/a.jpg"]
    assert [row["path"] for row in rows] == [str(tmp_path / "in" / name) for name in names]
    assert [row["status"] for row in rows] == ["ok", "ok", "no_head", "ok"]
    assert {row["frame"] for row in rows} == {""}
    assert float(rows[3]["hc_mm"]) == pytest.approx(HEAD.perimeter * 0.5, rel=0.005)
    assert float(rows[3]["angle_rad"]) == pytest.approx(HEAD.angle, abs=0.02)
    assert rows[2]["reason"] == "the picture is all black" and rows[2]["hc_mm"] == ""
    overlays = {f"overlays/{name}.png" for name in names}
    assert set(results_of(tmp_path / "out")) == {"measurements.csv"} | overlays
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        f"fetalhead measure: 3 measured, 1 no head, 0 no scale, 0 errors, 1 passed over: "
        f"{tmp_path / 'out' / 'measurements.csv'}\n"
    )


def test_the_run_describes_itself(toy_model: Path, tmp_path: Path) -> None:
    write_heads(tmp_path / "in", 2)
    (tmp_path / "in" / "clip.mp4").write_bytes(b"\0\0\0\x18ftypmp42")
    measure(toy_model, tmp_path / "out", tmp_path / "in", "--dating", "intergrowth21")
    record = record_of(tmp_path / "out")
    config = json.loads((toy_model / "config.json").read_text())
    assert record["finished"] is True
    assert record["bpd_convention"] == "outer-outer"
    assert record["model_id"] == config["model_id"]
    assert record["arguments"]["dating"] == "intergrowth21"
    assert record["counts"] == {
        "files": 2, "rows": 2, "ok": 0, "no_head": 0, "no_scale": 2, "error": 0,
        "measured": 2, "reused": 0, "passed_over": 0, "excluded": 0, "videos": 1,
    }  # fmt: skip
    assert {"fetalhead", "python", "numpy", "opencv", "onnxruntime", "pydicom"} <= set(record["versions"])
    assert all(value > 0 for value in record["timings"]["per_image_ms"].values())


def test_videos_are_named_and_left(toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_heads(tmp_path / "in", 1)
    (tmp_path / "clip.mp4").write_bytes(b"\0\0\0\x18ftypmp42")
    told = f"fetalhead measure: {tmp_path / 'clip.mp4'}: a video, not measured: use 'fetalhead video'\n"
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", tmp_path / "clip.mp4") == 1
    assert told in capsys.readouterr().err
    assert len(rows_of(tmp_path / "out")) == 1
    assert measure(toy_model, tmp_path / "none", tmp_path / "clip.mp4") == 1
    assert told in capsys.readouterr().err


def test_a_folder_of_pictures_and_videos_is_measured_and_one_of_videos_alone_is_a_fault(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_heads(tmp_path / "in", 1)
    (tmp_path / "videos").mkdir()
    for folder in ("in", "videos"):
        (tmp_path / folder / "clip.mp4").write_bytes(b"\0\0\0\x18ftypmp42")
    assert measure(toy_model, tmp_path / "out", tmp_path / "in") == 0
    assert measure(toy_model, tmp_path / "none", tmp_path / "videos") == 1
    told = [line for line in capsys.readouterr().err.splitlines() if "clip.mp4: a video, not measured" in line]
    assert len(told) == 2


def test_json_holds_the_same_rows(toy_model: Path, tmp_path: Path) -> None:
    write_heads(tmp_path / "in", 1)
    name = os.fsdecode(b"caf\xe9 \"x\",\n1.png")
    cv2.imwrite(str(tmp_path / "black.png"), np.zeros((50, 60), np.uint8))
    (tmp_path / "black.png").rename(tmp_path / "in" / name)
    process = start(toy_model, tmp_path / "out", tmp_path / "in", "--json")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out.isascii() and "NaN" not in out
    parsed = json.loads(out)
    assert list(parsed[0]) == list(COLUMNS)
    assert parsed[0]["hc_mm"] is None and parsed[0]["frame"] is None
    assert isinstance(parsed[0]["semi_axis_a_px"], float)
    assert [row["path"] for row in parsed] == [str(tmp_path / "in" / "000.png"), str(tmp_path / "in" / name)]
    as_text = [{key: "" if value is None else str(value) for key, value in row.items()} for row in parsed]
    assert as_text == rows_of(tmp_path / "out")


@pytest.mark.parametrize(
    "name",
    [b"a,b.png", b'q"q.png', b"new\nline.png", b"car\rriage.png", b" lead.png", b"caf\xe9.png", "é.png".encode()],
)
def test_odd_names_come_back_and_have_overlays(toy_model: Path, tmp_path: Path, name: bytes) -> None:
    (path,) = write_heads(tmp_path / "in", 1)
    odd = path.rename(path.with_name(os.fsdecode(name)))
    assert measure(toy_model, tmp_path / "out", tmp_path / "in") == 0
    (row,) = rows_of(tmp_path / "out")
    assert row["path"] == str(odd)
    assert (tmp_path / "out" / "overlays" / f"{odd.name}.png").is_file()


def test_every_frame_has_a_row_and_an_overlay(toy_model: Path, tmp_path: Path) -> None:
    write_cine(tmp_path / "cine.tif", 3)
    assert measure(toy_model, tmp_path / "out", tmp_path / "cine.tif") == 0
    rows = rows_of(tmp_path / "out")
    assert [row["frame"] for row in rows] == ["0", "1", "2"]
    assert sorted(float(row["semi_axis_a_px"]) for row in rows) == [float(row["semi_axis_a_px"]) for row in rows]
    overlays = sorted(path.name for path in (tmp_path / "out" / "overlays").iterdir())
    assert overlays == ["cine.tif_0000.png", "cine.tif_0001.png", "cine.tif_0002.png"]


@pytest.mark.parametrize(("tag", "turned"), [(3, cv2.ROTATE_180), (6, cv2.ROTATE_90_COUNTERCLOCKWISE)])
def test_an_orientation_tag_is_applied(toy_model: Path, tmp_path: Path, tag: int, turned: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = tag
    Image.fromarray(head_picture()).save(tmp_path / "upright.jpg", quality=95)
    Image.fromarray(cv2.rotate(head_picture(), turned)).save(tmp_path / "tagged.jpg", quality=95, exif=exif)
    assert measure(toy_model, tmp_path / "out", tmp_path / "upright.jpg", tmp_path / "tagged.jpg") == 0
    upright, tagged = rows_of(tmp_path / "out")
    for column in ("center_x_px", "center_y_px", "semi_axis_a_px", "semi_axis_b_px", "angle_rad"):
        assert float(tagged[column]) == pytest.approx(float(upright[column]), rel=0.002), column
    overlays = [read_picture(tmp_path / "out" / "overlays" / f"{name}.jpg.png") for name in ("upright", "tagged")]
    assert overlays[0].shape == overlays[1].shape
    assert np.abs(overlays[0][:128].astype(int) - overlays[1][:128]).mean() < 2


def test_masks_and_probabilities_are_in_the_pictures_geometry(toy_model: Path, tmp_path: Path) -> None:
    write_heads(tmp_path / "in", 1)
    cv2.imwrite(str(tmp_path / "in" / "black.png"), np.zeros((50, 60), np.uint8))
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", "--save", "masks,probabilities") == 0
    (row, _) = rows_of(tmp_path / "out")
    saved = {
        (kind, name): read_picture(tmp_path / "out" / kind / f"{name}.png.png")
        for kind in ("masks", "probabilities")
        for name in ("000", "black")
    }
    mask, probability = saved["masks", "000"], saved["probabilities", "000"]
    assert mask.shape == probability.shape == (128, 192)
    assert (str(mask.dtype), str(probability.dtype)) == ("uint8", "uint16")
    assert set(np.unique(mask)) == {0, 255}
    area = math.pi * float(row["semi_axis_a_px"]) * float(row["semi_axis_b_px"])
    assert np.count_nonzero(mask) == pytest.approx(area, rel=0.02)
    assert np.mean((probability > 32767) == (mask > 0)) > 0.999
    assert saved["masks", "black"].shape == (50, 60) and not saved["masks", "black"].any()


def test_cleaning_keeps_text_from_the_network_alone(toy_model: Path, tmp_path: Path) -> None:
    picture = head_picture(0.7)
    cv2.line(picture, (110, 62), (185, 62), 255, 2)
    cv2.imwrite(str(tmp_path / "a.png"), picture)
    beyond, within = np.s_[50:75, 150:190], np.s_[60:65, 137:142]
    for options, found in (([], True), (["--clean"], False)):  # the second run must not take over the first one's row
        assert measure(toy_model, tmp_path / "out", tmp_path / "a.png", "--save", "masks", *options) == 0
        assert read_picture(tmp_path / "out" / "masks" / "a.png.png")[beyond].any() == found
        assert read_picture(tmp_path / "out" / "overlays" / "a.png.png")[within].max() == 255


def test_workers_change_nothing_but_the_time(toy_model: Path, tmp_path: Path) -> None:
    write_heads(tmp_path / "in", 6)
    write_cine(tmp_path / "in" / "cine.tif", 3)
    (tmp_path / "in" / "text.png").write_text("text")
    assert measure(toy_model, tmp_path / "one", tmp_path / "in", "--workers", "1") == 1
    assert measure(toy_model, tmp_path / "two", tmp_path / "in", "--workers", "2") == 1
    assert results_of(tmp_path / "one") == results_of(tmp_path / "two")


def test_an_output_folder_within_the_input_is_no_input(toy_model: Path, tmp_path: Path) -> None:
    write_heads(tmp_path, 2)
    for _ in range(2):
        assert measure(toy_model, tmp_path / "out", tmp_path) == 0
        assert len(rows_of(tmp_path / "out")) == 2


def test_excluded_files_are_left_out(toy_model: Path, tmp_path: Path) -> None:
    write_heads(tmp_path / "in", 3)
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", "--exclude", "000*", "--exclude", "002.png") == 0
    assert [row["path"] for row in rows_of(tmp_path / "out")] == [str(tmp_path / "in" / "001.png")]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--pixel-size", "-0.1"], ["--pixel-size", "nan"], ["--pixel-size", "5"], ["--pixel-size", "0.1,0.2,0.3"],
        ["--pixel-size", "x"], ["--dating", "hadlock"], ["--provider", "gpu"], ["--save", "overlays"],
        ["--workers", "0"], ["--workers", "two"], ["--nonsense"], ["--pixel-size-csv", "/no/such.csv"],
    ],
)  # fmt: skip
def test_wrong_usage_is_one_line_and_status_2(
    toy_model: Path, tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write_heads(tmp_path / "in", 1)
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", *arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and captured.err.startswith("fetalhead measure: ")
    assert captured.out == "" and not (tmp_path / "out").exists()


def test_two_runs_do_not_share_an_output_folder(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from fetalhead.measuring.out_folder import OutFolder

    write_heads(tmp_path / "in", 1)
    with OutFolder(tmp_path / "out").held():
        assert measure(toy_model, tmp_path / "out", tmp_path / "in") == 1
    assert "another run is writing there" in capsys.readouterr().err


def test_a_row_reads_the_same_to_a_plain_csv_reader(toy_model: Path, tmp_path: Path) -> None:
    write_heads(tmp_path / "in", 1)
    measure(toy_model, tmp_path / "out", tmp_path / "in")
    content = (tmp_path / "out" / "measurements.csv").read_bytes()
    assert b"\r" not in content and content.endswith(b"\n")
    assert len(list(csv.reader(io.StringIO(content.decode())))) == 2
