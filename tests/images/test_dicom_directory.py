"""DICOMDIR and folders of series: what is listed is measured, of the directory's own folder and nothing outside."""

from __future__ import annotations

import os
import struct
import warnings
from pathlib import Path, PurePath

import numpy as np
import pytest
from dicom_making import dataset, save
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from fetalhead.images.inputs import find_inputs
from fetalhead.images.readers.dicom_directory import referenced_files


@pytest.fixture(autouse=True)
def inside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def picture(path: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    save(dataset(np.full((32, 32), 9, np.uint8)), Path(path))


def directory(path: str, *names: list[str] | str, syntax: str = ExplicitVRLittleEndian, undefined: bool = False) -> str:
    """A DICOMDIR that lists the files, each by its parts, among records that list none."""
    made = dataset(None, syntax=syntax)
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = "1.2.840.10008.1.3.10"
    records = []
    for kind in ("PATIENT", "STUDY", "SERIES"):
        record = Dataset()
        record.DirectoryRecordType = kind
        records.append(record)
    for name in names:
        record = Dataset()
        record.DirectoryRecordType = "IMAGE"
        with warnings.catch_warnings():  # names that no DICOM file may have are what is tested
            warnings.simplefilter("ignore")
            record.ReferencedFileID = name
        record.ReferencedSOPInstanceUIDInFile = "1.2.3"
        records.append(record)
    made.DirectoryRecordSequence = records
    made["DirectoryRecordSequence"].is_undefined_length = undefined
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        save(made, Path(path))
    return path


def found(*paths: str, exclude: tuple[str, ...] = ()) -> list[str]:
    inputs = find_inputs(paths, exclude)
    assert inputs.errors == []
    return [file.name for file in inputs.files]


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_the_files_it_lists_in_its_order(syntax, undefined):
    for name in ("d/IMAGES/IM2", "d/IMAGES/IM1", "d/IMAGES/NOT_LISTED", "d/TOP"):
        picture(name)
    listed = ["IMAGES", "IM2"], ["IMAGES", "IM1"], "TOP", ["IMAGES", "IM2"]
    directory("d/DICOMDIR", *listed, syntax=syntax, undefined=undefined)
    inputs = find_inputs(["d/DICOMDIR"])
    assert [file.name for file in inputs.files] == ["d/IMAGES/IM2", "d/IMAGES/IM1", "d/TOP"]
    assert [file.relative for file in inputs.files] == [PurePath("IMAGES/IM2"), PurePath("IMAGES/IM1"), PurePath("TOP")]
    assert found("d/DICOMDIR", exclude=("IM1",)) == ["d/IMAGES/IM2", "d/TOP"]
    assert found("d/TOP", "d/DICOMDIR", "d/IMAGES/IM1") == ["d/TOP", "d/IMAGES/IM2", "d/IMAGES/IM1"]


def test_in_the_folder_here():
    picture("IMAGES/IM1")
    assert found(directory("DICOMDIR", ["IMAGES", "IM1"])) == ["IMAGES/IM1"]


def test_a_copy_in_small_letters():
    picture("d/images/im1")
    assert found(directory("d/dicomdir", ["IMAGES", "IM1"])) == ["d/images/im1"]


def test_what_is_no_picture_is_passed_over():
    picture("d/IM1")
    Path("d/README").write_text("text")
    inputs = find_inputs([directory("d/DICOMDIR", "IM1", "README")])
    assert [file.name for file in inputs.files] == ["d/IM1"] and inputs.passed_over == 1


def test_nothing_outside_its_folder():
    picture("secret")
    picture("d/sub/inside")
    Path("d/link").symlink_to(Path("secret").absolute())
    Path("d/up").symlink_to("..")
    names = [["..", "secret"], ["sub", "..", "..", "secret"], "/etc/hostname", "../secret", ["up", "secret"], "link",
             ["", "etc", "hostname"], ["sub", "inside"], "sub", "GONE"]  # fmt: skip
    inputs = find_inputs([directory("d/DICOMDIR", *names)])
    assert [file.name for file in inputs.files] == ["d/sub/inside"]
    assert len(inputs.errors) == len(names) - 1
    for name, said in inputs.errors:
        assert name == "d/DICOMDIR" and said.endswith("which is no file of its folder")


def test_one_that_lists_nothing():
    assert find_inputs([directory("d/DICOMDIR")]).errors == [
        ("d/DICOMDIR", "this DICOM directory lists no pictures")
    ]


def test_a_folder_of_series_counts_each_file_once():
    for name in ("d/S1/IM1", "d/S1/IM2", "d/S2/1.2.840.5", "d/S2/1.2.840.10"):
        picture(name)
    directory("d/DICOMDIR", ["S1", "IM1"], ["S1", "IM2"])
    expected = ["d/S1/IM1", "d/S1/IM2", "d/S2/1.2.840.10", "d/S2/1.2.840.5"]
    assert found("d") == expected
    assert found("d", "d/DICOMDIR") == expected
    assert find_inputs(["d"]).passed_over == 1


def test_pydicoms_own_directories():
    import pydicom
    from pydicom.data import get_testdata_file

    for name in ("DICOMDIR", "DICOMDIR-bigEnd", "DICOMDIR-implicit", "DICOMDIR-nooffset", "DICOMDIR-reordered"):
        place = get_testdata_file(f"dicomdirtests/{name}", download=False) or get_testdata_file(name, download=False)
        if place is None:
            pytest.skip(f"pydicom's sample {name} is not installed")
        records = pydicom.dcmread(str(place)).DirectoryRecordSequence
        values = [record.ReferencedFileID for record in records if "ReferencedFileID" in record]
        assert referenced_files(Path(str(place))) == [
            (value,) if isinstance(value, str) else tuple(value) for value in values
        ]


def test_small_directories_that_claim_much():
    """Sequences without end, and elements without number: refused quickly, as the file they are."""
    directory("d/DICOMDIR", "IM1")
    raw = Path("d/DICOMDIR").read_bytes()
    start = raw.index(struct.pack("<HH", 0x0004, 0x1220))
    element = struct.pack("<HH2sHL", 0x0009, 0x1010, b"UN", 0, 0)
    item = struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
    nested = (struct.pack("<HH2sHL", 0x0004, 0x1220, b"SQ", 0, 0xFFFFFFFF) + item) * 100_000
    many = element * 250_000
    long = struct.pack("<HH2sHL", 0x0004, 0x1220, b"SQ", 0, len(many) + 8)
    for name, body in [
        ("nested", nested),
        ("many", long + struct.pack("<HHL", 0xFFFE, 0xE000, len(many)) + many),
        ("cut", raw[start:][:40]),
    ]:
        Path("d", name).write_bytes(raw[:start] + body)
        before = os.times()
        assert referenced_files(Path("d", name)) is None
        after = os.times()
        assert after.user + after.system - before.user - before.system < 2
        assert [file.name for file in find_inputs([f"d/{name}"]).files] == [f"d/{name}"]
