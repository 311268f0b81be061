"""Rows: their columns, what they round and what the CSV gives back."""

from __future__ import annotations

import csv
import io
import math

import pytest

from fetalhead.biometry.measurement import HeadMeasurement
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.pixel_size import PixelSize
from fetalhead.measuring.csv_file import csv_line
from fetalhead.reports.rows import COLUMNS, Row, columns, error_row, measured_row, unbroken

PUBLISHED = (
    "path, frame, status, reason, plane, head_confidence, pixel_size_x_mm, pixel_size_y_mm, pixel_size_source, "
    "center_x_px, center_y_px, semi_axis_a_px, semi_axis_b_px, angle_rad, hc_mm, hc_low_mm, hc_high_mm, bpd_mm, "
    "ofd_mm, cephalic_index, ga_weeks, ga_low_weeks, ga_high_weeks, quality, quality_reasons"
)


def test_columns_are_the_published_ones_in_order() -> None:
    assert ", ".join(COLUMNS) == ", ".join(columns(growth=False)) == PUBLISHED
    assert ", ".join(columns(growth=True)) == f"{PUBLISHED}, hc_z, hc_centile"


def test_hc_from_a_row_agrees_with_its_hc() -> None:
    ellipse = Ellipse(401.23456789, 263.98765432, 250.123456789, 190.987654321, 1.23456789)
    size = PixelSize(0.0691358041432, 0.0691358041432, "hc18-csv")
    hc = ellipse.scaled(size.x, size.y).perimeter
    row = measured_row("a", None, HeadMeasurement(status="ok", ellipse_px=ellipse, pixel_size=size, hc_mm=hc))
    assert row.semi_axis_a_px and row.semi_axis_b_px and row.pixel_size_x_mm and row.hc_mm
    again = Ellipse(0, 0, row.semi_axis_a_px, row.semi_axis_b_px, 0).perimeter * row.pixel_size_x_mm
    assert again == pytest.approx(row.hc_mm, abs=1e-3)


@pytest.mark.parametrize("angle", [0.0, math.nextafter(math.pi, 0), 3.14159262])
def test_a_rounded_angle_stays_below_pi(angle: float) -> None:
    row = measured_row("a", None, HeadMeasurement(status="no_scale", ellipse_px=Ellipse(1, 1, 2, 1, angle)))
    assert row.angle_rad is not None and 0 <= row.angle_rad < math.pi


def test_what_is_no_number_is_empty() -> None:
    row = measured_row("a", 3, HeadMeasurement(status="ok", hc_mm=math.nan, ga_weeks=math.inf))
    assert (row.hc_mm, row.ga_weeks, row.pixel_size_x_mm, row.pixel_size_source) == (None, None, None, "unknown")
    assert b"nan" not in csv_line(row) and b"inf" not in csv_line(row)


@pytest.mark.parametrize("name", ["a,b", 'q"', '"', "new\nline", "car\rriage", "\r\n", " x ", "caf\udce9", "é", "=1"])
def test_names_come_back_as_they_were(name: str) -> None:
    lines = csv_line(Row._fields) + csv_line(error_row(name, 2, "why, oh \"why\"")) + csv_line(error_row("b", None, ""))
    text = io.StringIO(lines.decode("utf-8", "surrogateescape"), newline="")
    first, second = csv.DictReader(text)
    assert (first["path"], first["frame"], first["reason"]) == (name, "2", 'why, oh "why"')
    assert (second["path"], second["frame"]) == ("b", "")


def test_reasons_and_messages_are_one_line() -> None:
    assert unbroken("a\nb\rc\td\u2028e é") == "a\\nb\\rc\\td\\u2028e é"
