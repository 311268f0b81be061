"""`fetalhead data deidentify`: names planted everywhere are nowhere in what is written, by bytes and by pixels."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from images.dicom_making import compressed, dataset, jpeg, region, save, stored
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin
from toys import bright_head

from fetalhead.cli import main
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.lettering import find_lettering
from fetalhead.images.readers import read_images
from fetalhead.phantoms import head_phantom

SECRET = b"SECRET"
HEAD = Ellipse(96, 88, 48, 36, 0.4)
BAR = 24
"""Rows above the ultrasound, with a name in them."""


FIELD = (slice(BAR, 152), slice(8, 184))
WITHIN = (slice(BAR + 8, 144), slice(16, 176))
"""The ultrasound, and what is surely within it: JPEG's blocks, and a field that is found, are not exact at its edge."""


def picture(brightness: float = 1.0, speckle: int = 0) -> np.ndarray:
    """(160, 192) grey: a bar with a name, and below it a field of speckle with a head, black around."""
    echoes = np.random.default_rng(speckle).integers(50, 110, (160, 192))
    pixels = np.zeros((160, 192), np.uint8)
    pixels[FIELD] = (np.maximum(echoes, bright_head(HEAD, (160, 192)))[FIELD] * brightness).astype(np.uint8)
    cv2.putText(pixels, "SECRET", (8, 15), cv2.FONT_HERSHEY_PLAIN, 1.0, 255, 1)
    return pixels


def deidentify(out: Path, *arguments: object) -> int:
    return main(["data", "deidentify", *map(str, arguments), "--out", str(out)])


def pixels_of(path: Path) -> list[np.ndarray]:
    return [image.pixels for image in read_images(path)]


def assert_clean(out: Path) -> None:
    files = [path for path in out.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert SECRET not in path.read_bytes().upper(), path


def write_pictures(folder: Path) -> dict[str, Path]:
    """A picture in each format, with a secret in each place for text."""
    folder.mkdir()
    grey = Image.fromarray(picture())
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "Secret name")
    text.add_itxt("XML:com.adobe.xmp", "<x>Secret name</x>")
    exif = Image.Exif()
    exif[270], exif[315], exif[0x9286] = "Secret name", "Secret name", "Secret name"
    grey.save(folder / "a.png", pnginfo=text, exif=exif)
    grey.convert("RGB").save(folder / "a.jpg", exif=exif, comment=b"Secret name", xmp=b"<x>Secret</x>", quality=95)
    other = Image.fromarray(picture(0.5))
    tags = {270: "Secret name", 315: "Secret name", 306: "1980:02:03 secret"}
    grey.save(folder / "a.tif", save_all=True, append_images=[other], tiffinfo=tags)
    grey.save(folder / "a.gif", save_all=True, append_images=[other], comment=b"Secret name", duration=40)
    grey.save(folder / "a.bmp")
    Image.fromarray(picture().astype(np.uint16) * 257).save(folder / "a16.png")
    return {path.name: path for path in folder.iterdir()}


def test_pictures_keep_their_ultrasound_alone(tmp_path: Path) -> None:
    sources = write_pictures(tmp_path / "in")
    assert all(pixels[:BAR].max() > 200 for path in sources.values() for pixels in pixels_of(path))
    assert deidentify(tmp_path / "out", tmp_path / "in") == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(sources)
    assert_clean(tmp_path / "out")
    for name, path in sources.items():
        before, after = pixels_of(path), pixels_of(tmp_path / "out" / name)
        assert len(before) == len(after)
        for old, new in zip(before, after, strict=True):
            lossy = 12 if name.endswith("jpg") else 0
            assert new[: BAR - 8].max() <= lossy
            assert np.abs(new[WITHIN].astype(int) - old[WITHIN]).max() <= lossy, name
    assert Image.open(tmp_path / "out" / "a.jpg").mode == "RGB"
    assert np.asarray(Image.open(tmp_path / "out" / "a16.png")).max() > 255


