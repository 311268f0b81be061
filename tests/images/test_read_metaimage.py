"""MHA and MHD: what is stored, in the size that the header knows, from files of the header's own folder alone."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import numpy as np
import pytest
from refusals import reason
from toys import bright_head

from fetalhead import measure
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.inputs import find_inputs
from fetalhead.images.readers import is_picture, read_images


def header(shape: tuple[int, ...], data_file: str = "LOCAL", kind: str = "MET_UCHAR", **fields: object) -> bytes:
    """The text of a MetaImage header; `shape` is x, y, time."""
    lines = {"ObjectType": "Image", "NDims": len(shape), "BinaryData": True, **fields}
    lines |= {"DimSize": " ".join(map(str, shape)), "ElementType": kind, "ElementDataFile": data_file}
    return "".join(f"{name} = {value}\n" for name, value in lines.items()).encode()


@pytest.fixture
def cine() -> np.ndarray:
    """(21, 40, 64) uint8: frames unlike each other and under every turn."""
    return np.random.default_rng(0).integers(0, 256, (21, 40, 64), dtype=np.uint8)


def write(path: Path, pixels: np.ndarray, **fields: object) -> Path:
    path.write_bytes(header(pixels.shape[::-1], **fields) + pixels.tobytes())
    return path


def test_spacing_of_one_is_unknown_and_the_third_axis_is_time(cine, tmp_path):
    images = list(read_images(write(tmp_path / "a.mha", cine, ElementSpacing="1 1 1")))
    assert [image.frame for image in images] == list(range(21))
    assert all(image.pixel_size.source == "unknown" and "1 x 1" in image.pixel_size.reason for image in images)
    np.testing.assert_array_equal([image.pixels for image in images], cine)


@pytest.mark.parametrize("third", ["1", "0.04", "5"])
def test_spacing_is_the_pixel_size_whatever_the_third_axis_says(cine, tmp_path, third):
    for image in read_images(write(tmp_path / "a.mha", cine, ElementSpacing=f"0.2912 0.25 {third}")):
        assert (image.pixel_size.x, image.pixel_size.y, image.pixel_size.source) == (0.2912, 0.25, "image-header")


def test_default_is_no_measurement_and_the_users_size_wins(tmp_path, toy_model):
    """The same head behind a spacing of 1, behind a real one, and with a size given by hand."""
    pixels = np.stack([bright_head(Ellipse.make(96, 64, 50, 40, 0.4))] * 3)
    default = write(tmp_path / "default.mha", pixels, ElementSpacing="1 1 1")
    real = write(tmp_path / "real.mha", pixels, ElementSpacing="0.2912 0.2912 1")
    found = measure(default, model=toy_model)
    assert found.status == "no_scale" and found.hc_mm is None
    sized, given = measure(real, model=toy_model), measure(default, pixel_size=0.2912, model=toy_model)
    assert sized.hc_mm == pytest.approx(found.ellipse_px.perimeter * 0.2912) and given.hc_mm == sized.hc_mm
    assert (sized.pixel_size.source, given.pixel_size.source) == ("image-header", "user")


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({}, None),
        ({"ElementSpacing": "0 0"}, None),
        ({"ElementSpacing": "-0.2 0.2"}, None),
        ({"ElementSpacing": "nan 0.2"}, None),
        ({"ElementSpacing": "72 72"}, None),
        ({"ElementSpacing": "0.2"}, None),
        ({"ElementSpacing": ""}, None),
        ({"ElementSpacing": "0,2 0,3"}, None),
        ({"ElementSize": "0.2 0.3"}, (0.2, 0.3)),
        ({"ElementSize": "0.9 0.9", "ElementSpacing": "0.2 0.3"}, (0.2, 0.3)),
        ({"ElementSpacing": "200 300", "DistanceUnits": "um"}, (0.2, 0.3)),
        ({"ElementSpacing": "0.02 0.03", "DistanceUnits": "cm"}, (0.2, 0.3)),
        ({"ElementSpacing": "0.02 0.03", "DistanceUnits": "inch"}, None),
    ],
)
def test_which_spacing_counts(cine, tmp_path, fields, size):
    (image,) = read_images(write(tmp_path / "a.mha", cine[0], **fields))
    assert image.frame is None
    if size is None:
        assert not image.pixel_size and image.pixel_size.reason
    else:
        assert (image.pixel_size.x, image.pixel_size.y) == pytest.approx(size)


def test_a_direction_turns_nothing(cine, tmp_path):
    path = write(tmp_path / "a.mha", cine[0], TransformMatrix="-1 0 0 -1", ElementSpacing="0.2 0.3")
    (image,) = read_images(path)
    np.testing.assert_array_equal(image.pixels, cine[0])
    assert (image.pixel_size.x, image.pixel_size.y) == (0.2, 0.3)


def test_data_in_a_file_beside_and_packed(cine, tmp_path):
    (tmp_path / "a.raw").write_bytes(cine.tobytes())
    (tmp_path / "a.zraw").write_bytes(zlib.compress(cine.tobytes()))
    (tmp_path / "plain.mhd").write_bytes(header((64, 40, 21), "a.raw"))
    (tmp_path / "packed.mhd").write_bytes(header((64, 40, 21), "a.zraw", CompressedData=True).rstrip(b"\n"))
    (tmp_path / "packed.mha").write_bytes(
        header((64, 40, 21), CompressedData=True, CompressedDataSize=1) + zlib.compress(cine.tobytes())
    )
    (tmp_path / "after.raw").write_bytes(b"something else" + cine.tobytes())
    (tmp_path / "after.mhd").write_bytes(header((64, 40, 21), "after.raw", HeaderSize=14))
    (tmp_path / "last.mhd").write_bytes(header((64, 40, 21), "after.raw", HeaderSize=-1))
    (tmp_path / "last.mha").write_bytes(header((64, 40, 21), "Local", HeaderSize=-1) + b"more" + cine.tobytes())
    for name in ("plain.mhd", "packed.mhd", "packed.mha", "after.mhd", "last.mhd", "last.mha"):
        np.testing.assert_array_equal([image.pixels for image in read_images(tmp_path / name)], cine)


@pytest.mark.parametrize("order", [True, False])
@pytest.mark.parametrize(("kind", "dtype"), [("MET_USHORT", "u2"), ("MET_SHORT", "i2"), ("MET_FLOAT", "f4")])
def test_types_and_byte_orders(cine, tmp_path, order, kind, dtype):
    stored = cine[0].astype((">" if order else "<") + dtype)
    (image,) = read_images(write(tmp_path / "a.mha", stored, kind=kind, ElementByteOrderMSB=order))
    np.testing.assert_array_equal(image.pixels, cine[0])


def test_frames_of_more_than_eight_bits_share_one_window(cine, tmp_path):
    """The second frame reaches 12 bits; the first, darker one must not be stretched to its own 8."""
    stored = np.stack([cine[0].astype(np.uint16), cine[1].astype(np.uint16) * 16 + 15])
    first, second = read_images(write(tmp_path / "a.mha", stored, kind="MET_USHORT"))
    assert np.abs(first.pixels - cine[0] / 16.06).max() <= 0.6
    assert np.abs(second.pixels.astype(int) - cine[1]).max() <= 1


def test_colours_become_grey(cine, tmp_path):
    colour = np.stack([cine[0]] * 3, axis=2)
    (tmp_path / "a.mha").write_bytes(header((64, 40), ElementNumberOfChannels=3) + colour.tobytes())
    (image,) = read_images(tmp_path / "a.mha")
    np.testing.assert_array_equal(image.pixels, cine[0])


@pytest.mark.parametrize(
    ("data_file", "said"),
    [
        ("/etc/hostname", "own folder"),
        ("../x.raw", "own folder"),
        ("..\\x.raw", "own folder"),
        ("C:x.raw", "own folder"),
        ("sub/x.raw", "own folder"),
        ("./x.raw", "own folder"),
        ("..", "own folder"),
        ("", "own folder"),
        ("LIST", "several files"),
        ("LIST 2", "several files"),
        ("x%03d.raw 1 3 1", "several files"),
        ("out.raw", "link out of"),
        ("linked/x.raw", "own folder"),
        ("none.raw", "No such file"),
        ("linked", "link out of"),
        ("sub", "no regular file"),
        ("pipe", "no regular file"),
        ("self.raw", "link"),
    ],
)
def test_a_header_opens_files_of_its_own_folder_only(tmp_path, cine, data_file, said):
    folder = tmp_path / "own"
    (folder / "sub").mkdir(parents=True)
    for path in (tmp_path / "x.raw", folder / "x.raw", folder / "sub" / "x.raw", folder / "x001.raw"):
        path.write_bytes(cine[0].tobytes())
    (folder / "out.raw").symlink_to(tmp_path / "x.raw")
    (folder / "linked").symlink_to(tmp_path)
    (folder / "self.raw").symlink_to("self.raw")
    os.mkfifo(folder / "pipe")
    (folder / "a.mhd").write_bytes(header((64, 40), data_file))
    assert said in reason(folder / "a.mhd")
    (folder / "a.mhd").write_bytes(header((64, 40), "x.raw"))
    assert len(list(read_images(folder / "a.mhd"))) == 1


def test_a_link_within_the_folder_works(tmp_path, cine):
    (tmp_path / "x.raw").write_bytes(cine[0].tobytes())
    (tmp_path / "y.raw").symlink_to("x.raw")
    (tmp_path / "a.mhd").write_bytes(header((64, 40), "y.raw"))
    (image,) = read_images(tmp_path / "a.mhd")
    np.testing.assert_array_equal(image.pixels, cine[0])


def test_the_end_of_a_file_too_short_is_none(cine, tmp_path):
    (tmp_path / "a.mha").write_bytes(header((64, 40, 22), HeaderSize=-1) + cine.tobytes())
    assert "its header claims 64 x 40 x 22 pixels" in reason(tmp_path / "a.mha")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("shape", [(64, 40, 20), (64, 40, 22), (64, 41, 21), (63, 40, 21), (65535, 65535, 65535)])
def test_sizes_that_do_not_fit_are_refused(cine, tmp_path, shape, packed):
    data = zlib.compress(cine.tobytes()) if packed else cine.tobytes()
    (tmp_path / "a.mha").write_bytes(header(shape, CompressedData=packed) + data)
    assert "its header claims" in reason(tmp_path / "a.mha")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (header((64, 40, 2, 2)) + bytes(64 * 40 * 4), "only one axis, time"),
        (header((64, 40, 0)), "claims a size of"),
        (header((-64, 40)), "claims a size of"),
        (header((64, 40)).replace(b"NDims = 2", b"NDims = 3"), "claims 3 axes"),
        (header((64,)) + bytes(64), "claims 1 axes"),
        (header((64, 40), kind="MET_LONG"), "values of type MET_LONG are not read"),
        (header((64, 40), BinaryData=False), "written as text"),
        (header((64, 40), ElementNumberOfChannels=2) + bytes(64 * 80), "neither grey nor 8-bit colour"),
        (header((64, 40)).replace(b"64 40", b"64 many"), "DimSize is '64 many'"),
        (header((64, 40)).replace(b"64 40", b"9" * 5000 + b" 40"), "DimSize is '999"),
        (header((64, 40)).replace(b"DimSize", b"Size"), "it has no DimSize"),
        (header((64, 40)).partition(b"ElementDataFile")[0], "does not come to ElementDataFile"),
        (header((64, 40), CompressedData=True) + b"no zlib stream", "packed data is damaged"),
        (header((8, 40)) + bytes(320), "too few"),
    ],
)
def test_headers_without_sense_are_one_line(tmp_path, content, said):
    (tmp_path / "a.mha").write_bytes(content)
    assert is_picture(tmp_path / "a.mha")
    assert said in reason(tmp_path / "a.mha")


def test_what_is_no_image_is_left_alone(tmp_path):
    for name, text in {"tubes.tre": "ObjectType = Scene\nNDims = 3\n", "settings.ini": "[a]\nNDims = 3\n"}.items():
        (tmp_path / name).write_text(text)
        assert not is_picture(tmp_path / name)


def test_a_folder_of_them(tmp_path, cine):
    (tmp_path / "x.raw").write_bytes(cine.tobytes())
    (tmp_path / "x.mhd").write_bytes(header((64, 40, 21), "x.raw"))
    write(tmp_path / "y.MHA", cine)
    (tmp_path / "broken.mha").write_bytes(b"nothing of the kind")
    found = find_inputs([str(tmp_path)])
    assert [file.path.name for file in found.files] == ["broken.mha", "x.mhd", "y.MHA"]
    assert found.passed_over == 1


def test_files_of_another_library(tmp_path, cine):
    """ITK's own writer, with and without packing."""
    itk = pytest.importorskip("SimpleITK")
    image = itk.GetImageFromArray(cine)
    image.SetSpacing((0.2912, 0.25, 1))
    image.SetMetaData("0010|0010", "x" * 5000)
    for name, packing in [("a.mha", False), ("b.mha", True), ("c.mhd", False), ("d.mhd", True)]:
        itk.WriteImage(image, str(tmp_path / name), packing)
        images = list(read_images(tmp_path / name))
        np.testing.assert_array_equal([image.pixels for image in images], cine)
        assert (images[0].pixel_size.x, images[0].pixel_size.y) == (0.2912, 0.25)


def test_a_tracked_cine_with_a_long_header(cine, tmp_path):
    """As PLUS writes it: several transforms a frame, more text than pixels."""
    told = {f"Seq_Frame{frame:04}_ProbeToTracker{kind}Transform": "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1 " * 3
            for frame in range(1000) for kind in "ABC"}
    path = write(tmp_path / "a.mha", cine, ElementSpacing="0.2 0.2 1", **told)
    assert path.stat().st_size > 400_000
    np.testing.assert_array_equal([image.pixels for image in read_images(path)], cine)


def test_a_spacing_that_is_nearly_one_is_unknown(cine, tmp_path):
    """SimpleITK makes 1.00000001 of a TIFF without a spacing."""
    path = write(tmp_path / "a.mha", cine, ElementSpacing="1.0000000150184933 1.0000000150184933 1")
    assert not next(iter(read_images(path))).pixel_size
