"""Every transfer syntax, way to store a pixel, and count of frames: the same HC, and the right pixel size."""

from __future__ import annotations

import functools
from pathlib import Path

import cv2
import numpy as np
import pytest
from dicom_making import (
    compressed,
    dataset,
    jpeg,
    jpeg_lossless,
    jpeg_rgb,
    luma,
    region,
    save,
    stored,
    tinted,
    video,
)
from pydicom.dataset import Dataset
from pydicom.uid import (
    HEVCM10P51,
    HEVCMP51,
    JPEG2000,
    MPEG2MPHL,
    MPEG2MPML,
    MPEG4HP41,
    MPEG4HP41BD,
    MPEG4HP422D,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)
from toys import bright_head

from fetalhead.images.ellipse import Ellipse
from fetalhead.images.readers import read_images
from fetalhead.inference.measuring import measure_image
from fetalhead.inference.predictor import Predictor

KINDS = (
    "grey", "inverted", "twelve bits", "sixteen bits", "palette", "segmented palette", "rgb", "rgb by plane",
    "ybr full", "ybr full by plane", "ybr full 422",
)  # fmt: skip
TINTED = ("palette", "segmented palette", "rgb", "rgb by plane", "ybr full", "ybr full by plane", "ybr full 422")
FRAMES = (0, 1, 3)

DELTA_CM = 0.03, 0.024
TOLERANCE = 0.002


def head(frame: int) -> np.ndarray:
    """(128, 192) grey of a head that grows from frame to frame, its pixels wider than high."""
    return bright_head(Ellipse(92, 63, 52 + 3 * frame, 44 + 2 * frame, 0.5))


def heads(frames: int) -> np.ndarray:
    return np.stack([head(frame) for frame in range(frames)]) if frames else head(0)


@pytest.fixture(scope="module")
def toy(toy_model: Path) -> Predictor:
    return Predictor(toy_model)


def hc_of(picture: np.ndarray, predictor: Predictor, tmp_path: Path) -> float:
    """HC of the picture as a PNG, with the size of its pixels given by hand."""
    from fetalhead.images.image import UltrasoundImage
    from fetalhead.images.pixel_size import PixelSize

    colours = picture[..., ::-1] if picture.ndim == 3 else picture
    cv2.imwrite(str(tmp_path / "a.png"), colours)
    (image,) = read_images(tmp_path / "a.png")
    size = PixelSize.make(10 * DELTA_CM[0], 10 * DELTA_CM[1], "user")
    measured, _ = measure_image(UltrasoundImage(image.pixels, size), predictor)
    assert measured.hc_mm is not None
    return measured.hc_mm


def check(path: Path, frames: int, tint: bool, predictor: Predictor) -> None:
    """Frames, pixel sizes and HC of a file of `heads(frames)`."""
    images = list(read_images(path))
    assert [image.frame for image in images] == ([None] if frames < 2 else list(range(frames)))
    for number, image in enumerate(images):
        grey = head(number)
        truth = hc_of(tinted(grey) if tint else grey, predictor, path.parent)
        measured, _ = measure_image(image, predictor)
        assert (measured.pixel_size.x, measured.pixel_size.y) == pytest.approx((0.3, 0.24))
        assert measured.pixel_size.source == "dicom-region"
        assert image.region == (0, 0, 192, 128)
        assert measured.hc_mm == pytest.approx(truth, rel=TOLERANCE)


def calibrated(made: Dataset) -> Dataset:
    made.SequenceOfUltrasoundRegions = [region((0, 0, 191, 127), DELTA_CM)]
    return made


@pytest.mark.parametrize("frames", FRAMES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian]
)
def test_uncompressed(tmp_path, toy, syntax, kind, frames):
    made = calibrated(stored(kind, heads(frames), frames))
    made.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        wide = made.BitsAllocated == 16
        if wide:
            made.PixelData = np.frombuffer(made.PixelData, "<u2").astype(">u2").tobytes()
        for name in ("Red", "Green", "Blue"):
            for keyword in (f"{name}PaletteColorLookupTableData", f"Segmented{name}PaletteColorLookupTableData"):
                if keyword in made:
                    made[keyword].value = np.frombuffer(made[keyword].value, "<u2").astype(">u2").tobytes()
                    made[keyword].VR = "OW"
        made["PixelData"].VR = "OW" if wide else "OB"
    check(save(made, tmp_path / "a"), frames, kind in TINTED, toy)


