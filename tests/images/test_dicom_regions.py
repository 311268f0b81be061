"""From the header's regions to HC: the region that holds the head says how large its pixels are."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from dicom_making import dataset, region, save
from toys import bright_head

import fetalhead
from fetalhead.biometry.measurement import HeadMeasurement
from fetalhead.images.ellipse import Ellipse

TRUTH = Ellipse(96, 64, 52, 40, 0.4)
"""Of the head in a picture of 192 x 128 square pixels."""

SQUARE_MM = 0.3
HC = TRUTH.perimeter * SQUARE_MM


def measured(tmp_path: Path, model: Path, picture: np.ndarray, *regions: object, **elements: object) -> HeadMeasurement:
    made = dataset(picture, **elements)
    if regions:
        made.SequenceOfUltrasoundRegions = list(regions)
    return fetalhead.measure(save(made, tmp_path / "a"), model=model)


def stretched(x: float, y: float, truth: Ellipse = TRUTH) -> tuple[np.ndarray, tuple[float, float]]:
    """The picture of the head with its pixels this much wider and higher, and their sizes in cm."""
    width, height = round(192 / x), round(128 / y)
    head = truth.scaled(width / 192, height / 128)
    return bright_head(head, (height, width)), (SQUARE_MM * 192 / width / 10, SQUARE_MM * 128 / height / 10)


@pytest.mark.parametrize("angle", [0.0, math.pi / 2, 0.4])
@pytest.mark.parametrize(("x", "y"), [(1.25, 1), (1, 1.25), (0.8, 1), (0.286 / 0.229, 1)])
def test_pixels_that_are_not_square(tmp_path, toy_model, angle, x, y):
    """Stretched 5:4 with matching deltas: HC of the square picture; a time trace beside changes nothing."""
    truth = Ellipse(TRUTH.center_x, TRUTH.center_y, TRUTH.semi_axis_a, TRUTH.semi_axis_b, angle)
    picture, delta = stretched(x, y, truth)
    height, width = picture.shape
    picture = np.vstack([picture, np.full((60, width), 20, np.uint8)])
    trace = region((0, height, width - 1, height + 59), (0.004, 0.01), format=2, type=1, units=(4, 3))
    tissue = region((0, 0, width - 1, height - 1), (-delta[0], delta[1]))
    result = measured(tmp_path, toy_model, picture, trace, tissue)
    assert result.hc_mm == pytest.approx(HC, rel=0.002)
    wrong = measured(tmp_path, toy_model, picture, region((0, 0, width - 1, height - 1), (delta[0], delta[0])))
    assert wrong.hc_mm is not None and abs(wrong.hc_mm / HC - 1) > 0.05  # the test can tell x from y


def test_pixel_spacing_is_row_then_column(tmp_path, toy_model):
    picture, (x, y) = stretched(1.25, 1)
    result = measured(tmp_path, toy_model, picture, PixelSpacing=[10 * y, 10 * x])
    assert result.pixel_size.source == "dicom-pixel-spacing"
    assert result.hc_mm == pytest.approx(HC, rel=0.002)


LEFT_DELTA, RIGHT_DELTA = (0.03, 0.03), (0.05, 0.04)


def pair(head_on_the_right: bool) -> tuple[np.ndarray, list[object]]:
    """Two pictures side by side, 192 x 128 each with deltas of their own, the head in one of them."""
    empty = np.full((128, 192), 25, np.uint8)
    head = bright_head(TRUTH)
    halves = [empty, head] if head_on_the_right else [head, empty]
    boxes = region((0, 0, 191, 127), LEFT_DELTA), region((192, 0, 384, 128), RIGHT_DELTA)
    return np.hstack(halves), list(boxes)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("right", [False, True])
def test_of_two_pictures_the_one_with_the_head(tmp_path, toy_model, right, turned):
    picture, boxes = pair(right)
    result = measured(tmp_path, toy_model, picture, *(boxes[::-1] if turned else boxes))
    x, y = RIGHT_DELTA if right else LEFT_DELTA
    assert (result.pixel_size.x, result.pixel_size.y) == pytest.approx((10 * x, 10 * y))
    assert result.pixel_size.source == "dicom-region"
    assert result.hc_mm == pytest.approx(TRUTH.scaled(10 * x, 10 * y).perimeter, rel=0.002)


def test_the_users_own_size_comes_before_all(tmp_path, toy_model):
    picture, boxes = pair(True)
    made = dataset(picture, SequenceOfUltrasoundRegions=boxes)
    result = fetalhead.measure(save(made, tmp_path / "a"), pixel_size=0.5, model=toy_model)
    assert result.pixel_size.source == "user" and result.hc_mm == pytest.approx(0.5 * TRUTH.perimeter, rel=0.002)


@pytest.mark.parametrize(
    ("regions", "elements", "said"),
    [
        ([region((0, 0, 100, 127), (0.03, 0.03)), region((101, 0, 191, 127), (0.05, 0.05))], {}, "across"),
        ([region((0, 0, 40, 127), (0.03, 0.03))], {}, "outside the calibrated ultrasound region"),
        ([region((0, 0, 191, 127), (0.03, 0.03)), region((20, 20, 180, 120), (0.05, 0.05))], {}, "same pixels"),
        ([region((0, 0, 191, 127), (0.03, 0.03)), region((20, 20, 180, 120), (0.05, 0.05), type=2)], {}, "same pixels"),
        ([region((0, 0, 639, 479), (0.03, 0.03))], {"PixelSpacing": [0.3, 0.3]}, "reaches beyond the picture"),
        ([region((0, 0, 191, 127), (0.03, 0.03), units=(4, 3))], {}, "not cm"),
        ([region((0, 0, 191, 127), (0.0, 0.0))], {}, "between 0.01 and 2"),
        ([region((0, 0, 191, 127), (3.0, 3.0))], {}, "between 0.01 and 2"),
        ([region((0, 0, 191, 127), (0.03, 0.03), format=3, type=3)], {}, "no ultrasound region shows 2-D tissue"),
        ([], {}, "the DICOM file tells no pixel size"),
    ],
)  # fmt: skip
def test_traps_give_no_scale_and_the_reason(tmp_path, toy_model, regions, elements, said):
    result = measured(tmp_path, toy_model, bright_head(TRUTH), *regions, **elements)
    assert result.status == "no_scale" and said in result.reason
    assert result.hc_mm is None and result.ellipse_px is not None
    assert result.pixel_size.source == "unknown"


@pytest.mark.parametrize(
    "regions",
    [
        [region((0, 0, 191, 127), (-0.03, -0.03))],
        [region((0, 0, 192, 128), (0.03, 0.03))],
        [region(delta=(1, 1), units=(0, 0)), region((0, 0, 191, 127), (0.03, 0.03))],
        [region((0, 0, 191, 127), (0.03, 0.03), type=2)],
        [region((0, 0, 191, 127), (0.03, 0.03)), region((40, 30, 150, 100), (0.03, 0.03), type=2)],
        [region((0, 0, 191, 127), (0.03, 0.03)), region((0, 100, 191, 127), (0.005, 0.1), format=3, type=3)],
    ],
)
def test_what_looks_odd_and_is_right(tmp_path, toy_model, regions):
    result = measured(tmp_path, toy_model, bright_head(TRUTH), *regions)
    assert result.status == "ok" and result.pixel_size.source == "dicom-region"
    assert result.hc_mm == pytest.approx(HC, rel=0.002)


def test_in_the_csv_too(tmp_path, toy_model):
    """The row of a file with two pictures says the size that was used."""
    import csv

    from fetalhead.cli import main

    picture, boxes = pair(True)
    save(dataset(picture, SequenceOfUltrasoundRegions=boxes), tmp_path / "two")
    status = main(["measure", str(tmp_path / "two"), "--model", str(toy_model), "--out", str(tmp_path / "out")])
    with open(tmp_path / "out" / "measurements.csv", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert status == 0 and row["status"] == "ok"
    assert (float(row["pixel_size_x_mm"]), float(row["pixel_size_y_mm"])) == pytest.approx((0.5, 0.4))
