"""What goes wrong in one reading of a clip counts, whichever it is, and frames that it spared keep their places."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from clip_making import heads

import fetalhead.videos.analysis as analysis
import fetalhead.videos.clip as clips
from fetalhead.cli import main
from fetalhead.images.image import UltrasoundImage

pytest.importorskip("av")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "frames"
    place.mkdir()
    for number, frame in enumerate(heads(12)):
        cv2.imwrite(str(place / f"{number:02}.png"), frame)
    return place


def break_reading(monkeypatch: pytest.MonkeyPatch, broken: int, frame: int, end: bool) -> None:
    """The `broken`-th reading of a folder fails at one frame: for good, or for that frame alone."""
    sound, readings = clips._folder_frames, iter(range(99))

    def failing(files: list[Path], faults: clips.Faults) -> Iterator[UltrasoundImage]:
        here = next(readings) == broken
        for image in sound(files, faults):
            if here and image.frame == frame:
                if end:
                    raise OSError(5, "Input/output error")
                faults.damaged.append(files[frame].name)
                continue
            yield image

    monkeypatch.setattr(clips, "_folder_frames", failing)


@pytest.mark.parametrize("broken", [0, 1])
@pytest.mark.parametrize("command", ["video", "frames"])
def test_an_error_in_either_reading_is_told(folder, tmp_path, toy_model, monkeypatch, capsys, command, broken):
    break_reading(monkeypatch, broken, 6, end=True)
    arguments = [str(folder), "--model", str(toy_model), "--out", str(tmp_path / "out")]
    assert main([command, *arguments]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "Input/output error" in line]
    assert line.startswith(f"fetalhead {command}: {folder}: cannot be read")
    if command == "video":
        record = json.loads((tmp_path / "out" / "frames" / "clip.json").read_text())
        assert "Input/output error" in record["faults"] and record["counts"]["frames"] == (12 if broken else 6)
    assert main([command, *arguments]) == 0  # the fault was passing: all is read
    assert command == "frames" or len(rows_of(tmp_path / "out" / "frames")) == 12


def rows_of(folder: Path) -> list[dict[str, str]]:
    with open(folder / "frames.csv", newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_a_frame_that_was_not_measured_shifts_no_other(folder, tmp_path, toy_model, monkeypatch):
    drawn, caption = [], analysis._caption

    def noted(number: int, image: UltrasoundImage, outcome: object) -> str:
        drawn.append((number, image.frame))
        return caption(number, image, outcome)

    monkeypatch.setattr(analysis, "_caption", noted)
    break_reading(monkeypatch, 0, 6, end=False)
    assert main(["video", str(folder), "--model", str(toy_model), "--out", str(tmp_path / "out")]) == 1
    numbers = [int(row["frame"]) for row in rows_of(tmp_path / "out" / "frames")]
    assert numbers == [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11] and sorted(drawn) == list(enumerate(numbers))
    record = json.loads((tmp_path / "out" / "frames" / "clip.json").read_text())
    assert record["counts"]["damaged"] == 1 and record["faults"] == "1 damaged frame skipped (06.png)"