@pytest.mark.parametrize("frames", FRAMES)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "ybr full 422"])
@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless])
def test_lossless(tmp_path, toy, syntax, kind, frames):
    by_plane = kind.endswith("by plane")
    made = calibrated(stored(kind.removesuffix(" by plane"), heads(frames), frames))
    if syntax == JPEGLSLossless:
        pytest.importorskip("jpeg_ls")
    made.compress(syntax, encoding_plugin="pydicom" if syntax == RLELossless else "pyjpegls")
    if by_plane:  # the stream says how its colours lie, whatever the header does
        made.PlanarConfiguration = 1
    check(save(made, tmp_path / "a"), frames, kind in TINTED, toy)


@pytest.mark.parametrize("frames", FRAMES)
@pytest.mark.parametrize("kind", ["grey", "inverted", "sixteen bits", "palette", "rgb", "ybr full"])
@pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEGLossless])
def test_jpeg_lossless(tmp_path, toy, syntax, kind, frames):
    pytest.importorskip("gdcm")
    made = calibrated(stored(kind, heads(frames), frames))
    shape = (128, 192, 3) if made.SamplesPerPixel == 3 else (128, 192)
    values = np.frombuffer(made.PixelData, np.uint16 if made.BitsAllocated == 16 else np.uint8)
    streams = [jpeg_lossless(frame) for frame in values.reshape(-1, *shape)]
    compressed(made, streams, syntax, made.PhotometricInterpretation)
    check(save(made, tmp_path / "a"), frames, kind in TINTED, toy)


@pytest.mark.parametrize("frames", FRAMES)
@pytest.mark.parametrize("kind", ["grey", "rgb"])
def test_jpeg_ls_near_lossless(tmp_path, toy, kind, frames):
    pytest.importorskip("jpeg_ls")
    made = calibrated(stored(kind, heads(frames), frames))
    made.compress(JPEGLSNearLossless, jls_error=2)
    check(save(made, tmp_path / "a"), frames, kind == "rgb", toy)


def full(colour: np.ndarray) -> bytes:
    return jpeg(colour, quality=95, subsampling="4:4:4")


JPEG_KINDS = {
    "MONOCHROME2": lambda grey: jpeg(grey, quality=95),
    "MONOCHROME1": lambda grey: jpeg(255 - grey, quality=95),
    "YBR_FULL_422": lambda grey: jpeg(tinted(grey), quality=95, subsampling="4:2:2"),
    "YBR_FULL": lambda grey: full(tinted(grey)),
    "RGB": lambda grey: jpeg_rgb(tinted(grey)),
    "RGB, unmarked": lambda grey: jpeg_rgb(tinted(grey), marked=False),
    "YBR_FULL_422, progressive": lambda grey: jpeg(tinted(grey), quality=95, progressive=True),
}


@pytest.mark.parametrize("frames", FRAMES)
@pytest.mark.parametrize("kind", JPEG_KINDS)
@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEGExtended12Bit])
def test_jpeg(tmp_path, toy, syntax, kind, frames, caplog):
    tint = not kind.startswith("MONO")
    streams = [JPEG_KINDS[kind](head(number)) for number in range(max(frames, 1))]
    made = calibrated(dataset(tinted(heads(frames)) if tint else heads(frames), frames=frames))
    compressed(made, streams, syntax, kind.partition(",")[0])
    check(save(made, tmp_path / "a"), frames, tint, toy)
    assert caplog.text == ""


JPEG_2000_KINDS = {
    "MONOCHROME2": lambda grey, lossy: jpeg(grey, "JPEG2000", no_jp2=True, irreversible=lossy),
    "RGB": lambda grey, lossy: jpeg(tinted(grey), "JPEG2000", no_jp2=True, mct=0, irreversible=lossy),
    "YBR": lambda grey, lossy: jpeg(tinted(grey), "JPEG2000", no_jp2=True, mct=1, irreversible=lossy),
    "sixteen bits": lambda grey, lossy: jpeg(grey.astype(np.uint16) * 257, "JPEG2000", no_jp2=True, irreversible=lossy),
    "in its file format": lambda grey, lossy: jpeg(tinted(grey), "JPEG2000", mct=1, irreversible=lossy),
}


