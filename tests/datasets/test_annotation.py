"""Annotations drawn as outlines or as filled masks: one ellipse, or one line that says why there is none."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from fetalhead.datasets.annotation import read_annotation
from fetalhead.errors import FetalheadError
from fetalhead.images.ellipse import Ellipse

SHAPE = (128, 192)
HEAD = Ellipse.make(95.3, 63.1, 61, 44, 0.4)
MASK = HEAD.coverage(SHAPE) > 0.5


def save(values: np.ndarray, path: Path, format: str = "PNG", **options: object) -> Path:
    Image.fromarray(values.astype(np.uint8)).save(path, format, **options)
    return path


def outline(ellipse: Ellipse = HEAD, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    points = np.round(ellipse.points(720) * 16).astype(np.int32)
    return cv2.polylines(np.zeros(shape, np.uint8), [points], True, 255, 1, cv2.LINE_8, 4)


def is_the_head(found: Ellipse) -> bool:
    off = np.abs(HEAD.signed_distance(*found.points().T)).max()
    return bool(off < 0.3 and abs(found.perimeter / HEAD.perimeter - 1) < 0.002)


def test_an_outline_of_any_value_or_kind(tmp_path: Path) -> None:
    line, none = outline(), np.zeros(SHAPE)
    for name, values in {
        "grey": line,
        "one": line // 255,
        "opaque": np.stack([line, line, line, none + 255], axis=2),
        "black on nothing": np.stack([none, none, none, line], axis=2),
    }.items():
        assert is_the_head(read_annotation(save(values, tmp_path / f"{name}.png"), SHAPE)), name


def test_filled_masks_give_one_ellipse(tmp_path: Path) -> None:
    white, none = MASK * 255, np.zeros(SHAPE)
    palette = Image.fromarray(MASK.astype(np.uint8), mode="L").convert("P")
    palette.putpalette([0, 0, 0, 200, 30, 30])
    palette.save(tmp_path / "palette.png")
    save(white, tmp_path / "white.png")
    save(MASK, tmp_path / "one.png")
    save(np.stack([white, white, white, none + 255], axis=2), tmp_path / "rgba.png")
    save(np.stack([none, none, none, white], axis=2), tmp_path / "alpha.png")
    first = read_annotation(tmp_path / "white.png", SHAPE)
    assert is_the_head(first)
    for name in ("one", "rgba", "alpha", "palette"):
        assert read_annotation(tmp_path / f"{name}.png", SHAPE) == first, name


def test_a_jpeg_s_fringe_is_cut_with_a_warning(tmp_path: Path) -> None:
    path = save(MASK * 255, tmp_path / "a.png", "JPEG", quality=60)
    with pytest.warns(UserWarning, match=r"a\.png: the mask has a grey fringe"):
        found = read_annotation(path, SHAPE)
    assert abs(found.area / HEAD.area - 1) < 0.003 and is_the_head(found)


def test_parts_are_joined(tmp_path: Path) -> None:
    left = MASK & (np.arange(SHAPE[1]) < 90)
    save(left * 255, tmp_path / "x_Annotation.png")
    save((MASK & ~left) * 255, tmp_path / "x_Annotation_1.png")
    assert is_the_head(read_annotation(tmp_path / "x_Annotation.png", SHAPE))


@pytest.mark.parametrize("filled", [False, True])
def test_another_size_is_refused(tmp_path: Path, filled: bool) -> None:
    for height, width in ((192, 128), (256, 384), (127, 192)):
        ellipse = Ellipse.make(60, 60, 50, 40, 0.2)
        values = ellipse.coverage((height, width)) > 0.5 if filled else outline(ellipse, (height, width))
        path = save(values, tmp_path / "a.png")
        with pytest.raises(FetalheadError, match=rf"a\.png: mask of {width} x {height} for a picture of 192 x 128"):
            read_annotation(path, SHAPE)


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("empty", MASK * 0, "empty"),
        ("full", MASK * 0 + 1, "every pixel"),
        ("half", MASK & (np.arange(SHAPE[1]) < 60) | (MASK & (np.arange(SHAPE[0]) < 60)[:, None]), "no ellipse"),
        ("box", cv2.rectangle(np.zeros(SHAPE, np.uint8), (20, 20), (170, 100), 255, 1), "no ellipse"),
        ("photo", np.random.default_rng(0).integers(0, 256, SHAPE), "no mask"),
    ],
)
def test_what_is_no_ellipse_is_refused_by_name(tmp_path: Path, name: str, values: np.ndarray, said: str) -> None:
    path = save(values, tmp_path / f"{name}.png")
    with pytest.raises(FetalheadError, match=said) as caught:
        read_annotation(path, SHAPE)
    assert str(path) in str(caught.value) and str(caught.value).isprintable()


def test_no_picture_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("nothing")
    with pytest.raises(FetalheadError, match=r"a\.png"):
        read_annotation(tmp_path / "a.png", SHAPE)
