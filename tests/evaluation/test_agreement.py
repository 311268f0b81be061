"""Agreement with manual values: names joined, figures right, faults told."""

from __future__ import annotations

import csv
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fetalhead.cli import agree
from fetalhead.errors import FetalheadError
from fetalhead.evaluation.agreement import agreement, outliers
from fetalhead.evaluation.agreement_pairs import Pair, read_pairs
from fetalhead.reports.rows import Row


def write_measured(path: Path, rows: dict[str, float | None], frame: int | None = None) -> Path:
    with open(path, "w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(Row._fields)
        for name, hc in rows.items():
            row = Row(name, frame, "ok", "", hc_mm=hc) if hc else Row(name, frame, "no_head", "no head: nothing there")
            writer.writerow(["" if value is None else value for value in row])
    return path


def pair(measured: float, *manual: float, subject: str = "") -> Pair:
    return Pair(f"{measured}.png", "", subject or f"{measured}", measured, manual)


def test_bias_and_limits_are_bland_and_altman_s() -> None:
    rng = np.random.default_rng(1)
    manual = rng.uniform(100, 300, 400)
    measured = manual + rng.normal(1.5, 2.0, 400)
    found = agreement([pair(one, other) for one, other in zip(measured, manual, strict=True)])
    difference = measured - manual
    assert found.bias == pytest.approx(difference.mean())
    assert found.sd == pytest.approx(difference.std(ddof=1))
    assert found.upper_limit == pytest.approx(difference.mean() + 1.96 * difference.std(ddof=1))
    assert found.within[3].share == pytest.approx(np.mean(np.abs(difference) <= 0.03 * manual))
    # Bland and Altman 1986: standard errors sd / sqrt(n) and about sqrt(3 / n) sd
    assert found.bias_high - found.bias_low == pytest.approx(2 * 1.96 * found.sd / 20, rel=0.15)
    width = found.upper_limit_high - found.upper_limit_low
    assert width == pytest.approx(2 * 1.96 * math.sqrt(3 / 400) * found.sd, rel=0.2)
    assert math.isnan(found.reader_sd)


def test_several_readings_are_averaged_and_their_spread_is_told() -> None:
    found = agreement([pair(100, 99, 101), pair(200, 198, 202), pair(150, 150)])
    assert found.bias == pytest.approx(0)
    assert found.reader_sd == pytest.approx(math.sqrt((2 + 8) / 2))


def test_pictures_of_a_subject_are_resampled_together() -> None:
    alone = [pair(100 + number, 100, subject=str(number)) for number in range(20)]
    twice = [one for one in alone for _ in range(2)]
    assert agreement(twice).bias_low == agreement(alone).bias_low
    assert agreement(twice).subjects == 20


def test_outliers_are_listed_worst_first() -> None:
    assert [one.measured_mm for one in outliers([pair(104, 100), pair(94, 100), pair(110, 100)])] == [110, 94]


@pytest.mark.parametrize("name", ["a/one.png", "one.png", "one", "x/a/one", "a\\one.png"])
def test_the_manual_file_may_name_a_picture_by_the_end_of_its_path(tmp_path: Path, name: str) -> None:
    measured = write_measured(tmp_path / "m.csv", {"x/a/one.png": 200.0, "x/a/two.png": 210.0})
    (tmp_path / "manual.csv").write_text(f"Filename,HC_mm\n{name},201\n")
    pairs, unpaired = read_pairs(measured, tmp_path / "manual.csv")
    assert [(one.path, one.manual_mm) for one in pairs] == [("x/a/one.png", 201)]
    assert (unpaired.only_measured, unpaired.only_manual) == (1, ())


def test_hc18_s_own_csv_and_semicolons_are_read(tmp_path: Path) -> None:
    measured = write_measured(tmp_path / "m.csv", {"one.png": 200.0})
    (tmp_path / "a.csv").write_text("filename,pixel size(mm),head circumference (mm)\none.png,0.1,199.5\n")
    (tmp_path / "b.csv").write_text("\ufeffpath;hc_mm;patient\none.png;199.5;p7\n", encoding="utf-8")
    assert read_pairs(measured, tmp_path / "a.csv")[0][0].manual_mm == 199.5
    assert read_pairs(measured, tmp_path / "b.csv")[0][0].subject == "p7"


def test_frames_are_told_apart(tmp_path: Path) -> None:
    measured = write_measured(tmp_path / "m.csv", {"cine.dcm": 200.0}, frame=3)
    (tmp_path / "manual.csv").write_text("path,frame,hc_mm\ncine.dcm,3,201\ncine.dcm,4,150\n")
    pairs, unpaired = read_pairs(measured, tmp_path / "manual.csv")
    assert [one.readings_mm for one in pairs] == [(201.0,)]
    assert unpaired.only_manual == ("cine.dcm, frame 4",)


@pytest.mark.parametrize(
    ("manual", "words"),
    [
        ("path,value\none.png,200\n", "no column for the manual HC in mm; name it hc_mm"),
        ("who,hc_mm\none.png,200\n", "no column for the picture; name it path"),
        ("path,hc_mm\none.png,wide\n", "line 2: 'wide' is no head circumference in mm"),
        ("path,hc_mm\none.png,-3\n", "line 2: '-3' is no head circumference"),
        ("path,hc_mm\none.png,inf\n", "line 2: 'inf' is no head circumference"),
        ("path,hc_mm\none.png,20.1\n", "'20.1' is no head circumference in mm, 25 to 500, but may be one in cm"),
        ("path,hc_mm\none.png,501\n", "'501' is no head circumference in mm, 25 to 500"),
        ("path;hc_mm\none.png;199,5\n", "25 to 500; write it with a decimal point"),
        ('path,hc_mm\n"a\nb.png",200\none.png,3\n', "line 4: '3' is no head circumference"),
        ("path,hc_mm\n", "holds no manual HC"),
        ("path,hc_mm\ntwin,200\n", "twin fits several pictures"),
    ],
)
def test_what_is_wrong_with_the_manual_file_is_one_line(tmp_path: Path, manual: str, words: str) -> None:
    measured = write_measured(tmp_path / "m.csv", {"one.png": 200.0, "a/twin.png": 1.0, "b/twin.png": 2.0})
    (tmp_path / "manual.csv").write_text(manual)
    with pytest.raises(FetalheadError, match=r"manual\.csv") as caught:
        read_pairs(measured, tmp_path / "manual.csv")
    assert words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("abc", "m.csv, line 3: hc_mm 'abc' is no length in mm"),
        ("200,5", "m.csv, line 3: hc_mm '200,5' is no length in mm; write it with a decimal point"),
        ("inf", "'inf' is no length"),
        ("nan", "'nan' is no length"),
        ("-1", "'-1' is no length"),
    ],
)
def test_what_is_wrong_with_a_measured_value_is_one_line(tmp_path: Path, value: str, words: str) -> None:
    measured = write_measured(tmp_path / "m.csv", {"one.png": 200.0, "two.png": 123.25})
    measured.write_text(measured.read_text().replace("123.25", f'"{value}"'))
    (tmp_path / "manual.csv").write_text("path,hc_mm\none.png,200\ntwo.png,200\n")
    with pytest.raises(FetalheadError) as caught:
        read_pairs(measured, tmp_path / "manual.csv")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("measured", "manual"),
    [
        ("./a.png", "a.png"),
        ("in/a.png", "./in/a.png"),
        ("in/a.png", " a.png "),
        ("in/ a.png", "a.png"),
        (" a.png ", " a.png "),
        ("e\u0301.png", "\u00e9.png"),
    ],
)
def test_names_match_however_they_are_written(tmp_path: Path, measured: str, manual: str) -> None:
    rows = write_measured(tmp_path / "m.csv", {measured: 200.0, "in/b.png": 210.0})
    (tmp_path / "manual.csv").write_text(f"path,hc_mm\n{manual},201\n")
    assert [one.path for one in read_pairs(rows, tmp_path / "manual.csv")[0]] == [measured]


