"""`fetalhead data deidentify` blanks names on the ultrasound that are coloured, dark or upright."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from images.dicom_making import dataset, save
from PIL import Image

from fetalhead.cli import main
from fetalhead.phantoms import head_phantom

NAME, PLACE = "DOE JANE 1990-01-01", (200, 250)
COLOURS = {"red": (255, 0, 0), "magenta": (255, 0, 255), "blue": (0, 60, 255)}


def ink() -> np.ndarray:
    drawn = np.zeros((480, 640), np.uint8)
    cv2.putText(drawn, NAME, PLACE, cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 2)
    return drawn > 0


def named(colour: tuple[int, int, int], number: int = 0) -> np.ndarray:
    """(H, W, 3): a head with a name over it, in the frame of that number a little to the right."""
    pixels = np.dstack([np.roll(head_phantom(3, 0, (480, 640)).image.pixels, number, axis=1)] * 3)
    pixels[ink()] = colour
    return pixels


def assert_blanked(pixels: np.ndarray, there: np.ndarray, most: int = 0) -> None:
    """The ink is black, and so is not much else."""
    assert (pixels[there].max(axis=-1) <= most).mean() > 0.9
    assert (pixels.max(axis=-1) > 20).mean() > 0.25


def deidentify(tmp_path: Path) -> int:
    return main(["data", "deidentify", str(tmp_path / "in"), "--out", str(tmp_path / "out")])


@pytest.fixture
def given(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def test_coloured_names_in_pictures(given: Path, tmp_path: Path) -> None:
    for name, colour in COLOURS.items():
        Image.fromarray(named(colour)).save(given / f"{name}.png")
    assert deidentify(tmp_path) == 0
    for name in COLOURS:
        assert_blanked(np.asarray(Image.open(tmp_path / "out" / f"{name}.png")), ink())


def test_a_black_name_on_a_white_label(given: Path, tmp_path: Path) -> None:
    pixels = named((0, 0, 0))
    label = (slice(225, 262), slice(190, 460))
    pixels[label] = 230
    pixels[ink()] = 0
    Image.fromarray(pixels).save(given / "a.png")
    assert deidentify(tmp_path) == 0
    around = cv2.dilate(ink().astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert_blanked(np.asarray(Image.open(tmp_path / "out" / "a.png")), around)


def test_an_upright_name(given: Path, tmp_path: Path) -> None:
    pixels, there = head_phantom(3, 0, (480, 640)).image.pixels.copy(), np.zeros((640, 480), np.uint8)
    cv2.putText(there, NAME, (120, 300), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 2)
    upright = np.rot90(there) > 0
    pixels[upright] = 255
    Image.fromarray(pixels).save(given / "a.png")
    assert deidentify(tmp_path) == 0
    assert_blanked(np.asarray(Image.open(tmp_path / "out" / "a.png"))[..., np.newaxis], upright)


@pytest.mark.parametrize("frames", [0, 3])
def test_coloured_names_in_dicom(frames: int, given: Path, tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom")
    pytest.importorskip("dicomanonymizer")
    for name, colour in COLOURS.items():
        pixels = [named(colour, number) for number in range(frames or 1)]
        made = dataset(np.stack(pixels) if frames else pixels[0], frames=frames) if frames else dataset(pixels[0])
        save(made, given / f"{name}.dcm")
    assert deidentify(tmp_path) == 0
    for name in COLOURS:
        written = pydicom.dcmread(tmp_path / "out" / f"{name}.dcm").pixel_array
        for one in written.reshape(-1, 480, 640, 3):
            assert_blanked(one, ink())


def test_a_red_name_in_a_palette(given: Path, tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom")
    pytest.importorskip("dicomanonymizer")
    values = np.minimum(head_phantom(3, 0, (480, 640)).image.pixels, 254)
    values[ink()] = 255
    made = dataset(values, PhotometricInterpretation="PALETTE COLOR")
    for name, last in (("Red", 255), ("Green", 0), ("Blue", 0)):
        table = np.append(np.arange(255), last).astype(np.uint16) * 257
        setattr(made, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(made, f"{name}PaletteColorLookupTableData", table.tobytes())
    save(made, given / "a.dcm")
    assert deidentify(tmp_path) == 0
    written = pydicom.dcmread(tmp_path / "out" / "a.dcm").pixel_array
    assert_blanked(written[..., np.newaxis], ink())


def test_a_magenta_name_in_a_clip(given: Path, tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    with av.open(str(given / "c.mp4"), "w") as out:
        track = out.add_stream("libx264", rate=25, options={"crf": "10"})
        track.width, track.height, track.pix_fmt = 640, 480, "yuv420p"
        for number in range(6):
            out.mux(track.encode(av.VideoFrame.from_ndarray(named((255, 0, 255), number), format="rgb24")))
        out.mux(track.encode())
    assert deidentify(tmp_path) == 0
    with av.open(next(str(path) for path in (tmp_path / "out").iterdir())) as clip:
        for frame in clip.decode(video=0):
            assert_blanked(frame.to_ndarray(format="rgb24"), ink(), most=40)