@pytest.mark.parametrize("frames", FRAMES)
@pytest.mark.parametrize("kind", JPEG_2000_KINDS)
@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEG2000])
def test_jpeg_2000(tmp_path, toy, syntax, kind, frames):
    lossy = syntax == JPEG2000
    streams = [JPEG_2000_KINDS[kind](head(number), lossy) for number in range(max(frames, 1))]
    grey = heads(frames) if kind != "sixteen bits" else heads(frames).astype(np.uint16)
    tint = kind not in ("MONOCHROME2", "sixteen bits")
    photometric = kind if kind in ("RGB", "MONOCHROME2") else "MONOCHROME2"
    made = calibrated(dataset(tinted(grey) if tint else grey, frames=frames))
    if tint and kind != "RGB":
        photometric = "YBR_ICT" if lossy else "YBR_RCT"
    check(save(compressed(made, streams, syntax, photometric), tmp_path / "a"), frames, tint, toy)


VIDEOS = [
    (MPEG2MPML, "mpeg2video", "mpegts", "yuv420p"),
    (MPEG2MPHL, "mpeg2video", "mpeg2video", "yuv420p"),
    (MPEG2MPHL, "mpeg2video", "vob", "yuv420p"),
    (MPEG4HP41, "libx264", "mp4", "yuv420p"),
    (MPEG4HP41, "libx264", "mp4", "yuvj420p"),
    (MPEG4HP41BD, "libx264", "mpegts", "yuv420p"),
    (MPEG4HP422D, "libx264", "h264", "yuv420p"),
    (HEVCMP51, "libx265", "mp4", "yuv420p"),
    (HEVCMP51, "libx265", "hevc", "yuv420p"),
    (HEVCM10P51, "libx265", "mp4", "yuv420p10le"),
]


@functools.cache
def encoded(codec: str, container: str, pixel_format: str, frames: int) -> bytes:
    return video(heads(frames), codec, container, pixel_format)


@pytest.mark.parametrize("frames", [1, 5])
@pytest.mark.parametrize(("syntax", "codec", "container", "pixel_format"), VIDEOS)
def test_video(tmp_path, toy, syntax, codec, container, pixel_format, frames):
    av = pytest.importorskip("av")
    if codec not in av.codecs_available:
        pytest.skip(f"this PyAV cannot write {codec}")
    made = calibrated(dataset(tinted(heads(frames)), frames=frames))
    compressed(made, [encoded(codec, container, pixel_format, frames)], syntax, "YBR_PARTIAL_420")
    check(save(made, tmp_path / "a"), frames, False, toy)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_a_phantom_and_the_bundled_model(tmp_path, seed):
    """The same with speckle, shadows and the real network: one file of each family of syntaxes."""
    from fetalhead.phantoms import head_phantom

    predictor = Predictor("standard")
    phantom = head_phantom(seed, shape=(270, 400))
    grey, size = phantom.image.pixels, phantom.scene.pixel_size
    truth, _ = measure_image(phantom.image, predictor)
    assert truth.hc_mm == pytest.approx(phantom.hc_mm, rel=0.02)
    made = {kind: stored(kind, grey) for kind in KINDS}
    made["rle"] = stored("grey", grey)
    made["rle"].compress(RLELossless, encoding_plugin="pydicom")
    made["jpeg"] = compressed(dataset(grey), [jpeg(grey, quality=95)], JPEGBaseline8Bit, "MONOCHROME2")
    lossy = jpeg(grey, "JPEG2000", no_jp2=True, irreversible=True, quality_mode="dB", quality_layers=[45])
    made["jpeg 2000"] = compressed(dataset(grey), [lossy], JPEG2000, "MONOCHROME2")
    pytest.importorskip("av")
    streams = {"h264": ("libx264", "mp4", MPEG4HP41), "mpeg2": ("mpeg2video", "mpegts", MPEG2MPHL)}
    for name, (codec, container, syntax) in streams.items():
        made[name] = compressed(
            dataset(tinted(grey)), [video(grey[np.newaxis], codec, container)], syntax, "YBR_PARTIAL_420"
        )
    tinted_truth, _ = measure_image(type(phantom.image)(luma(tinted(grey)), phantom.image.pixel_size), predictor)
    for name, data in made.items():
        data.SequenceOfUltrasoundRegions = [region((0, 0, 399, 269), (size / 10, size / 10))]
        (image,) = read_images(save(data, tmp_path / name))
        measured, _ = measure_image(image, predictor)
        reference = tinted_truth if name in TINTED else truth
        assert measured.hc_mm == pytest.approx(reference.hc_mm, rel=TOLERANCE), name