def test_a_turned_jpeg_is_written_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(picture()).transpose(Image.Transpose.ROTATE_90).save(tmp_path / "t.jpg", exif=exif, quality=95)
    assert pixels_of(tmp_path / "t.jpg")[0].shape == (160, 192)
    assert deidentify(tmp_path / "out", tmp_path / "t.jpg") == 0
    written = Image.open(tmp_path / "out" / "t.jpg")
    assert written.size == (192, 160) and 274 not in written.getexif()
    assert np.abs(np.asarray(written)[WITHIN].astype(int) - picture()[WITHIN]).max() <= 20
    assert np.asarray(written)[: BAR - 8].max() <= 12


def test_where_nothing_tells_the_ultrasound_it_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blank = np.zeros((160, 192), np.uint8)
    cv2.putText(blank, "SECRET", (8, 15), cv2.FONT_HERSHEY_PLAIN, 1.0, 255, 1)
    Image.fromarray(blank).save(tmp_path / "a.png")
    save(dataset(np.random.default_rng(0).integers(50, 110, (160, 192)).astype(np.uint8)), tmp_path / "a.dcm")
    (tmp_path / "notes.txt").write_text("SECRET")
    assert deidentify(tmp_path / "out", tmp_path / "a.png", tmp_path / "a.dcm", tmp_path / "notes.txt") == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3 and all("no ultrasound can be told" in line for line in lines[:2])
    assert "a.png" in lines[0] and "a.dcm" in lines[1] and "notes.txt: is neither" in lines[2]
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_what_is_ultrasound_to_all_edges_is_refused_though_a_line_of_writing_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another name, that is not found, may stand anywhere."""
    speckle = np.random.default_rng(0).integers(20, 120, (240, 320)).astype(np.uint8)
    image = Image.fromarray(cv2.GaussianBlur(speckle, (0, 0), 1.5))
    ImageDraw.Draw(image).text((70, 100), "DOE^JANE 1990", font=ImageFont.load_default(16), fill=255)
    image.save(tmp_path / "a.png")
    save(dataset(np.asarray(image)), tmp_path / "a.dcm")
    assert find_lettering(np.asarray(image))
    assert deidentify(tmp_path / "out", tmp_path / "a.png", tmp_path / "a.dcm") == 1
    assert capsys.readouterr().err.count("no ultrasound can be told") == 2


def test_inputs_are_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(picture()).save(tmp_path / "a.png")
    before = (tmp_path / "a.png").read_bytes()
    assert deidentify(tmp_path, tmp_path / "a.png") in (0, 1)
    assert (tmp_path / "a.png").read_bytes() == before
    assert deidentify(tmp_path / "out", tmp_path / "a.png", "--rename") == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["000001.png"]


# DICOM


@pytest.fixture
def table() -> object:
    pytest.importorskip("dicomanonymizer")
    from fetalhead.datasets.deidentify.profile import Profile

    return Profile.load()


def write_dicom(path: Path, name: str = "SECRET^NAME", **elements: object) -> Path:
    given = {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.4", "PatientName": name, "PatientID": name}
    regions = [region((0, BAR, 191, 159))]
    return save(dataset(picture(), SequenceOfUltrasoundRegions=regions, **{**given, **elements}), path)


def test_every_text_of_the_table_goes_at_every_depth(table: object, tmp_path: Path) -> None:
    from pydicom.datadict import dictionary_has_tag, dictionary_VR
    from pydicom.dataset import Dataset

    made = dataset(picture(), SequenceOfUltrasoundRegions=[region((0, BAR, 191, 159))])
    planted = {
        "LO": "SECRETLO", "SH": "SECRETSH", "PN": "SECRET^PN", "ST": "SECRETST", "LT": "SECRETLT", "UT": "SECRETUT",
        "UC": "SECRETUC", "AE": "SECRETAE", "CS": "SECRETCS", "DA": "19990102", "TM": "112233",
        "DT": "19990102112233", "UR": "http://SECRET",
    }  # fmt: skip
    inner, count = Dataset(), 0
    for group, element in table._actions:
        if group >= 0x0008 and dictionary_has_tag((group, element)):
            kind = dictionary_VR((group, element))
            if kind in planted:
                count += 1
                for where in (made, inner):
                    where.add_new((group, element), kind, planted[kind])
    assert count > 300
    outer = Dataset()
    outer.PurposeOfReferenceCodeSequence = [inner]
    made.SourceImageSequence = [outer]
    made.AnatomicRegionSequence = [inner]
    made.ReferringPhysicianIdentificationSequence = [inner]
    made.private_block(0x0099, "SECRET MAKER", create=True).add_new(0x01, "LO", "SECRET")
    made.add_new((0x6000, 0x3000), "OW", b"SECRET")
    made.add_new((0x6000, 0x0022), "LO", "SECRET")
    made.add_new((0x0018, 0x9999), "UN", b"SECRET")
    made.file_meta.SourceApplicationEntityTitle = "SECRET"
    made.preamble = SECRET.ljust(128, b"\0")
    save(made, tmp_path / "a.dcm")
    assert deidentify(tmp_path / "out", tmp_path / "a.dcm") == 0
    assert_clean(tmp_path / "out")
    content = (tmp_path / "out" / "a.dcm").read_bytes()
    assert b"19990102" not in content and b"112233" not in content and b"SECRET MAKER" not in content


def test_texts_that_the_table_does_not_know_go(table: object, tmp_path: Path) -> None:
    """Kinds that hold names, the patient's group, and what no dictionary knows; what tells of the machine stays."""
    import pydicom

    made = dataset(picture(), SequenceOfUltrasoundRegions=[region((8, BAR, 183, 151), (0.1, 0.1))])
    made.add_new(0x00100033, "LO", "SECRET 13601010")
    made.add_new(0x00100035, "CS", "SECRET")
    made.add_new(0x00402006, "SH", "SECRET ORDER")
    made.add_new(0x00181003, "LO", "SECRET DEVICE")
    made.add_new(0x00281055, "LO", "SECRET WINDOW")
    made.add_new(0x00101234, "LO", "SECRET NAME")
    made.add_new(0x00281234, "CS", "SECRET")
    made.Manufacturer, made.ManufacturerModelName, made.SoftwareVersions = "Maker", "Model", "1.2"
    save(made, tmp_path / "a.dcm")
    assert (tmp_path / "a.dcm").read_bytes().count(SECRET) == 7
    assert deidentify(tmp_path / "out", tmp_path / "a.dcm") == 0
    assert_clean(tmp_path / "out")
    cleaned = pydicom.dcmread(tmp_path / "out" / "a.dcm")
    assert (cleaned.Manufacturer, cleaned.ManufacturerModelName, cleaned.SoftwareVersions) == ("Maker", "Model", "1.2")
    assert cleaned.DeidentificationMethodCodeSequence[0].CodeMeaning == "Basic Application Confidentiality Profile"


