"""The size of a pixel from DICOM regions and Pixel Spacing: right, or none with the reason."""

from __future__ import annotations

import math

import pytest
from dicom_making import region
from pydicom.dataset import Dataset

from fetalhead.images.ellipse import Ellipse
from fetalhead.images.pixel_size import PixelSize
from fetalhead.images.readers.dicom_calibration import Calibration, calibration_of
from fetalhead.images.scaled_region import pixel_size_of_head


def calibration(*regions: Dataset, spacing: list[float] | None = None) -> Calibration:
    """What a header with these regions tells of a picture of 96 x 64."""
    made = Dataset()
    if regions:
        made.SequenceOfUltrasoundRegions = list(regions)
    if spacing is not None:
        made.PixelSpacing = spacing
    return calibration_of(made, 64, 96)


def told(*regions: Dataset, spacing: list[float] | None = None) -> PixelSize:
    return calibration(*regions, spacing=spacing).pixel_size


def held(head: Ellipse, *regions: Dataset) -> PixelSize:
    """The pixel size for a head at this place."""
    return pixel_size_of_head(calibration(*regions).scaled_regions, head)


def test_a_tissue_region_in_cm():
    size = told(region(delta=(0.0286, 0.0229)))
    assert (size.x, size.y) == pytest.approx((0.286, 0.229))
    assert size.source == "dicom-region"


def test_negative_deltas_count_by_their_size():
    size = told(region(delta=(-0.02, -0.03)))
    assert (size.x, size.y) == pytest.approx((0.2, 0.3))


LEFT, RIGHT = Ellipse(22, 32, 15, 12, 0.3), Ellipse(72, 32, 15, 12, 0.3)
A, B = region((0, 0, 47, 63), (0.02, 0.02)), region((48, 0, 95, 63), (0.03, 0.025))


def test_of_tissue_and_flow_side_by_side_the_one_with_the_head_counts():
    flow = region((48, 0, 95, 63), (0.03, 0.03), type=2)
    tissue = region((0, 0, 47, 63), (0.02, 0.02))
    assert told(flow).x == pytest.approx(0.3)
    for regions in ([flow, tissue], [tissue, flow]):
        assert "no head says" in told(*regions).reason
        assert held(LEFT, *regions).x == pytest.approx(0.2)
        assert held(RIGHT, *regions).x == pytest.approx(0.3)


def test_of_two_pictures_side_by_side_the_one_with_the_head_counts():
    for regions in ([A, B], [B, A]):
        assert held(LEFT, *regions).x == pytest.approx(0.2)
        assert (held(RIGHT, *regions).x, held(RIGHT, *regions).y) == pytest.approx((0.3, 0.25))


def test_a_head_across_two_pictures_has_no_size():
    across = held(Ellipse(46, 32, 20, 15, 0), A, B)
    assert not across and "across ultrasound regions" in across.reason
    twins = [region((0, 0, 47, 63), (0.02, 0.02)), region((48, 0, 95, 63), (0.02, 0.02))]
    assert held(Ellipse(48, 32, 20, 15, 0), *twins).x == pytest.approx(0.2)
    assert held(Ellipse(33, 32, 16, 12, 0), A, B).x == pytest.approx(0.2)  # a sliver of it beyond the line


def test_a_head_beside_the_calibrated_region_has_no_size():
    outside = held(RIGHT, A)
    assert not outside and outside.reason == "the head lies outside the calibrated ultrasound region"
    uncalibrated = held(RIGHT, A, region((48, 0, 95, 63), (0.03, 0.03), units=(0, 0)))
    assert not uncalibrated and "not cm" in uncalibrated.reason
    assert held(LEFT, A, region((48, 0, 95, 63), (0.03, 0.03), units=(0, 0))).x == pytest.approx(0.2)


def test_a_head_cut_by_the_edge_of_its_region_keeps_its_size():
    assert held(Ellipse(8, 32, 20, 15, 0), region((4, 0, 47, 63), (0.02, 0.02))).x == pytest.approx(0.2)


def test_a_dummy_region_over_the_picture_does_not_hide_the_calibrated_one():
    dummy = region(delta=(1, 1), units=(0, 0))
    assert held(LEFT, dummy, A).x == pytest.approx(0.2)
    assert told(dummy, A).x == pytest.approx(0.2)


