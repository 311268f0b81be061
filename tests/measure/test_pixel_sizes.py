"""Where a row's pixel size comes from: the user, else the CSV, else the file; and what a bad one does."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import cv2
import pytest
from measure_calls import HEAD, head_picture, measure, rows_of, write_heads
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from fetalhead.phantoms.burned_in import Ruler, draw_ruler


def _write_csv(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(["filename,pixel size(mm),head circumference (mm)", *rows]) + "\n")
    return path


def _write_dicom(path: Path) -> None:
    """A picture of the head with pixels of 0.3 mm by its own header."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.6.1")
    meta.MediaStorageSOPInstanceUID = generate_uid()
    made = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID, made.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    made.PatientName, made.PatientID = "Doe^Jane", "12345"
    made.Modality, made.PixelSpacing = "US", [0.3, 0.3]
    made.Rows, made.Columns = head_picture().shape
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 8, 8, 7, 0
    made.PixelData = head_picture().tobytes()
    made.save_as(path)


def test_the_user_comes_before_the_csv_before_the_file(toy_model: Path, tmp_path: Path) -> None:
    _write_dicom(tmp_path / "a.dcm")
    table = _write_csv(tmp_path / "sizes.csv", "a.dcm,0.2,100")
    found = []
    for number, options in enumerate(
        (["--pixel-size", "0.1,0.1", "--pixel-size-csv", table], ["--pixel-size-csv", table], [])
    ):
        assert measure(toy_model, tmp_path / str(number), tmp_path / "a.dcm", *options) == 0
        (row,) = rows_of(tmp_path / str(number))
        assert float(row["hc_mm"]) == pytest.approx(HEAD.perimeter * float(row["pixel_size_x_mm"]), rel=0.005)
        found.append((row["pixel_size_x_mm"], row["pixel_size_y_mm"], row["pixel_size_source"]))
    assert found == [("0.1", "0.1", "user"), ("0.2", "0.2", "hc18-csv"), ("0.3", "0.3", "dicom-pixel-spacing")]


def test_auto_comes_after_the_csv_and_the_file_and_says_how_sure_it_is(toy_model: Path, tmp_path: Path) -> None:
    _write_dicom(tmp_path / "own.dcm")
    for name, shown in (("ruler.png", True), ("row.png", True), ("bare.png", False)):
        picture = cv2.resize(head_picture(), None, fx=4, fy=4)
        if shown:
            draw_ruler(picture, 0.2, Ruler(5, (2, 10)))
        cv2.imwrite(str(tmp_path / name), picture)
    table = _write_csv(tmp_path / "sizes.csv", "row.png,0.25,100")
    arguments = (tmp_path, "--pixel-size", "auto", "--pixel-size-csv", table)
    assert measure(toy_model, tmp_path / "out", *arguments) == 1  # the CSV misses files, one of them without a size
    rows = {Path(row["path"]).name: row for row in rows_of(tmp_path / "out")}
    sources = {name: row["pixel_size_source"] for name, row in rows.items()}
    assert sources == {
        "own.dcm": "dicom-pixel-spacing", "ruler.png": "ruler", "row.png": "hc18-csv", "bare.png": "unknown",
    }  # fmt: skip
    assert float(rows["ruler.png"]["pixel_size_y_mm"]) == pytest.approx(0.2, rel=0.01)
    assert "read from the depth ruler (confidence " in rows["ruler.png"]["reason"]
    reason = "sizes.csv has no row for bare.png; no depth ruler found in the picture"
    assert rows["bare.png"]["reason"].startswith(reason)
    assert measure(toy_model, tmp_path / "out", tmp_path / "ruler.png") == 0  # without auto there is no size again
    assert rows_of(tmp_path / "out")[0]["status"] == "no_scale"


def test_nothing_of_the_patient_is_written(toy_model: Path, tmp_path: Path) -> None:
    _write_dicom(tmp_path / "a.dcm")
    assert measure(toy_model, tmp_path / "out", tmp_path / "a.dcm", "--save", "masks,probabilities") == 0
    for path in (tmp_path / "out").rglob("*"):
        assert path.is_dir() or not any(word in path.read_bytes() for word in (b"Doe", b"Jane", b"12345"))