def test_a_study_stays_one_study(table: object, tmp_path: Path) -> None:
    import pydicom
    from pydicom.dataset import Dataset

    first = pydicom.dcmread(write_dicom(tmp_path / "1.dcm"))
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = first.SOPClassUID, first.SOPInstanceUID
    write_dicom(tmp_path / "2.dcm", ReferencedImageSequence=[reference])
    write_dicom(tmp_path / "3.dcm", "SECRET^OTHER", StudyInstanceUID="1.2.9")
    assert deidentify(tmp_path / "out", tmp_path) == 0
    one, two, three = (pydicom.dcmread(tmp_path / "out" / f"{number}.dcm") for number in (1, 2, 3))
    assert one.StudyInstanceUID == two.StudyInstanceUID != three.StudyInstanceUID
    assert two.ReferencedImageSequence[0].ReferencedSOPInstanceUID == one.SOPInstanceUID == one.file_meta[2, 3].value
    assert one.PatientID == two.PatientID != three.PatientID and one.PatientID
    assert "1.2.3" not in (one.StudyInstanceUID, two.StudyInstanceUID)
    assert (one.PatientIdentityRemoved, one.BurnedInAnnotation) == ("YES", "NO")
    assert [code.CodeValue for code in one.DeidentificationMethodCodeSequence] == ["113100", "113101"]
    assert any("PS3.15" in value for value in one.DeidentificationMethod)
    assert one.SequenceOfUltrasoundRegions[0].PhysicalDeltaX == 0.02  # what measuring needs stays


