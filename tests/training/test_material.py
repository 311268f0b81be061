"""What a run learns from: no patient of validation or test, and no drawing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import pytest
from toys import bright_head

from fetalhead.datasets.unlabelled import unlabelled_cases
from fetalhead.errors import FetalheadError, FetalheadWarning
from fetalhead.images.ellipse import Ellipse
from fetalhead.options import SemiSupervisedOptions, TrainingOptions
from fetalhead.training.material import load_material
from fetalhead.training.run_folder import begin, stages_of

HEAD = Ellipse.make(96, 64, 50, 38, 0.3)
SMALL = {"image_size": "64x96", "batch_size": 2}


def write_masks(root: Path, names: dict[str, str]) -> str:
    """A mask folder of such pictures, each in its split; its argument."""
    for folder, picture in (("images", bright_head(HEAD)), ("masks", (HEAD.coverage((128, 192)) > 0.5) * 255)):
        (root / folder).mkdir(parents=True)
        for name in names:
            cv2.imwrite(str(root / folder / f"{name}.png"), picture)
    rows = "".join(f"{name}.png,{split}\n" for name, split in names.items())
    (root / "split.csv").write_text(f"filename,split\n{rows}")
    return f"masks={root}"


def refused(options: TrainingOptions) -> str:
    with pytest.raises(FetalheadError, match=r"patients in more than one split") as caught:
        load_material(options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_patient_in_two_splits_of_two_sets_is_refused(tmp_path: Path) -> None:
    first = write_masks(tmp_path / "a", {"Patient00001_x": "train", "Patient00002_x": "val"})
    second = write_masks(tmp_path / "b", {"Patient00001_y": "val", "Patient00003_y": "train"})
    told = refused(TrainingOptions(data=[first, second], **SMALL))
    assert f"Patient00001 in train of {first} and val of {second};" in told
    told = refused(SemiSupervisedOptions(data=[second], unlabelled=[first], **SMALL))
    assert f"Patient00001 in val of {second} and train of {first};" in told
    load_material(TrainingOptions(data=[first], **SMALL))
    load_material(SemiSupervisedOptions(data=[first], unlabelled=[second], **SMALL))


def test_a_patient_in_two_splits_of_one_set_is_refused(tiny_hc18: Path, tmp_path: Path) -> None:
    """Two pictures of one subject, as HC18 names them."""
    root = tmp_path / "leaking"
    shutil.copytree(tiny_hc18, root)
    for end in ("HC.png", "HC_Annotation.png"):
        shutil.copyfile(root / "training_set" / f"000_{end}", root / "training_set" / f"000_2{end}")
    with open(root / "training_set_pixel_size_and_HC.csv", "a") as stream:
        stream.write("000_2HC.png,0.5,70\n")
    with open(root / "split.csv", "a") as stream:
        stream.write("000_2HC.png,test\n")
    data = f"hc18={root}"
    assert f"000 in train of {data} and test of {data};" in refused(TrainingOptions(data=[data], **SMALL))


def test_numbers_of_sets_that_are_not_known_to_be_the_same_are_none(tiny_hc18: Path, tmp_path: Path) -> None:
    masks = write_masks(tmp_path, {"000_HC": "val", "011_HC": "train"})
    load_material(TrainingOptions(data=[f"hc18={tiny_hc18}", masks], **SMALL))


def test_a_folder_gives_no_drawings_and_nothing_of_validation_and_test(tiny_hc18: Path, tmp_path: Path) -> None:
    options = SemiSupervisedOptions(data=[f"hc18={tiny_hc18}"], unlabelled=[str(tiny_hc18 / "training_set")], **SMALL)
    told = r"12 drawn outlines \(X_Annotation beside X\) and 4 pictures that --data has for val or test are left out"
    with pytest.warns(FetalheadWarning, match=told):
        material, validation = load_material(options)
    assert material.unlabelled
    names = {sample.name for sample in material.unlabelled.samples}
    assert names == {f"{number:03d}_HC.png" for number in range(8)}
    assert not names & {sample.name for sample in validation}
    begin(tmp_path, options, [])
    assert stages_of(tmp_path)[0]["unlabelled"][0]["counts"] == {"train": [8, 8]}


def test_a_folder_gives_no_patient_of_validation(tmp_path: Path) -> None:
    data = write_masks(tmp_path / "a", {"Patient00001_x": "train", "Patient00002_x": "val"})
    write_masks(tmp_path / "b", {"Patient00002_y": "train", "Patient00003_y": "train", "x_Annotation": "train"})
    more = str(tmp_path / "b" / "images")
    with pytest.warns(FetalheadWarning, match=r"1 pictures that --data has for val or test are left out"):
        material, _ = load_material(SemiSupervisedOptions(data=[data], unlabelled=[more], **SMALL))
    assert material.unlabelled
    assert [sample.name for sample in material.unlabelled.samples] == ["Patient00003_y.png", "x_Annotation.png"]


def test_a_folder_of_which_nothing_is_left_is_refused(tmp_path: Path) -> None:
    data = write_masks(tmp_path, {"Patient00001_x": "val"})
    with pytest.raises(FetalheadError, match=r"1 pictures .* are left out, and no picture is left; give another"):
        unlabelled_cases(str(tmp_path / "images"), [data])


def test_a_set_that_a_list_tells_has_the_split_beside_it(tmp_path: Path) -> None:
    """Where the list lies in CVAT's `annotations/`, in the folder above."""
    for place in ("list.json", "annotations/list.json"):
        root = tmp_path / place.partition(".")[0]
        (root / place).parent.mkdir(parents=True)
        cv2.imwrite(str(root / "a.png"), bright_head(HEAD))
        images = [{"id": 1, "file_name": "a.png", "width": 192, "height": 128}]
        (root / place).write_text(json.dumps({"images": images, "annotations": [], "categories": []}))
        options = TrainingOptions(data=[f"coco={root / place}"], **SMALL)
        begin(root / "run", options, [])
        assert stages_of(root / "run")[0]["data"][0]["split"] == "published"
        (root / "split.csv").write_text("filename,split\na.png,train\n")
        assert stages_of(root / "run")[0]["data"][0]["split"] == "its own"
