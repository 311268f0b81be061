"""`fetalhead frames`: no two alike, or the least sure ones; a set that training takes."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from clip_making import write

from fetalhead.cli import main
from fetalhead.datasets import open_data
from fetalhead.phantoms import head_phantom
from fetalhead.videos.scenes import alikeness, detail_of

pytest.importorskip("av")


def pictures(count: int) -> list[np.ndarray]:
    return [head_phantom(7, number, (160, 240)).image.pixels[..., None].repeat(3, 2) for number in range(count)]


def rows_of(out: Path) -> list[dict[str, str]]:
    with open(out / "frames.csv", newline="") as stream:
        return list(csv.DictReader(stream))


def test_near_duplicates_are_dropped(tmp_path):
    kinds = pictures(3)
    clip = write(tmp_path / "clip.mp4", [kinds[number // 8] for number in range(24)])
    assert main(["frames", str(clip), "--out", str(tmp_path / "out")]) == 0
    rows = rows_of(tmp_path / "out")
    assert [int(row["frame"]) // 8 for row in rows] == [0, 1, 2]
    read = [cv2.imread(str(tmp_path / "out" / row["filename"]), cv2.IMREAD_GRAYSCALE) for row in rows]
    details = [detail_of(picture) for picture in read]
    assert max(alikeness(details[a], details[b]) for a in range(3) for b in range(a)) < 0.9
    assert len(open_data(f"pictures={tmp_path / 'out'}").cases) == 3
    assert len({row["clip"] for row in rows}) == 1


def test_the_least_sure_frames(tmp_path, toy_model):
    """The toy model is the less sure, the nearer to its level a picture's grey is."""
    kinds = pictures(4)
    frames = [np.clip(kind.astype(int) + shift, 0, 255).astype(np.uint8)
              for kind, shift in zip(kinds, (-60, 30, -60, -60), strict=True)]  # fmt: skip
    clip = write(tmp_path / "clip.mp4", [frames[number // 5] for number in range(20)])
    out = tmp_path / "out"
    arguments = ["--by", "unsure", "--count", "1", "--model", str(toy_model)]
    assert main(["frames", str(clip), "--out", str(out), *arguments]) == 0
    (row,) = rows_of(out)
    assert int(row["frame"]) // 5 == 1 and 0 < float(row["uncertainty"]) <= 1


def test_at_most_so_many_spread_over_the_clip(tmp_path):
    kinds = pictures(8)
    clip = write(tmp_path / "clip.mp4", [kinds[number // 2] for number in range(16)])
    assert main(["frames", str(clip), "--out", str(tmp_path / "out"), "--count", "4"]) == 0
    numbers = [int(row["frame"]) for row in rows_of(tmp_path / "out")]
    assert 3 <= len(numbers) <= 4 and numbers[-1] - numbers[0] >= 8


def test_a_bad_clip_is_one_line(tmp_path, capsys):
    (tmp_path / "a.mp4").write_text("no video" * 99)
    assert main(["frames", str(tmp_path / "a.mp4"), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_second_run_keeps_the_rows_of_the_first(tmp_path):
    kinds, out = pictures(4), tmp_path / "out"
    clips = [write(tmp_path / name, kinds[start : start + 2] * 3) for name, start in (("a.mp4", 0), ("b.mp4", 2))]
    for clip in (*clips, clips[0]):
        assert main(["frames", str(clip), "--out", str(out)]) == 0
    rows = rows_of(out)
    assert sorted(row["filename"] for row in rows) == sorted(path.name for path in out.glob("*.png"))
    assert len({row["clip"] for row in rows}) == 2
    (out / rows[0]["filename"]).unlink()
    assert main(["frames", str(clips[1]), "--out", str(out)]) == 0
    assert len(rows_of(out)) == len(rows) - 1


def test_no_list_and_no_frames_of_others_are_touched(tmp_path, capsys):
    clip, out = write(tmp_path / "a.mp4", pictures(2)), tmp_path / "out"
    out.mkdir()
    (out / "frames.csv").write_text("frame,hc\n1,2\n")
    assert main(["frames", str(clip), "--out", str(out)]) == 1
    assert (out / "frames.csv").read_text() == "frame,hc\n1,2\n" and len(list(out.iterdir())) == 1
    stills = tmp_path / "stills"
    stills.mkdir()
    for number, picture in enumerate(pictures(2)):
        cv2.imwrite(str(stills / f"{number}.png"), picture)
    assert main(["frames", str(stills), "--out", str(stills)]) == 1
    assert len(list(stills.iterdir())) == 2
    assert [line.count("--out") for line in capsys.readouterr().err.strip().splitlines()] == [1, 1]