def test_the_box_of_the_regions_within_the_picture():
    assert calibration(region((10, 5, 96, 64))).region == (10, 5, 96, 64)
    assert calibration(region((10, 5, 95, 63))).region == (10, 5, 96, 64)
    assert calibration(region((10, 5, 40, 50)), region((50, 8, 80, 60))).region == (10, 5, 81, 61)
    assert calibration(region((10, 5, 40, 50)), region(delta=(1, 1), units=(0, 0))).region == (10, 5, 41, 51)
    assert calibration(region((10, 5, 40, 50), units=(0, 0))).region == (10, 5, 41, 51)
    assert calibration(region((10, 5, 40, 50)), region((0, 51, 95, 63), format=3, type=3)).region == (10, 5, 41, 51)
    assert calibration(region((10, 5, 200, 64))).region is None
    assert calibration(spacing=[0.2, 0.2]).region is None


def test_a_dummy_or_a_time_trace_beside_does_no_harm():
    dummy = region(delta=(1, 1), units=(0, 0))
    trace = region((0, 40, 95, 63), (0.005, 0.01), format=2, type=1, units=(4, 3))
    spectral = region((0, 40, 95, 63), (0.0096, 0.0), format=3, type=3, units=(4, 7))
    for others in ([dummy], [trace], [spectral], [dummy, trace, spectral]):
        assert told(*others, region(delta=(0.02, 0.025))).y == pytest.approx(0.25)


def test_a_box_may_end_one_pixel_past_the_edge():
    assert told(region((0, 0, 96, 64)))
    for box in [(0, 0, 97, 64), (0, 0, 96, 65), (40, 0, 40, 63)]:
        assert not told(region(box))
    assert "reaches beyond the picture of 96 x 64" in told(region((10, 10, 500, 400)), spacing=[0.2, 0.2]).reason


def test_regions_that_contradict_each_other():
    over = told(region(delta=(0.02, 0.02)), region((20, 20, 60, 60), (0.03, 0.02)), spacing=[0.2, 0.2])
    assert not over and "over the same pixels" in over.reason
    flow_over_tissue = told(region(delta=(0.02, 0.02)), region((20, 20, 60, 60), (0.03, 0.03), type=2))
    assert not flow_over_tissue
    beside = told(region((0, 0, 47, 63), (0.02, 0.02)), region((48, 0, 95, 63), (0.03, 0.03)))
    assert not beside and "differ in pixel size" in beside.reason
    assert told(region((0, 0, 47, 63), (0.02, 0.02)), region((48, 0, 95, 63), (0.0200001, 0.02))).x == 0.2


@pytest.mark.parametrize(
    ("faulty", "said"),
    [
        (region(units=(4, 3)), "not cm"),
        (region(units=(3, 0)), "not cm"),
        (region(delta=(0.0, 0.0)), "between 0.01 and 2"),
        (region(delta=(0.02, 0.0)), "between 0.01 and 2"),
        (region(delta=(5.0, 5.0)), "between 0.01 and 2"),
        (region(delta=(1e-6, 1e-6)), "between 0.01 and 2"),
        (region(delta=(math.nan, 0.02)), "between 0.01 and 2"),
        (region(delta=(math.inf, 0.02)), "between 0.01 and 2"),
        (region(format=3, type=3, units=(4, 7)), "no ultrasound region shows 2-D tissue"),
        (region(type=10), "no ultrasound region shows 2-D tissue"),
        (Dataset(), "cannot be read"),
    ],
)
def test_a_region_that_tells_nothing_leaves_pixel_spacing(faulty, said):
    alone = told(faulty)
    assert not alone and alone.source == "unknown" and said in alone.reason
    assert told(faulty, spacing=[0.2, 0.2]).source == "dicom-pixel-spacing"


def test_pixel_spacing_is_row_then_column():
    size = told(spacing=[0.3, 0.2])
    assert (size.x, size.y, size.source) == (0.2, 0.3, "dicom-pixel-spacing")


@pytest.mark.parametrize(
    "spacing", [[1.0, 1.0], [0.264583, 0.264583], [0.0, 0.0], [-0.2, 0.2], [3.0, 3.0], [0.2], [0.2, 0.2, 0.2]]
)
def test_senseless_pixel_spacing_tells_nothing(spacing):
    size = told(spacing=spacing)
    assert not size and "PixelSpacing" in size.reason


def test_nothing_is_said_to_be_nothing():
    assert told().reason == "the DICOM file tells no pixel size"
    assert not told(spacing=[])
