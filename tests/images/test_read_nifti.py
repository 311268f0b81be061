"""NIfTI: x, y and time as stored, the size that the header knows, and no more memory than a frame."""

from __future__ import annotations

import gzip
import importlib
import struct
from pathlib import Path

import numpy as np
import pytest
from refusals import reason

from fetalhead.images.inputs import find_inputs
from fetalhead.images.readers import is_picture, read_images

nibabel = pytest.importorskip("nibabel")


@pytest.fixture
def cine() -> np.ndarray:
    """(5, 40, 64) uint8: frames unlike each other and under every turn."""
    return np.random.default_rng(0).integers(0, 256, (5, 40, 64), dtype=np.uint8)


def write(path: Path, stored: np.ndarray, zooms=(0.2912, 0.25), kind=None, **header: object) -> Path:
    """`stored` in NIfTI's own order: x, y, further axes."""
    image = (kind or nibabel.Nifti1Image)(stored, np.diag([*zooms, 1, 1]))
    for name, value in header.items():
        image.header[name] = value
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("axes", [3, 4])
def test_the_first_axis_is_x_the_second_y_a_further_one_time(cine, tmp_path, suffix, version, axes):
    stored = cine.transpose(2, 1, 0) if axes == 3 else cine.transpose(2, 1, 0)[:, :, None]
    kind = nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image
    images = list(read_images(write(tmp_path / f"a.{suffix}", stored, kind=kind)))
    assert [image.frame for image in images] == list(range(5))
    np.testing.assert_array_equal([image.pixels for image in images], cine)
    size = images[0].pixel_size
    assert (size.x, size.y, size.source) == (0.2912, 0.25, "image-header")


def test_a_single_picture_has_no_frame_number(cine, tmp_path):
    for stored in (cine[0].T, cine[0].T[..., None]):
        (image,) = read_images(write(tmp_path / "a.nii.gz", stored))
        assert image.frame is None
        np.testing.assert_array_equal(image.pixels, cine[0])


def test_zooms_of_one_are_unknown_whatever_the_third_says(cine, tmp_path):
    image = next(read_images(write(tmp_path / "a.nii", cine.T, zooms=(1, 1))))
    assert not image.pixel_size and "1 x 1" in image.pixel_size.reason


@pytest.mark.parametrize(("unit", "factor"), [(0, 1), (2, 1), (1, 0.001), (3, 1000)])
def test_units(cine, tmp_path, unit, factor):
    """Unknown is taken for mm; metres and micrometres are told."""
    path = write(tmp_path / "a.nii", cine[0].T, zooms=(0.2 * factor, 0.3 * factor), xyzt_units=unit)
    (image,) = read_images(path)
    assert (image.pixel_size.x, image.pixel_size.y) == pytest.approx((0.2, 0.3))


def test_two_sizes_that_disagree_are_none(cine, tmp_path):
    path = write(tmp_path / "a.nii", cine[0].T)
    raw = bytearray(path.read_bytes())
    struct.pack_into("<2f", raw, 80, 0.4, 0.25)  # pixdim[1], pixdim[2]; the sform still says 0.2912
    path.write_bytes(raw)
    (image,) = read_images(path)
    assert not image.pixel_size and "disagree" in image.pixel_size.reason


def test_an_affine_that_nobody_set_is_passed_over(cine, tmp_path):
    """Many write `Nifti1Image(pixels, np.eye(4))` and set the zooms afterwards."""
    image = nibabel.Nifti1Image(cine[0].T, np.eye(4))
    image.header.set_zooms((0.2912, 0.25))
    nibabel.save(image, tmp_path / "a.nii")
    (read,) = read_images(tmp_path / "a.nii")
    assert (read.pixel_size.x, read.pixel_size.y, read.pixel_size.source) == (0.2912, 0.25, "image-header")


def test_an_affine_turns_nothing(cine, tmp_path):
    image = nibabel.Nifti1Image(cine[0].T, np.array([[0, -0.25, 0, 9], [-0.2912, 0, 0, 9], [0, 0, 1, 0], [0, 0, 0, 1]]))
    nibabel.save(image, tmp_path / "a.nii")
    (read,) = read_images(tmp_path / "a.nii")
    np.testing.assert_array_equal(read.pixels, cine[0])
    assert (read.pixel_size.x, read.pixel_size.y) == (0.2912, 0.25)


