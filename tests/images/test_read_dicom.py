"""DICOM: grey, frames and refusals; made with pydicom, and pydicom's own samples where they are installed."""

from __future__ import annotations

import struct
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from dicom_making import compressed, dataset, jpeg, luma, region, save, tinted
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels.decoders import JPEGLosslessSV1Decoder
from pydicom.uid import (
    MPEG4HP41,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    RLELossless,
)

from fetalhead.errors import UnreadableImage
from fetalhead.images.readers import is_picture, read_images


@pytest.fixture
def grey() -> np.ndarray:
    y, x = np.mgrid[0:64, 0:96]
    return ((x + 2 * y) % 256).astype(np.uint8)


@pytest.fixture
def colour() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)


def read(path: Path) -> np.ndarray:
    (image,) = read_images(path)
    assert image.frame is None and image.source == path and image.pixels.dtype == np.uint8
    return image.pixels


def reason(path: Path) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UnreadableImage) as caught:
            list(read_images(path))
    assert str(caught.value).startswith(f"{path}: ") and str(caught.value).isprintable()
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    "syntax",
    [
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
        RLELossless,
    ],
)
@pytest.mark.parametrize("frames", [0, 1, 3])
@pytest.mark.parametrize("kind", ["grey", "colour", "sixteen"])
def test_lossless_syntaxes(grey, colour, tmp_path, syntax, frames, kind):
    picture = {"grey": grey, "colour": colour, "sixteen": grey.astype(np.uint16) * 257}[kind]
    shown = {"grey": grey, "colour": luma(colour), "sixteen": grey}[kind]
    stack = np.stack([np.roll(picture, 5 * shift, axis=1) for shift in range(frames)]) if frames else picture
    made = dataset(stack, frames=frames, SequenceOfUltrasoundRegions=[region()])
    if syntax == RLELossless:
        made.compress(RLELossless)
    elif syntax == ExplicitVRBigEndian:
        made.file_meta.TransferSyntaxUID = syntax
        made.PixelData = stack.byteswap().tobytes() if kind == "sixteen" else stack.tobytes()
        made["PixelData"].VR = "OW" if kind == "sixteen" else "OB"
    else:
        made.file_meta.TransferSyntaxUID = syntax
    images = list(read_images(save(made, tmp_path / "a")))
    assert [image.frame for image in images] == {0: [None], 1: [None], 3: [0, 1, 2]}[frames]
    for shift, image in enumerate(images):
        np.testing.assert_array_equal(image.pixels, np.roll(shown, 5 * shift, axis=1))
        assert (image.pixel_size.x, image.pixel_size.source) == (0.2, "dicom-region")


def test_without_preamble_and_meta_group(grey, tmp_path):
    for name, implicit, little in [("implicit", True, True), ("explicit", False, True), ("big", False, False)]:
        made = dataset(grey, PixelSpacing=[0.3, 0.2])
        if not little:
            made["PixelData"].VR = "OB"
        del made.file_meta
        made.save_as(tmp_path / name, implicit_vr=implicit, little_endian=little, enforce_file_format=False)
        assert (tmp_path / name).read_bytes()[128:132] != b"DICM"
        assert is_picture(tmp_path / name)
        (image,) = read_images(tmp_path / name)
        np.testing.assert_array_equal(image.pixels, grey)
        assert (image.pixel_size.x, image.pixel_size.y) == (0.2, 0.3)


