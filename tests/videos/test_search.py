"""From PATHs to clips: results are none, several frames in one file are one, and nothing is passed over in silence."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import cv2
import numpy as np
import pytest
from clip_making import moving, write

from fetalhead.cli import main
from fetalhead.errors import FetalheadError
from fetalhead.phantoms import head_phantom
from fetalhead.videos.clip import open_clip
from fetalhead.videos.search import find_clips, search_clips

av = pytest.importorskip("av")


def cine(path: Path, count: int) -> Path:
    """A MetaImage of so many frames."""
    frames = np.stack([frame[..., 0] for frame in moving(count)])
    size = f"192 128 {count}" if count > 1 else "192 128"
    axes = len(size.split())
    spacing = " ".join(["0.2"] * axes)
    header = f"ObjectType = Image\nNDims = {axes}\nDimSize = {size}\nElementSpacing = {spacing}\n"
    path.write_bytes((header + "ElementType = MET_UCHAR\nElementDataFile = LOCAL\n").encode() + frames.tobytes())
    return path


def stills(folder: Path, count: int = 4) -> Path:
    folder.mkdir(parents=True)
    for number, frame in enumerate(moving(count)):
        cv2.imwrite(str(folder / f"{number}.png"), frame)
    return folder


def names(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in search_clips([str(folder)]).clips]


def test_results_are_no_clips(tmp_path, toy_model):
    (tmp_path / "in").mkdir()
    clip = write(tmp_path / "in" / "a.mp4", moving(3))
    frames = stills(tmp_path / "frames")
    for place in (tmp_path / "in", frames):
        for _ in range(2):
            assert main(["video", str(place), "--model", str(toy_model), "--out", str(place / "results")]) == 0
        assert len(list((place / "results").iterdir())) == 1
    assert find_clips([str(clip.parent)]) == [clip] and find_clips([str(frames)]) == [frames]
    assert main(["frames", str(clip.parent), "--out", str(tmp_path / "taken")]) in (0, 1)
    results = clip.parent / "results" / "a"
    assert search_clips([str(results)]).errors == [f"{results}: holds results of fetalhead video, no clip to measure"]


def test_files_of_several_frames_are_clips_of_their_own(tmp_path):
    cine(tmp_path / "a.mha", 5), cine(tmp_path / "b.mha", 3)
    assert names(tmp_path) == ["a.mha", "b.mha"]
    assert len(list(open_clip(tmp_path / "a.mha").frames())) == 5
    broken = cine(tmp_path / "c.mha", 4)
    broken.write_bytes(broken.read_bytes()[:-100])
    assert names(tmp_path) == ["a.mha", "b.mha", "c.mha"]  # it is told of when it is opened


def test_files_of_one_picture_are_frames(tmp_path):
    for number in range(3):
        cine(tmp_path / f"{number}.mha", 1)
    assert names(tmp_path) == ["."] and len(list(open_clip(tmp_path).frames())) == 3


def test_nifti_cines_are_clips_of_their_own(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    for name in ("a.nii", "b.nii.gz"):
        nibabel.save(nibabel.Nifti1Image(np.stack([f[..., 0].T for f in moving(4)], 2), np.eye(4)), tmp_path / name)
    assert names(tmp_path) == ["a.nii", "b.nii.gz"]


@pytest.mark.parametrize(
    ("name", "codec"), [("a.ts", "mpeg2video"), ("a.wmv", "wmv2"), ("a.flv", "flv"), ("a.m2ts", "mpeg2video")]
)
def test_every_video_in_a_folder_is_a_clip(tmp_path, name, codec):
    write(tmp_path / name, moving(8), codec)
    stills(tmp_path / "stills")
    assert names(tmp_path) == [name, "stills"] and len(list(open_clip(tmp_path / name).frames())) == 8


def test_what_cannot_be_reached_in_a_folder_is_named(tmp_path, toy_model, capsys):
    write(tmp_path / "a.mp4", moving(3))
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "notes.txt").write_text("no clip")
    out = tmp_path.parent / f"{tmp_path.name}_out"
    assert main(["video", str(tmp_path), "--model", str(toy_model), "--out", str(out)]) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert any(f"{tmp_path}/gone.mp4: is a link to a file that does not exist" in line for line in lines)
    assert any(f"{tmp_path}/pipe.mp4: is no regular file" in line for line in lines)
    assert len(lines) == 3 and (out / "a" / "clip.json").is_file()
    with pytest.raises(FetalheadError, match=r"gone\.mp4"):
        find_clips([str(tmp_path)])


def test_a_locked_folder_in_a_folder_is_named(tmp_path, monkeypatch):
    write(tmp_path / "a.mp4", moving(3))
    (tmp_path / "locked").mkdir()
    scandir = os.scandir

    def refused(place: str) -> object:
        if str(place).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scandir(place)

    monkeypatch.setattr(os, "scandir", refused)
    found = search_clips([str(tmp_path)])
    assert found.clips == [tmp_path / "a.mp4"]
    assert found.errors == [f"{tmp_path}/locked: folder cannot be read: Permission denied"]


def test_a_still_that_is_a_dead_link_is_named_once(tmp_path):
    stills(tmp_path / "f")
    (tmp_path / "f" / "9.png").symlink_to("nothing")
    found = search_clips([str(tmp_path / "f")])
    assert found.clips == [tmp_path / "f"] and len(found.errors) == 1


@pytest.mark.parametrize("command", ["video", "frames"])
def test_what_is_no_file_neither_hangs_nor_stops_the_others(tmp_path, toy_model, capsys, command):
    good = write(tmp_path / "good.mp4", moving(3))
    os.mkfifo(tmp_path / "fifo.mp4")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "s"))
    paths = [tmp_path / "none.mp4", tmp_path / "fifo.mp4", tmp_path / "s", good]
    arguments = ["--model", str(toy_model), "--out", str(tmp_path / "out")]
    assert main([command, *map(str, paths), *arguments]) == 1
    server.close()
    lines = capsys.readouterr().err.strip().splitlines()
    assert f"fetalhead {command}: {paths[0]}: no such file or folder" in lines
    assert all(f"fetalhead {command}: {path}: is no regular file" in lines for path in paths[1:3])
    assert any(str(good) in line for line in lines) or command == "frames"


def test_a_clip_that_cannot_be_opened_is_the_clip_s_fault(tmp_path, toy_model, capsys, monkeypatch):
    locked, good = (write(tmp_path / name, moving(3)) for name in ("locked.mp4", "good.mp4"))
    import builtins

    opened = builtins.open

    def refused(place: object, *arguments: object, **options: object) -> object:
        if str(place) == str(locked):
            raise PermissionError(13, "Permission denied", str(place))
        return opened(place, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(builtins, "open", refused)
    assert main(["video", str(locked), str(good), "--model", str(toy_model), "--out", str(tmp_path / "out")]) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines[0] == f"fetalhead video: {locked}: cannot be opened: Permission denied" and len(lines) == 2
    assert (tmp_path / "out" / "good" / "clip.json").is_file()


def test_folders_of_frames_in_a_folder(tmp_path):
    for name in ("p10", "p2"):
        stills(tmp_path / name)
    assert names(tmp_path) == ["p2", "p10"]
    shutil.copy(tmp_path / "p2" / "0.png", tmp_path / "stray.png")
    found = search_clips([str(tmp_path)])
    assert found.clips == [tmp_path / "p2", tmp_path / "p10"] and not found.errors
    (note,) = found.notes
    assert note.startswith(f"{tmp_path}/stray.png: a single picture above other clips")
    shutil.copy(tmp_path / "p2" / "0.png", tmp_path / "second.png")
    assert names(tmp_path) == [".", "p2", "p10"] and not search_clips([str(tmp_path)]).notes


def test_clips_and_folders_of_frames_in_one_folder(tmp_path, toy_model, capsys):
    stills(tmp_path / "in" / "seq")
    write(tmp_path / "in" / "a.mp4", moving(3))
    assert names(tmp_path / "in") == ["a.mp4", "seq"]
    shutil.copy(tmp_path / "in" / "seq" / "0.png", tmp_path / "in" / "shot.png")
    out = tmp_path / "out"
    assert main(["video", str(tmp_path / "in"), "--model", str(toy_model), "--out", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["a", "seq"]
    lines = capsys.readouterr().err.strip().splitlines()
    assert sum(f"{tmp_path}/in: a picture beside clips passed over" in line for line in lines) == 1


def test_frames_that_were_taken_are_no_clip_of_the_folder_around_them(tmp_path):
    study, learn = tmp_path / "study", tmp_path / "study" / "learn"
    (study / "seq").mkdir(parents=True)
    for number in range(3):
        cv2.imwrite(str(study / "seq" / f"{number}.png"), head_phantom(7, number, (160, 240)).image.pixels)
    for typed in ([study], [study], [study / "seq", learn]):
        assert main(["frames", *map(str, typed), "--out", str(learn)]) == 0
        assert len(list(learn.glob("*.png"))) == 3
    assert names(study) == ["seq"]
    (learn / "frames.csv").unlink()  # stopped before it was written
    assert search_clips([str(study)], learn).clips == [study / "seq"]
    assert search_clips([str(learn)]).clips == [learn]
