"""Masks as others draw them: values, colours, fringes, parts, and the frame of the picture as shown."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from PIL import Image

from fetalhead.errors import FetalheadError
from fetalhead.images.ellipse import Ellipse, fit_ellipse
from fetalhead.images.masks import mask_parts, read_mask
from fetalhead.images.readers import read_images
from fetalhead.images.readers.orientation import as_shown

SHAPE = (96, 128)
HEAD = Ellipse.make(60.3, 44.1, 41, 30, 0.4)
TRUTH = HEAD.coverage(SHAPE) > 0.5


def save(values: np.ndarray, path, **options):
    Image.fromarray(values.astype(np.uint8)).save(path, **options)
    return path


def quiet(*arguments, **options) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_mask(*arguments, **options)


@pytest.mark.parametrize("value", [1, 128, 255])
@pytest.mark.parametrize("suffix", ["png", "bmp", "tif"])
def test_zero_and_any_other_value(tmp_path, value, suffix):
    mask = quiet(save(TRUTH * value, tmp_path / f"a.{suffix}"), SHAPE)
    assert mask.dtype == bool
    np.testing.assert_array_equal(mask, TRUTH)


def test_sixteen_bits_and_one_bit(tmp_path):
    Image.fromarray(TRUTH.astype(np.uint16) * 1000).save(tmp_path / "a.png")
    Image.fromarray(TRUTH).save(tmp_path / "b.png")
    for name in ("a.png", "b.png"):
        np.testing.assert_array_equal(quiet(tmp_path / name, SHAPE), TRUTH)


def test_colours_and_alpha(tmp_path):
    white, solid, clear = TRUTH * 255, np.full(SHAPE, 255), np.zeros(SHAPE)
    for name, bands in {
        "rgb": [white, white, white],
        "red": [white, clear, clear],
        "opaque": [white, white, white, solid],
        "white on nothing": [solid, solid, solid, white],
        "black on nothing": [clear, clear, clear, white],
        "both": [white, white, white, white],
        "red on nothing": [white, clear, clear, white],
    }.items():
        mask = quiet(save(np.stack(bands, axis=2), tmp_path / f"{name}.png"), SHAPE)
        np.testing.assert_array_equal(mask, TRUTH, err_msg=name)


def test_palette_by_colour_or_by_index(tmp_path):
    picture = Image.fromarray(np.where(TRUTH, 0, 1).astype(np.uint8)).convert("P")
    picture.putpalette([255, 255, 255, 0, 0, 0])  # index 0 is white: the head, unless indices are asked for
    picture.save(tmp_path / "a.png")
    np.testing.assert_array_equal(quiet(tmp_path / "a.png", SHAPE), TRUTH)
    np.testing.assert_array_equal(quiet(tmp_path / "a.png", SHAPE, label=0), TRUTH)
    np.testing.assert_array_equal(quiet(tmp_path / "a.png", SHAPE, label=1), ~TRUTH)


def test_a_jpeg_fringe_is_cut_at_half_with_a_warning(tmp_path):
    path = save(TRUTH * 255, tmp_path / "a.jpg", quality=60)
    with pytest.warns(UserWarning, match=r"a\.jpg: the mask has a grey fringe"):
        mask = read_mask(path, SHAPE)
    assert abs(mask.sum() / TRUTH.sum() - 1) < 0.003
    with pytest.raises(FetalheadError, match="label 255 cannot be picked"):
        read_mask(path, SHAPE, label=255)


def test_a_smooth_edge_is_a_fringe_too(tmp_path):
    path = save(HEAD.coverage(SHAPE) * 200, tmp_path / "a.png")
    with pytest.warns(UserWarning, match="grey fringe"):
        assert (read_mask(path, SHAPE) != TRUTH).sum() <= 4  # pixels that the outline halves


def test_classes_need_a_label(tmp_path):
    classes = np.zeros(SHAPE)
    classes[5:20, 5:30], classes[TRUTH] = 1, 2
    path = save(classes, tmp_path / "a.png")
    with pytest.raises(FetalheadError, match=r"a\.png: the mask holds the values 0, 1, 2; tell which"):
        read_mask(path, SHAPE)
    np.testing.assert_array_equal(quiet(path, SHAPE, label=2), TRUTH)
    assert not quiet(path, SHAPE, label=7).any()


@pytest.mark.parametrize("kind", ["MET_UCHAR", "MET_SHORT", "MET_FLOAT", "nifti"])
def test_masks_of_metaimage_and_nifti_are_values_not_grey(tmp_path, kind):
    types = {"MET_UCHAR": np.uint8, "MET_SHORT": np.int16, "MET_FLOAT": np.float32, "nifti": np.float64}
    one = np.zeros((64, 96), types[kind])
    one[20:40, 30:60] = 1
    two = one.copy()
    two[50:60, 30:60] = 300 if kind != "MET_UCHAR" else 2
    path = tmp_path / ("a.nii.gz" if kind == "nifti" else "a.mha")

    def write(values: np.ndarray) -> None:
        if kind == "nifti":
            nibabel = pytest.importorskip("nibabel")
            nibabel.save(nibabel.Nifti1Image(values.T, np.eye(4)), path)
        else:
            header = f"NDims = 2\nDimSize = 96 64\nElementType = {kind}\nElementDataFile = LOCAL\n"
            path.write_bytes(header.encode() + values.tobytes())

    write(one)
    np.testing.assert_array_equal(quiet(path, (64, 96)), one == 1)
    np.testing.assert_array_equal(quiet(path, (64, 96), 1), one == 1)
    write(two)
    np.testing.assert_array_equal(quiet(path, (64, 96), 1), two == 1)
    with pytest.raises(FetalheadError, match=r"holds the values 0, 1, (2|300); tell which"):
        read_mask(path, (64, 96))
    with pytest.raises(FetalheadError, match="mask of 96 x 64 for a picture of 64 x 96"):
        read_mask(path, (96, 64), 1)
    if kind in ("MET_FLOAT", "nifti"):
        write(one * types[kind](0.5))
        with pytest.raises(FetalheadError, match="its values are no whole numbers"):
            read_mask(path, (64, 96))


def test_an_empty_mask_is_no_head_but_a_full_one_is_a_fault(tmp_path):
    for name in ("a.png", "a.jpg"):
        assert not quiet(save(TRUTH * 0, tmp_path / name), SHAPE).any()
    with pytest.raises(FetalheadError, match="every pixel"):
        read_mask(save(np.ones(SHAPE), tmp_path / "full.png"), SHAPE)


def test_what_is_no_mask_is_refused_by_name(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, SHAPE)
    for name, values, said in [
        ("photo.png", noise, "no mask"),
        ("photo.jpg", noise, "no mask"),
        ("faint.jpg", TRUTH * 1, "too faint|every pixel"),
        ("two.png", TRUTH * 3 + 4, "values 4, 7"),
        ("colour.jpg", np.stack([TRUTH * 255, TRUTH * 0, TRUTH * 0], axis=2), "in colours"),
    ]:
        if name == "faint.jpg":
            values = TRUTH * 20
        with pytest.raises(FetalheadError, match=said) as caught:
            read_mask(save(values, tmp_path / name), SHAPE)
        assert str(tmp_path / name) in str(caught.value) and str(caught.value).isprintable()
    (tmp_path / "text.png").write_text("nothing")
    with pytest.raises(FetalheadError, match=r"text\.png"):
        read_mask(tmp_path / "text.png", SHAPE)
    Image.fromarray(TRUTH).save(tmp_path / "a.tif", save_all=True, append_images=[Image.fromarray(TRUTH)])
    with pytest.raises(FetalheadError, match="several pages"):
        read_mask(tmp_path / "a.tif", SHAPE)


def test_parts_are_found_and_joined(tmp_path):
    left = TRUTH & (np.arange(SHAPE[1]) < 64)
    for name, part in [("x_mask.png", left), ("x_mask_1.png", TRUTH & ~left), ("x_mask_10.png", left)]:
        save(part * 255, tmp_path / name)
    save(TRUTH * 0, tmp_path / "x_mask_old.png")
    save(TRUTH * 0, tmp_path / "xx_mask_1.png")
    parts = mask_parts(tmp_path / "x_mask.png")
    assert [part.name for part in parts] == ["x_mask.png", "x_mask_1.png", "x_mask_10.png"]
    np.testing.assert_array_equal(quiet(parts, SHAPE), TRUTH)


def test_another_size_is_refused_never_squeezed(tmp_path):
    for shape in [SHAPE[::-1], (192, 256), (95, 128)]:
        path = save(np.ones(shape) * (np.arange(shape[1]) > 9), tmp_path / "a.png")
        with pytest.raises(FetalheadError, match=rf"mask of {shape[1]} x {shape[0]} for a picture of 128 x 96"):
            read_mask(path, SHAPE)


@pytest.mark.parametrize("orientation", [3, 6, 8, 5])
def test_picture_and_mask_in_two_frames(tmp_path, orientation):
    """A picture stored turned, its mask drawn as shown, or stored turned with the tag: one ellipse."""
    back = {5: 5, 6: 8, 8: 6, 3: 3}[orientation]
    shown = (HEAD.coverage(SHAPE) * 220).astype(np.uint8)
    stored = as_shown(shown, back)
    exif = Image.Exif()
    exif[274] = orientation
    save(stored, tmp_path / "a.jpg", exif=exif, quality=95)
    save(TRUTH * 255, tmp_path / "upright.png")
    save(as_shown(TRUTH, back) * 255, tmp_path / "turned.png", exif=exif)
    (image,) = read_images(tmp_path / "a.jpg")
    assert image.shape == SHAPE
    assert np.abs(image.pixels.astype(int) - shown).max() < 60
    for name in ("upright.png", "turned.png"):
        mask = quiet(tmp_path / name, image.shape)
        np.testing.assert_array_equal(mask, TRUTH)
        overlap = 2 * (mask & (image.pixels > 110)).sum() / (mask.sum() + (image.pixels > 110).sum())
        assert 0.99 < overlap <= 1
    if stored.shape != SHAPE:
        save(as_shown(TRUTH, back) * 255, tmp_path / "untold.png")
        with pytest.raises(FetalheadError, match=r"untold\.png: mask of 96 x 128"):
            read_mask(tmp_path / "untold.png", image.shape)
    rows, columns = np.nonzero(mask)
    assert fit_ellipse(np.stack([columns, rows], axis=1)).center_x == pytest.approx(HEAD.center_x, abs=0.3)
