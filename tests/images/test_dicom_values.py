"""DICOM of more than 8 bits: one window for a cine, lookup tables; and streams of High-Throughput JPEG 2000."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
from dicom_making import compressed, dataset, save
from pydicom.dataset import Dataset
from pydicom.pixels.decoders import HTJ2KLosslessDecoder
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, HTJ2KLossless, ImplicitVRLittleEndian, RLELossless

from fetalhead.errors import UnreadableImage
from fetalhead.images.readers import read_images

HTJ2K = base64.b64decode(
    "/0//UQApQAAAAAAYAAAAEAAAAAAAAAAAAAAAGAAAABAAAAAAAAAAAAABBwEB/1AACAACAAAAAv9SAAwAAgABAAUEBEAB/1wAEyBIUFBQUFBQUFBQUFBQ"
    "SEhI/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAAGgAAf+TwCXvAId0AMASgBABh3QAwBHAEoAncwAQ/jIzAMATQBMASOSAi3QACPwDd1QA"
    "wBUQBMBCCPHacAJ1AILn3+y1AMAq4BVAtm3b8/Cnp6dCeAAA8P8QOuuuupgA/9k="
)
"""8 x + y in 24 x 16 pixels, by OpenJPH."""


@pytest.fixture
def grey() -> np.ndarray:
    y, x = np.mgrid[0:64, 0:96]
    return ((x + 2 * y) % 256).astype(np.uint8)


def pixels(path: Path) -> np.ndarray:
    return np.stack([image.pixels for image in read_images(path)])


@pytest.mark.parametrize("kind", ["unsigned", "signed", "bytes", "rescaled", "RLE"])
def test_frames_of_a_cine_share_one_window(grey, tmp_path, kind):
    gain = np.array([1, 3, 2])[:, None, None]
    values = grey.astype(int) * gain * 4
    if kind == "signed":
        made = dataset((values - 1000).astype(np.int16), frames=3)
    elif kind == "bytes":
        made = dataset((values // 16 - 90).astype(np.int8), frames=3)
    else:
        made = dataset(values.astype(np.uint16), frames=3, BitsStored=12, HighBit=11)
    if kind == "rescaled":
        made.RescaleSlope, made.RescaleIntercept = "0.5", "-300"
    if kind == "RLE":
        made.compress(RLELossless, generate_instance_uid=False)
    shown = pixels(save(made, tmp_path / "a")).astype(float)
    top = shown.max()
    alike = grey.astype(float) * gain * top / (3.0 * grey.max())
    np.testing.assert_allclose(shown, alike, atol=5 if kind == "bytes" else 1.5)
    assert top > 160


def test_a_bad_frame_of_more_than_eight_bits_comes_after_the_good_ones(grey, tmp_path, caplog):
    made = dataset(np.stack([grey, grey]).astype(np.uint16) * np.array([16, 8], np.uint16)[:, None, None], frames=2)
    made.compress(RLELossless, generate_instance_uid=False)
    made.NumberOfFrames = 3
    path = save(made, tmp_path / "a")
    assert len(pixels(path)) == 2
    assert caplog.text.count("header claims 3 frames, the file holds 2") == 1
    path.write_bytes(path.read_bytes()[:-60])
    images = read_images(path)
    np.testing.assert_allclose(next(images).pixels, grey, atol=1)
    with pytest.raises(UnreadableImage, match="ends within its pixel data"):
        next(images)


def table(entries: np.ndarray, first: int, bits: int) -> Dataset:
    item = Dataset()
    item.LUTDescriptor = [len(entries) % 65536, first, bits]
    item.LUTData = entries.astype("<u2").tobytes()
    item["LUTData"].VR = "OW"
    item.ModalityLUTType = "US"
    return item


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("sequence", ["ModalityLUTSequence", "VOILUTSequence"])
def test_values_are_looked_up(grey, tmp_path, syntax, sequence):
    made = dataset(grey.astype(np.uint16) * 16, BitsStored=12, HighBit=11)
    item = table((4095 - np.arange(4096)) * 16 + 15, 0, 16)
    if syntax == ExplicitVRBigEndian:
        made.PixelData = (grey.astype(np.uint16) * 16).byteswap().tobytes()
        made["PixelData"].VR = "OW"
        item.LUTData = np.frombuffer(item.LUTData, "<u2").byteswap().tobytes()
    made.file_meta.TransferSyntaxUID = syntax
    setattr(made, sequence, [item])
    assert np.abs(pixels(save(made, tmp_path / "a"))[0].astype(int) - (255 - grey)).max() <= 1
    made.PhotometricInterpretation = "MONOCHROME1"
    assert np.abs(pixels(save(made, tmp_path / "b"))[0].astype(int) - grey).max() <= 1


def test_tables_of_other_kinds(grey, tmp_path):
    """Of bytes; of 8-bit and of signed values, which may lie beyond its ends; behind a rescale; beside a window."""
    item = table(np.zeros(0), 0, 8)
    item.LUTDescriptor, item.LUTData = [256, 0, 8], np.arange(256)[::-1].astype(np.uint8).tobytes()
    made = dataset(grey, VOILUTSequence=[item])
    np.testing.assert_array_equal(pixels(save(made, tmp_path / "bytes"))[0], 255 - grey)

    made = dataset(grey.astype(np.int16) - 100)
    made.VOILUTSequence = [table(np.arange(200), 0, 8)]
    made.VOILUTSequence[0].LUTDescriptor = [200, -100, 8]
    assert np.abs(pixels(save(made, tmp_path / "signed"))[0].astype(int) - np.minimum(grey, 199)).max() == 0

    made = dataset(grey.astype(np.uint16), RescaleSlope="2", RescaleIntercept="0")
    made.VOILUTSequence = [table(np.arange(512) // 2, 0, 8)]
    np.testing.assert_array_equal(pixels(save(made, tmp_path / "rescaled"))[0], grey)

    made.WindowCenter, made.WindowWidth = "256", "511"
    assert np.abs(pixels(save(made, tmp_path / "window"))[0].astype(int) - grey).max() <= 1

    made = dataset(grey, ModalityLUTSequence=[], VOILUTSequence=[])
    np.testing.assert_array_equal(pixels(save(made, tmp_path / "none"))[0], grey)


def test_damaged_and_absurd_tables_are_one_line(grey, tmp_path):
    made = dataset(grey.astype(np.uint16))
    made.VOILUTSequence = [table(np.arange(4096), 0, 16)]
    made.VOILUTSequence[0].LUTData = b"\0\1" * 10
    with pytest.raises(UnreadableImage, match=r"its VOILUTSequence cannot be read \(10 entries where 4096"):
        pixels(save(made, tmp_path / "short"))
    made.VOILUTSequence = [table(np.arange(65536), 0, 16)] * 4
    with pytest.raises(UnreadableImage, match=r"its sequence \(0028,3010\) is absurdly long"):
        pixels(save(made, tmp_path / "long"))


def test_high_throughput_jpeg_2000(tmp_path, monkeypatch):
    """Read where the extra is installed; named in one line, with what to install, where it is not."""
    y, x = np.mgrid[0:16, 0:24]
    truth = (8 * x + y).astype(np.uint8)
    path = save(compressed(dataset(truth), [HTJ2K], HTJ2KLossless, "MONOCHROME2"), tmp_path / "a")
    with monkeypatch.context() as patched:
        patched.setattr(HTJ2KLosslessDecoder, "_available", {})
        patched.setattr(HTJ2KLosslessDecoder, "_unavailable", {"pylibjpeg": ("pylibjpeg", "pylibjpeg-openjpeg>=2")})
        with pytest.raises(UnreadableImage) as caught:
            pixels(path)
    assert str(caught.value) == (
        f"{path}: DICOM pixels in the transfer syntax High-Throughput JPEG 2000 Image Compression (Lossless Only) "
        "(1.2.840.10008.1.2.4.201) need a decoder that is not installed (pylibjpeg-openjpeg): "
        "pip install 'fetalhead[dicom]'"
    )
    pytest.importorskip("openjpeg")
    np.testing.assert_array_equal(pixels(path)[0], truth)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("signed", [True, False])
def test_padding_is_black_and_stretches_no_window(grey, tmp_path, syntax, signed):
    values = grey.astype(np.int16 if signed else np.uint16)
    padded = values.copy()
    padded[:9, :9] = -32768 if signed else 65535
    seen = pixels(save(dataset(values, syntax=syntax), tmp_path / "a"))[0]
    told = dataset(padded, syntax=syntax, PixelPaddingValue=int(padded[0, 0]))
    shown = pixels(save(told, tmp_path / "b"))[0]
    assert not shown[:9, :9].any()
    np.testing.assert_array_equal(shown[9:, 9:], seen[9:, 9:])


def test_bits_that_are_not_the_lowest_are_refused(grey, tmp_path):
    made = dataset(grey.astype(np.uint16) << 4, BitsStored=12, HighBit=15)
    with pytest.raises(UnreadableImage, match="12 of 16 bits, the highest of them bit 15, are not read"):
        pixels(save(made, tmp_path / "a"))


def test_kinds_of_values_where_the_syntax_says_that_there_are_none(grey, tmp_path):
    """A file that says implicit and is explicit, as some writers make it."""
    path = save(dataset(grey), tmp_path / "a")
    raw = path.read_bytes()
    assert raw.count(b"1.2.840.10008.1.2.1\0") == 1
    path.write_bytes(raw.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0\0\0"))
    np.testing.assert_array_equal(pixels(path)[0], grey)
