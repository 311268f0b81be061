"""`fetalhead report`: what the DICOM objects say, read back by other readers than the writer."""

from __future__ import annotations

import csv
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from images.dicom_making import dataset, region, save
from toys import bright_head

from fetalhead.cli import main
from fetalhead.images.ellipse import Ellipse
from fetalhead.measuring.out_folder import OutFolder

highdicom = pytest.importorskip("highdicom")
pydicom = pytest.importorskip("pydicom")

HEAD = Ellipse(96, 74, 48, 36, 0.4)
SECRETS = {
    "PatientName": "Secretname^Planted",
    "PatientID": "SECRETID77",
    "PatientBirthDate": "19810203",
    "StudyDate": "20190405",
    "AccessionNumber": "SECRETACC",
    "StudyDescription": "Secretstudy",
    "ImageComments": "Secretcomment",
    "ReferringPhysicianName": "Secretdoctor^Dan",
}
CODES = {"11984-2": "hc_mm", "11820-8": "bpd_mm", "11851-3": "ofd_mm", "18185-9": "ga_weeks"}
"""LOINC."""


def write_still(path: Path, head: Ellipse = HEAD, delta: tuple[float, float] = (0.1, 0.1), **elements: object) -> Path:
    """A still of a head below a bar with a bright patch for a name, outside the region."""
    picture = bright_head(head, (160, 192))
    picture[2:12, 10:90] = 255
    given = {"StudyInstanceUID": "1.2.3.4", "SeriesInstanceUID": "1.2.3.4.5", **SECRETS, **elements}
    return save(dataset(picture, SequenceOfUltrasoundRegions=[region((0, 20, 191, 159), delta)], **given), path)


def write_cine(path: Path) -> Path:
    frames = np.stack([bright_head(HEAD, (160, 192)), np.zeros((160, 192), np.uint8), bright_head(HEAD, (160, 192))])
    regions = [region((0, 20, 191, 159), (0.1, 0.1))]
    given = {"StudyInstanceUID": "1.2.3.4", "SeriesInstanceUID": "1.2.3.4.6", "FrameTime": 40, **SECRETS}
    return save(dataset(frames, frames=3, SequenceOfUltrasoundRegions=regions, **given), path)


def report(model: Path, out: Path, *arguments: object) -> int:
    return main(["report", *map(str, arguments), "--model", str(model), "--out", str(out)])


def measured(model: Path, out: Path, path: Path) -> list[dict[str, str]]:
    assert main(["measure", str(path), "--model", str(model), "--out", str(out)]) == 0
    with open(out / "measurements.csv", newline="") as stream:
        return list(csv.DictReader(stream))


def groups(report: object) -> list[object]:
    """The measurement groups of a report, by pydicom alone."""
    [measurements] = [item for item in report.ContentSequence if concept(item) == "126010"]
    return list(measurements.ContentSequence)


def concept(item: object) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue)


def values(group: object) -> dict[str, float]:
    items = [item for item in group.ContentSequence if item.ValueType == "NUM"]
    return {CODES[concept(item)]: float(item.MeasuredValueSequence[0].NumericValue) for item in items}


def ellipse_of(group: object) -> tuple[np.ndarray, object]:
    [item] = [item for item in group.ContentSequence if item.ValueType == "SCOORD"]
    assert item.GraphicType == "ELLIPSE"
    return np.reshape(item.GraphicData, (4, 2)), item.ContentSequence[0].ReferencedSOPSequence[0]