def test_a_file_without_a_csv_row_is_measured_in_pixels_and_named(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, last = write_heads(tmp_path / "in", 2)
    _write_dicom(tmp_path / "in" / "own.dcm")
    table = _write_csv(tmp_path / "sizes.csv", "000.png,0.2,100")
    for _ in range(2):  # a row taken over from an earlier run is as incomplete
        assert measure(toy_model, tmp_path / "out", tmp_path / "in", "--pixel-size-csv", table) == 1
        rows = rows_of(tmp_path / "out")
        assert [(Path(row["path"]), row["status"]) for row in rows] == [
            (first, "ok"),
            (last, "no_scale"),
            (tmp_path / "in" / "own.dcm", "ok"),
        ]
        assert rows[1]["reason"] == "sizes.csv has no row for 001.png"
        assert rows[1]["semi_axis_a_px"] and not rows[1]["hc_mm"]
        lines = capsys.readouterr().err.splitlines()
        assert lines[0] == f"fetalhead measure: {last}: sizes.csv has no row for 001.png: in pixels only"
        assert len(lines) == 2


@pytest.mark.parametrize("size", ["-0.1", "nan", "25.4", "0", "", "abc"])
def test_a_bad_size_in_the_csv_is_its_own_files_error(
    toy_model: Path, tmp_path: Path, size: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first, last = write_heads(tmp_path / "in", 2)
    table = _write_csv(tmp_path / "sizes.csv", f"000.png,{size},100", "001.png,0.2,100")
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", "--pixel-size-csv", table) == 1
    assert [(row["path"], row["status"]) for row in rows_of(tmp_path / "out")] == [
        (str(first), "error"),
        (str(last), "ok"),
    ]
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2 and lines[0].startswith(f"fetalhead measure: {first}: sizes.csv: pixel size")


def test_a_csv_may_name_files_by_their_place_in_the_folder(toy_model: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_heads(tmp_path / "in" / name, 1)
    table = _write_csv(tmp_path / "sizes.csv", "a/000.png,0.2,1", "b/000.png,0.4,1")
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", "--pixel-size-csv", table) == 0
    assert [row["pixel_size_x_mm"] for row in rows_of(tmp_path / "out")] == ["0.2", "0.4"]


def test_a_bare_name_is_never_that_of_two_pictures(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_heads(tmp_path / "in", 2)
    write_heads(tmp_path / "in" / "sub", 1)
    table = _write_csv(tmp_path / "sizes.csv", "000.png,0.3,1", "001.png,0.3,1")
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", "--pixel-size-csv", table) == 1
    rows = rows_of(tmp_path / "out")
    assert [row["status"] for row in rows] == ["no_scale", "ok", "no_scale"]
    reason = "sizes.csv has a row for 000.png, but several pictures here have that name; give each a row by its path"
    assert rows[2]["reason"] == f"{reason}, as in sub/000.png"
    assert rows[0]["reason"] == f"{reason}, as in {tmp_path}/in/000.png"
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3 and lines[1].startswith(f"fetalhead measure: {tmp_path}/in/sub/000.png: {reason}")
    for own in ("sub/000.png", f"{tmp_path}/in/sub/000.png"):
        _write_csv(table, "000.png,0.3,1", "001.png,0.3,1", f"{own},0.4,1")
        assert measure(toy_model, tmp_path / "out", tmp_path / "in", "--pixel-size-csv", table) == 0
        assert [row["pixel_size_x_mm"] for row in rows_of(tmp_path / "out")] == ["0.3", "0.3", "0.4"]


def test_a_bare_name_is_no_size_of_pictures_named_one_by_one_or_in_two_folders(toy_model: Path, tmp_path: Path) -> None:
    for name in ("training_set", "test_set"):
        write_heads(tmp_path / name, 1)
    table = _write_csv(tmp_path / "sizes.csv", "000.png,0.3,1")
    folders = (tmp_path / "training_set", tmp_path / "test_set")
    for paths in (folders, [folder / "000.png" for folder in folders], [tmp_path]):
        assert measure(toy_model, tmp_path / "out", *paths, "--pixel-size-csv", table) == 1
        assert [row["pixel_size_source"] for row in rows_of(tmp_path / "out")] == ["unknown", "unknown"]
    assert measure(toy_model, tmp_path / "out", folders[0], "--pixel-size-csv", table) == 0
    _write_csv(table, "000.png,0.3,1", "test_set/000.png,0.4,1")
    (tmp_path / "third").mkdir()
    write_heads(tmp_path / "third", 1)
    assert measure(toy_model, tmp_path / "out", tmp_path, "--pixel-size-csv", table) == 1
    found = [row["pixel_size_x_mm"] for row in rows_of(tmp_path / "out")]
    assert found == ["0.4", "", ""], "of two that are left, neither; and of one that is left below a folder, not it"


@pytest.mark.parametrize(
    ("delimiter", "size"), [(";", "0.3"), (";", "0,3"), (";", " 0,3 "), (";", '"0,3"'), ("\t", "0.3"), ("\t", "0,3")]
)
def test_semicolons_and_tabs_part_a_csv_as_commas_do(
    toy_model: Path, tmp_path: Path, delimiter: str, size: str
) -> None:
    write_heads(tmp_path / "in", 1)
    table = tmp_path / "sizes.csv"
    lines = (("filename", "pixel size(mm)", "note"), ("000.png", size, "a, b"))
    table.write_text("\ufeff" + "".join(delimiter.join(line) + "\r\n" for line in lines), encoding="utf-8")
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", "--pixel-size-csv", table) == 0
    assert [row["pixel_size_x_mm"] for row in rows_of(tmp_path / "out")] == ["0.3"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("filename,pixel size(mm)\n000.png,\"0,3\"\n", "pixel size '0,3' of 000.png is no number"),
        ("filename;pixel size(mm)\n000.png;1.234,5\n", "pixel size '1.234,5' of 000.png is no number"),
        ("name;pixel size(mm)\n000.png;0.3\n", "no columns 'filename' and 'pixel size(mm)'"),
    ],
)
def test_what_is_no_size_stays_none_whatever_parts_the_columns(
    toy_model: Path, tmp_path: Path, text: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_heads(tmp_path / "in", 1)
    (tmp_path / "sizes.csv").write_text(text)
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", "--pixel-size-csv", tmp_path / "sizes.csv") in (1, 2)
    assert words in capsys.readouterr().err


def test_letters_with_accents_are_the_same_however_they_are_written(toy_model: Path, tmp_path: Path) -> None:
    composed, apart = (unicodedata.normalize(form, "é.png") for form in ("NFC", "NFD"))
    for folder, names in (("one", [apart]), ("two", [composed, apart])):
        for name in names:
            (tmp_path / folder).mkdir(exist_ok=True)
            cv2.imwrite(str(tmp_path / folder / name), head_picture())
    table = _write_csv(tmp_path / "sizes.csv", f"{composed},0.3,1")
    assert measure(toy_model, tmp_path / "out", tmp_path / "one", "--pixel-size-csv", table) == 0
    assert [row["pixel_size_x_mm"] for row in rows_of(tmp_path / "out")] == ["0.3"]
    assert measure(toy_model, tmp_path / "out", tmp_path / "two", "--pixel-size-csv", table) == 1
    assert [row["pixel_size_x_mm"] for row in rows_of(tmp_path / "out")] == ["", ""]
    _write_csv(table, f"{composed},0.3,1", f"{apart},0.4,1")
    assert measure(toy_model, tmp_path / "out", tmp_path / "two", "--pixel-size-csv", table) == 0
    sizes = {Path(row["path"]).name: row["pixel_size_x_mm"] for row in rows_of(tmp_path / "out")}
    assert sizes == {composed: "0.3", apart: "0.4"}


def test_unlike_sizes_are_measured_in_millimetres(toy_model: Path, tmp_path: Path) -> None:
    write_heads(tmp_path / "in", 1)
    assert measure(toy_model, tmp_path / "out", tmp_path / "in", "--pixel-size", "0.5,0.4") == 0
    (row,) = rows_of(tmp_path / "out")
    size = 0.8
    head = type(HEAD)(0, 0, HEAD.semi_axis_a * size, HEAD.semi_axis_b * size, HEAD.angle).scaled(0.5, 0.4)
    assert float(row["hc_mm"]) == pytest.approx(head.perimeter, rel=0.005)
    assert float(row["bpd_mm"]) == pytest.approx(2 * head.semi_axis_b, rel=0.005)
    assert float(row["semi_axis_a_px"]) == pytest.approx(HEAD.semi_axis_a * size, rel=0.005)