def test_inverted_and_palette(grey, tmp_path):
    made = dataset(grey, PhotometricInterpretation="MONOCHROME1")
    np.testing.assert_array_equal(read(save(made, tmp_path / "inverted")), 255 - grey)

    made = dataset(grey, PhotometricInterpretation="PALETTE COLOR")
    table = (np.arange(256)[::-1] * 257).astype("<u2")
    for name in ("Red", "Green", "Blue"):
        setattr(made, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(made, f"{name}PaletteColorLookupTableData", table.tobytes())
    np.testing.assert_array_equal(read(save(made, tmp_path / "palette")), 255 - grey)


def test_ybr_uncompressed(grey, tmp_path):
    neutral = np.full_like(grey, 128)
    made = dataset(np.stack([grey, neutral, neutral], axis=2), PhotometricInterpretation="YBR_FULL")
    np.testing.assert_array_equal(read(save(made, tmp_path / "full")), grey)

    pairs = np.stack([grey[:, ::2], grey[:, 1::2], neutral[:, ::2], neutral[:, ::2]], axis=2)
    made = dataset(np.stack([grey] * 3, axis=2), PhotometricInterpretation="YBR_FULL_422")
    made.PixelData = pairs.tobytes()
    np.testing.assert_array_equal(read(save(made, tmp_path / "422")), grey)


def test_colours_by_plane(colour, tmp_path):
    made = dataset(colour, PlanarConfiguration=1)
    made.PixelData = np.ascontiguousarray(colour.transpose(2, 0, 1)).tobytes()
    np.testing.assert_array_equal(read(save(made, tmp_path / "a")), luma(colour))
    made = dataset(colour)
    del made.PlanarConfiguration
    np.testing.assert_array_equal(read(save(made, tmp_path / "untold")), luma(colour))


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "YBR_FULL_422"])
def test_jpeg_baseline(grey, tmp_path, photometric):
    picture = grey if photometric == "MONOCHROME2" else np.stack([grey] * 3, axis=2)
    smooth = np.asarray(Image.fromarray(picture[:8, :12]).resize((96, 64), Image.Resampling.BICUBIC))
    made = compressed(dataset(smooth), [jpeg(smooth, quality=95)], JPEGBaseline8Bit, photometric)
    expected = smooth if smooth.ndim == 2 else smooth[..., 0]
    assert np.abs(read(save(made, tmp_path / "a")).astype(int) - expected).max() <= 4


def test_jpeg_2000(grey, tmp_path):
    made = compressed(dataset(grey), [jpeg(grey, "JPEG2000", no_jp2=True)], JPEG2000Lossless, "MONOCHROME2")
    np.testing.assert_array_equal(read(save(made, tmp_path / "a")), grey)


@pytest.mark.parametrize("stored", [10, 12, 16])
def test_more_than_eight_bits(grey, tmp_path, stored):
    values = np.round(grey * ((2**stored - 1) / 255)).astype(np.uint16)
    made = dataset(values, BitsStored=stored, HighBit=stored - 1)
    assert np.abs(read(save(made, tmp_path / "a")).astype(int) - grey).max() <= 1


def test_a_window_and_signed_values(grey, tmp_path):
    made = dataset(grey.astype(np.int16) * 4 - 500, WindowCenter=["10", "400"], WindowWidth=["1021", "300"])
    assert np.abs(read(save(made, tmp_path / "a")).astype(int) - grey).max() <= 1
    made.RescaleSlope, made.RescaleIntercept, made.WindowCenter = "2", "1000", "1020"
    made.WindowWidth = "2041"
    assert np.abs(read(save(made, tmp_path / "b")).astype(int) - grey).max() <= 1


def cine(tmp_path: Path, *, claimed: int, split: bool = False, empty_last: bool = False) -> Path:
    """Five JPEG frames of grey 40, 80 ... 200; frame 3 in two fragments; an empty offset table."""
    frames = [jpeg(np.full((64, 96), 40 * (number + 1), np.uint8), quality=95) for number in range(5)]
    made = dataset(np.zeros((5, 64, 96), np.uint8), frames=5)
    made = compressed(made, frames, JPEGBaseline8Bit, "MONOCHROME2")
    made.NumberOfFrames = claimed
    pieces = []
    for number, frame in enumerate(frames):
        half = len(frame) // 2 * 2 // 4 * 2
        pieces += [frame[:half], frame[half:]] if split and number == 2 else [frame]
    pieces += [b""] if empty_last else []
    items = b"".join(
        struct.pack("<HHL", 0xFFFE, 0xE000, len(piece) + len(piece) % 2) + piece + b"\0" * (len(piece) % 2)
        for piece in [b"", *pieces]
    )
    made.PixelData = items
    return save(made, tmp_path / "cine")


@pytest.mark.parametrize(
    "options",
    [{"claimed": 5}, {"claimed": 5, "split": True}, {"claimed": 5, "empty_last": True}, {"claimed": 7},
     {"claimed": 1}, {"claimed": 7, "split": True, "empty_last": True}],
)  # fmt: skip
def test_borders_of_frames_are_not_guessed(tmp_path, options, caplog):
    images = list(read_images(cine(tmp_path, **options)))
    assert [image.frame for image in images] == [0, 1, 2, 3, 4]
    assert [round(float(image.pixels.mean()), -1) for image in images] == [40, 80, 120, 160, 200]
    told = f"header claims {options['claimed']} frames, the file holds 5"
    assert (told in caplog.text) == (options["claimed"] != 5)


