"""`data inspect`: what is there, what is broken, by name, and what leaks; the files it writes, and the page."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from fetalhead.cli import main
from fetalhead.phantoms.write import write_heads

HEADS = 6


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made")
    write_heads(root, 21, HEADS)
    return root


@pytest.fixture
def heads(made: Path, tmp_path: Path) -> Path:
    """A sound set in HC18's layout: four heads to train on, one each for val and test."""
    root = tmp_path / "heads"
    shutil.copytree(made, root)
    write_split(root, ["train"] * 4 + ["val", "test"])
    return root


def write_split(root: Path, splits: list[str]) -> None:
    rows = "".join(f"{index:03d}_HC.png,{split}\n" for index, split in enumerate(splits))
    (root / "split.csv").write_text("filename,split\n" + rows)


def as_mask_folder(heads: Path, root: Path) -> Path:
    shutil.copytree(heads / "masks", root / "masks")
    (root / "images").mkdir()
    for mask in (root / "masks").iterdir():
        shutil.copy(heads / "training_set" / mask.name, root / "images")
    return root


def inspect(out: Path, *data: str) -> tuple[int, dict]:
    status = main(["data", "inspect", *data, "--out", str(out)])
    return status, json.loads((out / "inspection.json").read_text(encoding="utf-8"))


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_a_sound_set_is_told_in_full(heads: Path, tmp_path: Path) -> None:
    status, found = inspect(tmp_path / "out", f"hc18={heads}")
    assert status == 0 and found["sound"] and not found["faults"] and not found["leaks"]
    (one,) = found["sets"]
    assert one["pictures"] == one["readable"] == one["with_outline"] == one["subjects"] == HEADS
    assert one["pictures_by_split"] == one["subjects_by_split"] == {"train": 4, "val": 1, "test": 1}
    assert one["pictures_by_plane"] == {"head": HEADS} and one["sizes"] == {"800 x 540": HEADS}
    assert one["pixel_size_sources"] == {"hc18-csv": HEADS}
    with open(heads / "training_set_pixel_size_and_HC.csv", newline="") as stream:
        told = list(csv.DictReader(stream))
    hc = sorted(float(row["head circumference (mm)"]) for row in told)
    assert (one["hc_mm"]["least"], one["hc_mm"]["most"]) == (hc[0], hc[-1])
    rows = rows_of(tmp_path / "out" / "pictures.csv")
    assert [row["name"] for row in rows] == [row["filename"] for row in told]
    assert {row["has_outline"] for row in rows} == {"yes"} and rows[0]["width"] == "800"
    assert rows_of(tmp_path / "out" / "near_duplicates.csv") == []
    sheet = cv2.imread(str(tmp_path / "out" / "contact_sheet.png"))
    assert ((sheet[..., 2] > 200) & (sheet[..., 0] < 120)).sum() > 500  # the outlines' colour


