"""Where the results of a clip go: nothing of the user's is lost, nor of another clip, whoever writes there too."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
from clip_making import heads, write

from fetalhead.cli import main
from fetalhead.videos.analysis import ClipAnalysis
from fetalhead.videos.clip_folders import clip_folders

pytest.importorskip("av")


def video(model: Path, out: Path, *arguments: object) -> int:
    return main(["video", *map(str, arguments), "--model", str(model), "--out", str(out)])


def frames_in(folder: Path, name: str = "best_{}.png", count: int = 4) -> dict[str, bytes]:
    folder.mkdir()
    for number, frame in enumerate(heads(count)):
        cv2.imwrite(str(folder / name.format(number)), frame)
    return content_of(folder)


def content_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.strip().splitlines()


def test_a_folder_of_frames_is_no_place_for_its_own_results(tmp_path, toy_model, monkeypatch, capsys):
    before = frames_in(tmp_path / "best")
    monkeypatch.chdir(tmp_path)
    assert video(toy_model, Path(), "best") == 1
    assert content_of(tmp_path / "best") == before and not (tmp_path / "best" / ".fetalhead").exists()
    (line,) = told(capsys)
    assert line.startswith("fetalhead video: best: ") and "--out" in line


def test_a_folder_of_the_user_is_left_alone_and_other_clips_are_done(tmp_path, toy_model, capsys):
    before = frames_in(tmp_path / "sweep")
    (tmp_path / "sweep" / "frames.csv").write_text("mine")
    clip, other = write(tmp_path / "sweep.mp4", heads(3)), write(tmp_path / "other.mp4", heads(4))
    assert video(toy_model, tmp_path, clip, other) == 1
    assert content_of(tmp_path / "sweep") == {**before, "frames.csv": b"mine"}
    assert (tmp_path / "other" / "clip.json").is_file()
    assert sum("is not empty and holds no results" in line for line in told(capsys)) == 1


def test_an_empty_folder_and_older_results_are_gone_on_with(tmp_path, toy_model, capsys):
    clip = write(tmp_path / "clip.mp4", heads(6))
    folder = tmp_path / "out" / "clip"
    folder.mkdir(parents=True)
    assert video(toy_model, tmp_path / "out", clip) == 0
    (folder / ".fetalhead" / "source.json").unlink()  # as before there was one
    (folder / "best_of_mine.png").write_bytes(b"mine")
    assert video(toy_model, tmp_path / "out", clip) == 0
    assert "unchanged" in told(capsys)[-1]
    assert video(toy_model, tmp_path / "out", clip, "--pixel-size", 0.5) == 0
    assert (folder / "best_of_mine.png").read_bytes() == b"mine"
    shutil.rmtree(folder / ".fetalhead")
    assert video(toy_model, tmp_path / "out", clip, "--pixel-size", 0.4) == 0


def test_another_clip_of_the_same_name_is_refused(tmp_path, toy_model, monkeypatch, capsys):
    for name, count in (("x", 5), ("y", 6)):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "a.mp4", heads(count))
    other = write(tmp_path / "y" / "b.mp4", heads(3))
    out = tmp_path / "out"
    assert video(toy_model, out, tmp_path / "x" / "a.mp4") == 0
    before = content_of(out / "a")
    assert video(toy_model, out, tmp_path / "y" / "a.mp4", other) == 1
    assert content_of(out / "a") == before and (out / "b" / "clip.json").is_file()
    lines = told(capsys)
    assert sum(f"{tmp_path}/x/a.mp4" in line and "another clip" in line for line in lines) == 1
    monkeypatch.chdir(tmp_path / "x")
    assert video(toy_model, out, "a.mp4") == 0 and "unchanged" in told(capsys)[-1]
    monkeypatch.chdir(tmp_path / "y")
    assert video(toy_model, out, "../x/a.mp4") == 0 and "unchanged" in told(capsys)[-1]
    shutil.copy(tmp_path / "x" / "a.mp4", tmp_path / "y" / "a.mp4")
    assert video(toy_model, out, "a.mp4") == 0 and "unchanged" in told(capsys)[-1]


def test_a_clip_that_changed_is_measured_again(tmp_path, toy_model, monkeypatch):
    clip = write(tmp_path / "a.mp4", heads(5))
    monkeypatch.chdir(tmp_path)
    assert video(toy_model, tmp_path / "out", "a.mp4") == 0
    write(clip, heads(7))
    assert video(toy_model, tmp_path / "out", clip) == 0
    assert json.loads((tmp_path / "out" / "a" / "clip.json").read_text())["counts"]["frames"] == 7


def test_a_clip_that_broke_keeps_no_results_of_what_it_was(tmp_path, toy_model, capsys):
    clip, out = write(tmp_path / "a.mp4", heads(5)), tmp_path / "out"
    assert video(toy_model, out, clip) == 0
    (out / "a" / "mine.txt").write_text("mine")
    before = content_of(out / "a")
    clip.write_bytes(b"")
    assert video(toy_model, out, clip) == 1 and "a.mp4" in told(capsys)[-1]
    assert content_of(out / "a") == {"mine.txt": b"mine"}
    write(clip, heads(5))
    assert video(toy_model, out, clip) == 0 and content_of(out / "a").keys() == before.keys()


def test_two_runs_at_once_do_not_mix(tmp_path, toy_model):
    clip = write(tmp_path / "clip.mp4", heads(150))
    source = str(Path(__file__).resolve().parents[2] / "src")
    command = [sys.executable, "-m", "fetalhead", "video", clip, "--model", toy_model, "--out", tmp_path / "out"]
    runs = [
        subprocess.Popen(
            list(map(str, command)), stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": source}
        )
        for _ in range(2)
    ]
    errors = [run.communicate()[1] for run in runs]
    assert not any("Traceback" in error for error in errors)
    for run, error in zip(runs, errors, strict=True):
        assert run.returncode == 0 or (run.returncode == 1 and "another run is writing there" in error)
    assert 0 in [run.returncode for run in runs]
    assert json.loads((tmp_path / "out" / "clip" / "clip.json").read_text())["counts"]["frames"] == 150


@pytest.mark.parametrize("damage", ["surplus", "interleaved", "zeros", "list", "words", "other frame"])
def test_a_damaged_ledger_costs_only_what_is_damaged(tmp_path, toy_model, damage):
    clip = write(tmp_path / "clip.mp4", heads(12))
    assert video(toy_model, tmp_path / "out", clip) == 0
    folder = tmp_path / "out" / "clip"
    whole = (folder / "frames.csv").read_bytes()
    (folder / "clip.json").unlink()
    ledger = folder / ".fetalhead" / "frames.jsonl"
    head, *lines = ledger.read_bytes().splitlines(keepends=True)
    later = lines[-1].replace(b", 11, ", b", 12, ")
    assert later != lines[-1]
    ledger.write_bytes(
        b"".join(
            {
                "surplus": [head, *lines, later],
                "interleaved": [head, *(line for line in lines for _ in range(2))],
                "zeros": [head, *lines[:4], bytes(300), b"\n", *lines[5:]],
                "list": [head, *lines[:4], b"[]\n", *lines[5:]],
                "words": [head, *lines[:4], lines[4].replace(b"[[", b'[["a", '), *lines[5:]],
                "other frame": [head, *lines[:4], *lines[6:]],
            }[damage]
        )
    )
    assert video(toy_model, tmp_path / "out", clip) == 0
    assert (folder / "frames.csv").read_bytes() == whole
    assert len(ledger.read_bytes().splitlines()) == 13


@pytest.mark.parametrize("content", [b"[]", bytes(200), b'{"about": 3, "best": 1}', b""])
def test_a_damaged_summary_is_written_anew(tmp_path, toy_model, content):
    clip = write(tmp_path / "clip.mp4", heads(4))
    assert video(toy_model, tmp_path / "out", clip) == 0
    summary = tmp_path / "out" / "clip" / "clip.json"
    before = json.loads(summary.read_text())["counts"]
    summary.write_bytes(content)
    (tmp_path / "out" / "clip" / ".fetalhead" / "source.json").write_bytes(content)
    assert video(toy_model, tmp_path / "out", clip) == 0
    assert json.loads(summary.read_text())["counts"] == before


def test_no_name_of_a_clip_leads_out_of_the_folder(tmp_path, monkeypatch):
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    clips = [Path(name) for name in ("...mp4", "..mp4", "..", "a/.fetalhead.mp4", "a.mp4")]
    names = [folder.relative_to("out").parts for folder in clip_folders(clips, Path("out"))]
    assert names == [("...mp4",), ("..mp4",), (tmp_path.name,), (".fetalhead.mp4",), ("a",)]


def test_what_cannot_be_written_is_one_line_and_others_are_done(tmp_path, toy_model, capsys):
    clips = [write(tmp_path / name, heads(3)) for name in ("a.mp4", "b.mp4")]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_text("a file")
    assert video(toy_model, tmp_path / "out", *clips) == 1
    assert (tmp_path / "out" / "b" / "clip.json").is_file()
    assert len(told(capsys)) == 2


def study(root: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        (root / name).mkdir(parents=True)
        write(root / name / "cine.mp4", heads(3 + number + 4 * len(list(root.glob("*/*.mp4")))))
    return root


def clips_by_folder(out: Path) -> dict[str, str]:
    records = {folder.name: json.loads((folder / "clip.json").read_text()) for folder in out.iterdir()}
    return {name: Path(record["clip"]).parent.name for name, record in records.items()}


def test_a_clip_that_is_added_takes_no_other_s_folder(tmp_path, toy_model, capsys):
    root, out = study(tmp_path / "study", "p1", "p2"), tmp_path / "out"
    assert video(toy_model, out, root) == 0
    before = clips_by_folder(out)
    assert before == {"cine.mp4": "p1", "cine.mp4_2": "p2"}
    study(root, "p0")
    capsys.readouterr()
    assert video(toy_model, out, root) == 0
    assert clips_by_folder(out) == {**before, "cine.mp4_3": "p0"}
    assert sum("unchanged" in line for line in told(capsys)) == 2
    assert video(toy_model, out, root / "p0") == 0 and "unchanged" in told(capsys)[-1]
    root.rename(tmp_path / "moved")
    assert video(toy_model, out, tmp_path / "moved") == 0
    assert sum("unchanged" in line for line in told(capsys)) == 3 and len(list(out.iterdir())) == 3


def test_a_clip_whose_name_is_shared_later_keeps_its_folder(tmp_path, toy_model):
    root, out = study(tmp_path / "study", "p1"), tmp_path / "out"
    assert video(toy_model, out, root) == 0
    study(root, "p0")
    assert video(toy_model, out, root) == 0
    assert clips_by_folder(out) == {"cine": "p1", "cine.mp4": "p0"}


def test_results_of_a_stopped_run_with_other_options_are_not_finished(tmp_path, toy_model, monkeypatch, capsys):
    clip, out = write(tmp_path / "a.mp4", heads(6)), tmp_path / "out"
    assert video(toy_model, out, clip, "--pixel-size", 0.5) == 0
    whole = (out / "a" / "frames.csv").read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(ClipAnalysis, "_draw", stopped)
        assert video(toy_model, out, clip, "--pixel-size", 0.25) == 130
    assert (out / "a" / "frames.csv").read_bytes() != whole and not (out / "a" / "clip.json").exists()
    capsys.readouterr()
    assert video(toy_model, out, clip, "--pixel-size", 0.5) == 0 and "unchanged" not in capsys.readouterr().err
    assert (out / "a" / "frames.csv").read_bytes() == whole
    with monkeypatch.context() as patched:
        patched.setattr(ClipAnalysis, "_draw", stopped)
        assert video(toy_model, out, clip, "--pixel-size", 0.25) == 130
    clip.write_bytes(b"")
    assert video(toy_model, out, clip) == 1 and not content_of(out / "a")


def stopped(*_: object) -> None:
    raise KeyboardInterrupt
