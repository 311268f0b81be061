"""`fetalhead measure --ga | --lmp`: two more columns, at an age from elsewhere, and no date in anything written."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from images.dicom_making import dataset, region, save
from measure_calls import HEAD, head_picture, measure, record_of, results_of, rows_of, write_heads

import fetalhead
from fetalhead.biometry.growth import Growth, growth
from fetalhead.reports.rows import COLUMNS

SCALE = 0.5
LMP = "2026-06-01"


def at(weeks: float, hc_mm: str) -> Growth:
    found = growth("hc", float(hc_mm), weeks)
    assert isinstance(found, Growth)
    return found


def write_dicom(path: Path, **dates: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    regions = [region((0, 0, 191, 127), (SCALE / 10, SCALE / 10))]
    return save(dataset(head_picture(), SequenceOfUltrasoundRegions=regions, **dates), path)


def test_the_columns_are_there_where_an_age_is_given_and_only_there(toy_model: Path, tmp_path: Path) -> None:
    write_heads(tmp_path / "in", 2)
    cv2.imwrite(str(tmp_path / "in" / "black.png"), np.zeros((50, 60), np.uint8))
    (tmp_path / "in" / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", "--pixel-size", SCALE, "--ga", "21w3d") == 1
    rows = rows_of(tmp_path / "out")
    assert list(rows[0]) == [*COLUMNS, "hc_z", "hc_centile"]
    assert [row["status"] for row in rows] == ["ok", "ok", "no_head", "error"]
    for row in rows[:2]:
        expected = at(21 + 3 / 7, row["hc_mm"])
        assert float(row["hc_z"]) == pytest.approx(expected.z, abs=1e-4)
        assert float(row["hc_centile"]) == pytest.approx(expected.centile, abs=1e-4)
        assert row["ga_weeks"] != "" and row["reason"] == ""
    assert {(row["hc_z"], row["hc_centile"]) for row in rows[2:]} == {("", "")}
    assert measure(toy_model, tmp_path / "plain", tmp_path / "in", "--pixel-size", SCALE) == 1
    assert list(rows_of(tmp_path / "plain")[0]) == list(COLUMNS)


def test_without_scale_there_is_no_z_score(toy_model: Path, tmp_path: Path) -> None:
    write_heads(tmp_path / "in", 1)
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", "--ga", "20") == 0
    (row,) = rows_of(tmp_path / "out")
    assert (row["status"], row["hc_z"], row["hc_centile"]) == ("no_scale", "", "")


def test_json_has_the_same_columns(toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_heads(tmp_path / "in", 1)
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", "--pixel-size", SCALE, "--ga", "21.4", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert list(row) == [*COLUMNS, "hc_z", "hc_centile"] and isinstance(row["hc_z"], float)


@pytest.mark.parametrize("weeks", ["13w6d", "40.1"])
def test_an_age_outside_the_standard_gives_the_reason(
    toy_model: Path, tmp_path: Path, weeks: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_heads(tmp_path / "in", 1)
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", "--pixel-size", SCALE, "--ga", weeks) == 0
    (row,) = rows_of(tmp_path / "out")
    assert row["hc_mm"] and not row["hc_z"] and "no z-score: " in row["reason"] and "14 to 40 weeks" in row["reason"]
    assert "1 measured without z-score" in capsys.readouterr().err


def test_each_picture_has_the_age_of_its_own_day(toy_model: Path, tmp_path: Path) -> None:
    write_dicom(tmp_path / "in" / "a.dcm", AcquisitionDate="20261019", StudyDate="20261020")
    write_dicom(tmp_path / "in" / "b.dcm", StudyDate="20261026")
    write_dicom(tmp_path / "in" / "c.dcm", StudyDate="20260531")
    cv2.imwrite(str(tmp_path / "in" / "d.png"), head_picture())
    out = tmp_path / "out"
    assert measure(toy_model, out, tmp_path / "in", "--pixel-size", SCALE, "--lmp", LMP, "--workers", "2") == 0
    a, b, c, d = rows_of(out)
    for row, weeks in ((a, 20), (b, 21)):
        assert float(row["hc_z"]) == pytest.approx(at(weeks, row["hc_mm"]).z, abs=1e-4)
    assert c["hc_z"] == d["hc_z"] == ""
    assert c["reason"] == "no z-score: the examination lies before the last menstrual period"
    assert d["reason"] == "no z-score: the file tells no day of examination, and no exam date was given"
    measure(toy_model, out, tmp_path / "in", "--pixel-size", SCALE, "--lmp", LMP, "--exam-date", "2026-10-26")
    assert {row["hc_z"] for row in rows_of(out)} == {b["hc_z"]}
    assert record_of(out)["counts"]["reused"] == 1


def test_no_date_is_in_anything_written(toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_dicom(tmp_path / "in" / "a.dcm", StudyDate="20261026")
    arguments = ["--lmp", LMP, "--exam-date", "2026-10-27", "--save", "masks,probabilities"]
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", *arguments) == 0
    arguments = record_of(tmp_path / "out")["arguments"]
    assert (arguments["lmp"], arguments["exam_date"], arguments["ga"]) == ("given", "given", None)
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert {"ledger.jsonl", "run.json", "measurements.csv"} <= {path.name for path in written}
    for path in written:
        for text in (LMP, LMP.replace("-", ""), "2026-10", "202610"):
            assert text.encode() not in path.read_bytes(), path
    assert "2026" not in capsys.readouterr().err


def test_other_ages_redo_rows_and_never_mix_columns(toy_model: Path, tmp_path: Path) -> None:
    write_dicom(tmp_path / "in" / "a.dcm", StudyDate="20261026")
    out = tmp_path / "out"
    runs = [
        ([], 0), (["--lmp", LMP], 0), (["--lmp", LMP], 1), (["--lmp", "2026-06-02"], 0), (["--ga", "20w6d"], 1),
        (["--ga", "20+6"], 1), (["--ga", "20"], 0), ([], 0),
    ]  # fmt: skip
    for number, (arguments, reused) in enumerate(runs):
        assert measure(toy_model, out, tmp_path / "in", *arguments) == 0
        assert record_of(out)["counts"]["reused"] == reused, arguments
        with open(out / "measurements.csv", newline="") as stream:
            assert {len(line) for line in csv.reader(stream)} == {len(COLUMNS) + (2 if arguments else 0)}
        measure(toy_model, tmp_path / f"fresh{number}", tmp_path / "in", *arguments)
        assert results_of(out) == results_of(tmp_path / f"fresh{number}")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--ga", "21", "--lmp", LMP], "exclude each other"),
        (["--ga", "21w9d"], "21w9d"),
        (["--ga", "150"], "150"),
        (["--ga", "-3"], ""),
        (["--ga"], "--ga"),
        (["--lmp", "01.06.2026"], "01.06.2026"),
        (["--lmp", "2026-02-30"], "2026-02-30"),
        (["--lmp", LMP, "--exam-date", "yesterday"], "yesterday"),
        (["--lmp", LMP, "--exam-date", "2026-05-31"], "before the last menstrual period"),
        (["--exam-date", "2026-05-31"], "exam date without lmp"),
    ],
)
def test_wrong_ages_are_one_line_and_status_2(
    toy_model: Path, tmp_path: Path, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_heads(tmp_path / "in", 1)
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", *arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and captured.err.startswith("fetalhead measure: ") and told in captured.err
    assert captured.out == "" and not (tmp_path / "out").exists()


def test_a_yaml_file_may_hold_ages_and_dates(toy_model: Path, tmp_path: Path) -> None:
    picture = write_dicom(tmp_path / "a.dcm", StudyDate="20200101")
    config = tmp_path / "run.yaml"
    scores = []
    for text in ("ga: 21\n", "lmp: 2026-06-01\nexam_date: 2026-10-26\n"):
        config.write_text(text)
        assert measure(toy_model, tmp_path / "out", picture, "--config", config) == 0
        scores.append(rows_of(tmp_path / "out")[0]["hc_z"])
    assert scores[0] == scores[1] != ""


def test_python_compares_as_well(toy_model: Path, tmp_path: Path) -> None:
    picture = write_dicom(tmp_path / "a.dcm", StudyDate="20261026")
    expected = at(21, str(HEAD.perimeter * SCALE)).z
    for given in ({"ga": 21}, {"ga": "21w0d"}, {"lmp": LMP}, {"lmp": "2020-01-01", "exam_date": "2020-05-27"}):
        head = fetalhead.measure(picture, model=toy_model, **given)  # type: ignore[arg-type]
        assert head.hc_z == pytest.approx(expected, abs=0.05) and head.known_ga_weeks == 21
    assert fetalhead.measure(picture, model=toy_model).hc_z is None
    array = fetalhead.measure(head_picture(), SCALE, toy_model, lmp=LMP)
    assert array.hc_z is None and "an array tells no day of examination" in array.reason
    with pytest.raises(fetalhead.FetalheadError, match="exclude each other"):
        fetalhead.measure(picture, model=toy_model, ga=21, lmp=LMP)