def test_what_is_broken_is_named_one_by_one(heads: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pictures = heads / "training_set"
    (pictures / "000_HC_Annotation.png").unlink()
    (pictures / "001_HC.png").write_bytes((pictures / "001_HC.png").read_bytes()[:2000])
    drawn = cv2.imread(str(pictures / "002_HC_Annotation.png"), cv2.IMREAD_GRAYSCALE)
    cv2.imwrite(str(pictures / "002_HC_Annotation.png"), cv2.resize(drawn, (400, 270)))
    (pictures / "003_HC.png").unlink()
    shutil.copy(pictures / "003_HC_Annotation.png", pictures / "005_HC_Annotation.png")
    status, found = inspect(tmp_path / "out", f"hc18={heads}")
    lines = capsys.readouterr().err.splitlines()
    assert status == 1 and not found["sound"]
    for name, words in {
        "000_HC": "missing", "001_HC": "cannot be read", "002_HC": "400 x 270", "003_HC": "outline of no picture",
        "005_HC": "the table's",
    }.items():  # fmt: skip
        assert [line for line in lines if name in line and words in line], (name, lines)
    assert len(lines) == len(found["faults"]) == 5
    assert [row["name"] for row in rows_of(tmp_path / "out" / "pictures.csv") if row["faults"]] == [
        "000_HC.png", "001_HC.png", "002_HC.png", "005_HC.png",
    ]  # fmt: skip


def test_a_mask_folder_tells_pictures_and_masks_that_lack_their_fellow(heads: Path, tmp_path: Path) -> None:
    root = as_mask_folder(heads, tmp_path / "set")
    (root / "images" / "000_HC.png").unlink()
    (root / "masks" / "001_HC.png").unlink()
    cv2.imwrite(str(root / "masks" / "002_HC.png"), np.zeros((540, 800), np.uint8))
    status, found = inspect(tmp_path / "out", str(root))
    assert status == 1 and [("masks" in fault, "00" in fault) for fault in found["faults"]] == [(True, True)] * 2
    assert found["sets"][0]["data"] == f"masks={root}"
    assert found["sets"][0]["pictures"] == 4 and found["sets"][0]["with_outline"] == 3  # an empty mask is no fault


def test_a_planted_copy_between_two_splits_is_a_leak(heads: Path, tmp_path: Path) -> None:
    picture = cv2.imread(str(heads / "training_set" / "001_HC.png"), cv2.IMREAD_GRAYSCALE)
    changed = np.clip(picture[20:520, 30:790][:, ::-1] * 1.2 + 10.0, 0, 255).astype(np.uint8)
    root = tmp_path / "pictures"
    root.mkdir()
    cv2.imwrite(str(root / "other.jpg"), changed, [cv2.IMWRITE_JPEG_QUALITY, 40])
    (root / "split.csv").write_text("filename,split\nother.jpg,test\n")
    status, found = inspect(tmp_path / "out", f"hc18={heads}", f"pictures={root}")
    assert status == 1 and not found["faults"]
    (leak,) = found["leaks"]
    assert leak["what"] == "near-duplicate" and leak["splits"] == ["train", "test"]
    assert [one["name"] for one in leak["pictures"]] == ["001_HC.png", "other.jpg"]
    (row,) = rows_of(tmp_path / "out" / "near_duplicates.csv")
    assert (row["leak"], row["mirrored"], row["set_2"], row["name_2"]) == ("yes", "yes", "2", "other.jpg")
    (root / "split.csv").write_text("filename,split\nother.jpg,train\n")
    assert inspect(tmp_path / "out", f"hc18={heads}", f"pictures={root}")[0] == 0


def test_a_subject_in_two_splits_is_a_leak(heads: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = as_mask_folder(heads, tmp_path / "set")
    names = [f"{index:03d}_HC.png" for index in range(HEADS)]
    (root / "subjects.csv").write_text("name,subject\n" + "".join(f"{name},s{name[2] in '05'}\n" for name in names))
    write_split(root, ["train", "val", "val", "val", "val", "test"])
    status, found = inspect(tmp_path / "out", f"masks={root}")
    (leak,) = found["leaks"]
    assert status == 1 and (leak["what"], leak["splits"]) == ("subject", ["train", "test"])
    assert "leak: subject sTrue in train and test: 000_HC.png (set 1, train), 005_HC.png" in capsys.readouterr().err


def test_a_patient_of_two_sets_in_unlike_splits_is_a_leak(made: Path, tmp_path: Path) -> None:
    for part, (index, split) in {"one": (0, "train"), "two": (1, "test")}.items():
        (tmp_path / part).mkdir()
        name = f"Patient00077_Plane3_{index + 1}_of_2.png"
        shutil.copy(made / "training_set" / f"{index:03d}_HC.png", tmp_path / part / name)
        (tmp_path / part / "split.csv").write_text(f"filename,split\n{name},{split}\n")
    status, found = inspect(tmp_path / "out", str(tmp_path / "one"), str(tmp_path / "two"))
    assert status == 1 and [leak["what"] for leak in found["leaks"]] == ["subject"]
    assert list(found["patients_in_several_sets"]) == ["Patient00077"]


def test_numbers_of_two_sets_that_number_for_themselves_are_not_one_subject(heads: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write_heads(other, 99, 4)
    write_split(other, ["test", "test", "train", "val"])
    status, found = inspect(tmp_path / "out", f"hc18={heads}", f"hc18={other}")
    assert status == 0 and not found["leaks"] and not found["patients_in_several_sets"]
    assert len(found["names_in_several_sets"]) == 4
    shutil.rmtree(other)
    shutil.copytree(heads, other)
    write_split(other, ["test"] * HEADS)
    status, found = inspect(tmp_path / "out", f"hc18={heads}", f"hc18={other}")
    assert status == 1 and sorted({leak["what"] for leak in found["leaks"]}) == ["near-duplicate", "subject"]
    assert len(found["patients_in_several_sets"]) == HEADS


def test_its_own_files_in_a_folder_of_pictures_are_no_pictures(made: Path, tmp_path: Path) -> None:
    shutil.copy(made / "training_set" / "000_HC.png", tmp_path)
    for _ in range(2):
        status, found = inspect(tmp_path / "report", str(tmp_path))
        assert status == 0 and found["sets"][0]["pictures"] == 1


def test_what_is_no_data_set_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "inspect", f"hc18={tmp_path}", "--out", str(tmp_path / "out")]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1 and not (tmp_path / "out").exists()
    (tmp_path / "file").touch()
    assert main(["data", "inspect", str(tmp_path), "--out", str(tmp_path / "file")]) == 1
    assert "is no folder" in capsys.readouterr().err


def odd_names(made: Path, root: Path) -> list[str]:
    names = ["<img src=x onerror=alert(1)>.png", "a & \"b\" 'c'.png", "line\nbreak.png", "=1+2.png"]
    root.mkdir()
    for name in names:
        shutil.copy(made / "training_set" / "000_HC.png", root / name)
    with open(bytes(root) + b"/\xff.png", "wb") as stream:
        stream.write((made / "training_set" / "001_HC.png").read_bytes())
    return names


def test_the_page_stands_alone_and_escapes_names(made: Path, tmp_path: Path) -> None:
    names = odd_names(made, tmp_path / "<b>set")
    status, found = inspect(tmp_path / "out", str(tmp_path / "<b>set"))
    assert status == 0 and len(found["near_duplicates"]["pairs"]) == 6
    page = (tmp_path / "out" / "inspection.html").read_text(encoding="utf-8")
    assert "<b>" not in page and "<img src=x" not in page and "<script" not in page
    assert set(re.findall(r"<\w[^>]*\b(?:src|href)=(.{6})", page)) == {'"data:'} and "://" not in page
    assert "a &amp; &quot;b&quot; &#x27;c&#x27;.png" in page and "line\\nbreak.png" in page
    assert {row["name"] for row in rows_of_any(tmp_path / "out" / "pictures.csv")} >= set(names)


def rows_of_any(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8", errors="surrogateescape") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.slow
def test_a_browser_shows_the_page(made: Path, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if not browser:
        pytest.skip("no chromium (apt install chromium)")
    odd_names(made, tmp_path / "<b>set")
    inspect(tmp_path / "out", str(tmp_path / "<b>set"))
    page = tmp_path / "out" / "inspection.html"
    shown = tmp_path / "shown.png"
    call = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run([*call, "--dump-dom", page.as_uri()], capture_output=True, timeout=120)
    dom = done.stdout.decode("utf-8", "replace")
    assert "6 pairs of near-duplicates" in dom and "Refused to" not in done.stderr.decode("utf-8", "replace")
    subprocess.run([*call, "--window-size=1500,2200", f"--screenshot={shown}", page.as_uri()], check=True, timeout=120,
                   capture_output=True)  # fmt: skip
    picture = cv2.imread(str(shown))
    assert picture.shape == (2200, 1500, 3)
    assert ((picture[..., 2] > 200) & (picture[..., 0] < 120)).sum() > 300 or np.ptp(picture) > 200
