"""Outline, mask, polygon, run lengths and ellipse: there and back; and what stands for no head, by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fetalhead.errors import FetalheadError
from fetalhead.images.annotations.coco import coco_content, read_coco
from fetalhead.images.annotations.drawing import (
    ellipse_of_line,
    ellipse_of_mask,
    mask_of_ellipse,
    outline_of_ellipse,
)
from fetalhead.images.annotations.polygon import ellipse_of_polygon, mask_of_polygon
from fetalhead.images.annotations.rle import decode, encode, unpack
from fetalhead.images.ellipse import Ellipse, NoEllipse

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
mask_api = pytest.importorskip("pycocotools.mask")

SHAPE = (180, 240)
LARGE = (240, 300)
HEAD = Ellipse.make(118.3, 92.7, 70.0, 52.0, 0.6)
HEADS = st.builds(
    Ellipse.make,
    st.floats(140, 160), st.floats(115, 125), st.floats(80, 105), st.floats(80, 105), st.floats(0, 3.2),
)  # fmt: skip
"""Smaller heads than HC18's; on still smaller ones whole pixels alone move an outline by more."""


def moved(found: Ellipse | NoEllipse | None, head: Ellipse) -> float:
    """The farthest that a point of the outline has moved, in pixels."""
    assert isinstance(found, Ellipse), found
    return float(np.abs(head.signed_distance(*found.points().T)).max())


@settings(max_examples=40, deadline=None)
@given(HEADS)
def test_there_and_back_moves_an_outline_by_less_than_a_tenth_of_a_pixel(head: Ellipse) -> None:
    assert moved(ellipse_of_line(outline_of_ellipse(head, LARGE)), head) < 0.1
    assert moved(ellipse_of_mask(mask_of_ellipse(head, LARGE)), head) < 0.1
    assert moved(ellipse_of_polygon(head.points(24), LARGE), head) < 1e-6


@settings(max_examples=40, deadline=None)
@given(HEADS)
def test_a_polygon_s_mask_is_the_ellipse_s(head: Ellipse) -> None:
    differ = mask_of_polygon(head.points(720), LARGE) != mask_of_ellipse(head, LARGE)
    y, x = np.nonzero(differ)  # pixels whose centres the border just touches, if any
    assert np.abs(head.signed_distance(x, y)).max(initial=0) < 0.01


@settings(max_examples=100, deadline=None)
@given(arrays(bool, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_run_lengths_are_those_of_pycocotools(mask: np.ndarray) -> None:
    packed = mask_api.encode(np.asfortranarray(mask.astype(np.uint8)))
    shape = (mask.shape[0], mask.shape[1])
    assert (decode(encode(mask), shape) == mask).all()
    assert (decode(unpack(packed["counts"].decode()), shape) == mask).all()
    assert (mask_api.decode(mask_api.frPyObjects({"size": list(shape), "counts": encode(mask)}, *shape)) == mask).all()


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.text(max_size=30), st.lists(st.one_of(st.integers(-5, 900), st.floats(), st.text(max_size=2)))))
def test_other_run_lengths_are_refused(counts: str | list[int]) -> None:
    try:
        mask = decode(unpack(counts) if isinstance(counts, str) else counts, (20, 30))
    except FetalheadError as error:
        assert "run lengths" in str(error)
    else:
        assert mask.shape == (20, 30)


def gap(degrees: float) -> np.ndarray:
    drawn = outline_of_ellipse(HEAD, SHAPE)
    y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    return drawn & ~(np.abs(np.degrees(np.arctan2(y - HEAD.center_y, x - HEAD.center_x))) < degrees / 2)


@pytest.mark.parametrize("degrees", [8, 40, 120])
def test_an_open_outline_is_named_with_its_gap(degrees: float) -> None:
    found = ellipse_of_line(gap(degrees))
    assert not found and "open outline" in found.reason and "near x 1" in found.reason


def test_a_slip_of_the_pen_and_the_picture_s_edge_are_no_gap() -> None:
    assert moved(ellipse_of_line(gap(1)), HEAD) < 0.1
    cut = Ellipse.make(118.3, 30.0, 70.0, 52.0, 0.1)
    assert moved(ellipse_of_line(outline_of_ellipse(cut, SHAPE)), cut) < 0.2


