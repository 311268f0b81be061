"""`fetalhead data convert`, `crop` and `split`: layouts there and back, lists that name what they must not."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from pathlib import Path

import cv2
import numpy as np
import pytest
from toys import bright_head

from fetalhead.cli import main
from fetalhead.datasets import open_data
from fetalhead.datasets.case import Case
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.field_of_view import NoFieldOfView
from fetalhead.phantoms.write import write_heads

FIELD = "fetalhead.images.field_of_view.find_field_of_view"
PLACES = {"hc18": "", "masks": "", "coco": "/annotations.json", "ellipses": "/ellipses.csv"}


@pytest.fixture(scope="module")
def heads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("heads")
    write_heads(root, 3, 4)
    assert main(["data", "split", f"hc18={root}", "--val", "25%", "--test", ".25"]) == 0
    return root


def convert(source: str, to: str, out: Path, *more: str) -> str:
    assert main(["data", "convert", source, "--to", to, "--out", str(out), *more]) == 0
    return f"{to}={out}{PLACES[to]}"


def by_stem(data: str) -> dict[str, Case]:
    return {Path(case.name).stem: case for case in open_data(data).cases}


def moved(data: str, reference: str) -> float:
    first, second = by_stem(reference), by_stem(data)
    assert first.keys() == second.keys()
    return max(
        float(np.abs(case.ellipse().signed_distance(*second[stem].ellipse().points().T)).max())
        for stem, case in first.items()
    )


@pytest.mark.parametrize("to", PLACES)
def test_every_layout_there_and_back(heads: Path, tmp_path: Path, to: str) -> None:
    source = f"hc18={heads}"
    there = convert(source, to, tmp_path / "there")
    back = convert(there, "hc18", tmp_path / "back", "--pixel-size", "0.2")
    assert moved(there, source) < 0.1 and moved(back, source) < 0.15
    reference, found = by_stem(source), by_stem(back)
    for stem, case in reference.items():
        assert (found[stem].pixels() == case.pixels()).all()
        assert (found[stem].subject, found[stem].split) == (case.subject, case.split)
        if to != "masks":  # which has no place for it
            assert found[stem].pixel_size.x == case.pixel_size.x and found[stem].hc_mm == case.hc_mm


def test_a_mask_stays_the_mask_that_was_drawn(heads: Path, tmp_path: Path) -> None:
    masks = convert(f"hc18={heads}", "masks", tmp_path / "masks")
    coco = convert(masks, "coco", tmp_path / "coco")
    again = convert(coco, "masks", tmp_path / "again")
    for stem, case in by_stem(masks).items():
        assert (by_stem(coco)[stem].mask() == case.mask()).all() and (by_stem(again)[stem].mask() == case.mask()).all()


def test_one_value_of_a_mask_with_several_is_the_head(tmp_path: Path) -> None:
    head = Ellipse.make(96, 64, 50, 38, 0.3)
    values = np.where(head.coverage((128, 192)) > 0.5, np.uint8(2), np.uint8(0))
    values[:10, :10] = 1
    for folder, pixels in (("images", bright_head(head)), ("masks", values)):
        (tmp_path / "own" / folder).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "own" / folder / "a.png"), pixels)
    written = convert(f"masks:2={tmp_path / 'own'}", "coco", tmp_path / "coco")
    assert (open_data(written).cases[0].mask() == (values == 2)).all()


def test_without_a_pixel_size_hc18_s_layout_is_refused(
    heads: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    masks = convert(f"hc18={heads}", "masks", tmp_path / "masks")
    capsys.readouterr()
    assert main(["data", "convert", masks, "--to", "hc18", "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 4 and all("give --pixel-size" in line for line in said)


def test_an_out_folder_that_holds_something_is_left_alone(heads: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "convert", f"hc18={heads}", "--to", "coco", "--out", str(heads)]) == 1
    assert "no empty folder" in capsys.readouterr().err and not (heads / "images").exists()


def cvat(heads: Path, root: Path) -> Path:
    """A COCO file where CVAT puts it, beside the folder of the pictures, which it does not name."""
    convert(f"hc18={heads}", "coco", root)
    (root / "annotations").mkdir()
    content = json.loads((root / "annotations.json").read_text())
    for entry in content["images"]:
        entry["file_name"] = Path(entry["file_name"]).name
    (root / "annotations.json").unlink()
    (root / "split.csv").unlink()  # which names pictures as the list did
    path = root / "annotations" / "instances_default.json"
    path.write_text(json.dumps(content))
    (root / "images").rename(root / "default")
    (root / "images").mkdir()
    (root / "default").rename(root / "images" / "default")
    return path


def test_an_export_of_cvat_is_a_data_set(heads: Path, tmp_path: Path) -> None:
    path = cvat(heads, tmp_path / "cvat")
    assert moved(f"coco={path}", f"hc18={heads}") < 0.01
    assert open_data(f"coco={path}").root == tmp_path / "cvat"


def test_only_pictures_of_the_list_s_folder_are_opened(
    heads: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = cvat(heads, tmp_path / "cvat")
    secret = tmp_path / "secret.png"
    cv2.imwrite(str(secret), np.zeros((540, 800), np.uint8))
    (tmp_path / "cvat" / "link.png").symlink_to(secret)
    content = json.loads(path.read_text())
    names = [str(secret), "../secret.png", "..\\secret.png", "a/../../secret.png", "link.png", "not_there.png", "a\0b"]
    for number, name in enumerate(names, 100):
        content["images"].append({"id": number, "file_name": name, "width": 800, "height": 540})
    content["images"][0]["width"] += 1
    path.write_text(json.dumps(content))
    capsys.readouterr()
    assert main(["data", "convert", f"coco={path}", "--to", "ellipses", "--out", str(tmp_path / "out")]) == 1
    out, said = capsys.readouterr()
    lines = said.splitlines()
    assert len(lines) == len(names) + 1 and "3 pictures" in out
    assert sum("not opened" in line for line in lines) == 5
    assert sum("drawn on" in line and "but the picture has" in line for line in lines) == 1
    assert all(str(path) in line for line in lines)


def test_rows_of_ellipses_that_cannot_be_used_are_named(
    heads: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    convert(f"hc18={heads}", "ellipses", tmp_path / "e")
    path = tmp_path / "e" / "ellipses.csv"
    first, *rows = path.read_text().splitlines()
    cells = [row.split(",") for row in rows]
    cells[0][2] = "5000"
    cells[1][4] = "-3"
    cells[2][0] = "../e/" + cells[2][0]
    path.write_text("\n".join([first, *map(",".join, cells)]))
    capsys.readouterr()
    assert main(["data", "convert", f"ellipses={path}", "--to", "masks", "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 2 and "lies outside the picture" in said and "semi-axes above 0" in said
    assert len(list((tmp_path / "out" / "masks").iterdir())) == 2


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("angle_rad", "27", "its angle_rad 27 is more than a whole turn; wants radians, not degrees"),
        ("semi_axis_b_px", "0.4", "a head of "),
        ("semi_axis_a_px", "2500", "most of its ellipse lies outside the picture of 800 x 540"),
    ],
)
def test_an_ellipse_in_other_units_is_named(
    heads: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], column: str, value: str, said: str
) -> None:
    convert(f"hc18={heads}", "ellipses", tmp_path / "e")
    path = tmp_path / "e" / "ellipses.csv"
    first, *rows = (line.split(",") for line in path.read_text().splitlines())
    rows[1][first.index(column)] = value
    path.write_text("\n".join(map(",".join, [first, *rows])))
    capsys.readouterr()
    assert main(["data", "inspect", f"ellipses={path}", "--out", str(tmp_path / "report")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"fetalhead data inspect: {path}: {rows[1][0]}: {said}")

    path.write_text("\n".join(map(";".join, [first, *rows])))
    assert main(["data", "inspect", f"ellipses={path}", "--out", str(tmp_path / "report")]) == 1
    assert "its cells are parted by ';', not by ','" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["coco", "ellipses"])
def test_a_picture_listed_twice_is_named_and_counts_once(
    heads: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    path = Path(convert(f"hc18={heads}", kind, tmp_path / "set").partition("=")[2])
    if kind == "coco":
        content = json.loads(path.read_text())
        content["images"].append({**content["images"][0], "id": 99})
        path.write_text(json.dumps(content))
    else:
        path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")
    capsys.readouterr()
    assert main(["data", "inspect", f"{kind}={path}", "--out", str(tmp_path / "report")]) == 1
    out, said = capsys.readouterr()
    assert "000_HC.png: is listed twice; keep one entry of a picture" in said and said.count("\n") == 1
    assert "4 pictures of 4 subjects, 4 outlines" in out


def test_a_mask_of_a_coco_file_is_named_by_its_picture(
    heads: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    convert(f"hc18={heads}", "masks", tmp_path / "masks")
    path = Path(convert(f"masks={tmp_path / 'masks'}", "coco", tmp_path / "coco").partition("=")[2])
    content = json.loads(path.read_text())
    content["annotations"][1]["segmentation"] = [[9, 9, 99, 9, 99, 99, 9, 99], [300, 300, 390, 300, 390, 390, 300, 390]]
    path.write_text(json.dumps(content))
    capsys.readouterr()
    assert main(["data", "inspect", f"coco={path}", "--out", str(tmp_path / "report")]) == 1
    name = content["images"][1]["file_name"]
    assert f"{path}: {name}: two drawings, 8100 and 8100 pixels large" in capsys.readouterr().err


def test_crop_moves_outlines_and_masks_along(
    heads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    box = (10, 20, 790, 530)
    found = types.SimpleNamespace(box=box)
    monkeypatch.setattr(FIELD, lambda *_: found)
    for source in (f"hc18={heads}", convert(f"hc18={heads}", "masks", tmp_path / "masks")):
        kind = source.partition("=")[0]
        assert main(["data", "crop", source, "--out", str(tmp_path / f"cropped_{kind}")]) == 0
        whole, cropped = by_stem(source), by_stem(f"{kind}={tmp_path / f'cropped_{kind}'}")
        for stem, case in whole.items():
            assert (cropped[stem].pixels() == case.pixels()[20:530, 10:790]).all()
            expected = case.ellipse().transformed([[1, 0, -10], [0, 1, -20]])
            assert np.abs(expected.signed_distance(*cropped[stem].ellipse().points().T)).max() < 0.1

    monkeypatch.setattr(FIELD, lambda *_: NoFieldOfView("all black"))
    capsys.readouterr()
    assert main(["data", "crop", f"hc18={heads}", "--out", str(tmp_path / "none")]) == 1
    assert capsys.readouterr().err.count("no field of view to crop to: all black") == 4


def test_warnings_are_one_line_each(heads: Path, tmp_path: Path) -> None:
    """A cine in a data set gives its first frame, a JPEG mask is cut at half: both are told, and once."""
    folder = Path(convert(f"hc18={heads}", "masks", tmp_path / "masks").partition("=")[2])
    picture, second, *_ = sorted((folder / "images").iterdir())
    for part in ("images", "masks"):
        cv2.imwrite(str(folder / part / second.name), cv2.imread(str(folder / part / picture.name), 0))
    frames = [cv2.imread(str(picture), 0)] * 3
    assert cv2.imwritemulti(str(picture.with_suffix(".tif")), frames)
    picture.unlink()
    mask = folder / "masks" / second.name
    cv2.imwrite(str(mask.with_suffix(".jpg")), cv2.imread(str(mask), 0))
    mask.unlink()
    command = ["data", "convert", f"masks={folder}", "--to", "coco", "--out", str(tmp_path / "out")]
    done = subprocess.run([sys.executable, "-m", "fetalhead", *command], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        f"fetalhead data: {picture.with_suffix('.tif')}: holds several frames, of which a data set takes the first; "
        "save the others as files",
        f"fetalhead data: {mask.with_suffix('.jpg')}: the mask has a grey fringe; cut at half its head's value",
    ]
    assert main(["data", "inspect", f"masks={folder}", "--out", str(tmp_path / "report")]) == 0
    notes = json.loads((tmp_path / "report" / "inspection.json").read_text())["notes"]
    assert len(notes) == 2 and "holds several frames" in notes[0] and "grey fringe" in notes[1]


def test_crop_of_planes_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "crop", f"planes={tmp_path}", "--out", str(tmp_path / "out")]) == 2
    assert "as pictures=DIR/Images" in capsys.readouterr().err


def test_a_list_of_which_nothing_can_be_used_names_all_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["../x.png", "gone.png"]
    content = {"images": [{"id": n, "file_name": name} for n, name in enumerate(names)], "annotations": []}
    (tmp_path / "c.json").write_text(json.dumps(content | {"categories": []}))
    assert main(["data", "convert", f"coco={tmp_path / 'c.json'}", "--to", "masks", "--out", str(tmp_path / "o")]) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 3 and "not opened" in said[0] and "gone.png" in said[1] and "no outlines" in said[2]
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("subject", ["../../../escaped/evil", "studyA/7", "..", "C:\\\\x_y", ".a"])
def test_a_subject_leads_nowhere_out_of_the_folder(heads: Path, tmp_path: Path, subject: str) -> None:
    coco = convert(f"hc18={heads}", "coco", tmp_path / "coco")
    path = tmp_path / "coco" / "annotations.json"
    content = json.loads(path.read_text())
    for entry in content["images"]:
        entry["subject"] = subject
    path.write_text(json.dumps(content))
    written = convert(coco, "hc18", tmp_path / "a" / "b" / "out")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "coco"]
    cases = open_data(written).cases
    assert len(cases) == 4 and len({case.subject for case in cases}) == 1
    faults: list[str] = []
    open_data(written, faults)
    assert not faults and not [case for case in cases if case.ellipse().area < 1]


@pytest.mark.parametrize("more", [(), ("--pixel-size", "0.1")])
def test_the_size_that_a_file_tells_stays(tmp_path: Path, more: tuple[str, ...]) -> None:
    head = Ellipse.make(96, 64, 50, 38, 0.3)
    for folder in ("images", "masks"):
        (tmp_path / "own" / folder).mkdir(parents=True)
    header = "ObjectType = Image\nNDims = 2\nDimSize = 192 128\nElementSpacing = 0.3 0.3\n"
    header += "ElementType = MET_UCHAR\nElementDataFile = LOCAL\n"
    (tmp_path / "own" / "images" / "a.mha").write_bytes(header.encode() + bright_head(head).tobytes())
    cv2.imwrite(str(tmp_path / "own" / "images" / "b.png"), bright_head(head))
    for name in ("a", "b"):
        cv2.imwrite(str(tmp_path / "own" / "masks" / f"{name}.png"), (head.coverage((128, 192)) > 0.5) * 255)
    sizes = {
        stem: case.pixel_size.x if case.pixel_size else None
        for stem, case in by_stem(convert(f"masks={tmp_path / 'own'}", "coco", tmp_path / "out", *more)).items()
    }
    assert sizes == {"a": 0.3, "b": 0.1 if more else None}
