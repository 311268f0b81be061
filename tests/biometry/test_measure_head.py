"""Heads whose probability map is known exactly: what is measured, and in which space."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fetalhead.biometry.head_region import HeadRegion
from fetalhead.biometry.measurement import HeadMeasurement, measure_head
from fetalhead.biometry.outline_fit import fit_whole, supported_share
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.geometry import Letterbox
from fetalhead.images.pixel_size import UNKNOWN, PixelSize

GRID = (128, 192)
HEAD = Ellipse.make(190.3, 130.8, 120, 92, 0.4)
"""In a picture of 256 x 384."""
QUARTER_MM = PixelSize.make(0.25, 0.25, "user")


def measured(
    head: Ellipse, source: tuple[int, int] = (256, 384), pixel_size: PixelSize = QUARTER_MM, **options: str
) -> HeadMeasurement:
    letterbox = Letterbox.fit(source, GRID)
    probability = head.transformed(letterbox.matrix).coverage(GRID)
    return measure_head(probability, letterbox, pixel_size, **options)


@pytest.mark.parametrize("source", [(256, 384), (540, 800), (563, 786), (300, 300), (100, 150)])
@pytest.mark.parametrize("angle", [0.0, 0.7, 1.5707963, 3.0])
def test_hc_of_an_exact_head(source: tuple[int, int], angle: float) -> None:
    height, width = source
    head = Ellipse.make(width * 0.49, height * 0.51, height * 0.4, height * 0.31, angle)
    found = measured(head, source)
    assert (found.status, found.reason) == ("ok", "" if found.ga_weeks else found.reason)
    assert found.hc_mm == pytest.approx(head.perimeter / 4, rel=1e-3)
    assert found.ofd_mm == pytest.approx(head.semi_axis_a / 2, rel=2e-3)
    assert found.bpd_mm == pytest.approx(head.semi_axis_b / 2, rel=2e-3)
    assert found.cephalic_index == pytest.approx(77.5, abs=0.2)
    assert found.ellipse_px is not None
    assert np.hypot(found.ellipse_px.center_x - head.center_x, found.ellipse_px.center_y - head.center_y) < 0.1
    assert found.support == 1
    assert found.head_confidence > 0.98
    assert not found.cut_by_edge


@pytest.mark.parametrize("stretch", [(1.25, 1.0), (1.0, 1.25)])
def test_unlike_pixel_sizes_measure_as_the_square_picture_does(stretch: tuple[float, float]) -> None:
    x, y = stretch
    square = measured(HEAD)
    stretched = measured(
        HEAD.scaled(x, y), (round(256 * y), round(384 * x)), PixelSize.make(0.25 / x, 0.25 / y, "dicom-region")
    )
    assert square.hc_mm and stretched.hc_mm
    assert stretched.hc_mm == pytest.approx(square.hc_mm, rel=2e-3)
    assert stretched.ofd_mm == pytest.approx(square.ofd_mm, rel=2e-3)
    assert stretched.bpd_mm == pytest.approx(square.bpd_mm, rel=3e-3)
    # Drawn back, it is the stretched head again.
    drawn, wanted = stretched.ellipse_px, HEAD.scaled(x, y)
    assert drawn is not None
    assert np.abs(wanted.signed_distance(*drawn.points(90).T)).max() < 0.3


def test_the_fit_agrees_with_a_second_implementation() -> None:
    skimage = pytest.importorskip("skimage.measure")
    letterbox = Letterbox.fit((256, 384), GRID)
    probability = HEAD.transformed(letterbox.matrix).coverage(GRID)
    contour = max(skimage.find_contours(probability, 0.5), key=len)[:, ::-1]
    model = skimage.EllipseModel.from_estimate(letterbox.points_from_grid(contour) * 0.25)
    theirs = Ellipse.make(*model.center, *model.axis_lengths, model.theta)
    ours = measured(HEAD).ellipse_mm
    assert ours is not None
    assert ours.perimeter == pytest.approx(theirs.perimeter, rel=1e-4)
    assert np.abs(theirs.signed_distance(*ours.points(90).T)).max() < 0.02


def test_without_a_pixel_size_the_head_is_in_pixels_and_says_so() -> None:
    found = measured(HEAD, pixel_size=PixelSize.unknown("row missing in sizes.csv"))
    assert found
    assert (found.status, found.reason) == ("no_scale", "row missing in sizes.csv")
    assert found.ellipse_px is not None
    assert found.ellipse_px.perimeter == pytest.approx(HEAD.perimeter, rel=1e-3)
    assert found.ellipse_mm is None
    missing = (found.hc_mm, found.bpd_mm, found.ofd_mm, found.cephalic_index, found.ga_weeks, found.ga_low_weeks)
    assert missing == (None,) * 6
    assert measured(HEAD, pixel_size=UNKNOWN).reason == UNKNOWN.reason


def test_age_comes_from_the_chosen_formula_and_its_absence_has_a_reason() -> None:
    found = measured(HEAD)  # HC 167 mm
    assert found.ga_weeks == pytest.approx(19.4, abs=0.1)
    assert found.ga_low_weeks and found.ga_high_weeks
    by_intergrowth = measured(HEAD, dating="intergrowth21", plane="head")
    assert by_intergrowth.ga_weeks == pytest.approx(19.6, abs=0.1)
    assert by_intergrowth.ga_low_weeks is None
    assert by_intergrowth.plane == "head"
    tiny = measured(HEAD, pixel_size=PixelSize.make(0.05, 0.05, "user"))
    assert tiny.status == "ok"
    assert tiny.ga_weeks is None
    assert "68 to 360 mm" in tiny.reason


def test_other_regions_and_holes_do_not_move_the_outline() -> None:
    letterbox = Letterbox.fit((256, 384), GRID)
    clean = HEAD.transformed(letterbox.matrix).coverage(GRID)
    spoilt = clean.copy()
    spoilt[60:75, 80:95] = 0.2  # a hole
    spoilt[65:68, 84:88] = 0.9  # with something in it
    spoilt[2:12, 5:25] = 1  # another region
    rows, columns = np.nonzero(clean > 0)
    first = np.argmin(columns)
    beside = spoilt.copy()
    beside[rows[first], columns[first] - 1] = 0.8  # a speck as near as can be without touching the head
    expected = measure_head(clean, letterbox, QUARTER_MM).hc_mm
    assert expected is not None
    assert measure_head(spoilt, letterbox, QUARTER_MM).hc_mm == expected
    assert measure_head(beside, letterbox, QUARTER_MM).hc_mm == expected


def test_a_spur_on_the_outline_is_left_out_of_the_fit() -> None:
    letterbox = Letterbox.fit((256, 384), GRID)
    probability = HEAD.transformed(letterbox.matrix).coverage(GRID)
    probability[60:66, 150:185] = 1
    found = measure_head(probability, letterbox, QUARTER_MM)
    assert found.hc_mm == pytest.approx(HEAD.perimeter / 4, rel=2e-3)
    assert found.support is not None
    assert 0.9 < found.support < 1


@pytest.mark.parametrize("shift", [(-90, 0), (0, 60), (110, -20), (0, -75)])
def test_a_head_cut_by_the_picture_is_fitted_to_what_is_not_the_edge(shift: tuple[int, int]) -> None:
    head = Ellipse.make(HEAD.center_x + shift[0], HEAD.center_y + shift[1], 120, 92, 0.4)
    found = measured(head)
    assert found.cut_by_edge
    assert found.hc_mm == pytest.approx(head.perimeter / 4, rel=5e-3)
    assert found.support is not None
    assert 0.5 < found.support < 0.97
    told = f"outline supported on {100 * found.support:.0f} % of its perimeter; cut by the edge of the picture"
    assert (found.status, found.reason, found.quality, found.quality_reasons) == ("ok", told, "", ())


def test_an_outline_seen_in_part_is_told_after_what_else_is_missing() -> None:
    corner = Ellipse.make(340, 50, 120, 92, 0.4)
    unscaled = measured(corner, pixel_size=PixelSize.unknown("no sizes"))
    assert unscaled.support is not None
    told = f"outline supported on {100 * unscaled.support:.0f} % of its perimeter; cut by the edge of the picture"
    assert (unscaled.status, unscaled.reason) == ("no_scale", f"no sizes; {told}")
    tiny = measured(corner, pixel_size=PixelSize.make(0.05, 0.05, "user"))
    assert tiny.status == "ok"
    assert "68 to 360 mm" in tiny.reason
    assert tiny.reason.endswith(f"; {told}")


def test_a_head_cut_inside_the_picture_is_fitted_to_the_stretch_that_is_skull() -> None:
    letterbox = Letterbox.fit((256, 384), GRID)
    probability = HEAD.transformed(letterbox.matrix).coverage(GRID)
    probability[:, 123:] = 0  # a shadow over a fifth of the head
    found = measure_head(probability, letterbox, QUARTER_MM)
    assert found.hc_mm == pytest.approx(HEAD.perimeter / 4, rel=5e-3)
    assert found.support is not None
    assert 0.6 < found.support < 0.75
    assert found.reason == f"outline supported on {100 * found.support:.0f} % of its perimeter"


def test_what_lies_beside_the_picture_on_the_grid_does_not_count() -> None:
    letterbox = Letterbox.fit((300, 300), GRID)
    head = Ellipse.make(150, 150, 110, 85, 1.0)
    probability = head.transformed(letterbox.matrix).coverage(GRID)
    probability[:, : letterbox.offset[1]] = 1
    found = measure_head(probability, letterbox, QUARTER_MM)
    assert found.hc_mm == pytest.approx(head.perimeter / 4, rel=1e-3)
    assert not found.cut_by_edge


def test_border_points_match_marching_squares() -> None:
    skimage = pytest.importorskip("skimage.measure")
    noise = cv2.GaussianBlur(np.random.default_rng(0).random(GRID, dtype=np.float32), (0, 0), 6)
    probability = (noise - noise.min()) / (noise.max() - noise.min())
    region = HeadRegion.find(probability)
    contour = np.concatenate(skimage.find_contours(probability, 0.5))[:, ::-1]
    distances = np.linalg.norm(region.points[:, np.newaxis] - contour, axis=2).min(axis=1)
    assert len(region.points) > 20
    assert distances.max() < 1e-5
    ordered = region.points[region.way_round()]
    steps = np.linalg.norm(np.diff(ordered, axis=0), axis=1)
    assert np.median(steps) < 1.5
    assert (steps > 5).mean() < 0.02  # where the edge of the picture is left out


def test_support_is_the_share_of_arc_not_of_angle() -> None:
    ellipse = Ellipse.make(10, -4, 100, 50, 0.8)
    points = ellipse.points(4000)
    sides = np.linalg.norm(np.diff(points, axis=0), axis=1)
    quarter = np.searchsorted(np.cumsum(sides), ellipse.perimeter / 4)
    assert supported_share(ellipse, points, 1.0) == 1
    assert supported_share(ellipse, points[: quarter + 1], 0.5) == pytest.approx(0.25, abs=0.01)
    assert supported_share(ellipse, points[quarter:], 0.5) == pytest.approx(0.75, abs=0.01)
    assert supported_share(ellipse, points + 5, 0.1) < 0.05
    assert supported_share(ellipse, points[:0], 1.0) == 0


def test_the_whole_fit_says_why_there_is_none() -> None:
    fit = fit_whole(np.stack([np.arange(30.0), 2 * np.arange(30.0)], axis=1), 1.0)
    assert not fit
    assert "line" in fit.reason  # type: ignore[union-attr]