def test_an_empty_fragment_of_a_stream_without_marks_is_no_frame(grey, tmp_path, caplog):
    made = dataset(np.stack([grey, 255 - grey]), frames=2)
    made.compress(RLELossless, generate_instance_uid=False)
    made.PixelData += struct.pack("<HHL", 0xFFFE, 0xE000, 0)
    frames = [image.pixels for image in read_images(save(made, tmp_path / "a"))]
    np.testing.assert_array_equal(frames, [grey, 255 - grey])
    assert not caplog.text


def test_a_cine_cut_short_gives_its_whole_frames_and_the_fault(tmp_path):
    path = cine(tmp_path, claimed=5)
    path.write_bytes(path.read_bytes()[:-300])
    images = read_images(path)
    assert [next(images).frame for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(UnreadableImage, match="ends within its pixel data"):
        next(images)


def test_frames_are_decoded_one_at_a_time(grey, tmp_path):
    """400 frames of 96 x 64: the first comes at once, and memory never holds more than a few."""
    import tracemalloc

    made = dataset(np.broadcast_to(grey, (400, 64, 96)), frames=400)
    path = save(made, tmp_path / "long")
    del made
    list(zip(range(1), read_images(path), strict=False))
    tracemalloc.start()
    assert sum(1 for _ in read_images(path)) == 400
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 * grey.nbytes + 300_000


def test_reports_and_directories_are_no_pictures(tmp_path):
    report = dataset(None)
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
    report.ContentSequence = [Dataset()]
    save(report, tmp_path / "report.dcm")
    directory = dataset(None)
    directory.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    del directory.SOPClassUID
    directory.DirectoryRecordSequence = [Dataset()]
    save(directory, tmp_path / "DICOMDIR")
    assert not is_picture(tmp_path / "report.dcm") and not is_picture(tmp_path / "DICOMDIR")
    assert reason(tmp_path / "report.dcm") == "is a DICOM file without pixel data"
    assert reason(tmp_path / "DICOMDIR") == "is a DICOM directory without pixel data"


def test_a_picture_without_pixel_data(grey, tmp_path):
    made = dataset(grey)
    del made.PixelData
    assert reason(save(made, tmp_path / "a.dcm")) == "is a DICOM file without pixel data"
    assert is_picture(tmp_path / "a.dcm")  # meant as one: in a folder it is an error, not passed over


@pytest.mark.parametrize("length", [0, 1, 131, 132, 140, 200, 400, 600, 2000, 6000])
def test_cut_anywhere(grey, tmp_path, length):
    made = dataset(grey, SequenceOfUltrasoundRegions=[region()])
    path = save(made, tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes()[:length])
    assert reason(path)


def test_a_missing_decoder_is_named(grey, tmp_path, monkeypatch):
    made = compressed(dataset(grey), [b"\xff\xd8\xff" + bytes(101)], JPEGLosslessSV1, "MONOCHROME2")
    path = save(made, tmp_path / "a")
    monkeypatch.setattr(JPEGLosslessSV1Decoder, "_available", {})
    assert "1.2.840.10008.1.2.4.70" in reason(path)
    assert "pip install 'fetalhead[dicom]'" in reason(path)
    made.file_meta.TransferSyntaxUID = MPEG4HP41
    monkeypatch.setitem(sys.modules, "av", None)
    assert reason(save(made, tmp_path / "b")) == (
        "MPEG-4 H.264 video in DICOM needs the package av, which is not installed: pip install 'fetalhead[video]'"
    )
    made.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.106"
    assert "Stereo" in reason(save(made, tmp_path / "c"))
    path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.4.70", b"1.2.840.10008.1.2.4.99"))
    assert "1.2.840.10008.1.2.4.99 are not read" in reason(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Rows": 0}, "too few"),
        ({"Columns": 60000, "Rows": 60000}, "claims 60000 x 60000"),
        ({"Columns": 97}, "claims 6208 bytes of pixels and the file holds 6144"),
        ({"NumberOfFrames": 2}, "claims 12288 bytes"),
        ({"NumberOfFrames": 2**31 - 1}, "claims"),
        ({"BitsAllocated": 1}, "1 bits"),
        ({"BitsAllocated": 64}, "64 bits"),
        ({"PhotometricInterpretation": "CMYK"}, "CMYK"),
        ({"SamplesPerPixel": 3}, "3 samples"),
        ({"SamplesPerPixel": 0}, "read"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "damaged"),
    ],
)
def test_claims_of_the_header_are_checked(grey, tmp_path, change, said):
    made = dataset(grey, **change)
    if change == {"SamplesPerPixel": 0}:
        made.PhotometricInterpretation = "RGB"
    assert said in reason(save(made, tmp_path / "a"))