def test_slope_and_intercept_colours_and_more_bits(cine, tmp_path):
    grey = cine[0].T
    scaled = nibabel.Nifti1Image(grey, np.eye(4))
    scaled.header.set_slope_inter(1 / 255, 0)
    (tmp_path / "scaled.nii").write_bytes(scaled.to_bytes())
    colour = np.stack([grey] * 3, axis=-1).copy().view([("R", "u1"), ("G", "u1"), ("B", "u1")])[..., 0]
    write(tmp_path / "colour.nii", colour)
    write(tmp_path / "deep.nii.gz", grey.astype(np.int16) * 16)
    for name, tolerance in [("scaled.nii", 1), ("colour.nii", 0), ("deep.nii.gz", 1)]:
        (image,) = read_images(tmp_path / name)
        assert np.abs(image.pixels.astype(int) - cine[0]).max() <= tolerance, name


def test_a_stream_of_several_gzip_members(cine, tmp_path):
    plain = write(tmp_path / "a.nii", cine.T).read_bytes()
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(plain[:3000]) + gzip.compress(plain[3000:]))
    assert len(list(read_images(tmp_path / "b.nii.gz"))) == 5


@pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
@pytest.mark.parametrize("change", [-1, 1, 100])
def test_sizes_that_do_not_fit_are_refused(cine, tmp_path, suffix, change):
    plain = write(tmp_path / "a.nii", cine.T).read_bytes()
    content = plain[:change] if change < 0 else plain + bytes(change)
    path = tmp_path / f"b.{suffix}"
    path.write_bytes(gzip.compress(content) if suffix == "nii.gz" else content)
    assert "its header claims 64 x 40 x 5 pixels" in reason(path)


def test_damaged_streams_and_axes_without_sense(cine, tmp_path):
    packed = bytearray(write(tmp_path / "a.nii.gz", cine.T).read_bytes())
    packed[-300] ^= 0xFF
    (tmp_path / "a.nii.gz").write_bytes(packed)
    assert "packed data is damaged" in reason(tmp_path / "a.nii.gz")
    assert "only one axis" in reason(write(tmp_path / "b.nii", np.zeros((64, 40, 2, 2), np.uint8)))
    vectors = write(tmp_path / "v.nii", np.zeros((64, 40, 1, 1, 3), np.uint8), intent_code=1007)
    assert "several values a pixel along the fifth axis" in reason(vectors)
    assert "no grey values" in reason(write(tmp_path / "c.nii", np.zeros((64, 40), np.complex64)))


@pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
def test_files_of_another_library(cine, tmp_path, suffix):
    """ITK's own writer, which turns the axes' directions in the affine, and leaves the pixels as they are."""
    itk = pytest.importorskip("SimpleITK")
    image = itk.GetImageFromArray(cine)
    image.SetSpacing((0.2912, 0.25, 1))
    itk.WriteImage(image, str(tmp_path / f"a.{suffix}"))
    images = list(read_images(tmp_path / f"a.{suffix}"))
    np.testing.assert_array_equal([image.pixels for image in images], cine)
    assert (images[0].pixel_size.x, images[0].pixel_size.y) == (0.2912, 0.25)


def test_without_nibabel_the_extra_is_named(cine, tmp_path, monkeypatch):
    path = write(tmp_path / "a.nii", cine.T)
    true_import = importlib.import_module

    def refuse(name: str, package: str | None = None) -> object:
        if name == "nibabel":
            raise ImportError(name)
        return true_import(name, package)

    monkeypatch.setattr(importlib, "import_module", refuse)
    said = "NIfTI needs the package nibabel, which is not installed: pip install 'fetalhead[formats]'"
    assert reason(path) == said
    assert is_picture(path)


def test_in_a_folder(cine, tmp_path, monkeypatch):
    write(tmp_path / "a.nii.gz", cine.T)
    (tmp_path / "b.nii.gz").write_bytes(b"nothing of the kind")
    (tmp_path / "c.gz").write_bytes(gzip.compress(b"text"))
    write(tmp_path / "d.nii", cine.T).rename(tmp_path / "d")
    found = find_inputs([str(tmp_path)])
    assert [file.path.name for file in found.files] == ["a.nii.gz", "b.nii.gz", "d"]
    assert found.passed_over == 1
    assert found.errors == []
