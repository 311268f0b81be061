"""Which files a call means: files, folders, patterns; each once, in a stable order, with places that never collide."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path, PurePath

import numpy as np
import pytest
from dicom_making import dataset, save
from PIL import Image
from pydicom.dataset import Dataset

from fetalhead.images.inputs import find_inputs


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (32, 32), 9).save(path, "PNG")
    return path


@pytest.fixture(autouse=True)
def inside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def names(*paths: str, exclude: tuple[str, ...] = ()) -> list[str]:
    found = find_inputs(paths, exclude)
    assert found.errors == []
    return [file.name for file in found.files]


def test_files_in_the_order_given():
    picture(Path("b.png"))
    picture(Path("a.png"))
    found = find_inputs(["b.png", "./a.png"])
    assert [file.name for file in found.files] == ["b.png", "./a.png"]
    assert [file.path for file in found.files] == [Path("b.png"), Path("a.png")]
    assert [file.relative for file in found.files] == [PurePath("b.png"), PurePath("a.png")]
    assert (found.passed_over, found.excluded, found.videos, found.errors) == (0, 0, [], [])


@pytest.mark.parametrize("typed", ["data", "data/", "./data", "{absolute}"])
def test_a_folder_with_all_below_it(tmp_path, typed):
    for name in ("z.png", "a/2.png", "a/10.png", "a.png", "b/c/d.png"):
        picture(Path("data", name))
    typed = typed.format(absolute=tmp_path / "data")
    found = find_inputs([typed])
    below = ["a/10.png", "a/2.png", "a.png", "b/c/d.png", "z.png"]
    assert [file.name for file in found.files] == [f"{typed.rstrip('/')}/{name}" for name in below]
    assert [str(file.relative) for file in found.files] == below


def test_the_folder_here():
    picture(Path("a.png"))
    assert names(".") == ["./a.png"]


def test_patterns_that_the_shell_left_alone():
    for name in ("data/1.png", "data/2.png", "data/3.tif", "data/sub/4.png"):
        picture(Path(name))
    assert names("data/*.png") == ["data/1.png", "data/2.png"]
    assert names("data/**/*.png") == ["data/1.png", "data/2.png", "data/sub/4.png"]
    assert names("data/s?b") == ["data/sub/4.png"]
    assert find_inputs(["data/*.bmp"]).errors == [("data/*.bmp", "no file matches this pattern")]


def test_a_file_that_exists_is_that_file_even_if_it_reads_as_a_pattern():
    for name in ("a[1].png", "a1.png", "*.png", "what?/x.png"):
        picture(Path(name))
    assert names("a[1].png") == ["a[1].png"]
    assert names("*.png") == ["*.png"]
    assert names("what?") == ["what?/x.png"]


def test_each_picture_once():
    for name in ("data/1.png", "data/sub/2.png"):
        picture(Path(name))
    assert names("data/sub/2.png", "data", "data/*.png", "./data/1.png", "data/sub/../1.png") == [
        "data/sub/2.png", "data/1.png",
    ]  # fmt: skip
    assert names("data", "data/sub", "data") == ["data/1.png", "data/sub/2.png"]


def test_exclude_by_name_by_place_and_by_folder():
    for name in ("d/1_HC.png", "d/1_HC_Annotation.png", "d/old/1.png", "d/new/1.png"):
        picture(Path(name))
    assert names("d", exclude=("*_Annotation.png",)) == ["d/1_HC.png", "d/new/1.png", "d/old/1.png"]
    assert names("d", exclude=("old", "1_*")) == ["d/new/1.png"]
    assert names("d", exclude=("new/*", "old/*")) == ["d/1_HC.png", "d/1_HC_Annotation.png"]
    assert names("d/1_HC.png", "d/1_HC_Annotation.png", exclude=("*_Annotation.png",)) == ["d/1_HC.png"]
    found = find_inputs(["d"], ["*"])
    assert found.files == [] and found.excluded == 4
    assert found.errors == [("d", "no pictures in this folder")]


def test_what_is_no_picture_in_a_folder_is_passed_over_and_counted():
    picture(Path("d/scan_without_suffix"))
    save(dataset(np.zeros((32, 32), np.uint8)), Path("d/IM0001"))
    for name in (".hidden.png", "._a.png", ".git/x.png"):
        picture(Path("d", name))
    for name in ("notes.txt", "sizes.csv", "Thumbs.db", "empty.txt"):
        Path("d", name).write_text("text" * (name != "empty.txt"))
    directory, report = dataset(None), dataset(None)
    directory.DirectoryRecordSequence = [Dataset()]
    for made, kind, name in [(directory, "1.3.10", "DICOMDIR"), (report, "5.1.4.1.1.88.33", "sr.dcm")]:
        made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = f"1.2.840.10008.{kind}"
        save(made, Path("d", name))
    os.mkfifo("d/pipe")
    found = find_inputs(["d"])
    assert [file.name for file in found.files] == ["d/IM0001", "d/scan_without_suffix"]
    assert found.passed_over == 8
    assert found.errors == [("d/pipe", "is no regular file")]


def test_a_damaged_picture_in_a_folder_is_an_input():
    picture(Path("d/good.png"))
    Path("d/empty.png").touch()
    Path("d/text.JPG").write_text("text")
    Path("d/text.dcm").write_text("text")
    whole = save(dataset(np.zeros((32, 32), np.uint8)), Path("d/cut.dcm"))
    whole.write_bytes(whole.read_bytes()[:300])
    assert names("d") == ["d/cut.dcm", "d/empty.png", "d/good.png", "d/text.JPG", "d/text.dcm"]


def test_a_file_named_itself_is_always_an_input():
    for name in ("notes.txt", ".hidden", "DICOMDIR"):
        Path(name).write_text("text")
    assert names("notes.txt", ".hidden", "DICOMDIR") == ["notes.txt", ".hidden", "DICOMDIR"]


def test_a_folder_named_like_a_picture_is_a_folder():
    picture(Path("x.png/a.png"))
    assert names("x.png") == ["x.png/a.png"]


def test_videos_are_named_and_left():
    picture(Path("d/a.png"))
    picture(Path("d/picture.mp4"))
    Path("d/clip.MP4").write_bytes(b"whatever")
    Path("d/clip").write_bytes(b"\0\0\0\x18ftypisom\0\0\0\0")
    Path("d/photo").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0")
    Path("d/old").write_bytes(b"RIFF\0\0\0\0AVI LIST")
    found = find_inputs(["d"])
    assert [file.name for file in found.files] == ["d/a.png", "d/picture.mp4"]
    assert found.videos == [Path("d/clip"), Path("d/clip.MP4"), Path("d/old")]
    assert found.passed_over == 1
    assert find_inputs(["d/clip.MP4", "d"]).videos.count(Path("d/clip.MP4")) == 1


def test_what_cannot_be_reached_is_an_error_with_its_reason(monkeypatch):
    picture(Path("d/good.png"))
    Path("d/gone.png").symlink_to("nowhere.png")
    Path("d/self").symlink_to("self")
    Path("e").mkdir()
    Path("e/notes.txt").write_text("text")
    found = find_inputs(["none.png", "d", "e", "d/gone.png", ""])
    assert [file.name for file in found.files] == ["d/good.png"]
    assert found.errors == [
        ("none.png", "no such file or folder"),
        ("d/gone.png", "is a link to a file that does not exist"),
        ("d/self", "cannot be opened: Too many levels of symbolic links"),
        ("e", "no pictures in this folder"),
        ("d/gone.png", "is a link to a file that does not exist"),
        ("", "no such file or folder"),
    ]


def test_no_permission_for_a_file_or_a_folder(monkeypatch):
    picture(Path("d/a.png"))
    picture(Path("d/sub/b.png"))
    true_open, true_scandir = open, os.scandir

    def refuse(function, name):
        def guarded(path, *arguments, **options):
            if str(path).endswith(name):
                raise PermissionError(13, "Permission denied")
            return function(path, *arguments, **options)

        return guarded

    monkeypatch.setattr("builtins.open", refuse(true_open, "a.png"))
    monkeypatch.setattr("os.scandir", refuse(true_scandir, "sub"))
    found = find_inputs(["d"])
    assert found.errors == [
        ("d/sub", "folder cannot be read: Permission denied"), ("d/a.png", "cannot be opened: Permission denied"),
    ]  # fmt: skip


def test_links_are_followed_but_never_round():
    picture(Path("outside/o.png"))
    picture(Path("d/sub/a.png"))
    Path("d/sub/up").symlink_to("..")
    Path("d/sub/top").symlink_to("../..")
    Path("d/out").symlink_to("../outside")
    Path("d/file.png").symlink_to("../outside/o.png")
    Path("outside/back").symlink_to("../d")
    found = find_inputs(["d"])
    assert [file.name for file in found.files] == ["d/file.png", "d/out/o.png", "d/sub/a.png"]


def test_places_never_collide():
    for name in ("one/s/a.png", "two/s/a.png", "three/s/A.png", "x/one/s/a.png", "b/e\u0301.png", "c/\u00e9.png"):
        picture(Path(name))
    found = find_inputs(["one", "two", "three", "x/one", "one/s/a.png", "b", "c"])
    relatives = [str(file.relative) for file in found.files]
    assert relatives[:4] == ["s/a.png", "two/s/a.png", "three/s/A.png", "one/s/a.png"]
    keys = [unicodedata.normalize("NFC", relative).casefold() for relative in relatives]
    assert len(set(keys)) == len(keys) == 6
    picture(Path("y/one/s/a.png"))
    again = find_inputs(["two", "one", "x/one", "y/one"])
    assert [str(file.relative) for file in again.files] == ["s/a.png", "one/s/a.png", "one_2/s/a.png", "one_3/s/a.png"]


def test_files_of_one_name_from_two_folders():
    for name in ("p/a.png", "q/a.png"):
        picture(Path(name))
    assert [str(file.relative) for file in find_inputs(["p/a.png", "q/a.png"]).files] == ["a.png", "q/a.png"]


@pytest.mark.parametrize("raw", [b"\xff\xfe bytes.png", b"a, \"b\", 'c'.png", b"two\nlines\r.png", b" spaces .png"])
def test_awkward_names(raw, tmp_path):
    name = os.fsdecode(raw)
    Path("d").mkdir()
    picture(Path("plain.png")).rename(Path("d", name))
    for typed in ("d", f"d/{name}", "d/*"):
        (file,) = find_inputs([typed]).files
        assert file.name == f"d/{name}" and str(file.relative) == name
        assert file.path.read_bytes().startswith(b"\x89PNG")
    assert os.fsencode(file.name) == b"d/" + raw