KINDS = (
    "grey", "inverted", "twelve bits", "sixteen bits", "palette", "rgb", "rgb by plane", "ybr full", "ybr full 422",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("frames", [0, 3])
def test_pixels_of_every_kind(table: object, kind: str, frames: int, tmp_path: Path) -> None:
    grey = np.stack([picture(1 / (number + 1)) for number in range(3)]) if frames else picture()
    made = stored(kind, grey, frames)
    made.SequenceOfUltrasoundRegions = [region((0, BAR, 191, 159))]
    save(made, tmp_path / "a.dcm")
    assert deidentify(tmp_path / "out", tmp_path / "a.dcm") == 0
    before, after = pixels_of(tmp_path / "a.dcm"), pixels_of(tmp_path / "out" / "a.dcm")
    assert len(before) == len(after) == (frames or 1)
    for old, new in zip(before, after, strict=True):
        assert old[:BAR].max() > 150 and not new[:BAR].any()
        if "bits" not in kind:  # which the reader windows by the values in use, so by the bar's, too
            assert np.abs(new[WITHIN].astype(int) - old[WITHIN]).max() <= 1
    if "bits" in kind or kind == "palette":
        import pydicom

        values = [pydicom.dcmread(path).pixel_array for path in (tmp_path / "a.dcm", tmp_path / "out" / "a.dcm")]
        assert (values[0][..., *WITHIN] == values[1][..., *WITHIN]).all()


def test_black_is_found_among_the_values_there_are_where_many_are_possible(table: object, tmp_path: Path) -> None:
    """All values of 32 bits would take 16 GB."""
    import pydicom

    save(dataset(picture().astype(np.uint32) * 1000), tmp_path / "a.dcm")
    assert deidentify(tmp_path / "out", tmp_path / "a.dcm") == 0
    values = pydicom.dcmread(tmp_path / "out" / "a.dcm").pixel_array
    assert values.dtype == np.uint32 and values.min() == 0 and values.max() > 100_000


def test_other_modalities_are_refused_by_name(
    table: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    save(dataset(picture(), SOPClassUID="1.2.840.10008.5.1.4.1.1.4"), tmp_path / "in" / "head.dcm")
    photograph, capture = "1.2.840.10008.5.1.4.1.1.77.1.4", "1.2.840.10008.5.1.4.1.1.7"
    save(dataset(picture(), SOPClassUID=photograph, Modality="XC"), tmp_path / "in" / "face.dcm")
    save(dataset(picture(), SOPClassUID=capture, Modality="MR"), tmp_path / "in" / "capture.dcm")
    write_dicom(tmp_path / "in" / "us.dcm")
    assert deidentify(tmp_path / "out", tmp_path / "in") == 1
    said = capsys.readouterr().err
    assert "head.dcm: is MR Image Storage" in said and "face.dcm: is VL Photographic Image Storage" in said
    assert "capture.dcm: is Secondary Capture Image Storage of modality MR" in said
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["us.dcm"]


def test_a_name_over_the_ultrasound_is_blanked(table: object, tmp_path: Path) -> None:
    whole = head_phantom(3, 0, (240, 320)).image.pixels
    image = Image.fromarray(whole)
    ImageDraw.Draw(image).text((70, 3), "DOE^JANE 1990", font=ImageFont.load_default(14), fill=255)
    (tmp_path / "in").mkdir()
    image.save(tmp_path / "in" / "a.png")
    save(dataset(np.asarray(image)), tmp_path / "in" / "b.dcm")
    assert find_lettering(np.asarray(image)) and not find_lettering(whole)
    assert deidentify(tmp_path / "out", tmp_path / "in") == 0
    for name in ("a.png", "b.dcm"):
        (written,) = pixels_of(tmp_path / "out" / name)
        assert not find_lettering(written) and not written[6:16, 72:150].any()
        assert (written[80:160, 100:220] == whole[80:160, 100:220]).all()


def test_a_jpeg_cine_is_written_out(table: object, tmp_path: Path) -> None:
    frames = [picture(1, number) for number in range(4)]
    made = dataset(np.stack(frames), frames=4, PatientName="SECRET", FrameTime=40)
    compressed(made, [jpeg(frame, quality=95) for frame in frames], "1.2.840.10008.1.2.4.50", "MONOCHROME2")
    save(made, tmp_path / "c.dcm")  # no region: the field of view of all frames together
    assert deidentify(tmp_path / "out", tmp_path / "c.dcm") == 0
    assert_clean(tmp_path / "out")
    after = pixels_of(tmp_path / "out" / "c.dcm")
    assert len(after) == 4 and not any(frame[: BAR - 8].any() for frame in after)
    assert np.abs(after[2][WITHIN].astype(int) - frames[2][WITHIN]).max() < 20


def test_no_error_that_the_source_had_not(table: object, tmp_path: Path) -> None:
    checker = shutil.which("dciodvfy")
    if checker is None:
        pytest.skip("dciodvfy not found (Debian package dicom3tools)")
    write_dicom(
        tmp_path / "a.dcm", ImageType=["ORIGINAL", "PRIMARY"], SeriesNumber=1, InstanceNumber=1, Manufacturer="M",
        PatientOrientation="", Laterality="", StudyDate="20200102", StudyTime="1010", AccessionNumber="A", StudyID="S",
        ReferringPhysicianName="A^B", PatientBirthDate="19800101", PatientSex="F", StationName="SECRET",
    )  # fmt: skip
    assert deidentify(tmp_path / "out", tmp_path / "a.dcm") == 0

    def errors(path: Path) -> list[str]:
        shown = subprocess.run([checker, path], capture_output=True, text=True, check=False)
        return [line for line in (shown.stdout + shown.stderr).splitlines() if line.startswith("Error")]

    assert errors(tmp_path / "a.dcm") == errors(tmp_path / "out" / "a.dcm") == []


def test_without_the_table_dicom_is_refused_and_pictures_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "dicomanonymizer", None)
    monkeypatch.setitem(sys.modules, "dicomanonymizer.dicom_anonymization_databases", None)
    write_dicom(tmp_path / "a.dcm")
    Image.fromarray(picture()).save(tmp_path / "b.png")
    assert deidentify(tmp_path / "out", tmp_path / "a.dcm", tmp_path / "b.png") == 1
    assert "pip install 'fetalhead[dicom]'" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.png"]


# MetaImage and video


def test_a_metaimage_loses_its_header(tmp_path: Path) -> None:
    pytest.importorskip("fetalhead.images.readers.metaimage")
    frames = np.stack([picture(1, number) for number in range(3)])
    header = (
        "ObjectType = Image\nNDims = 3\nComment = SECRET\nDimSize = 192 160 3\nElementSpacing = 0.3 0.25 1\n"
        "PatientName = SECRET\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n"
    )
    (tmp_path / "a.mha").write_bytes(header.encode() + frames.tobytes())
    assert deidentify(tmp_path / "out", tmp_path / "a.mha") == 0
    assert_clean(tmp_path / "out")
    images = list(read_images(tmp_path / "out" / "a.mha"))
    assert len(images) == 3 and (images[0].pixel_size.x, images[0].pixel_size.y) == (0.3, 0.25)
    assert not any(image.pixels[: BAR - 8].any() for image in images)
    assert (images[1].pixels[WITHIN] == frames[1][WITHIN]).all()


def test_a_clip_loses_titles_and_surroundings(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    path = tmp_path / "c.mov"
    with av.open(str(path), "w") as out:
        out.metadata["title"], out.metadata["comment"] = "SECRET title", "SECRET comment"
        track = out.add_stream("libx264", rate=25)
        track.width, track.height, track.pix_fmt = 192, 160, "yuv420p"
        for number in range(8):
            frame = picture(1, number)
            out.mux(track.encode(av.VideoFrame.from_ndarray(np.dstack([frame] * 3), format="rgb24")))
        out.mux(track.encode())
    assert SECRET in path.read_bytes()
    assert deidentify(tmp_path / "out", path) == 0
    assert_clean(tmp_path / "out")
    with av.open(str(tmp_path / "out" / "c.mov.mp4")) as clip:
        frames = list(clip.decode(video=0))
        assert clip.streams.video[0].average_rate == 25
    assert [round(float(frame.time), 3) for frame in frames] == [round(0.04 * number, 3) for number in range(8)]
    for number, frame in enumerate(frames):
        pixels = frame.to_ndarray(format="rgb24")[..., 0].astype(int)
        assert pixels[: BAR - 8].max() < 12
        assert np.abs(pixels[WITHIN] - picture(1, number)[WITHIN]).mean() < 6


def named(first: int, last: int, count: int = 12) -> list[np.ndarray]:
    """Frames in which a head moves; from the first to the last a name stands on the ultrasound, below it."""
    whole = head_phantom(3, 0, (240, 320)).image.pixels
    frames = [np.roll(whole, number, axis=1) for number in range(count)]
    for number in range(first, last + 1):
        image = Image.fromarray(frames[number])
        ImageDraw.Draw(image).text((110, 210), "SECRET ANNA 1990", font=ImageFont.load_default(12), fill=255)
        frames[number] = np.asarray(image)
    return frames


def is_named(pixels: np.ndarray) -> bool:
    return bool((pixels[210:224, 110:215] > 225).mean() > 0.05)


@pytest.mark.parametrize(("first", "last"), [(0, 11), (5, 11), (4, 7), (6, 6)])
def test_a_name_that_comes_late_is_blanked_in_every_frame(first: int, last: int, tmp_path: Path) -> None:
    frames = named(first, last)
    assert [is_named(frame) for frame in frames] == [first <= number <= last for number in range(12)]
    header = "NDims = 3\nDimSize = 320 240 12\nElementType = MET_UCHAR\nElementSpacing = 0.3 0.3 1\n"
    content = f"{header}ElementDataFile = LOCAL\n".encode() + np.stack(frames).tobytes()
    (tmp_path / "c.mha").write_bytes(content)
    assert deidentify(tmp_path / "out", tmp_path / "c.mha") == 0
    written = pixels_of(tmp_path / "out" / "c.mha")
    assert len(written) == 12 and not any(map(is_named, written))
    assert all((frame > 0).mean() > 0.2 for frame in written)


def write_clip(path: Path, codec: str, count: int = 60, **options: str) -> None:
    av = pytest.importorskip("av")
    with av.open(str(path), "w") as out:
        track = out.add_stream(codec, rate=25, options=options)
        track.width, track.height, track.pix_fmt = 192, 160, "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(np.dstack([picture(1, number)] * 3), format="rgb24")
            out.mux(track.encode(frame))
        out.mux(track.encode())


def test_a_clip_without_its_end_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_clip(tmp_path / "c.mkv", "libx264")
    content = (tmp_path / "c.mkv").read_bytes()
    (tmp_path / "c.mkv").write_bytes(content[: int(0.6 * len(content))])
    assert deidentify(tmp_path / "out", tmp_path / "c.mkv") == 1
    assert "what is not whole is not passed on" in capsys.readouterr().err
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_an_avi_whose_frames_are_stored_in_another_order(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    write_clip(tmp_path / "c.avi", "libx264", bf="2")
    assert deidentify(tmp_path / "out", tmp_path / "c.avi") == 0
    with av.open(str(tmp_path / "out" / "c.avi.mp4")) as clip:
        times = [round(float(frame.time), 3) for frame in clip.decode(video=0)]
    assert times == [round(0.04 * number, 3) for number in range(60)]