def crooked(closed: bool) -> np.ndarray:
    points = np.array([[60, 40], [200, 60], [120, 90], [190, 150], [50, 140]], np.int32)
    return cv2.polylines(np.zeros(SHAPE, np.uint8), [points], closed, 1, 2) > 0


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (np.zeros(SHAPE, bool), "empty"),
        (mask_of_ellipse(HEAD, SHAPE) | (np.indices(SHAPE).sum(0) < 20), "two drawings"),
        (outline_of_ellipse(Ellipse.make(60, 90, 40, 30, 0), SHAPE)
         | outline_of_ellipse(Ellipse.make(180, 90, 40, 30, 0), SHAPE), "two drawings"),
        (gap(60), "open outline"),
        (crooked(closed=False), "open outline"),
        (crooked(closed=True), "no ellipse"),
        (mask_of_ellipse(HEAD, SHAPE) & (np.indices(SHAPE)[1] < 90), "no ellipse"),
    ],
)  # fmt: skip
def test_a_mask_that_stands_for_no_head_is_named(mask: np.ndarray, said: str) -> None:
    found = ellipse_of_mask(mask)
    assert not found and said in found.reason


def test_a_speck_beside_the_head_is_left_out() -> None:
    mask = mask_of_ellipse(HEAD, SHAPE)
    mask[2:8, 2:8] = True
    assert moved(ellipse_of_mask(mask), HEAD) < 0.1


def listing(path: Path, segmentation: object, **changes: object) -> Path:
    content = {
        "images": [{"id": 1, "file_name": "a.png", "width": SHAPE[1], "height": SHAPE[0]} | changes],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 3, "segmentation": segmentation}],
        "categories": [{"id": 3, "name": "head"}, {"id": 4, "name": "femur"}],
    }
    path.write_text(json.dumps(content))
    return path


def test_polygons_and_run_lengths_in_both_forms(tmp_path: Path) -> None:
    mask = mask_of_ellipse(HEAD, SHAPE)
    packed = mask_api.encode(np.asfortranarray(mask.astype(np.uint8)))
    for segmentation in (
        [(HEAD.points(60) + 0.5).ravel().tolist()],
        {"size": list(SHAPE), "counts": encode(mask)},
        {"size": list(SHAPE), "counts": packed["counts"].decode()},
    ):
        (picture,) = read_coco(listing(tmp_path / "c.json", segmentation))
        assert moved(picture.ellipse(SHAPE), HEAD) < 0.1
        assert (picture.mask(SHAPE) != mask).mean() < 0.002


@pytest.mark.parametrize("write", [str, float, lambda side: f"{side}.0"])
def test_sizes_as_text_and_with_a_point(tmp_path: Path, write: Callable[[int], object]) -> None:
    size = {"width": write(SHAPE[1]), "height": write(SHAPE[0])}
    (picture,) = read_coco(listing(tmp_path / "c.json", [(HEAD.points(60) + 0.5).ravel().tolist()], **size))
    assert moved(picture.ellipse(SHAPE), HEAD) < 0.1


def test_what_is_written_is_what_pycocotools_reads(tmp_path: Path) -> None:
    mask = mask_of_ellipse(HEAD, SHAPE)
    heads = {"outline": HEAD, "mask": mask, "nothing": mask & ~mask}
    pictures = [({"file_name": f"{name}.png"}, head, SHAPE) for name, head in heads.items()]
    (tmp_path / "c.json").write_text(json.dumps(coco_content(pictures)))
    coco = pytest.importorskip("pycocotools.coco").COCO(str(tmp_path / "c.json"))
    assert (coco.annToMask(coco.anns[2]) == mask).all() and sorted(coco.anns) == [1, 2] and len(coco.imgs) == 3
    drawn = coco.annToMask(coco.anns[1]).astype(bool)
    assert (drawn != mask).sum() < 0.02 * mask.sum()
    rows, columns = np.nonzero(mask)
    assert np.allclose(coco.anns[1]["bbox"][:2], (columns.min(), rows.min()), atol=1)


