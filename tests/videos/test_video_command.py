"""`fetalhead video`: its files and columns, exit status, hostile clips, going on after a stop."""

from __future__ import annotations

import csv
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from clip_making import heads, moving, write, write_sound

from fetalhead.cli import main
from fetalhead.reports.rows import COLUMNS as ROW_COLUMNS

av = pytest.importorskip("av")

COLUMNS = [
    *ROW_COLUMNS, "time_s", "scene", "accepted", "bridged", "hc_smooth", "hc_smooth_low", "hc_smooth_high",
    "plane_score",
]  # fmt: skip


def video(model: Path, out: Path, *arguments: object) -> int:
    try:
        return main(["video", *map(str, arguments), "--model", str(model), "--out", str(out)])
    except SystemExit as error:
        return int(str(error.code))


def rows_of(folder: Path) -> list[dict[str, str]]:
    with open(folder / "frames.csv", newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        rows = list(reader)
    assert reader.fieldnames == COLUMNS
    return rows


def record_of(folder: Path) -> dict:
    return json.loads((folder / "clip.json").read_text())


def overlay_frames(folder: Path) -> list[np.ndarray]:
    with av.open(str(folder / "overlay.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(stream)]


def test_a_closed_stderr_changes_nothing(tmp_path, toy_model):
    clip = write(tmp_path / "clip.mp4", heads(8))
    command = [sys.executable, "-m", "fetalhead", "video", clip, "--model", toy_model, "--out", tmp_path / "out"]
    script = f"{shlex.join(map(str, command))} 2>&-"
    assert subprocess.run(["bash", "-c", script], capture_output=True).returncode == 0
    assert len(rows_of(tmp_path / "out" / "clip")) == 8


def test_a_clip_gets_its_files(tmp_path, toy_model):
    clip = write(tmp_path / "clip.mp4", heads(40))
    assert video(toy_model, tmp_path / "out", clip, "--pixel-size", 0.5) == 0
    folder = tmp_path / "out" / "clip"
    rows, record = rows_of(folder), record_of(folder)
    assert len(rows) == 40 == len(overlay_frames(folder))
    assert all(row["accepted"] == "1" and row["bridged"] == "0" and row["scene"] == "0" for row in rows)
    assert [float(row["time_s"]) for row in rows] == pytest.approx([n / 25 for n in range(40)], abs=1e-3)
    smooth = np.array([float(row["hc_smooth"]) for row in rows])
    true = 0.5 * 277.6
    assert smooth == pytest.approx(true, rel=0.02)  # grey tissue beside it moves the border of the toy
    assert all(float(row["hc_smooth_low"]) <= float(row["hc_smooth"]) <= float(row["hc_smooth_high"]) for row in rows)
    assert all(0 < float(row["plane_score"]) <= 1 for row in rows)
    assert record["status"] == "ok" and record["unit"] == "mm" and record["hc"] == pytest.approx(true, rel=0.02)
    assert record["hc_low"] <= record["hc"] <= record["hc_high"]
    lengths = {name: record[name] for name in ("hc", "hc_low", "hc_high")}
    assert record["scenes"] == [{"scene": 0, "first": 0, "last": 39, "frames": 40, **lengths}]
    assert record["reason"] == ""
    assert record["counts"]["frames"] == record["counts"]["accepted"] == 40
    times = [best["time_s"] for best in record["best"]]
    assert len(times) == 3 and min(abs(a - b) for a in times for b in times if a != b) >= 0.5
    for rank in (1, 2, 3):
        assert cv2.imread(str(folder / f"best_{rank}.png")).shape[1] >= 192
    assert cv2.imread(str(folder / "hc.png")).std() > 5


def test_without_a_scale_in_pixels(tmp_path, toy_model):
    clip = write(tmp_path / "clip.webm", heads(12), "libvpx")
    assert video(toy_model, tmp_path / "out", clip) == 0
    record = record_of(tmp_path / "out" / "clip")
    assert (record["status"], record["unit"]) == ("no_scale", "px") and record["hc"] == pytest.approx(277.6, rel=0.02)
    assert rows_of(tmp_path / "out" / "clip")[3]["hc_mm"] == ""


def test_without_a_head_there_is_no_hc_and_no_best_frame(tmp_path, toy_model):
    frames = [frame // 4 for frame in moving(15)]
    assert video(toy_model, tmp_path / "out", write(tmp_path / "clip.mp4", frames), "--pixel-size", "0.5") == 0
    folder = tmp_path / "out" / "clip"
    record = record_of(folder)
    assert record["status"] == "no_head" and record["hc"] is None and record["best"] == []
    assert not list(folder.glob("best_*")) and (folder / "hc.png").is_file() and len(overlay_frames(folder)) == 15
    assert {row["hc_smooth"] for row in rows_of(folder)} == {""}


def test_stride_from_and_to(tmp_path, toy_model):
    clip = write(tmp_path / "clip.mp4", heads(50))
    assert video(toy_model, tmp_path / "out", clip, "--stride", 3, "--from", 0.4, "--to", 1.6) == 0
    rows = rows_of(tmp_path / "out" / "clip")
    assert [int(row["frame"]) for row in rows] == list(range(10, 41, 3))
    assert len(overlay_frames(tmp_path / "out" / "clip")) == len(rows)
    for wrong in (["--stride", 0], ["--from", 3, "--to", 2], ["--pixel-size", 99], ["--from", -1]):
        assert video(toy_model, tmp_path / "out", clip, *wrong) == 2


def test_a_gap_is_bridged_and_marked(tmp_path, toy_model):
    frames = heads(40)
    frames[20:24] = [np.zeros_like(frames[0])] * 4
    assert video(toy_model, tmp_path / "out", write(tmp_path / "clip.mp4", frames), "--pixel-size", "0.5") == 0
    rows = rows_of(tmp_path / "out" / "clip")
    assert [n for n, row in enumerate(rows) if row["bridged"] == "1"] == [20, 21, 22, 23]
    assert all(row["hc_smooth"] and row["status"] == "no_head" for row in rows[20:24])


def test_hostile_clips_are_one_line_each_and_keep_what_was_measured(tmp_path, toy_model, capsys):
    good = write(tmp_path / "good.mp4", heads(8))
    cut = write(tmp_path / "cut.mp4", heads(60), options={"g": "10"}, container={"movflags": "faststart"})
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 6 // 10])
    (tmp_path / "zero.mp4").write_bytes(b"")
    (tmp_path / "text.avi").write_text("no video " * 200)
    write_sound(tmp_path / "sound.mp4")
    one = write(tmp_path / "one.mp4", heads(1))
    odd = write(tmp_path / "odd.webm", heads(6, (127, 191)), "libvpx")
    names = ["zero.mp4", "good.mp4", "cut.mp4", "text.avi", "sound.mp4", "one.mp4", "odd.webm", "none.mp4"]
    status = video(toy_model, tmp_path / "out", *(tmp_path / name for name in names), "--pixel-size", 0.5)
    lines = capsys.readouterr().err.strip().splitlines()
    assert status == 1 and good and one and odd
    assert all(line.startswith("fetalhead video: ") for line in lines)
    told = {name: [line for line in lines if f"{tmp_path}/{name}" in line] for name in names}
    assert [len(told[name]) for name in names] == [1, 1, 2, 1, 1, 1, 1, 1]
    assert "ends early" in told["cut.mp4"][0] and "only audio" in told["sound.mp4"][0]
    assert 10 < len(rows_of(tmp_path / "out" / "cut")) < 60
    assert record_of(tmp_path / "out" / "one")["counts"]["accepted"] == 1
    assert overlay_frames(tmp_path / "out" / "odd")[0].shape[1] == 192


def test_clips_of_one_name_get_folders_of_their_own(tmp_path, toy_model):
    paths = [write(tmp_path / place, heads(3)) for place in ("a.mp4", "a.mkv", "b.mp4")]
    (tmp_path / "below").mkdir()
    paths.append(write(tmp_path / "below" / "b.mp4", heads(4)))
    assert video(toy_model, tmp_path / "out", *paths) == 0
    counts = {path.name: len(rows_of(path)) for path in (tmp_path / "out").iterdir()}
    assert counts == {"a.mp4": 3, "a.mkv": 3, "b.mp4": 3, "b.mp4_2": 4}


def test_a_stopped_run_goes_on_and_comes_to_the_same(tmp_path, toy_model, capsys):
    clip = write(tmp_path / "clip.mp4", heads(30))
    assert video(toy_model, tmp_path / "whole", clip, "--pixel-size", 0.5) == 0
    shutil.copytree(tmp_path / "whole", tmp_path / "part")
    folder = tmp_path / "part" / "clip"
    for name in ("frames.csv", "clip.json", "overlay.mp4", "hc.png"):
        (folder / name).unlink()
    ledger = folder / ".fetalhead" / "frames.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    marked = lines[5].replace(b'"clip', b'"CLIP').replace(b"clip.mp4", b"kept.mp4")
    ledger.write_bytes(b"".join([*lines[:5], marked, *lines[6:11], lines[11][:20]]))
    assert video(toy_model, tmp_path / "part", clip, "--pixel-size", 0.5) == 0
    rows, whole = rows_of(folder), rows_of(tmp_path / "whole" / "clip")
    assert rows[4]["path"].endswith("kept.mp4")  # taken from the ledger, not measured again
    for row, other in zip(rows, whole, strict=True):
        assert {**row, "path": ""} == {**other, "path": ""}
    capsys.readouterr()
    assert video(toy_model, tmp_path / "whole", clip, "--pixel-size", 0.5) == 0
    assert "unchanged since an earlier run" in capsys.readouterr().err
    assert video(toy_model, tmp_path / "whole", clip, "--pixel-size", 0.4) == 0
    assert rows_of(tmp_path / "whole" / "clip")[0]["pixel_size_x_mm"] == "0.4"


def test_the_overlay_has_the_times_of_the_clip(tmp_path, toy_model):
    times = [0, 0.1, 0.15, 0.5, 1.2]
    clip = write(tmp_path / "clip.mkv", heads(5), times=times)
    assert video(toy_model, tmp_path / "out", clip) == 0
    with av.open(str(tmp_path / "out" / "clip" / "overlay.mp4")) as container:
        stamps = [frame.time for frame in container.decode(video=0)]
    assert stamps == pytest.approx(times, abs=2e-3)


def test_the_video_extra_alone_is_enough(tmp_path, toy_model):
    clip = write(tmp_path / "clip.mp4", heads(6))
    script = f"""
import sys
heavy = {{"torch", "lightning", "matplotlib", "pandas", "scipy", "sklearn", "timm", "onnx"}}
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in heavy:
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
from fetalhead.cli import main
sys.exit(main(["video", {str(clip)!r}, "--out", {str(tmp_path / "out")!r}, "--model", {str(toy_model)!r}]))
"""
    source = str(Path(__file__).resolve().parents[2] / "src")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": source})  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "clip" / "hc.png").is_file()


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("gap_s", [45.0, 30_000.0, 1e8])
def test_a_gap_in_time_is_no_end_of_the_results(tmp_path, toy_model, gap_s):
    times = [number / 25 + (gap_s if number >= 12 else 0) for number in range(24)]
    clip = write(tmp_path / "clip.mkv", heads(24), times=times)
    assert video(toy_model, tmp_path / "out", clip, "--pixel-size", 0.5) == 0
    folder = tmp_path / "out" / "clip"
    rows, record = rows_of(folder), record_of(folder)
    assert float(rows[-1]["time_s"]) == pytest.approx(times[-1], rel=1e-6)
    widths = [float(row["hc_smooth_high"]) - float(row["hc_smooth_low"]) for row in rows if row["hc_smooth"]]
    assert len(widths) >= 23 and min(widths) > 0 and max(widths) < 10
    assert record["hc"] == pytest.approx(0.5 * 277.6, rel=0.02) and record["hc_low"] < record["hc"] < record["hc_high"]
    with av.open(str(folder / "overlay.mp4")) as container:
        stamps = [float(frame.time) for frame in container.decode(video=0)]
    assert len(stamps) == 24 and np.diff(stamps).max() == pytest.approx(min(gap_s + 0.04, 60), abs=1e-3)
    assert stamps[-1] - stamps[12] == pytest.approx(11 / 25, abs=1e-3)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("frame_time", ["99999999999", "0.0000001", "1e300"])
def test_frame_times_out_of_reason(tmp_path, toy_model, frame_time):
    pixels = np.stack([frame[..., 0] for frame in heads(8)])
    path = write_dicom(tmp_path / "clip.dcm", pixels, frame_time)
    assert video(toy_model, tmp_path / "out", path, "--pixel-size", 0.5) == 0
    assert record_of(tmp_path / "out" / "clip")["counts"]["accepted"] == 8
    assert len(overlay_frames(tmp_path / "out" / "clip")) == 8


def write_dicom(path: Path, pixels: np.ndarray, frame_time: str) -> Path:
    """A cine of (N, H, W) pixels."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID, made.SOPInstanceUID, made.FrameTime = "1.2.840.10008.5.1.4.1.1.3.1", "1.2.3", frame_time
    made.NumberOfFrames, made.Rows, made.Columns = pixels.shape
    made.SamplesPerPixel, made.PhotometricInterpretation, made.PixelRepresentation = 1, "MONOCHROME2", 0
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelData = 7, pixels.tobytes()
    made.save_as(path, enforce_file_format=True)
    return path