@pytest.mark.parametrize("degrees", [0, 37, 90])
@pytest.mark.parametrize("delta", [(0.1, 0.1), (0.1, 0.08)])
def test_order_of_points(degrees: int, delta: tuple[float, float], toy_model: Path, tmp_path: Path) -> None:
    """CASES.md: points 1-2 end the long axis, 3-4 the short one, column before row, as DICOM counts pixels."""
    head = Ellipse.make(96, 88, 48, 36, np.radians(degrees))
    path = write_still(tmp_path / "a.dcm", head, delta)
    assert report(toy_model, tmp_path / "out", path) == 0
    [row] = measured(toy_model, tmp_path / "csv", path)
    read = pydicom.dcmread(tmp_path / "out" / "a.dcm.sr.dcm")
    [group] = groups(read)
    points, _ = ellipse_of(group)
    long, short = points[1] - points[0], points[3] - points[2]
    # a pixel's centre lies at one half in DICOM
    assert points.mean(axis=0) == pytest.approx([96.5, 88.5], abs=0.1)
    assert np.linalg.norm(long) / 2 == pytest.approx(48, abs=0.1)
    assert np.linalg.norm(short) / 2 == pytest.approx(36, abs=0.1)
    turned = np.arctan2(long[1], long[0]) - np.radians(degrees)
    assert 48 * abs(np.sin(turned)) < 0.15  # what the end of the axis is off by
    assert abs(long @ short) / 48 / 36 < 0.01
    assert np.linalg.norm(long) / 2 == pytest.approx(float(row["semi_axis_a_px"]), abs=0.001)
    assert values(group) == {name: float(row[name]) for name in CODES.values()}
    in_mm = head.scaled(10 * delta[0], 10 * delta[1])
    assert values(group)["hc_mm"] == pytest.approx(in_mm.perimeter, rel=0.002)


def test_a_second_library_reads_the_report(toy_model: Path, tmp_path: Path) -> None:
    write_still(tmp_path / "a.dcm")
    report(toy_model, tmp_path / "out", tmp_path / "a.dcm", "--keep-patient")
    read = highdicom.sr.srread(tmp_path / "out" / "a.dcm.sr.dcm")
    [group] = read.content.get_planar_roi_measurement_groups()
    assert group.roi.graphic_type == highdicom.sr.GraphicTypeValues.ELLIPSE
    assert {measurement.name.value for measurement in group.get_measurements()} == set(CODES)
    text = (tmp_path / "out" / "a.dcm.sr.dcm").read_bytes()
    assert b"fetalhead" in text and b"toy-" in text and b"121026" in text  # algorithm, model, a fetus as subject
    dump = shutil.which("dsrdump")
    if dump:
        shown = subprocess.run([dump, tmp_path / "out" / "a.dcm.sr.dcm"], capture_output=True, text=True, check=True)
        assert "Head Circumference" in shown.stdout and '"Fetus"' in shown.stdout


def test_segmentation_and_overlay(toy_model: Path, tmp_path: Path) -> None:
    path = write_still(tmp_path / "a.dcm")
    assert report(toy_model, tmp_path / "out", path, "--keep-patient") == 0
    segmented = pydicom.dcmread(tmp_path / "out" / "a.dcm.seg.dcm")
    head = bright_head(HEAD, (160, 192)) > 110
    assert (np.squeeze(segmented.pixel_array).astype(bool) ^ head).sum() < 0.02 * head.sum()
    assert segmented.SegmentSequence[0].SegmentedPropertyTypeCodeSequence[0].CodeMeaning == "Head"
    source = pydicom.dcmread(path)
    assert segmented.SourceImageSequence[0].ReferencedSOPInstanceUID == source.SOPInstanceUID
    capture = pydicom.dcmread(tmp_path / "out" / "a.dcm.sc.dcm")
    assert capture.pixel_array.shape[1:] == (300, 3) and not capture.pixel_array[:20, :192].any()
    assert capture.pixel_array[74, 96].all()


def test_a_cine_has_its_ellipses_in_one_report(toy_model: Path, tmp_path: Path) -> None:
    path = write_cine(tmp_path / "c.dcm")
    assert report(toy_model, tmp_path / "out", path) == 0
    found = groups(pydicom.dcmread(tmp_path / "out" / "c.dcm.sr.dcm"))
    assert [int(ellipse_of(group)[1].ReferencedFrameNumber) for group in found] == [1, 3]
    written = {file.name for file in (tmp_path / "out").iterdir()}
    assert written == {"c.dcm.sr.dcm", "c.dcm.sc.dcm", "run.json", ".fetalhead"}


