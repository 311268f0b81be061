"""Run again on the same output folder: only what changed is redone, and nothing old is kept."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import cv2
import pytest
from measure_calls import head_picture, measure, read_picture, record_of, results_of, rows_of, write_cine, write_heads

from fetalhead.measuring.out_folder import OutFolder


def _counts(out: Path) -> tuple[int, int]:
    counts: dict[str, Any] = record_of(out)["counts"]
    return counts["measured"], counts["reused"]


def test_the_same_run_again_redoes_nothing(toy_model: Path, tmp_path: Path) -> None:
    write_heads(tmp_path / "in", 3)
    write_cine(tmp_path / "in" / "cine.tif", 2)
    (tmp_path / "in" / "text.png").write_text("text")
    assert measure(toy_model, tmp_path / "out", tmp_path / "in") == 1
    before = results_of(tmp_path / "out")
    os.utime(tmp_path / "in" / "000.png")  # touched, and the same
    assert measure(toy_model, tmp_path / "out", tmp_path / "in") == 1
    assert _counts(tmp_path / "out") == (0, 5)
    assert results_of(tmp_path / "out") == before


def test_a_changed_file_is_redone_even_with_its_old_time_and_size(toy_model: Path, tmp_path: Path) -> None:
    paths = write_heads(tmp_path / "in", 3)
    for path in paths:
        cv2.imwrite(str(path.with_suffix(".bmp")), read_picture(path))
        path.unlink()
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", "--pixel-size", "0.5") == 0
    before = rows_of(tmp_path / "out")
    changed = tmp_path / "in" / "001.bmp"
    stat = changed.stat()
    cv2.imwrite(str(changed), head_picture(1.1))
    os.utime(changed, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert changed.stat().st_size == stat.st_size
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", "--pixel-size", "0.5") == 0
    assert _counts(tmp_path / "out") == (1, 2)
    after = rows_of(tmp_path / "out")
    assert (after[0], after[2]) == (before[0], before[2])
    assert float(after[1]["hc_mm"]) > float(before[1]["hc_mm"]) + 5


@pytest.mark.parametrize("arguments", [["--pixel-size", "0.4"], ["--dating", "intergrowth21"]])
def test_other_arguments_redo_all(toy_model: Path, tmp_path: Path, arguments: list[str]) -> None:
    write_heads(tmp_path / "in", 2)
    measure(toy_model, tmp_path / "out", tmp_path / "in", "--pixel-size", "0.5")
    measure(toy_model, tmp_path / "out", tmp_path / "in", "--pixel-size", "0.5", *arguments)
    measure(toy_model, tmp_path / "fresh", tmp_path / "in", "--pixel-size", "0.5", *arguments)
    assert _counts(tmp_path / "out") == (2, 0)
    assert results_of(tmp_path / "out") == results_of(tmp_path / "fresh")


def test_another_row_of_the_csv_redoes_its_own_file_only(toy_model: Path, tmp_path: Path) -> None:
    write_heads(tmp_path / "in", 2)
    table = tmp_path / "sizes.csv"
    table.write_text("filename,pixel size(mm)\n000.png,0.2\n001.png,0.2\n")
    measure(toy_model, tmp_path / "out", tmp_path / "in", "--pixel-size-csv", table)
    table.write_text("filename,pixel size(mm)\n000.png,0.2\n001.png,0.3\n")
    measure(toy_model, tmp_path / "out", tmp_path / "in", "--pixel-size-csv", table)
    assert _counts(tmp_path / "out") == (1, 1)
    assert [row["pixel_size_x_mm"] for row in rows_of(tmp_path / "out")] == ["0.2", "0.3"]


def test_another_model_redoes_all(toy_model: Path, tmp_path: Path) -> None:
    write_heads(tmp_path / "in", 2)
    measure(toy_model, tmp_path / "out", tmp_path / "in")
    model = Path(shutil.copytree(toy_model, tmp_path / "model"))
    config = json.loads((model / "config.json").read_text())
    config["normalisation"]["mean"] = 0.52
    (model / "config.json").write_text(json.dumps(config))
    before = rows_of(tmp_path / "out")
    measure(model, tmp_path / "out", tmp_path / "in")
    assert _counts(tmp_path / "out") == (2, 0)
    assert all(old != new for old, new in zip(before, rows_of(tmp_path / "out"), strict=True))


def test_lost_pictures_are_made_again(toy_model: Path, tmp_path: Path) -> None:
    write_heads(tmp_path / "in", 2)
    write_cine(tmp_path / "in" / "cine.tif", 3)
    measure(toy_model, tmp_path / "out", tmp_path / "in")
    before = results_of(tmp_path / "out")
    (tmp_path / "out" / "overlays" / "000.png.png").unlink()
    (tmp_path / "out" / "overlays" / "cine.tif_0001.png").unlink()
    measure(toy_model, tmp_path / "out", tmp_path / "in")
    assert _counts(tmp_path / "out") == (2, 3)
    assert results_of(tmp_path / "out") == before
    measure(toy_model, tmp_path / "out", tmp_path / "in", "--save", "masks")
    assert len(list((tmp_path / "out" / "masks").iterdir())) == 5


@pytest.mark.parametrize("lost", ["overlays", "overlays/sub"])
def test_a_lost_folder_of_pictures_is_made_again(toy_model: Path, tmp_path: Path, lost: str) -> None:
    write_heads(tmp_path / "in" / "sub", 2)
    write_heads(tmp_path / "in", 1)
    measure(toy_model, tmp_path / "out", tmp_path / "in")
    before = results_of(tmp_path / "out")
    shutil.rmtree(tmp_path / "out" / lost)
    assert measure(toy_model, tmp_path / "out", tmp_path / "in") == 0
    assert results_of(tmp_path / "out") == before


def test_where_pictures_cannot_lie_the_old_table_stays(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_heads(tmp_path / "in", 2)
    measure(toy_model, tmp_path / "out", tmp_path / "in")
    before = rows_of(tmp_path / "out")
    overlays = tmp_path / "out" / "overlays"
    shutil.rmtree(overlays)
    overlays.write_text("the user's own")
    capsys.readouterr()
    assert measure(toy_model, tmp_path / "out", tmp_path / "in") == 1
    told = f"fetalhead measure: {overlays}: is no folder, and pictures are to lie there; move it away\n"
    assert capsys.readouterr().err == told
    assert rows_of(tmp_path / "out") == before
    overlays.unlink()
    assert measure(toy_model, tmp_path / "out", tmp_path / "in") == 0
    assert rows_of(tmp_path / "out") == before


def test_where_old_pictures_cannot_be_removed_the_old_table_stays(
    toy_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = write_heads(tmp_path / "in", 2)
    measure(toy_model, tmp_path / "out", tmp_path / "in")
    before = rows_of(tmp_path / "out")
    first.unlink()

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(OutFolder, "remove", refuse)
        assert measure(toy_model, tmp_path / "out", tmp_path / "in") == 1
    assert rows_of(tmp_path / "out") == before


def test_rows_and_pictures_of_files_that_are_no_longer_asked_for_go(toy_model: Path, tmp_path: Path) -> None:
    write_heads(tmp_path / "in" / "sub", 2)
    write_heads(tmp_path / "in", 2)
    measure(toy_model, tmp_path / "out", tmp_path / "in", "--save", "masks")
    (tmp_path / "in" / "000.png").unlink()
    (tmp_path / "out" / "overlays" / "mine.txt").write_text("the user's own")
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", "--exclude", "sub") == 0
    assert [row["path"] for row in rows_of(tmp_path / "out")] == [str(tmp_path / "in" / "001.png")]
    assert set(results_of(tmp_path / "out")) == {
        "measurements.csv",
        "overlays/001.png.png",
        "overlays/mine.txt",
        "masks/001.png.png",
    }
    assert not (tmp_path / "out" / "overlays" / "sub").exists()


def test_rows_of_other_inputs_are_left_out_with_a_word(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two"):
        write_heads(tmp_path / name, 2)
    measure(toy_model, tmp_path / "out", tmp_path / "one")
    measure(toy_model, tmp_path / "fresh", tmp_path / "two")
    capsys.readouterr()
    assert measure(toy_model, tmp_path / "out", tmp_path / "two") == 0
    told = "2 rows of an earlier run left out, of inputs not named now; another --out keeps both"
    assert capsys.readouterr().err.splitlines()[0] == f"fetalhead measure: {told}"
    assert results_of(tmp_path / "out") == results_of(tmp_path / "fresh")
    assert measure(toy_model, tmp_path / "out", tmp_path / "two") == 0
    assert "left out" not in capsys.readouterr().err


def test_a_metaimage_is_redone_when_its_data_file_changed(toy_model: Path, tmp_path: Path) -> None:
    header = "NDims = 2\nDimSize = 192 128\nElementType = MET_UCHAR\nElementSpacing = 0.5 0.5\n"
    (tmp_path / "a.mhd").write_text(f"{header}ElementDataFile = a.raw\n")
    (tmp_path / "a.raw").write_bytes(head_picture().tobytes())
    assert measure(toy_model, tmp_path / "out", tmp_path / "a.mhd") == 0
    before = rows_of(tmp_path / "out")
    assert measure(toy_model, tmp_path / "out", tmp_path / "a.mhd") == 0
    assert _counts(tmp_path / "out") == (0, 1)
    (tmp_path / "a.raw").write_bytes(head_picture(1.1).tobytes())
    assert measure(toy_model, tmp_path / "out", tmp_path / "a.mhd") == 0
    assert _counts(tmp_path / "out") == (1, 0)
    assert float(rows_of(tmp_path / "out")[0]["hc_mm"]) > float(before[0]["hc_mm"]) + 5


@pytest.mark.parametrize("asked", ["share", "share/*.png", "typo"])
def test_where_nothing_can_be_reached_results_stay(
    toy_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], asked: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_heads(tmp_path / "share", 2)
    assert measure(toy_model, tmp_path / "out", "share") == 0
    before = results_of(tmp_path / "out")
    (tmp_path / "share").rename(tmp_path / "away")
    capsys.readouterr()
    assert measure(toy_model, tmp_path / "out", asked) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith(f"fetalhead measure: {asked}: no ")
    assert told[1:] == [f"fetalhead measure: nothing to measure: {tmp_path / 'out'} stays as it was"]
    assert results_of(tmp_path / "out") == before


def test_rows_of_a_share_that_is_away_come_back_with_it(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its mount point is an empty folder meanwhile."""
    share, here = tmp_path / "share", tmp_path / "here"
    write_heads(share, 2)
    here.mkdir()
    cv2.imwrite(str(here / "other.png"), head_picture())
    assert measure(toy_model, tmp_path / "out", share, here) == 0
    before = results_of(tmp_path / "out")
    share.rename(tmp_path / "away")
    share.mkdir()
    capsys.readouterr()
    assert measure(toy_model, tmp_path / "out", share, here) == 1
    told = capsys.readouterr().err
    assert "2 rows of an earlier run left out until their inputs are there again" in told
    assert f"{share}: no pictures in this folder" in told
    assert [row["status"] for row in rows_of(tmp_path / "out")] == ["no_scale", "error"]
    share.rmdir()
    (tmp_path / "away").rename(share)
    assert measure(toy_model, tmp_path / "out", share, here) == 0
    assert _counts(tmp_path / "out") == (0, 3)
    assert results_of(tmp_path / "out") == before


