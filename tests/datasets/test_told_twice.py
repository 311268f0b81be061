"""Tables that tell of a picture twice, or of none: refused by name, or told."""

from __future__ import annotations

import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest

from fetalhead.datasets import open_data
from fetalhead.datasets.hc18 import Hc18
from fetalhead.errors import FetalheadError, FetalheadWarning

HC18_HEADER = "filename,pixel size(mm),head circumference (mm)"
PLANES_HEADER = "Image_name;Patient_num;Plane"


def write_pictures(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True)
    for name in names:
        cv2.imwrite(str(folder / name), np.zeros((64, 96), np.uint8))


@pytest.fixture
def hc18(tmp_path: Path) -> Path:
    write_pictures(tmp_path / "training_set", ["1_HC.png", "2_HC.png"])
    return tmp_path


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    for folder in ("images", "masks"):
        write_pictures(tmp_path / folder, ["a.png", "b.png"])
    return tmp_path


def write_hc18(root: Path, *rows: str) -> str:
    table = "\n".join([HC18_HEADER, "1_HC.png,0.5,60", *rows])
    (root / "training_set_pixel_size_and_HC.csv").write_text(f"{table}\n")
    return f"hc18={root}"


def write_planes(root: Path, *rows: str) -> str:
    write_pictures(root / "Images", ["p.png"])
    (root / "FETAL_PLANES_DB_data.csv").write_text("\n".join([PLANES_HEADER, "p;1;Fetal brain", *rows]) + "\n")
    return f"planes={root}"


def refused(argument: str, said: str) -> None:
    with pytest.raises(FetalheadError, match=said) as caught:
        open_data(argument)
    assert "\n" not in str(caught.value)


def test_two_unlike_rows_of_a_picture_are_refused(hc18: Path, tmp_path: Path) -> None:
    data = write_hc18(hc18, "1_HC.png,0.5,200")
    said = r"pixel_size_and_HC\.csv: 1_HC\.png is listed twice, as 0\.5, 60 and 0\.5, 200; keep the row that is right"
    refused(data, said)
    faults: list[str] = []
    assert len(open_data(data, faults).cases) == 1
    assert sum("is listed twice" in fault for fault in faults) == 1
    refused(write_planes(tmp_path / "p", "p;9;Fetal brain"), r"DB_data\.csv: p is listed twice, as Patient00001, Fetal")
    refused(write_planes(tmp_path / "q", "p;1;Fetal femur"), r"DB_data\.csv: p is listed twice")


def test_two_rows_alike_count_once_and_are_told(hc18: Path, tmp_path: Path) -> None:
    for data in (write_hc18(hc18, "1_HC.png, 0.50,60.0"), write_planes(tmp_path / "p", "p;1;Fetal brain")):
        with pytest.warns(FetalheadWarning, match=r"is listed twice, alike: it counts once"):
            assert len(open_data(data).cases) == 1


@pytest.mark.parametrize("text", ["nan", "inf", "0", "-5"])
def test_a_circumference_is_finite_and_above_0(hc18: Path, text: str) -> None:
    data = write_hc18(hc18, f"2_HC.png,0.5,{text}")
    refused(data, f"{text} in column 'head circumference .mm.' of '2_HC.png': wants a number of mm above 0")
    faults: list[str] = []
    assert [case.name for case in open_data(data, faults).cases] == ["1_HC.png"]
    assert any("wants a number of mm above 0" in fault for fault in faults)


def test_a_picture_in_two_splits_or_of_two_subjects_is_refused(masks: Path) -> None:
    data = f"masks={masks}"
    (masks / "split.csv").write_text("filename,split\na.png,train\na.png,test\n")
    refused(data, r"split\.csv: a\.png is listed twice, as train and test")
    (masks / "split.csv").write_text("filename,split\na.png,train\na.png,train\n")
    assert [case.split for case in open_data(data).cases] == ["train", "unassigned"]
    (masks / "subjects.csv").write_text("name,subject\na.png,A\na,B\n")
    refused(data, r"subjects\.csv: a is listed twice, as A and B")
    (masks / "subjects.csv").write_text("name,subject\na.png,A\na,A\n")
    assert [case.subject for case in open_data(data).cases] == ["A", "b"]
    (masks / "subjects.csv").unlink()
    (masks / "sequences.csv").write_text("sequence,first,last\ns1,a,b\ns2,b,c\n")
    refused(data, r"sequences\.csv: b is listed twice, as s1 and s2")


def test_a_patient_s_number_as_pandas_writes_it_is_the_same_patient(masks: Path, tmp_path: Path) -> None:
    (masks / "subjects.csv").write_text("name,patient\na,5.0\nb,5\n")
    assert [case.subject for case in open_data(f"masks={masks}").cases] == ["Patient00005"] * 2
    planes = write_planes(tmp_path / "planes", "q;2.0;Fetal brain")
    cv2.imwrite(str(tmp_path / "planes" / "Images" / "q.png"), np.zeros((64, 96), np.uint8))
    assert [case.subject for case in open_data(planes).cases] == ["Patient00001", "Patient00002"]


def test_a_split_that_names_no_picture_is_told(masks: Path) -> None:
    (masks / "split.csv").write_text("filename,split\na,train\nb,val\n")
    said = r"split\.csv: names none of the 2 pictures .* such as a\.png"
    with pytest.warns(FetalheadWarning, match=said):
        open_data(f"masks={masks}")
    (masks / "split.csv").write_text("filename,split\na.png,train\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_data(f"masks={masks}")


def test_the_test_set_s_table_names_files_of_its_folder_alone(tmp_path: Path) -> None:
    write_pictures(tmp_path / "test_set", ["1_HC.png"])
    write_pictures(tmp_path / "more", ["2_HC.png"])
    (tmp_path / "test_set_pixel_size.csv").write_text("filename,pixel size(mm)\n1_HC.png,0.1\n../more/2_HC.png,0.1\n")
    with pytest.raises(FetalheadError, match=r"'\.\./more/2_HC\.png' is no name of a file in test_set; not opened"):
        list(Hc18(tmp_path).test_images())
