"""What `sequences.csv` tells: which pictures are frames of one sequence, in the order of the numbers in their names."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from fetalhead.datasets import open_data
from fetalhead.errors import FetalheadError

FRAMES = ["f8", "f9", "f10", "f11", "f12", "g1"]


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    for part in ("images", "masks"):
        (tmp_path / part).mkdir()
        for name in FRAMES:
            cv2.imwrite(str(tmp_path / part / f"{name}.png"), np.zeros((64, 96), np.uint8))
    return tmp_path


def subjects_by(folder: Path, rows: str, header: str = "sequence,first,last") -> dict[str, str]:
    (folder / "sequences.csv").write_text(f"{header}\n{rows}\n")
    return {Path(case.name).stem: case.subject for case in open_data(f"masks={folder}").cases}


@pytest.mark.parametrize("row", ["A,f8,f12", "A,f8.png,f12.png", "A , f08 ,f12 ,5", "A,f8,f12\n,,"])
def test_numbers_are_compared_as_numbers(masks: Path, row: str) -> None:
    assert subjects_by(masks, row) == {**dict.fromkeys(FRAMES[:5], "A"), "g1": "g1"}


def test_what_looks_like_a_suffix_may_be_part_of_a_name(masks: Path) -> None:
    for part in ("images", "masks"):
        for name in FRAMES:
            (masks / part / f"{name}.png").rename(masks / part / f"{name}.dcm.png")
    told = subjects_by(masks, "A,f8.dcm,f12.dcm")
    assert [name for name, subject in told.items() if subject == "A"] == [f"{name}.dcm" for name in sorted(FRAMES[:5])]


@pytest.mark.parametrize("row", ["A,f12,f8", "A,x8,x12", "A,f8,", ",f8,f12"])
def test_a_row_without_a_picture_is_refused(masks: Path, row: str) -> None:
    with pytest.raises(FetalheadError, match=rf"sequences\.csv: the row {row} .*take the row out") as caught:
        subjects_by(masks, f"B,g1,g1\n{row}")
    assert "\n" not in str(caught.value)


def test_lacking_columns_are_told(masks: Path) -> None:
    with pytest.raises(FetalheadError, match=r"sequences\.csv: wants the columns sequence, first and last"):
        subjects_by(masks, "A,f8", "sequence,first")


def test_a_list_may_hold_a_part_of_the_pictures(masks: Path) -> None:
    header = "filename,center_x_px,center_y_px,semi_axis_a_px,semi_axis_b_px,angle_rad\n"
    (masks / "train.csv").write_text(header + "".join(f"{name}.png,48,32,20,15,0\n" for name in FRAMES[:5]))
    (masks / "sequences.csv").write_text("sequence,first,last\nA,f8,f12\nB,g1,g9\n")
    assert {case.subject for case in open_data(f"ellipses={masks / 'train.csv'}").cases} == {"A"}
    (masks / "sequences.csv").write_text("sequence,first,last\nA,f8,f12\nB,h1,h9\n")
    with pytest.raises(FetalheadError, match="the row B,h1,h9"):
        open_data(f"ellipses={masks / 'train.csv'}")
