"""Folders in HC18's layout by other hands: odd CSVs, odd names, missing pieces."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fetalhead.datasets.hc18 import Hc18
from fetalhead.datasets.samples import load_samples
from fetalhead.datasets.splits import Splits
from fetalhead.errors import FetalheadError
from fetalhead.images.ellipse import Ellipse

HEADER = "filename,pixel size(mm),head circumference (mm)\n"
HEAD = Ellipse.make(48, 32, 25, 18, 0.3)


def make(root: Path, names: list[str], table: bytes, split: str = "") -> Path:
    """Pictures with filled annotations, the CSV as given, and a split where one is given."""
    folder = root / "training_set"
    folder.mkdir()
    (root / "training_set_pixel_size_and_HC.csv").write_bytes(table)
    for name in names:
        picture = Image.fromarray((HEAD.coverage((64, 96)) * 220).astype(np.uint8))
        picture.save(folder / name, "PNG")
        mask = Image.fromarray(((HEAD.coverage((64, 96)) > 0.5) * 255).astype(np.uint8))
        mask.save(folder / f"{Path(name).stem}_Annotation.png")
    if split:
        (root / "split.csv").write_text(split)
    return root


@pytest.mark.parametrize(
    "table",
    [
        "filename,pixel size(mm),head circumference (mm)\n a.png, 0.5, 60\n",
        "filename, pixel size(mm), head circumference (mm)\na.png,0.5,60\n",
        "\ufeffHead Circumference (mm),Filename,Pixel Size (mm)\r\n60,a.png,0.5\r\n",
        "filename,pixel size(mm),head circumference (mm)\na.png,0.5,60,and more\n",
    ],
)
def test_one_tolerant_reader(tmp_path: Path, table: str) -> None:
    (case,) = Hc18(make(tmp_path, ["a.png"], table.encode())).cases
    assert (case.name, case.pixel_size.x, case.hc_mm) == ("a.png", 0.5, 60)


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    """In a process of its own: reading such a path once ended in a segmentation fault."""
    name = os.fsdecode(b"t\xeate.png")
    make(tmp_path, [name], os.fsencode(f"{HEADER}{name},0.5,60\n"))
    script = (
        "import sys; from pathlib import Path; from fetalhead.datasets.hc18 import Hc18\n"
        "case, = Hc18(Path(sys.argv[1])).cases; print(case.pixels().shape, round(case.ellipse().semi_axis_a))"
    )
    done = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "(64, 96) 25\n", "")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("filename,pixel size(mm)\na.png,0.5\n", "no number in column 'head circumference"),
        (f"{HEADER}a.png,0.5\n", "no number in column 'head circumference"),
        (f"{HEADER}a.png,0.5,many\n", "of 'a.png'"),
        ("picture,size\na.png,0.5\n", "no columns 'filename'"),
        (f"{HEADER}{'a' * 200_000},0.5,60\n", "not a CSV"),
    ],
)
def test_a_csv_that_will_not_do_is_one_line(tmp_path: Path, table: str, said: str) -> None:
    data = Hc18(make(tmp_path, ["a.png"], table.encode()))
    with pytest.raises(FetalheadError, match=said) as caught:
        _ = data.cases
    assert "training_set_pixel_size_and_HC.csv" in str(caught.value) and str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("split", "said"),
    [
        ("filename,split\na.png\nb.png,holdout\n", "no split '' "),
        ("filename,split\na.png,train\nb.png,holdout\n", "no split 'holdout' "),
        (f"filename,split\n{'a' * 200_000},train\n", "field larger"),
        ("picture,part\na.png,train\n", "not a split with columns"),
        ("", "not a split with columns"),
    ],
)
def test_a_split_that_will_not_do_is_one_line(tmp_path: Path, split: str, said: str) -> None:
    (tmp_path / "split.csv").write_text(split)
    with pytest.raises(FetalheadError, match=said) as caught:
        Splits.of(tmp_path, kept="hc18")
    assert "split.csv" in str(caught.value) and str(caught.value).isprintable()


def test_a_split_by_other_hands(tmp_path: Path) -> None:
    (tmp_path / "split.csv").write_bytes(b"\xef\xbb\xbfFilename, Split\r\nt\xeate.png, test\r\n")
    assert Splits.of(tmp_path, kept="hc18").listed == {os.fsdecode(b"t\xeate.png"): "test"}


def test_what_is_missing_is_missed_where_it_is_asked_for(tmp_path: Path) -> None:
    table = f"{HEADER}a.png,0.5,60\nb.png,none,60\nc.png,0.5,60\nnot here.png,0.5,60\n"
    split = "filename,split\na.png,train\nb.png,val\nc.png,test\n"
    make(tmp_path, ["a.png", "b.png", "c.png"], table.encode(), split)
    (tmp_path / "training_set" / "a_Annotation.png").unlink()
    first, second, third = Hc18(tmp_path).cases
    assert third.ellipse().semi_axis_a == pytest.approx(25, abs=0.2)
    assert not second.pixel_size and "b.png" in second.pixel_size.reason
    with pytest.raises(FetalheadError, match=r"a\.png: its outline a_Annotation\.png is missing"):
        first.ellipse()
    assert [sample.name for sample in load_samples([f"hc18={tmp_path}"], "test", (64, 96))] == ["c.png"]
    with pytest.raises(FetalheadError, match=r"a_Annotation\.png is missing"):
        load_samples([f"hc18={tmp_path}"], "train", (64, 96))


def test_an_annotation_of_another_size_is_refused(tmp_path: Path) -> None:
    make(tmp_path, ["a.png"], f"{HEADER}a.png,0.5,60\n".encode())
    Image.fromarray((HEAD.coverage((96, 64)) > 0.5).astype(np.uint8)).save(tmp_path / "training_set/a_Annotation.png")
    (case,) = Hc18(tmp_path).cases
    with pytest.raises(FetalheadError, match=r"a_Annotation\.png: mask of 64 x 96 for a picture of 96 x 64"):
        case.ellipse()


def test_pictures_are_read_as_measure_reads_them(tmp_path: Path) -> None:
    """12 bits in 16 are windowed, alpha is laid over black, too large a claim is refused."""
    make(tmp_path, [], "".join([HEADER, *(f"{name}.png,0.5,60\n" for name in "abc")]).encode())
    folder = tmp_path / "training_set"
    head = HEAD.coverage((64, 96))
    Image.fromarray((head * 4095).astype(np.uint16)).save(folder / "a.png")
    alpha = np.stack([np.full(head.shape, 255.0)] * 3 + [head * 255], axis=2)
    Image.fromarray(alpha.astype(np.uint8), "RGBA").save(folder / "b.png")
    Image.new("1", (9000, 8000)).save(folder / "c.png")
    deep, clear, huge = Hc18(tmp_path).cases
    for case in (deep, clear):
        assert np.abs(case.pixels() - head * 255).max() <= 1
    with pytest.raises(FetalheadError, match=r"c\.png: .*9000 x 8000 pixels"):
        huge.pixels()