@pytest.mark.parametrize(
    ("segmentation", "changes", "said"),
    [
        ([], {}, "only a box"),
        (None, {}, "only a box"),
        ("x", {}, "neither polygons nor run lengths"),
        ([[1, 2, 3]], {}, "at least three x and y"),
        ([[1, 2, "a", 4, 5, 6]], {}, "at least three x and y"),
        ([[1, 2, float("nan"), 4, 5, 6]], {}, "at least three x and y"),
        ([[10, 10, 90, 10, 90, 90, 10, 90]], {}, "4 points"),
        ([HEAD.points(60).ravel().tolist()], {"width": 200}, "drawn on 200 x 180 pixels"),
        ({"size": [10, 10], "counts": [100]}, {}, "of size [10, 10]"),
        ({"size": list(SHAPE), "counts": [100]}, {}, "do not fill"),
        ({"size": list(SHAPE), "counts": "\x00"}, {}, "no compressed counts"),
        ({"size": list(SHAPE)}, {}, "no counts"),
        ([HEAD.points(40)[:18].ravel().tolist()], {}, "no ellipse"),
    ],
)
def test_a_drawing_that_cannot_be_used_is_named(
    tmp_path: Path, segmentation: object, changes: dict[str, object], said: str
) -> None:
    (picture,) = read_coco(listing(tmp_path / "c.json", segmentation, **changes))
    with pytest.raises(FetalheadError) as caught:
        picture.ellipse(SHAPE)
    assert said in str(caught.value) and "c.json: a.png" in str(caught.value) and str(caught.value).isprintable()


@pytest.mark.parametrize(("right", "down"), [(-85, 0), (100, 0), (0, -75), (-70, 70)])
def test_a_polygon_cut_by_the_picture_s_edge_is_fitted_to_its_border_alone(right: float, down: float) -> None:
    head = Ellipse.make(HEAD.center_x + right, HEAD.center_y + down, HEAD.semi_axis_a, HEAD.semi_axis_b, HEAD.angle)
    drawn = head.points(60) + 0.5  # the corners of the picture are 0, 0 and its width and height, as in COCO
    clipped = np.clip(drawn, 0, (SHAPE[1], SHAPE[0]))
    assert (clipped != drawn).any()
    assert moved(ellipse_of_polygon(clipped - 0.5, SHAPE), head) < 1e-6
    assert moved(ellipse_of_polygon(head.points(60), SHAPE), head) < 1e-6
    assert moved(ellipse_of_mask(mask_of_ellipse(head, SHAPE)), head) < 1.5


def test_a_polygon_in_shares_of_the_picture_is_named() -> None:
    found = ellipse_of_polygon(HEAD.points(30) / (SHAPE[1], SHAPE[0]) - 0.5, SHAPE)
    assert not found and "pixels is none; wants pixels of the picture, not shares of it" in found.reason


def test_two_heads_on_a_picture_are_not_joined(tmp_path: Path) -> None:
    path = listing(tmp_path / "c.json", [HEAD.points(40).ravel().tolist()])
    content = json.loads(path.read_text())
    content["annotations"] *= 2
    path.write_text(json.dumps(content))
    with pytest.raises(FetalheadError, match="2 heads are drawn"):
        read_coco(path)[0].ellipse(SHAPE)


def test_the_head_s_category_is_chosen_where_there_are_several(tmp_path: Path) -> None:
    path = listing(tmp_path / "c.json", [HEAD.points(40).ravel().tolist()])
    content = json.loads(path.read_text())
    content["annotations"].append(content["annotations"][0] | {"category_id": 4, "segmentation": []})
    path.write_text(json.dumps(content))
    with pytest.raises(FetalheadError, match="'head', 'femur'; tell the head's"):
        read_coco(path)
    for category in ("head", "3"):
        assert read_coco(path, category)[0].is_polygon
    with pytest.raises(FetalheadError, match="no category 'foot'"):
        read_coco(path, "foot")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "[" * 100_000, '{"images": 3}', '{"images": [1], "annotations": [], "categories": []}',
     '{"images": [{"id": 1}], "annotations": [], "categories": []}',
     '{"images": [{"id": 1, "file_name": "a"}, {"id": 1, "file_name": "b"}], "annotations": [], "categories": []}',
     '{"images": [], "annotations": [{"image_id": 7}], "categories": []}'],
)  # fmt: skip
def test_other_files_are_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(FetalheadError, match=r"c\.json: ") as caught:
        read_coco(tmp_path / "c.json")
    assert str(caught.value).isprintable()
