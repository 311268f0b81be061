"""What `--data KIND=DIR` reads: planes, mask folders, plain folders; patients shared between sets; splits for ever."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from toys import bright_head

from fetalhead.datasets import open_data, parse_data
from fetalhead.datasets.samples import load_samples, load_unlabelled
from fetalhead.datasets.splits import SPLITS, hashed_split
from fetalhead.errors import FetalheadError
from fetalhead.images.ellipse import Ellipse

HEAD = Ellipse.make(96, 64, 50, 38, 0.3)


def write_planes(root: Path, rows: list[tuple[str, str, str]]) -> None:
    (root / "Images").mkdir(parents=True)
    lines = ["Image_name;Patient_num;Plane;Brain_plane;Operator;US_Machine;Train "]
    for name, patient, plane in rows:
        cv2.imwrite(str(root / "Images" / f"{name}.png"), bright_head(HEAD))
        lines.append(f"{name};{patient};{plane};Not A Brain;Other;Other;1")
    (root / "FETAL_PLANES_DB_data.csv").write_text("\n".join(lines) + "\n")


def write_masks(root: Path, names: list[str], value: int = 255, folder: str = "masks") -> None:
    for part in ("images", folder):
        (root / part).mkdir(parents=True)
    for name in names:
        inside = HEAD.coverage((128, 192)) > 0.5
        cv2.imwrite(str(root / "images" / f"{name}.png"), bright_head(HEAD))
        cv2.imwrite(str(root / folder / f"{name}.png"), (inside * value).astype(np.uint8))


def test_published_planes_become_ours(tmp_path: Path) -> None:
    labels = ["Fetal brain", "Fetal abdomen", "Fetal femur", "Fetal thorax", "Maternal cervix", "Other"]
    write_planes(tmp_path, [(f"Patient{n:05d}_Plane1_1_of_1", str(n), label) for n, label in enumerate(labels, 1)])
    cases = open_data(f"planes={tmp_path}").cases
    assert [case.plane for case in cases] == ["head", "abdomen", "femur", "other", "other", "other"]
    assert cases[0].subject == "Patient00001" and cases[0].annotation_path is None
    assert all(case.split in SPLITS for case in cases)


def test_patients_of_two_sets_are_in_one_split(tmp_path: Path) -> None:
    names = [f"Patient{n:05d}_Plane3_1_of_1" for n in range(1, 30)]
    write_planes(tmp_path / "planes", [(name, str(n), "Fetal brain") for n, name in enumerate(names, 1)])
    write_masks(tmp_path / "masks", names)
    (tmp_path / "masks" / "subjects.csv").write_text(
        "name,patient\n" + "".join(f"{name},{n}\n" for n, name in enumerate(names, 1))
    )
    write_masks(tmp_path / "no_table", names)
    by_set = [
        {case.subject: case.split for case in open_data(f"{kind}={tmp_path / kind_folder}").cases}
        for kind, kind_folder in (("planes", "planes"), ("masks", "masks"), ("masks", "no_table"))
    ]
    assert by_set[0] == by_set[1] == by_set[2]
    assert len(by_set[0]) == 29


def test_a_hashed_split_is_for_ever_and_about_70_15_15() -> None:
    drawn = [hashed_split(f"Patient{number:05d}") for number in range(4000)]
    assert drawn[:8] == ["test", "val", "val", "train", "train", "test", "train", "train"]
    assert [round(drawn.count(split) / 4000, 2) for split in SPLITS] == [0.71, 0.14, 0.15]


def test_a_label_is_picked_from_a_mask_of_several(tmp_path: Path) -> None:
    write_masks(tmp_path, ["a"], value=2, folder="labels")
    mask = cv2.imread(str(tmp_path / "labels" / "a.png"), cv2.IMREAD_GRAYSCALE)
    mask[:20, :20] = 1
    cv2.imwrite(str(tmp_path / "labels" / "a.png"), mask)
    (case,) = open_data(f"masks:2={tmp_path}").cases
    assert case.ellipse().perimeter == pytest.approx(HEAD.perimeter, rel=0.005)
    assert case.mask().sum() == (mask == 2).sum()
    with pytest.raises(FetalheadError, match="values 0, 1, 2"):
        open_data(f"masks={tmp_path}").cases[0].ellipse()


def test_a_value_that_no_mask_holds_is_named(tmp_path: Path) -> None:
    write_masks(tmp_path, ["a", "b"], value=2)
    cv2.imwrite(str(tmp_path / "masks" / "a.png"), np.zeros((128, 192), np.uint8))
    assert len(open_data(f"masks:2={tmp_path}").cases) == 2
    with pytest.raises(FetalheadError, match="no mask holds the value 3; which value is the head's"):
        open_data(f"masks:3={tmp_path}")
    (tmp_path / "masks" / "b.png").write_bytes(b"damaged")
    (tmp_path / "masks" / "a.png").write_bytes(b"damaged")
    assert len(open_data(f"masks:2={tmp_path}").cases) == 2


def test_pairs_of_header_and_data_are_one_picture(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    inside = HEAD.coverage((128, 192)) > 0.5
    for folder, values in (("images", bright_head(HEAD)), ("masks", inside.astype(np.uint8))):
        (tmp_path / folder / "a.raw").write_bytes(values.tobytes())
        header = "NDims = 2\nDimSize = 192 128\nElementType = MET_UCHAR\nElementDataFile = a.raw\n"
        (tmp_path / folder / "a.mhd").write_text(header)
    (case,) = open_data(f"masks:1={tmp_path}").cases
    assert case.mask().sum() == inside.sum()


def test_an_empty_mask_says_that_there_is_no_head(tmp_path: Path) -> None:
    write_masks(tmp_path, ["a", "b"])
    cv2.imwrite(str(tmp_path / "masks" / "b.png"), np.zeros((128, 192), np.uint8))
    (tmp_path / "split.csv").write_text("filename,split\na.png,train\nb.png,train\n")
    first, second = load_samples([f"masks={tmp_path}"], "train", (96, 144))
    assert first.head and first.outlined and first.plane == "head"
    assert second.head is None and second.outlined and second.plane == "other"


def test_frames_of_one_sequence_are_one_subject(tmp_path: Path) -> None:
    write_masks(tmp_path, ["0007", "0008", "0009", "0020"])
    (tmp_path / "sequences.csv").write_text("sequence,first,last,frames\nseq00,0007,0009,3\n")
    assert [case.subject for case in open_data(f"masks={tmp_path}").cases] == ["seq00", "seq00", "seq00", "0020"]


def test_unlabelled_data_gives_its_training_split_and_heads_alone(tmp_path: Path) -> None:
    rows = [(f"p{n}", str(n), "Fetal brain" if n % 2 else "Fetal femur") for n in range(1, 9)]
    write_planes(tmp_path, rows)
    (tmp_path / "split.csv").write_text(
        "filename,split\n" + "".join(f"p{n}.png,{'train' if n < 5 else 'test'}\n" for n in range(1, 9))
    )
    samples = load_unlabelled([f"planes={tmp_path}"], (96, 144))
    assert [sample.name for sample in samples] == ["p1.png", "p3.png"]
    assert not any(sample.outlined or sample.plane for sample in samples)
    assert len(load_unlabelled([str(tmp_path / "Images")], (96, 144))) == 8


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("masks", "wants KIND=DIR"),
        ("cats=.", "no data set kind 'cats'"),
        ("masks:head=.", "a label is a whole number"),
        ("hc18:2=.", "a label is a whole number"),
        ("masks=/nowhere", "no folder /nowhere"),
    ],
)
def test_wrong_arguments_are_one_line(argument: str, message: str) -> None:
    with pytest.raises(FetalheadError, match=message) as caught:
        parse_data(argument)
    assert "\n" not in str(caught.value)


def test_broken_folders_are_one_line(tmp_path: Path) -> None:
    for kind in ("planes", "masks", "pictures"):
        with pytest.raises(FetalheadError, match=str(tmp_path)):
            open_data(f"{kind}={tmp_path}")
    write_masks(tmp_path / "lonely", ["a", "b"])
    (tmp_path / "lonely" / "masks" / "b.png").unlink()
    with pytest.raises(FetalheadError, match=r"images/b\.png: has no fellow"):
        open_data(f"masks={tmp_path / 'lonely'}")
    write_planes(tmp_path / "strange", [("p1", "1", "Fetal hand")])
    with pytest.raises(FetalheadError, match="no plane 'Fetal hand'"):
        open_data(f"planes={tmp_path / 'strange'}")


def test_a_picture_with_a_numbered_name_keeps_its_mask_to_itself(tmp_path: Path) -> None:
    """In HC18's layout `x_Annotation_1.png` is a part of `x_Annotation.png`; here `a_1.png` is another picture."""
    write_masks(tmp_path, ["a", "a_1"])
    other = Ellipse.make(60, 40, 22, 18, 0.0)
    cv2.imwrite(str(tmp_path / "masks" / "a_1.png"), ((other.coverage((128, 192)) > 0.5) * 255).astype(np.uint8))
    first, second = open_data(f"masks={tmp_path}").cases
    assert first.ellipse().perimeter == pytest.approx(HEAD.perimeter, rel=0.005)
    assert second.ellipse().perimeter == pytest.approx(other.perimeter, rel=0.01)
