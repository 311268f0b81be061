"""What is no picture, and what cannot be opened: one line each, naming the file."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from PIL import Image
from refusals import reason

from fetalhead.images import readers
from fetalhead.images.readers import is_picture, read_images


def test_an_empty_file(tmp_path):
    (tmp_path / "a.png").touch()
    assert reason(tmp_path / "a.png") == "is empty"
    assert not is_picture(tmp_path / "a.png")


def test_text_named_png(tmp_path):
    (tmp_path / "a.png").write_text("no picture at all\n" * 50)
    assert "is no picture" in reason(tmp_path / "a.png")
    assert not is_picture(tmp_path / "a.png")


@pytest.mark.parametrize("text", ["BM is how this text begins, and BMP files too", "II*", "\x08\x00 and so on" * 20])
def test_text_that_begins_like_a_picture(tmp_path, text):
    (tmp_path / "a").write_text(text)
    reason(tmp_path / "a")


def test_missing_folder_link_and_pipe(tmp_path):
    assert reason(tmp_path / "none.png") == "no such file"
    (tmp_path / "x.png").mkdir()
    assert reason(tmp_path / "x.png") == "is a folder"
    (tmp_path / "link.png").symlink_to(tmp_path / "gone.png")
    assert reason(tmp_path / "link.png") == "is a link to a file that does not exist"
    (tmp_path / "self.png").symlink_to(tmp_path / "self.png")
    assert "symbolic links" in reason(tmp_path / "self.png")
    os.mkfifo(tmp_path / "pipe.png")
    assert reason(tmp_path / "pipe.png") == "is no regular file"
    assert not any(is_picture(path) for path in tmp_path.iterdir())


def test_no_permission(tmp_path, monkeypatch):
    Image.new("L", (64, 64)).save(tmp_path / "a.png")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)  # root may open everything, so a mode of 0 tests nothing
    assert reason(tmp_path / "a.png") == "cannot be opened: Permission denied"
    assert not is_picture(tmp_path / "a.png")


def test_awkward_names_make_one_printable_line(tmp_path):
    for name in (b"line\nbreak, \"quoted\".png", b"not utf-8 \xff.png", b"tab\t.png"):
        path = tmp_path / os.fsdecode(name)
        path.touch()
        assert reason(path) == "is empty"
        Image.new("L", (64, 64), 7).save(tmp_path / "good.png")
        (tmp_path / "good.png").rename(path)
        (image,) = read_images(path)
        assert image.source == path


def test_a_further_format_is_one_more_reader(tmp_path, monkeypatch):
    from fetalhead.images.readers import pillow

    class Backwards:
        @staticmethod
        def recognises(head, path):
            return head.startswith(b"GNP")

        @staticmethod
        def holds_picture(path):
            return True

        @staticmethod
        def read(path):
            turned = path.with_suffix(".png")
            turned.write_bytes(path.read_bytes()[::-1])
            yield from pillow.read(turned)

    Image.new("L", (64, 64), 9).save(tmp_path / "a.png")
    (tmp_path / "b.gnp").write_bytes(b"GNP")
    assert not is_picture(tmp_path / "b.gnp")
    monkeypatch.setattr(readers, "READERS", (*readers.READERS, Backwards))
    assert is_picture(tmp_path / "b.gnp")


def test_importing_the_readers_loads_no_image_library():
    code = (
        "import sys, fetalhead.images.readers, fetalhead.images.inputs, fetalhead.images.masks\n"
        "assert not {'PIL', 'pydicom', 'cv2'} & set(sys.modules), set(sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
