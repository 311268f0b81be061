"""Nothing that `measure` writes carries whom a picture shows: names are planted in every place for text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from images.dicom_making import dataset, region, save
from measure_calls import measure, read_picture, rows_of
from PIL import Image, PngImagePlugin
from toys import bright_head

from fetalhead.images.ellipse import Ellipse
from fetalhead.images.field_of_view import NoFieldOfView
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.surroundings import ultrasound_area, without_surroundings
from fetalhead.phantoms.phantom import head_phantom

HEAD = Ellipse(96, 88, 52, 38, 0.4)
BAR = 24


def picture() -> np.ndarray:
    """(160, 192): a name in a bar, below it a field of speckle with a head, black around."""
    pixels = np.zeros((160, 192), np.uint8)
    echoes = np.random.default_rng(0).integers(30, 70, (160, 192))
    pixels[BAR:152, 8:184] = np.maximum(echoes, bright_head(HEAD, (160, 192)))[BAR:152, 8:184]
    cv2.putText(pixels, "SECRET", (8, 15), cv2.FONT_HERSHEY_PLAIN, 1.0, 255, 1)
    return pixels


def write_inputs(folder: Path) -> None:
    folder.mkdir()
    grey = Image.fromarray(picture())
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "SECRET")
    exif = Image.Exif()
    exif[270], exif[0x9286] = "SECRET", "SECRET"
    grey.save(folder / "a.png", pnginfo=text, exif=exif)
    grey.save(folder / "b.jpg", comment=b"SECRET", exif=exif, quality=95)
    grey.save(folder / "c.tif", tiffinfo={270: "SECRET", 315: "SECRET"})
    grey.save(folder / "d.gif", comment=b"SECRET")
    regions = [region((0, BAR, 191, 159), (0.12, 0.12))]
    secrets = {
        "PatientName": "SECRET^NAME", "PatientID": "SECRET", "PatientBirthDate": "19810203", "StudyDate": "20190405",
        "ImageComments": "SECRET", "InstitutionName": "SECRET", "StudyInstanceUID": "1.2.345.678",
    }  # fmt: skip
    save(dataset(picture(), SequenceOfUltrasoundRegions=regions, **secrets), folder / "e.dcm")
    damaged = dataset(picture(), **secrets)
    damaged.PixelData = damaged.PixelData[:1000]
    save(damaged, folder / "f.dcm")
    header = "ObjectType = Image\nNDims = 2\nComment = SECRET\nDimSize = 192 160\nElementType = MET_UCHAR\n"
    (folder / "g.mha").write_bytes(f"{header}ElementDataFile = LOCAL\n".encode() + picture().tobytes())
    (folder / "h.mha").write_bytes(f"{header}ElementDataFile = SECRET.raw\n".encode())


def test_planted_names_are_nowhere_in_the_results(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_inputs(tmp_path / "in")
    measure(toy_model, tmp_path / "out", tmp_path / "in", "--save", "masks,probabilities", "--exclude", "h.mha")
    rows = {Path(row["path"]).name: row for row in rows_of(tmp_path / "out")}
    assert {"a.png", "b.jpg", "c.tif", "d.gif", "e.dcm", "f.dcm"} <= rows.keys() and rows["e.dcm"]["hc_mm"]
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert any(path.name == "ledger.jsonl" for path in written)
    for path in written:
        content = path.read_bytes()
        assert not [text for text in (b"SECRET", b"19810203", b"20190405", b"1.2.345.678") if text in content], path
    assert "SECRET" not in capsys.readouterr().err
    overlays = sorted((tmp_path / "out" / "overlays").iterdir())
    assert len(overlays) >= 5
    for path in overlays:
        shown = read_picture(path)
        assert shown[: BAR - 4, :192].max() <= 8 and shown[88, 60:130].max() > 150, path


def test_header_and_field_of_view_say_what_is_shown() -> None:
    pixels = picture()
    told = UltrasoundImage(pixels, region=(30, 4, 150, 140))  # around the end of the name, too, as makers do
    area = ultrasound_area(told)
    assert area is not None and area[60:120, 60:130].all()
    assert not area[: BAR - 4].any() and not area[:, :30].any() and not area[:, 150:].any() and not area[140:].any()
    assert (without_surroundings(told, HEAD).pixels == np.where(area, pixels, 0)).all()
    whole = ultrasound_area(UltrasoundImage(pixels, region=(0, 0, 192, 160)))  # tells nothing: the field counts
    assert whole is not None and not whole[: BAR - 4].any() and whole[60:120, 40:150].all()


def test_a_region_counts_alone_where_no_field_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fetalhead.images.field_of_view.find_field_of_view", lambda *_: NoFieldOfView("dark"))
    area = ultrasound_area(UltrasoundImage(picture(), region=(10, 30, 150, 140)))
    assert area is not None and area[30:140, 10:150].all() and area.sum() == 110 * 140
    assert ultrasound_area(UltrasoundImage(picture(), region=(0, 0, 192, 160))) is None


def test_without_a_field_the_head_alone_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fetalhead.images.field_of_view.find_field_of_view", lambda *_: NoFieldOfView("dark"))
    image = UltrasoundImage(picture())
    shown = without_surroundings(image, HEAD)
    assert not shown.pixels[:BAR].any() and not shown.pixels[:, :20].any() and shown.pixels[88, 60:130].all()
    assert "only the head" in shown.note
    nothing = without_surroundings(image, None)
    assert not nothing.pixels.any() and "not shown" in nothing.note


@pytest.mark.parametrize("where", ["bar", "side", "framed"])
@pytest.mark.parametrize("index", range(4))
def test_names_beside_a_picture_that_runs_to_its_edges_are_not_shown(where: str, index: int) -> None:
    phantom = head_phantom(3, index)
    height, width = phantom.image.shape
    above, left, grey = {"bar": (50, 0, 90), "side": (0, 160, 0), "framed": (70, 50, 60)}[where]
    pixels = np.full((height + above, width + left), grey, dtype=np.uint8)
    pixels[above:, left:] = phantom.image.pixels
    center_x, center_y = phantom.ellipse.center_x + left, phantom.ellipse.center_y + above
    head = replace(phantom.ellipse, center_x=center_x, center_y=center_y)
    written = np.zeros_like(pixels)
    cv2.putText(written, "DOE JANE", (5, 30 if above else height // 2), cv2.FONT_HERSHEY_PLAIN, 1.8, 255, 2)
    _, packed = cv2.imencode(".jpg", np.maximum(pixels, written), [cv2.IMWRITE_JPEG_QUALITY, 92])
    for shown in (np.maximum(pixels, written), np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE))):
        image = UltrasoundImage(np.asarray(shown, dtype=np.uint8), Path("a.png"))
        seen = without_surroundings(image, head).pixels
        assert (seen[written > 0] > 128).mean() < 0.1


def test_the_far_skull_in_the_dark_is_shown() -> None:
    pixels = np.zeros((240, 320), np.uint8)
    slanted = np.arange(240)[:, None] < 40 + 0.4 * np.arange(320)  # no row that the field could end on
    pixels[slanted] = np.random.default_rng(0).integers(30, 70, int(slanted.sum()))
    cv2.ellipse(pixels, (160, 130), (60, 80), 0, 40, 140, 200, 2)
    head = Ellipse(160, 130, 80, 60, np.pi / 2)
    image = UltrasoundImage(pixels, Path("a.png"))
    assert without_surroundings(image, head).pixels[209:213, 160].max() == 200
    assert without_surroundings(image, None).pixels[209:213, 160].max() == 0