def test_a_cine_that_ends_early_has_a_partial_report(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_cine(tmp_path / "c.dcm")
    path.write_bytes(path.read_bytes()[:-1000])
    assert report(toy_model, tmp_path / "out", path) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith(f"fetalhead report: {path}: ") and told[0].endswith("; reported on 2 frames")
    assert "1 SR, 0 SEG, 1 SC, 1 error," in told[1]
    read = pydicom.dcmread(tmp_path / "out" / "c.dcm.sr.dcm")
    assert (read.CompletionFlag, len(groups(read))) == ("PARTIAL", 1)
    assert read.CompletionFlagDescription == "Frames measured: 2. Others could not be read."
    write_cine(path)
    assert report(toy_model, tmp_path / "out", path) == 0
    assert pydicom.dcmread(tmp_path / "out" / "c.dcm.sr.dcm").CompletionFlag == "COMPLETE"


def test_a_picture_that_the_table_of_sizes_lacks_is_told(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("n", "m"):
        save(dataset(bright_head(HEAD), StudyInstanceUID="1.2", SeriesInstanceUID="1.3"), tmp_path / f"{name}.dcm")
    (tmp_path / "sizes.csv").write_text("filename,pixel size(mm)\nn.dcm,0.5\n")
    assert report(toy_model, tmp_path / "out", tmp_path, "--pixel-size-csv", tmp_path / "sizes.csv") == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0].endswith("m.dcm: sizes.csv has no row for m.dcm: in pixels only")
    assert "2 SR, 2 SEG, 2 SC, 0 errors" in told[1]


def test_what_a_quoted_pattern_finds_is_named(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As where the shell finds it: it is refused aloud, and not passed over as in a folder."""
    save(dataset(bright_head(HEAD), SOPClassUID="1.2.840.10008.5.1.4.1.1.2"), tmp_path / "ct.dcm")
    assert report(toy_model, tmp_path / "out", tmp_path / "*.dcm") == 1
    assert "ct.dcm: reports are about ultrasound" in capsys.readouterr().err


def test_two_reports_do_not_write_to_one_folder(toy_model: Path, tmp_path: Path) -> None:
    path = write_still(tmp_path / "a.dcm")
    (tmp_path / "out" / ".fetalhead").mkdir(parents=True)
    left = tmp_path / "out" / ".fetalhead" / "1.part"
    left.write_bytes(b"by a kill")
    with OutFolder(tmp_path / "out").held():
        assert report(toy_model, tmp_path / "out", path) == 1
    assert report(toy_model, tmp_path / "out", path) == 0
    assert not left.exists() and not list((tmp_path / "out").glob("*.part"))


def test_no_head_is_a_report_that_says_so(toy_model: Path, tmp_path: Path) -> None:
    blank = np.full((160, 192), 30, np.uint8)
    save(dataset(blank, StudyInstanceUID="1.2", SeriesInstanceUID="1.3"), tmp_path / "n.dcm")
    assert report(toy_model, tmp_path / "out", tmp_path / "n.dcm") == 0
    [group] = groups(pydicom.dcmread(tmp_path / "out" / "n.dcm.sr.dcm"))
    said = [item.ConceptCodeSequence[0].CodeMeaning for item in group.ContentSequence if item.ValueType == "CODE"]
    assert "Not detected" in said and not [item for item in group.ContentSequence if item.ValueType == "NUM"]
    assert not (tmp_path / "out" / "n.dcm.seg.dcm").exists()


def test_without_a_pixel_size_there_are_no_lengths(toy_model: Path, tmp_path: Path) -> None:
    save(dataset(bright_head(HEAD), StudyInstanceUID="1.2", SeriesInstanceUID="1.3"), tmp_path / "n.dcm")
    assert report(toy_model, tmp_path / "out", tmp_path / "n.dcm") == 0
    [group] = groups(pydicom.dcmread(tmp_path / "out" / "n.dcm.sr.dcm"))
    assert values(group) == {} and ellipse_of(group)[0].shape == (4, 2)
    assert report(toy_model, tmp_path / "mm", tmp_path / "n.dcm", "--pixel-size", "1") == 0
    assert "hc_mm" in values(groups(pydicom.dcmread(tmp_path / "mm" / "n.dcm.sr.dcm"))[0])


def test_nothing_of_the_patient_unless_asked_for(toy_model: Path, tmp_path: Path) -> None:
    source = pydicom.dcmread(write_still(tmp_path / "a.dcm"))
    write_cine(tmp_path / "c.dcm")
    assert report(toy_model, tmp_path / "out", tmp_path / "a.dcm", tmp_path / "c.dcm") == 0
    planted = [*SECRETS.values(), "1.2.3.4", source.SOPInstanceUID]
    made = [pydicom.dcmread(path) for path in sorted((tmp_path / "out").glob("*.dcm"))]
    assert len(made) == 5
    for path in filter(Path.is_file, (tmp_path / "out").rglob("*")):
        content = path.read_bytes()
        assert not [text for text in planted if text.encode() in content], path
    assert len({one.StudyInstanceUID for one in made}) == 1  # both pictures were of one study
    report(toy_model, tmp_path / "kept", tmp_path / "a.dcm", "--keep-patient")
    for path in (tmp_path / "kept").glob("*.dcm"):
        kept = pydicom.dcmread(path)
        assert (kept.PatientName, kept.PatientID) == ("Secretname^Planted", "SECRETID77")
        assert kept.StudyInstanceUID == "1.2.3.4"
        assert (kept.PatientBirthDate, kept.StudyDate, kept.AccessionNumber) == ("19810203", "20190405", "SECRETACC")
        assert b"Secretcomment" not in path.read_bytes() and b"Secretstudy" not in path.read_bytes()


@pytest.mark.parametrize("day", ["19800230", "19800631", "00000101"])
def test_a_day_that_there_is_not_is_left_empty(toy_model: Path, tmp_path: Path, day: str) -> None:
    write_still(tmp_path / "a.dcm", PatientBirthDate=day, StudyDate=day)
    assert report(toy_model, tmp_path / "out", tmp_path / "a.dcm", "--keep-patient") == 0
    made = pydicom.dcmread(tmp_path / "out" / "a.dcm.sr.dcm")
    assert not made.PatientBirthDate and not made.StudyDate and made.PatientID == "SECRETID77"


def test_several_frames_in_a_class_for_one_have_no_segmentation(toy_model: Path, tmp_path: Path) -> None:
    """Which frame it outlines could not be told."""
    both = np.stack([bright_head(HEAD)] * 2)
    save(dataset(both, frames=2, SOPClassUID="1.2.840.10008.5.1.4.1.1.6.1", StudyInstanceUID="1.2"), tmp_path / "a.dcm")
    assert report(toy_model, tmp_path / "out", tmp_path / "a.dcm") == 0
    assert sorted(path.name for path in (tmp_path / "out").glob("*.dcm")) == ["a.dcm.sc.dcm", "a.dcm.sr.dcm"]


def test_what_is_no_dicom_picture_is_one_line(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    folder = tmp_path / "in"
    folder.mkdir()
    write_still(folder / "a.dcm", StudyInstanceUID="")
    save(dataset(bright_head(HEAD), SOPClassUID="1.2.840.10008.5.1.4.1.1.2"), folder / "ct.dcm")
    save(dataset(bright_head(HEAD), SOPClassUID="1.2.840.10008.5.1.4.1.1.77.1.4", Modality="XC"), folder / "photo.dcm")
    Image.fromarray(bright_head(HEAD)).save(folder / "p.png")
    assert report(toy_model, folder / "out", folder / "p.png", folder, "--keep-patient") == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.count(": ") >= 1 for line in lines[:2]] == [True] * 2
    assert "p.png: is no DICOM file" in lines[0] and "a.dcm: has no StudyInstanceUID" in lines[1]
    assert len(lines) == 3 and "2 passed over" in lines[2]
    assert report(toy_model, tmp_path / "named", folder / "ct.dcm") == 1
    assert "ct.dcm: reports are about ultrasound" in (said := capsys.readouterr().err) and "CT Image Storage" in said
    report(toy_model, folder / "out", folder / "a.dcm")
    capsys.readouterr()
    report(toy_model, folder / "out", folder)  # its own results lie in the folder, and are no input
    assert "1 SR, 1 SEG, 1 SC, 0 errors, 7 passed over" in capsys.readouterr().err


def test_results_of_an_earlier_run_do_not_contradict_the_new_ones(toy_model: Path, tmp_path: Path) -> None:
    """Also where they lie among the pictures."""
    path, out = write_still(tmp_path / "a.dcm"), tmp_path
    assert report(toy_model, out, tmp_path) == 0
    names = {file.name for file in out.glob("a.dcm.*.dcm")}
    assert names == {"a.dcm.sr.dcm", "a.dcm.seg.dcm", "a.dcm.sc.dcm"}
    empty = np.zeros((160, 192), np.uint8)
    given = {"StudyInstanceUID": "1.2.3.4", "SeriesInstanceUID": "1.2.3.4.5"}
    save(dataset(empty, SequenceOfUltrasoundRegions=[region((0, 20, 191, 159), (0.1, 0.1))], **given), path)
    assert report(toy_model, out, tmp_path) == 0
    assert "a.dcm.seg.dcm" not in {file.name for file in out.iterdir()} and (out / "a.dcm.sr.dcm").exists()
    path.write_bytes(path.read_bytes()[:-2000])
    assert report(toy_model, out, path) == 1
    assert not list(out.glob("a.dcm.*.dcm"))


def test_results_are_no_pictures(toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An overlay or a segmentation that lies beside the pictures is passed over, and refused where it is named."""
    folder = tmp_path / "in"
    folder.mkdir()
    write_still(folder / "a.dcm")
    report(toy_model, folder / "dicom", folder / "a.dcm")
    assert len(list((folder / "dicom").glob("*.dcm"))) == 3
    [row] = measured(toy_model, tmp_path / "csv", folder)
    assert row["path"].endswith("/a.dcm")
    capsys.readouterr()
    assert report(toy_model, tmp_path / "again", folder) == 0
    assert "1 SR, 1 SEG, 1 SC, 0 errors" in capsys.readouterr().err
    for kind in ("sc", "seg"):
        named = folder / "dicom" / f"a.dcm.{kind}.dcm"
        assert main(["measure", str(named), "--model", str(toy_model), "--out", str(tmp_path / kind)]) == 1
        assert "is a result of fetalhead report" in capsys.readouterr().err


@pytest.mark.parametrize("keep", [[], ["--keep-patient"]])
def test_dciodvfy_finds_no_error(keep: list[str], toy_model: Path, tmp_path: Path) -> None:
    checker = shutil.which("dciodvfy")
    if checker is None:
        pytest.skip("dciodvfy not found (Debian package dicom3tools)")
    still, cine = write_still(tmp_path / "a.dcm"), write_cine(tmp_path / "c.dcm")
    one = save(
        dataset(bright_head(HEAD)[None], frames=1, StudyInstanceUID="1.2", SeriesInstanceUID="1.3"),
        tmp_path / "one.dcm",
    )
    cut = write_still(tmp_path / "cut.dcm", Ellipse(150, 88, 52, 40, 0.0))
    assert report(toy_model, tmp_path / "out", still, cine, one, cut, *keep) == 0
    made = sorted((tmp_path / "out").glob("*.dcm"))
    assert len(made) == 3 + 2 + 2 + 3
    for path in made:
        shown = subprocess.run([checker, path], capture_output=True, text=True, check=False)
        said = [line for line in (shown.stdout + shown.stderr).splitlines() if "needed to build DICOMDIR" not in line]
        assert not [line for line in said if line.startswith(("Error", "Warning"))], (path, said)
