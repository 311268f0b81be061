"""A measured picture as one row: the columns of `measurements.csv` and of `--json`, in their order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fetalhead.biometry.measurement import HeadMeasurement

DECIMALS = 4
"""Of pixels, mm, weeks and confidences: HC worked out anew from a row's ellipse agrees to 0.001 mm."""

ANGLE_DECIMALS = 6
LARGEST_ANGLE = 3.141592
"""Rounding must not reach pi, where angles begin again at 0."""

STATUSES = ("ok", "no_head", "no_scale", "error")


class Row(NamedTuple):
    """One picture's row; None is an empty field. The field names are the column names."""

    path: str
    frame: int | None
    status: str
    reason: str
    plane: str | None = None
    head_confidence: float | None = None
    pixel_size_x_mm: float | None = None
    pixel_size_y_mm: float | None = None
    pixel_size_source: str | None = None
    center_x_px: float | None = None
    center_y_px: float | None = None
    semi_axis_a_px: float | None = None
    semi_axis_b_px: float | None = None
    angle_rad: float | None = None
    hc_mm: float | None = None
    hc_low_mm: float | None = None
    hc_high_mm: float | None = None
    bpd_mm: float | None = None
    ofd_mm: float | None = None
    cephalic_index: float | None = None
    ga_weeks: float | None = None
    ga_low_weeks: float | None = None
    ga_high_weeks: float | None = None
    quality: str | None = None
    quality_reasons: str | None = None
    hc_z: float | None = None
    hc_centile: float | None = None


COLUMNS = Row._fields[:-2]
"""Of every run; the rest are there where the age of the fetus was given."""


def columns(growth: bool) -> tuple[str, ...]:
    """The columns of a run, the first of a row's fields; `growth`: whether the age of the fetus was given."""
    return Row._fields if growth else COLUMNS


def measured_row(path: str, frame: int | None, measurement: HeadMeasurement) -> Row:
    """The row of a picture that was measured, whether or not it shows a head."""
    ellipse, size = measurement.ellipse_px, measurement.pixel_size
    return Row(
        path,
        frame,
        measurement.status,
        unbroken(measurement.reason),
        plane=measurement.plane or None,
        head_confidence=_number(measurement.head_confidence),
        pixel_size_x_mm=size.x if size else None,
        pixel_size_y_mm=size.y if size else None,
        pixel_size_source=size.source,
        center_x_px=_number(ellipse.center_x) if ellipse else None,
        center_y_px=_number(ellipse.center_y) if ellipse else None,
        semi_axis_a_px=_number(ellipse.semi_axis_a) if ellipse else None,
        semi_axis_b_px=_number(ellipse.semi_axis_b) if ellipse else None,
        angle_rad=min(round(ellipse.angle, ANGLE_DECIMALS), LARGEST_ANGLE) if ellipse else None,
        hc_mm=_number(measurement.hc_mm),
        hc_low_mm=_number(measurement.hc_low_mm),
        hc_high_mm=_number(measurement.hc_high_mm),
        bpd_mm=_number(measurement.bpd_mm),
        ofd_mm=_number(measurement.ofd_mm),
        cephalic_index=_number(measurement.cephalic_index),
        ga_weeks=_number(measurement.ga_weeks),
        ga_low_weeks=_number(measurement.ga_low_weeks),
        ga_high_weeks=_number(measurement.ga_high_weeks),
        quality=measurement.quality or None,
        quality_reasons=";".join(measurement.quality_reasons) or None,
        hc_z=_number(measurement.hc_z),
        hc_centile=_number(measurement.hc_centile),
    )


def error_row(path: str, frame: int | None, reason: str) -> Row:
    """The row of a picture that could not be measured."""
    return Row(path, frame, "error", unbroken(reason))


def unbroken(text: str) -> str:
    """The text with line breaks and other control characters shown by their escapes, so that it stays one line."""
    breaks = "\x7f\x85\u2028\u2029"
    return "".join(ascii(letter)[1:-1] if letter < " " or letter in breaks else letter for letter in text)


def _number(value: float | None) -> float | None:
    """Rounded as a report shows it; None for what is no number, so that NaN never appears."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), DECIMALS) + 0.0  # + 0.0 turns -0.0 into 0.0
