"""A probe in air and a name in the bar above the picture: no head, a calibration, and no name in the overlay."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from clip_making import turn, write
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from fetalhead.cli import main
from fetalhead.images.lettering import find_lettering
from fetalhead.phantoms import head_phantom
from fetalhead.phantoms.cine import motion_over
from fetalhead.phantoms.render import render
from fetalhead.phantoms.scene import Nothing
from fetalhead.videos.clip import open_clip

av = pytest.importorskip("av")

BAR = 40


def with_name(pixels: np.ndarray) -> np.ndarray:
    """The picture below a bar with a name, as machines burn it in."""
    framed = np.zeros((pixels.shape[0] + BAR, pixels.shape[1]), np.uint8)
    framed[BAR:] = pixels
    cv2.putText(framed, "DOE^JANE 1990-01-01", (12, 27), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 2)
    return framed


def in_air(count: int) -> list[np.ndarray]:
    scene = head_phantom(5, 0, (160, 240)).scene
    scene = replace(scene, subject=Nothing(scene.subject.outline, in_air=True))
    pictures = [render(replace(scene, seed=scene.seed + number)) for number in range(6)]
    return [with_name(pictures[number % 6]) for number in range(count)]


def with_head(count: int) -> list[np.ndarray]:
    head = head_phantom(5, 0, (160, 240))
    return [with_name(frame.image.pixels) for frame in motion_over(head.image, head.ellipse, 3, count)]


def dicom(path: Path, frames: list[np.ndarray]) -> Path:
    made: Any = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = "1.2.840.10008.5.1.4.1.1.3.1"
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = generate_uid()
    made.NumberOfFrames, (made.Rows, made.Columns) = len(frames), frames[0].shape
    made.SamplesPerPixel, made.PhotometricInterpretation, made.PixelRepresentation = 1, "MONOCHROME2", 0
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.FrameTime, made.Modality = 7, 40, "US"
    region = Dataset()
    region.RegionSpatialFormat = region.RegionDataType = 1
    region.RegionFlags = 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, BAR
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = made.Columns - 1, made.Rows - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = 0.03
    made.SequenceOfUltrasoundRegions = [region]
    made.PixelData = np.stack(frames).tobytes()
    made.save_as(path, enforce_file_format=True)
    return path


def overlay(folder: Path) -> list[np.ndarray]:
    with av.open(str(folder / "overlay.mp4")) as container:
        return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]


def test_false_head_and_name_inside_the_picture(tmp_path):
    """The bundled model: no HC, no best frame; the calibration is read; the overlay does not show the bar."""
    clip = dicom(tmp_path / "air.dcm", in_air(87))
    assert main(["video", str(clip), "--out", str(tmp_path / "out"), "--stride", "3"]) == 0
    folder = tmp_path / "out" / "air"
    record = json.loads((folder / "clip.json").read_text())
    assert record["status"] == "no_head" and record["hc"] is None and not list(folder.glob("best_*"))
    with open(folder / "frames.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 29 and {row["hc_smooth"] for row in rows} == {""}
    assert {(row["pixel_size_x_mm"], row["pixel_size_source"]) for row in rows} == {("0.3", "dicom-region")}
    assert float(rows[1]["time_s"]) == pytest.approx(0.12)
    frames = overlay(folder)
    assert len(frames) == 29 and max(frame[:BAR].max() for frame in frames) < 20
    assert max(frame[BAR + 60 : 200].max() for frame in frames) > 30


@pytest.mark.parametrize("make", [with_head, in_air])
def test_without_a_header_the_field_of_view_is_found(tmp_path, toy_model, make):
    clip = write(tmp_path / "clip.mp4", [frame[..., None].repeat(3, 2) for frame in make(20)])
    assert main(["video", str(clip), "--out", str(tmp_path / "out"), "--model", str(toy_model)]) == 0
    folder = tmp_path / "out" / "clip"
    assert max(frame[: BAR - 8].max() for frame in overlay(folder)) < 20
    for best in folder.glob("best_*.png"):
        assert cv2.imread(str(best))[: BAR - 8].max() < 20


def test_frames_to_learn_from_hold_no_name(tmp_path):
    clip = dicom(tmp_path / "DOE^JANE.dcm", with_head(20))
    assert main(["frames", str(clip), "--out", str(tmp_path / "out")]) == 0
    pictures = list((tmp_path / "out").glob("*.png"))
    assert pictures
    for path in pictures:
        assert cv2.imread(str(path)).shape[0] <= 160
        assert b"DOE" not in path.read_bytes() and "DOE" not in path.name
    assert "DOE" not in (tmp_path / "out" / "frames.csv").read_text()


@pytest.mark.parametrize("header", [True, False])
def test_a_name_over_the_ultrasound_is_not_shown(tmp_path, header):
    head = head_phantom(5, 0, (240, 320))
    frames = [frame.image.pixels.copy() for frame in motion_over(head.image, head.ellipse, 3, 12)]
    for frame in frames:
        cv2.putText(frame, "DOE^JANE 1990-01-01", (60, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1, cv2.LINE_AA)
    clip = tmp_path / "clip.dcm"
    if header:
        dicom(clip, frames)
    else:
        clip = write(tmp_path / "clip.mp4", [frame[..., None].repeat(3, 2) for frame in frames])
    assert main(["frames", str(clip), "--out", str(tmp_path / "out"), "--count", "3"]) == 0
    written = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in (tmp_path / "out").glob("*.png")]
    assert written and all(find_lettering(frame) for frame in frames)
    assert not any(find_lettering(picture) for picture in written)
    assert any(picture[30:].max() > 100 for picture in written)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_deidentified_clip_is_as_it_was_shown(tmp_path, turns):
    """Turned by its header, with pixels wider than high."""
    frames = [frame[..., None].repeat(3, 2) for frame in with_head(6)]
    clip = turn(write(tmp_path / "clip.mp4", frames, aspect=Fraction(4, 3)), turns)
    assert main(["data", "deidentify", str(clip), "--out", str(tmp_path / "out")]) == 0
    before = list(open_clip(clip).frames())
    after = list(open_clip(tmp_path / "out" / "clip.mp4").frames())
    assert len(before) == len(after) == 6
    assert before[0].shape == ((320, 200) if turns % 2 else (200, 320))
    assert after[0].shape == ((240, 150) if turns % 2 else (200, 320))  # of the same proportions
    assert max(image.pixels.max() for image in after) > 100
    for old, new in zip(before, after, strict=True):
        shown = cv2.resize(new.pixels, old.shape[::-1], interpolation=cv2.INTER_AREA)
        inner = [np.rot90(pixels, turns)[100:180, 90:230].astype(int) for pixels in (old.pixels, shown)]
        assert np.abs(inner[0] - inner[1]).mean() < 6
        assert not find_lettering(np.ascontiguousarray(np.rot90(new.pixels, turns)))