@pytest.mark.parametrize(
    ("measured", "other", "manual"),
    [
        ("a.png", "sub/a.png", "a.png"),
        ("dir/1.2.3.1", "dir/1.2.3.1.5", "dir/1.2.3.1"),
        ("in/a.dcm", "in/a.dcm.png", "a.dcm"),
    ],
)
def test_a_whole_name_is_not_ambiguous(tmp_path: Path, measured: str, other: str, manual: str) -> None:
    rows = write_measured(tmp_path / "m.csv", {other: 210.0, measured: 200.0})
    (tmp_path / "manual.csv").write_text(f"path,hc_mm\n{manual},201\n")
    assert [one.path for one in read_pairs(rows, tmp_path / "manual.csv")[0]] == [measured]


def test_subjects_are_one_however_blanks_stand_around_them(tmp_path: Path) -> None:
    rows = write_measured(tmp_path / "m.csv", {"a.png": 200.0, "b.png": 210.0, "c.png": 220.0})
    (tmp_path / "manual.csv").write_text("path,hc_mm,subject\na.png,201,P1\nb.png,211, P1 \nc.png,221, \n")
    assert [one.subject for one in read_pairs(rows, tmp_path / "manual.csv")[0]] == ["P1", "P1", "c.png"]
    (tmp_path / "manual.csv").write_text("path,hc_mm,HC_mm\na.png,201,150\n")
    with pytest.raises(FetalheadError, match="two columns are called hc_mm"):
        read_pairs(rows, tmp_path / "manual.csv")