def test_a_stream_of_another_size_than_the_header(grey, tmp_path):
    for name, frame, syntax in [
        ("jpeg", jpeg(np.tile(grey, (40, 40))), JPEGBaseline8Bit),
        ("jpeg2000", jpeg(np.tile(grey, (4, 4)), "JPEG2000", no_jp2=True), JPEG2000Lossless),
    ]:
        made = compressed(dataset(grey), [frame], syntax, "MONOCHROME2")
        assert "where its header claims 96 x 64" in reason(save(made, tmp_path / name))


def test_a_damaged_jpeg_stream(grey, tmp_path):
    frame = jpeg(grey)
    for name, broken in [("cut", frame[: len(frame) // 2]), ("header", frame[:30]), ("noise", frame[:4] + b"\7" * 80)]:
        made = compressed(dataset(grey), [broken], JPEGBaseline8Bit, "MONOCHROME2")
        assert "damaged DICOM" in reason(save(made, tmp_path / name))


def test_numbers_that_are_none(grey, tmp_path):
    made = dataset(grey, NumberOfFrames="12")
    path = save(made, tmp_path / "a")
    path.write_bytes(path.read_bytes().replace(b"IS\x02\x0012", b"IS\x02\x00xy"))
    assert "DICOM header" in reason(path)


def test_colours_at_full_resolution_labelled_as_at_half(tmp_path, caplog):
    """Cines that were decompressed and kept the label of their JPEG."""
    colour = tinted(np.random.default_rng(0).integers(0, 256, (2, 64, 96), dtype=np.uint8))
    made = dataset(colour, frames=2, PhotometricInterpretation="YBR_FULL")
    (first, second) = (image.pixels for image in read_images(save(made, tmp_path / "a")))
    made.PhotometricInterpretation = "YBR_FULL_422"
    shown = [image.pixels for image in read_images(save(made, tmp_path / "b"))]
    np.testing.assert_array_equal(shown, [first, second])
    assert "YBR_FULL_422 in the header, as many bytes as YBR_FULL has" in caplog.text


@pytest.mark.parametrize("label", ["YBR_FULL", "YBR_FULL_422", "YBR_RCT", "RGB"])
def test_jpeg_2000_that_turns_its_colours_itself(tmp_path, caplog, label):
    colour = tinted(np.tile(np.arange(96, dtype=np.uint8) * 2, (64, 1)))
    stream = jpeg(colour, "JPEG2000", mct=1, no_jp2=True)
    made = compressed(dataset(colour), [stream], JPEG2000Lossless, label)
    (image,) = read_images(save(made, tmp_path / "a"))
    assert np.abs(image.pixels.astype(int) - luma(colour)).max() <= 1
    assert ("header and stream disagree" in caplog.text) == label.startswith("YBR_FULL")


def test_whole_frames_of_a_cine_that_ends_early_or_claims_too_many(tmp_path, caplog):
    cine = np.random.default_rng(0).integers(0, 256, (4, 64, 96), dtype=np.uint8)
    cut = save(dataset(cine, frames=4), tmp_path / "cut")
    cut.write_bytes(cut.read_bytes()[: -cine[0].size - 9])  # of the third frame something is missing
    more = save(dataset(cine[:2], frames=7), tmp_path / "more")
    for path in (cut, more):
        got = []
        with pytest.raises(UnreadableImage, match="its header claims"):
            for image in read_images(path):
                got.append(image.pixels)
        np.testing.assert_array_equal(got, cine[:2])
    made = dataset(cine, frames=3)
    assert len(list(read_images(save(made, tmp_path / "less")))) == 3
    assert "header claims 3 frames, the file holds 4" in caplog.text