def test_no_row_comes_back_beside_a_picture_of_another(toy_model: Path, tmp_path: Path) -> None:
    """While the share is away, the place of its picture falls to the one of the same name."""
    share, here = tmp_path / "share", tmp_path / "here"
    for folder, size in ((share, 1.0), (here, 0.8)):
        folder.mkdir()
        cv2.imwrite(str(folder / "a.png"), head_picture(size))
    assert measure(toy_model, tmp_path / "out", share, here) == 0
    before = results_of(tmp_path / "out")
    share.rename(tmp_path / "away")
    assert measure(toy_model, tmp_path / "out", share, here) == 1
    (tmp_path / "away").rename(share)
    assert measure(toy_model, tmp_path / "out", share, here) == 0
    assert results_of(tmp_path / "out") == before


def test_results_in_an_input_folder_are_no_inputs(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_heads(tmp_path / "in", 2)
    first = tmp_path / "in" / "first"
    measure(toy_model, first, tmp_path / "in", "--save", "masks")
    write_heads(first / "mine", 1)
    clip = tmp_path / "in" / "clip"
    (clip / ".fetalhead").mkdir(parents=True)
    (clip / ".fetalhead" / "frames.jsonl").touch()
    for name in ("best_1.png", "hc.png", "other.png"):
        cv2.imwrite(str(clip / name), head_picture())
    capsys.readouterr()
    assert measure(toy_model, tmp_path / "in" / "second", tmp_path / "in") == 0
    found = [str(Path(row["path"]).relative_to(tmp_path / "in")) for row in rows_of(tmp_path / "in" / "second")]
    assert found == ["000.png", "001.png", "clip/other.png", "first/mine/000.png"], "and people's own are inputs"
    told = f"6 pictures of earlier results passed over, in {clip} and other folders"
    assert capsys.readouterr().err.splitlines()[0] == f"fetalhead measure: {told}"
    assert measure(toy_model, tmp_path / "third", first / "overlays", clip) == 0
    assert len(rows_of(tmp_path / "third")) == 5, "what is named is meant"


def test_a_file_that_turned_bad_keeps_no_old_numbers(toy_model: Path, tmp_path: Path) -> None:
    path, _ = write_heads(tmp_path / "in", 2)
    measure(toy_model, tmp_path / "out", tmp_path / "in")
    path.write_text("no longer a picture")
    assert measure(toy_model, tmp_path / "out", tmp_path / "in") == 1
    assert [row["status"] for row in rows_of(tmp_path / "out")] == ["error", "no_scale"]
    assert not (tmp_path / "out" / "overlays" / "000.png.png").exists()


@pytest.mark.parametrize("damaged", range(6))
def test_no_damaged_line_of_the_ledger_loses_a_row(toy_model: Path, tmp_path: Path, damaged: int) -> None:
    write_heads(tmp_path / "in", 1)
    write_cine(tmp_path / "in" / "cine.tif", 3)
    measure(toy_model, tmp_path / "out", tmp_path / "in")
    before = results_of(tmp_path / "out")
    ledger = tmp_path / "out" / ".fetalhead" / "ledger.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    assert len(lines) == 6, "a row of the picture, three of the cine, and an end of each"
    lines[damaged] = b'{"file": "B\n'
    for _ in range(2):  # the second run goes by what the first wrote
        ledger.write_bytes(b"".join(lines))
        assert measure(toy_model, tmp_path / "out", tmp_path / "in") == 0
        assert results_of(tmp_path / "out") == before
        lines = ledger.read_bytes().splitlines(keepends=True)


def test_a_ledger_that_does_not_count_rows_is_looked_through(toy_model: Path, tmp_path: Path) -> None:
    write_heads(tmp_path / "in", 2)
    measure(toy_model, tmp_path / "out", tmp_path / "in")
    before = results_of(tmp_path / "out")
    ledger = tmp_path / "out" / ".fetalhead" / "ledger.jsonl"
    old = ledger.read_text().replace('"complete_rows": 1', '"complete": true').splitlines(keepends=True)
    assert len(old) == 4 and "complete_rows" not in "".join(old)
    ledger.write_text("".join(old[1:]))
    assert measure(toy_model, tmp_path / "out", tmp_path / "in") == 0
    assert _counts(tmp_path / "out") == (1, 1)
    assert results_of(tmp_path / "out") == before


def test_a_damaged_ledger_deletes_nothing_outside_and_loses_only_its_rows(toy_model: Path, tmp_path: Path) -> None:
    write_heads(tmp_path / "in", 2)
    measure(toy_model, tmp_path / "out", tmp_path / "in")
    before = results_of(tmp_path / "out")
    keep = tmp_path / "keep.png"
    keep.write_text("not ours")
    ledger = tmp_path / "out" / ".fetalhead" / "ledger.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    pictures = ["overlays/../../keep.png", str(keep), "run.json"]
    hostile = {"file": "x", "content": "", "settings": "", "pictures": pictures}
    ledger.write_bytes(b"not json\n[1]\n" + b"".join(lines[:2]) + json.dumps(hostile).encode() + b"\n" + lines[2][:40])
    (tmp_path / "out" / "measurements.csv").write_bytes(b"path,frame\ntorn")
    assert measure(toy_model, tmp_path / "out", tmp_path / "in") == 0
    assert _counts(tmp_path / "out") == (1, 1)
    assert keep.exists() and results_of(tmp_path / "out") == before


def test_a_network_that_cannot_start_costs_no_results(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_heads(tmp_path / "in", 2)
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", "--pixel-size", "0.5") == 0
    before = results_of(tmp_path / "out")
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", "--pixel-size", "0.5", "--provider", "cuda") != 0
    assert "provider 'cuda' is not in the installed onnxruntime" in capsys.readouterr().err
    assert results_of(tmp_path / "out") == before
