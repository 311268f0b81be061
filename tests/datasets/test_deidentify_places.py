"""`fetalhead data deidentify`: where each input goes, and that none is lost on the way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from images.dicom_making import dataset, region, save
from PIL import Image, ImageDraw
from toys import bright_head

from fetalhead.cli import main
from fetalhead.datasets.deidentify import run
from fetalhead.images.ellipse import Ellipse

HEAD = Ellipse(96, 88, 48, 36, 0.4)
BAR = 24
"""Rows above the ultrasound."""


def picture() -> Image.Image:
    """192 x 160, grey: a field of speckle with a head below a black bar."""
    pixels = np.zeros((160, 192), np.uint8)
    echoes = np.random.default_rng(0).integers(50, 110, (160, 192))
    pixels[BAR:152, 8:184] = np.maximum(echoes, bright_head(HEAD, (160, 192)))[BAR:152, 8:184]
    return Image.fromarray(pixels)


def deidentify(out: Path | str, *arguments: object) -> int:
    return main(["data", "deidentify", *map(str, arguments), "--out", str(out)])


def files_in(out: Path) -> list[str]:
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())


def test_videos_of_one_name_have_places_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "deidentify_video", lambda path, part: part.write_bytes(path.read_bytes()))
    for name in ("a/clip.mp4", "b/clip.mp4", "c/d/clip.avi"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(name.encode())
    paths = [tmp_path / "a" / "clip.mp4", tmp_path / "b" / "clip.mp4", tmp_path / "c"]
    assert deidentify(tmp_path / "out", *paths) == 0
    assert files_in(tmp_path / "out") == ["b/clip.mp4", "clip.mp4", "d/clip.avi.mp4"]
    assert (tmp_path / "out" / "b" / "clip.mp4").read_bytes() == b"b/clip.mp4"


def test_two_that_would_become_one_file_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "deidentify_video", lambda path, part: part.write_bytes(path.read_bytes()))
    for name in ("clip.avi", "clip.avi.mp4"):
        (tmp_path / name).write_bytes(name.encode())
    assert deidentify(tmp_path / "out", tmp_path / "clip.avi", tmp_path / "clip.avi.mp4") == 1
    assert "clip.avi.mp4: would be written over what " in capsys.readouterr().err
    assert (tmp_path / "out" / "clip.avi.mp4").read_bytes() == b"clip.avi"


def test_an_input_that_is_named_below_out_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture().save(tmp_path / "a.png")
    assert deidentify(tmp_path, tmp_path / "a.png") == 1
    assert capsys.readouterr().err.count("a.png: lies in --out ") == 1


def test_where_all_inputs_are_below_out_that_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    picture().save(tmp_path / "in" / "a.png")
    assert deidentify(tmp_path, tmp_path / "in") == 1
    out, err = capsys.readouterr()
    assert err.count("\n") == 1 and "holds all the inputs" in err and "1 passed over" in out
    (tmp_path / "in" / "out").mkdir()
    picture().save(tmp_path / "in" / "out" / "earlier.png")
    assert deidentify(tmp_path / "in" / "out", tmp_path / "in") == 0
    assert "1 written, 0 refused, 1 passed over" in capsys.readouterr().out
    assert files_in(tmp_path / "in") == ["a.png", "out/a.png", "out/earlier.png"]


def test_a_number_keeps_no_piece_of_a_name(tmp_path: Path) -> None:
    pytest.importorskip("dicomanonymizer")
    (tmp_path / "in").mkdir()
    made = dataset(np.asarray(picture()), SequenceOfUltrasoundRegions=[region((0, BAR, 191, 159))])
    save(made, tmp_path / "in" / "US.Anna")
    picture().save(tmp_path / "in" / "b.Eva", "PNG")
    picture().save(tmp_path / "in" / "c.PNG")
    assert deidentify(tmp_path / "out", tmp_path / "in", "--rename") == 0
    assert files_in(tmp_path / "out") == ["000001.dcm", "000002", "000003.png"]


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_gif_keeps_all_its_frames_and_their_times(tmp_path: Path, mode: str) -> None:
    """Only what becomes black tells these frames apart."""
    frames = [picture().convert(mode) for _ in range(4)]
    for number, frame in enumerate(frames):
        ImageDraw.Draw(frame).text((8, 4), f"{number} DOE^JANE", fill="white")
    times = [40, 60, 80, 100]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=times, loop=0)
    with Image.open(tmp_path / "a.gif") as before:
        assert before.n_frames == 4
    assert deidentify(tmp_path / "out", tmp_path / "a.gif") == 0
    with Image.open(tmp_path / "out" / "a.gif") as after:
        assert after.n_frames == 4 and after.info["loop"] == 0
        for number, time in enumerate(times):
            after.seek(number)
            assert after.info["duration"] == time
            shown = np.asarray(after.convert("L")).astype(int)
            assert not shown[: BAR - 8].any()
            within = np.abs(shown - np.asarray(picture()))[BAR + 8 : 144, 16:176]
            assert within.max() <= (0 if mode == "L" else 8)


@pytest.mark.parametrize("mode", ["L", "RGB", "I;16"])
@pytest.mark.parametrize("times", [[40.0, 100 / 3, 0.1, 65535000.0], [0.0] * 4])
def test_an_animated_png_keeps_all_its_frames_and_their_times(tmp_path: Path, mode: str, times: list[float]) -> None:
    """Only what becomes black tells these frames apart, and all of them are whole."""
    frames = []
    for number in range(4):
        frame = picture()
        ImageDraw.Draw(frame).text((8, 4), f"{number} DOE^JANE", fill="white")
        grey = np.asarray(frame)
        frames.append(Image.fromarray(grey * np.uint16(257)) if mode == "I;16" else frame.convert(mode))
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:], duration=times)
    assert deidentify(tmp_path / "out", tmp_path / "a.png") == 0
    with Image.open(tmp_path / "out" / "a.png") as after:
        assert after.n_frames == 4 and after.info["loop"] == 0
        for number, time in enumerate(times):
            after.seek(number)
            assert after.info["duration"] == pytest.approx(time, rel=1e-12)
            shown, before = np.asarray(after), np.asarray(frames[number])
            assert shown.dtype == before.dtype and not shown[: BAR - 8].any()
            assert (shown == before)[BAR + 8 : 144, 16:176].all()


def test_an_animated_webp_keeps_its_times(tmp_path: Path) -> None:
    frames = [picture(), picture().point(lambda grey: grey // 2), picture()]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], duration=[40, 60, 80], lossless=True)
    assert deidentify(tmp_path / "out", tmp_path / "a.webp") == 0
    with Image.open(tmp_path / "out" / "a.webp") as after:
        times = []
        for number in range(after.n_frames):
            after.seek(number)
            after.load()
            times.append(after.info["duration"])
    assert times == [40, 60, 80]
