"""The interval of HC: calibrated as split conformal prediction is, scaled to the picture, and wider where unsure."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from fetalhead.biometry.calibration import Calibration
from fetalhead.biometry.measurement import measure_head
from fetalhead.biometry.uncertainty import allowance_mm, calibrated, unseen_mm, with_interval
from fetalhead.images.geometry import Letterbox
from fetalhead.images.pixel_size import PixelSize

SHAPE = (192, 288)
LETTERBOX = Letterbox.fit(SHAPE, SHAPE)
SIZE = PixelSize(0.5, 0.5, "user")


def probability(softness: float, a: float = 90, b: float = 70) -> np.ndarray:
    """A head whose probability falls from 1 to 0 over `softness` pixels."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    depth = (1 - np.hypot((x - 144) / a, (y - 96) / b)) * math.sqrt(a * b)
    return (1 / (1 + np.exp(-4 * depth / softness))).astype(np.float32)


def test_of_another_sample_nine_of_ten_lie_inside() -> None:
    rng = np.random.default_rng(0)
    coverage = []
    for _ in range(200):
        scale = rng.uniform(1, 4, 160)
        errors, subjects = rng.normal(0, scale), [str(number) for number in range(160)]
        found = calibrated(errors[:60], scale[:60], [0.0] * 60, subjects[:60])
        coverage.append(np.mean(np.abs(errors[60:]) <= found.factor * scale[60:]))
    assert np.mean(coverage) == pytest.approx(0.9, abs=0.01)


def test_a_subject_counts_once_however_many_pictures_it_has() -> None:
    errors = [*np.linspace(0.1, 2, 20), *[9.0] * 50]
    subjects = [*map(str, range(20)), *["many"] * 50]
    found = calibrated(errors, [1.0] * 70, [0.0] * 70, subjects)
    assert found.subjects == 21
    assert found.factor == pytest.approx(2.0, abs=0.11), "fifty pictures of one subject are one in twenty-one"


def test_too_few_subjects_are_refused() -> None:
    with pytest.raises(ValueError, match="9 subjects are too few"):
        calibrated([1.0] * 30, [1.0] * 30, [0.0] * 30, [str(number % 9) for number in range(30)])


def test_ten_subjects_are_enough() -> None:
    found = calibrated([1.0, *[0.5] * 9], [1.0] * 10, [0.0] * 10, [str(number) for number in range(10)])
    assert (found.factor, found.subjects) == (1.0, 10), "with ten, nine tenths of eleven is the largest"


def test_what_a_head_that_is_cut_off_has_more_is_not_calibrated_twice() -> None:
    """The interval of the calibration's own pictures ends at their errors, cut off or not."""
    head = measure_head(probability(3), LETTERBOX, SIZE)
    cut = replace(head, edge_left="picture", support=0.7)
    assert unseen_mm(head) == 0.0 and unseen_mm(cut) == pytest.approx(0.07 * 0.3 * cut.hc_mm)
    error = 1.0 + unseen_mm(cut)
    found = calibrated([error, *[0.5] * 9], [1.0] * 10, [unseen_mm(cut), *[0.0] * 9], list("abcdefghij"))
    assert found.factor == pytest.approx(1.0)
    shown = with_interval(cut, 1.0, found)
    assert shown.hc_high_mm - shown.hc_mm == pytest.approx(error)
    assert calibrated([0.1] * 10, [1.0] * 10, [0.5] * 10, list("abcdefghij")).factor == 0.0


def test_the_interval_is_wider_for_large_and_for_soft_outlines() -> None:
    def allowance(picture: np.ndarray) -> float:
        found = allowance_mm(measure_head(picture, LETTERBOX, SIZE), picture, LETTERBOX)
        assert found is not None
        return found

    sharp, soft, small = probability(2), probability(12), probability(2, 45, 35)
    assert allowance(soft) > allowance(sharp) > allowance(small)
    spread = (2 * 1.5 / 4) * 12 * 2 * math.pi * 0.5  # the two levels lie 3 / 4 of the softness apart, all round
    hc = measure_head(soft, LETTERBOX, SIZE).hc_mm
    assert hc is not None and allowance(soft) - 0.01 * hc - 1 == pytest.approx(0.3 * spread, rel=0.1)


def test_low_and_high_lie_round_hc() -> None:
    head = measure_head(probability(2), LETTERBOX, SIZE)
    found = with_interval(head, 4.0, Calibration(0.5, 100))
    assert head.hc_mm is not None
    assert (found.hc_low_mm, found.hc_high_mm) == (pytest.approx(head.hc_mm - 2), pytest.approx(head.hc_mm + 2))


def test_without_a_scale_there_is_no_interval() -> None:
    picture = probability(2)
    head = measure_head(picture, LETTERBOX, PixelSize.unknown("told by nobody"))
    assert allowance_mm(head, picture, LETTERBOX) is None
    assert with_interval(head, None, Calibration(1.0, 10)) == head
    assert head.hc_low_mm is None


def test_what_is_cut_off_widens_the_interval() -> None:
    head = measure_head(probability(3.0), LETTERBOX, SIZE)
    calibration = Calibration(2.0, 100)
    allowance = allowance_mm(head, probability(3.0), LETTERBOX)
    half = {}
    for support in (1.0, 0.6):
        for edge in ("", "picture"):
            found = with_interval(replace(head, support=support, edge_left=edge), allowance, calibration)
            half[support, edge] = found.hc_high_mm - found.hc_mm
    assert half[1.0, ""] == half[0.6, ""] == half[1.0, "picture"]
    assert half[0.6, "picture"] == pytest.approx(half[1.0, ""] + 0.07 * 0.4 * head.hc_mm)
