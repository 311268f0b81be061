"""`fetalhead data split`: by subject, within bands, read by every command from the data folder."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from test_kinds import write_masks, write_planes

from fetalhead.cli import main
from fetalhead.datasets import open_data
from fetalhead.datasets.case import Case, DataSet
from fetalhead.datasets.separation import refuse_shared_patients
from fetalhead.datasets.splitting import BANDS, REST, draw, parse_share
from fetalhead.errors import FetalheadError


def made(hc_of_subject: dict[str, float | None], pictures: int = 2) -> DataSet:
    cases = [
        Case(f"{subject}_{number}.png", subject, Path("x"), "train", "head", hc_mm=hc)
        for subject, hc in hc_of_subject.items()
        for number in range(pictures)
    ]
    return DataSet("hc18", Path("x"), cases)


def test_shares_hold_within_each_band() -> None:
    data = made({f"s{index}": 60.0 + index for index in range(240)} | {f"t{index}": None for index in range(20)})
    split, strata = draw([data], 0.1, 0.2, 5)
    assert set(strata.values()) == {*BANDS, "head"}
    for stratum in strata.values():
        own = Counter(split[subject] for subject, of in strata.items() if of == stratum)
        assert abs(own["val"] / own.total() - 0.1) < 0.03 and abs(own["test"] / own.total() - 0.2) < 0.03
    assert draw([data], 0.1, 0.2, 5)[0] == split != draw([data], 0.1, 0.2, 6)[0]


def test_bands_too_small_to_be_parted_are_drawn_as_one() -> None:
    split, strata = draw([made({"a": 50.0, "b": 60.0, "c": 150.0, "d": 160.0, "e": 300.0})], 0.2, 0.2, 0)
    assert set(strata.values()) == {REST} and Counter(split.values()) == {"train": 3, "val": 1, "test": 1}


def test_too_few_subjects_are_refused_by_name() -> None:
    with pytest.raises(FetalheadError, match="2 subjects are too few"):
        draw([made({"a": 50.0, "b": 60.0})], 0.1, 0.1, 0)
    with pytest.raises(FetalheadError, match="nothing is left to train on"):
        draw([made({"a": 50.0, "b": 60.0})], 0.5, 0.5, 0)


@pytest.mark.parametrize(("text", "share"), [("15%", 0.15), ("0.15", 0.15), (".5", 0.5), ("0", 0.0), ("99%", 0.99)])
def test_shares_in_words(text: str, share: float) -> None:
    assert parse_share("val", text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["15", "1", "-1%", "x", "100%", "", "1e-1"])
def test_other_shares_are_refused(text: str) -> None:
    with pytest.raises(FetalheadError, match="--val"):
        parse_share("val", text)


def test_patients_of_two_sets_and_pictures_of_one_patient_stay_together(tmp_path: Path) -> None:
    names = [f"Patient{n // 2:05d}_Plane3_{n}_of_9" for n in range(40)]
    write_planes(tmp_path / "planes", [(name, str(n // 2), "Fetal brain") for n, name in enumerate(names)])
    write_masks(tmp_path / "masks", names[::3])
    sets = [f"planes={tmp_path / 'planes'}", f"masks={tmp_path / 'masks'}"]
    assert main(["data", "split", *sets, "--val", "20%", "--test", "20%", "--seed", "3"]) == 0
    found: dict[str, set[str]] = {}
    for data in sets:
        for case in open_data(data).cases:
            found.setdefault(case.subject, set()).add(case.split)
    assert len(found) == 20 and all(len(splits) == 1 for splits in found.values())
    assert Counter(*[[next(iter(splits)) for splits in found.values()]]) == {"train": 12, "val": 4, "test": 4}


def test_another_split_is_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_masks(tmp_path / "own", [f"p{n}" for n in range(20)])
    command = ["data", "split", f"masks={tmp_path / 'own'}"]
    assert main(command) == 0
    before = (tmp_path / "own" / "split.csv").read_bytes()
    assert main(command) == 0 and main([*command, "--seed", "1"]) == 1
    assert "is another split" in capsys.readouterr().err
    assert (tmp_path / "own" / "split.csv").read_bytes() == before
    assert main([*command, "--seed", "1", "--out", str(tmp_path / "other.csv")]) == 0
    assert (tmp_path / "other.csv").read_bytes() != before
    assert f"commands read {tmp_path / 'own' / 'split.csv'}" in capsys.readouterr().out


def test_a_folder_of_pictures_may_have_a_split(tmp_path: Path) -> None:
    write_masks(tmp_path, [f"p{n}" for n in range(10)])
    data = f"pictures={tmp_path / 'images'}"
    assert {case.split for case in open_data(data).cases} == {"train"}
    assert main(["data", "split", data, "--val", "20%", "--test", "0"]) == 0
    assert Counter(case.split for case in open_data(data).cases) == {"train": 8, "val": 2}


def test_a_split_is_written_for_all_sets_or_for_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_masks(tmp_path / "a", [f"p{n}" for n in range(20)])
    write_masks(tmp_path / "b", [f"q{n}" for n in range(20)])
    (tmp_path / "b" / "split.csv").write_text("filename,split\nq0.png,test\n")
    assert main(["data", "split", f"masks={tmp_path / 'a'}", f"masks={tmp_path / 'b'}"]) == 1
    assert f"{tmp_path / 'b' / 'split.csv'}: is another split" in capsys.readouterr().err
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["images", "masks"]
    assert (tmp_path / "b" / "split.csv").read_text() == "filename,split\nq0.png,test\n"


def test_pictures_of_a_patient_that_names_tell_are_drawn_together(tmp_path: Path) -> None:
    """Files of one bare name in two folders stay two subjects."""
    names = [f"Patient{n // 3:05d}_Plane3_{n % 3 + 1}_of_3" for n in range(60)]
    write_masks(tmp_path, names)
    for name in ("x", "y"):
        (tmp_path / "images" / name).mkdir()
        (tmp_path / "images" / name / "1.png").write_bytes((tmp_path / "images" / f"{names[0]}.png").read_bytes())
    data = f"pictures={tmp_path / 'images'}"
    assert main(["data", "split", data, "--val", "20%", "--test", "20%"]) == 0
    found: dict[str, set[str]] = {}
    for case in open_data(data).cases:
        found.setdefault(case.subject, set()).add(case.split)
    assert len(found) == 22 and {"x/1.png", "y/1.png", "Patient00000"} < found.keys()
    assert all(len(splits) == 1 for splits in found.values())
    refuse_shared_patients([data])