@pytest.mark.parametrize("frame", ["3.0", " 3 ", "3"])
def test_frames_match_however_they_are_written(tmp_path: Path, frame: str) -> None:
    measured = write_measured(tmp_path / "m.csv", {"cine.dcm": 200.0, "other.dcm": 1.0}, frame=3)
    (tmp_path / "manual.csv").write_text(f"path,Frame,hc_mm\ncine.dcm,{frame},201\n")
    assert [one.frame for one in read_pairs(measured, tmp_path / "manual.csv")[0]] == ["3"]
    measured.write_text(measured.read_text().replace(",3,", ",3.0,"))
    assert [one.frame for one in read_pairs(measured, tmp_path / "manual.csv")[0]] == ["3"]


def test_one_picture_under_two_names_is_one_picture(tmp_path: Path) -> None:
    measured = write_measured(tmp_path / "m.csv", {"in/a.png": 200.0})
    (tmp_path / "manual.csv").write_text("path,hc_mm,subject\na.png,201,\na,203,p1\n./a.png,202,\n")
    (only,), _ = read_pairs(measured, tmp_path / "manual.csv")
    assert (only.readings_mm, only.subject) == ((201, 202, 203), "p1")


def test_the_command_shows_odd_names_on_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    latin, broken = os.fsdecode(b"M\xfcller.png"), "a\nb.png"
    measured = tmp_path / "m.csv"
    rows = [f'"{name}",,ok,,{value}' for name, value in ((latin, 260), (broken, 200))]
    measured.write_bytes(os.fsencode("\n".join(["path,frame,status,reason,hc_mm", *rows])))
    manual = tmp_path / "manual.csv"
    manual.write_bytes(os.fsencode(f'path,hc_mm\n{latin},200\n"{broken}",250\n"none\nsuch.png",200\n'))
    assert agree.main([str(measured), str(manual), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr()
    assert "  M\\udcfcller.png: 260.0 against" in said.out and "  a\\nb.png: 200.0 against" in said.out
    assert said.err.startswith("fetalhead agree: none\\nsuch.png: ") and len(said.err.splitlines()) == 3


def test_one_picture_has_no_limits_and_no_intervals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measured = write_measured(tmp_path / "m.csv", {"one.png": 200.0, "two.png": 210.0})
    manual = tmp_path / "manual.csv"
    manual.write_text("path,hc_mm,subject\none.png,201,p\n")
    assert agree.main([str(measured), str(manual), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "nan" not in said and "limits of agreement need two pictures or more" in said
    manual.write_text("path,hc_mm,subject\none.png,201,p\ntwo.png,213,p\n")
    assert agree.main([str(measured), str(manual), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "nan" not in said and "95 % intervals need two subjects or more" in said
    assert "limits of agreement -4.77 and +0.77 mm" in said


def test_the_command_writes_all_and_tells_what_has_no_partner(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = {"one.png": 200.0, "two.png": 260.0, "no.png": None, "more.png": 99.0}
    measured = write_measured(tmp_path / "m.csv", values)
    manual = tmp_path / "manual.csv"
    manual.write_text("path,hc_mm\none.png,201\none.png,203\ntwo.png,240\nno.png,180\n")
    assert agree.main([str(measured), str(manual), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    assert "no.png: no_head, no head: nothing there" in said.err
    assert "two.png: 260.0 against 240.0 mm, +8.3 %" in said.out
    values = json.loads((tmp_path / "out" / "agreement.json").read_text())
    assert (values["images"], values["manual_not_measured"], values["measured_only"]) == (2, 1, 1)
    assert values["bias"] == pytest.approx((-2 + 20) / 2)
    assert (tmp_path / "out" / "bland_altman.png").stat().st_size > 10_000
    with open(tmp_path / "out" / "agreement.csv", newline="") as stream:
        assert [row["readings"] for row in csv.DictReader(stream)] == ["2", "1"]
    manual.write_text("path,hc_mm\none.png,201\nthree.png,240\n")
    assert agree.main([str(measured), str(manual), "--out", str(tmp_path / "out")]) == 1
    assert "three.png: " in capsys.readouterr().err


def test_verdicts_are_counted_and_the_accepted_are_told_beside_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judged = {"a.png": (201, "accept"), "b.png": (203, "accept"), "c.png": (230, "review"), "d.png": (120, "refuse")}
    rows = [Row(name, None, "ok", "", hc_mm=hc, quality=verdict) for name, (hc, verdict) in judged.items()]
    with open(tmp_path / "m.csv", "w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(Row._fields)
        writer.writerows([["" if value is None else value for value in row] for row in rows])
    (tmp_path / "manual.csv").write_text("path,hc_mm\n" + "".join(f"{name},200\n" for name in judged))
    command = [str(tmp_path / "m.csv"), str(tmp_path / "manual.csv"), "--out", str(tmp_path / "out")]
    assert agree.main(command) == 0
    said = capsys.readouterr().out
    assert "verdicts: accept 2, review 1, refuse 1\nof the accepted: bias +2.00 mm" in said
    assert "  d.png: 120.0 against 200.0 mm, -40.0 %, refuse\n" in said
    document = json.loads((tmp_path / "out" / "agreement.json").read_text())
    assert document["verdicts"] == {"accept": 2, "review": 1, "refuse": 1}
    assert (document["images"], document["accepted"]["images"], document["accepted"]["bias"]) == (4, 2, 2.0)
    with open(tmp_path / "out" / "agreement.csv", newline="") as stream:
        assert [row["quality"] for row in csv.DictReader(stream)] == ["accept", "accept", "review", "refuse"]
    (tmp_path / "m.csv").write_text("path,frame,status,reason,hc_mm\na.png,,ok,,201\n")
    assert agree.main(command) == 1
    assert "verdicts" not in capsys.readouterr().out


def test_without_the_extra_it_says_what_to_install_and_no_more(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "for name in ('scipy', 'matplotlib', 'torch'): sys.modules[name] = None\n"
        "from fetalhead.cli import main\n"
        f"sys.exit(main(['agree', 'm.csv', 'manual.csv', '--out', {str(tmp_path / 'out')!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1 and done.stdout == ""
    wanted = "fetalhead agree: drawing figures needs the package matplotlib, which is not installed: "
    assert done.stderr == f"{wanted}pip install 'fetalhead[train]'\n"
