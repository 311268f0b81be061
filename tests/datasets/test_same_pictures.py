"""Nothing is learnt from that validation or a test keeps apart, by whatever name its folder is given."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fetalhead.datasets.separation import refuse_shared_patients
from fetalhead.datasets.unlabelled import unlabelled_cases
from fetalhead.errors import FetalheadError

TRAIN = {f"{number:03d}_HC.png" for number in range(8)}
"""Those of `tiny_hc18`."""


def learnt_from(argument: str, data: str) -> set[str]:
    refuse_shared_patients([data], [argument])
    return {case.name for case in unlabelled_cases(argument, [data])[0]}


def refused(*data: str) -> str:
    with pytest.raises(FetalheadError, match=r"in more than one split") as caught:
        refuse_shared_patients(data)
    return str(caught.value)


def test_plain_pictures_are_left_out_as_those_of_a_folder_are(tiny_hc18: Path) -> None:
    folder, data = tiny_hc18 / "training_set", f"hc18={tiny_hc18}"
    assert learnt_from(f"pictures={folder}", data) == learnt_from(str(folder), data) == TRAIN
    told = f"--unlabelled pictures={folder}: 12 drawn outlines"
    assert unlabelled_cases(f"pictures={folder}", [data])[1].startswith(told)


def test_of_plain_pictures_with_a_split_only_its_training_counts(tiny_hc18: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_hc18 / "training_set", tmp_path / "own")
    (tmp_path / "own" / "split.csv").write_text("filename,split\n000_HC.png,train\n001_HC.png,val\n011_HC.png,train\n")
    assert learnt_from(f"pictures={tmp_path / 'own'}", f"hc18={tiny_hc18}") == {"000_HC.png"}


def test_a_copy_of_hc18_is_known_by_its_names(tiny_hc18: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_hc18 / "training_set", tmp_path / "copy")
    for argument in (str(tmp_path / "copy"), f"pictures={tmp_path / 'copy'}"):
        assert learnt_from(argument, f"hc18={tiny_hc18}") == TRAIN


@pytest.mark.parametrize("copied", [False, True])
def test_plain_pictures_that_another_set_validates_on_are_refused(
    tiny_hc18: Path, tmp_path: Path, copied: bool
) -> None:
    folder = tiny_hc18 / "training_set"
    if copied:
        folder = shutil.copytree(folder, tmp_path / "copy")
    told = refused(f"hc18={tiny_hc18}", f"pictures={folder}")
    assert told.startswith("pictures in more than one split: 008_HC.png in val of ") and "\n" not in told
    assert f"and train of pictures={folder}" in told and "leave one of these sets out" in told


def test_one_number_in_two_sets_of_a_kind_is_one_patient(tiny_hc18: Path, tmp_path: Path) -> None:
    """Where nobody looked at the pictures, whatever is the same by name is taken for the same."""
    other = shutil.copytree(tiny_hc18, tmp_path / "other")
    refuse_shared_patients([f"hc18={tiny_hc18}", f"hc18={other}"])
    split = (other / "split.csv").read_text()
    (other / "split.csv").write_text(split.replace("000_HC.png,train", "000_HC.png,test"))
    assert f"000 in train of hc18={tiny_hc18} and test of hc18={other};" in refused(
        f"hc18={tiny_hc18}", f"hc18={other}"
    )
