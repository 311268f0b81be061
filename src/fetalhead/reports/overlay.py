"""The picture to look at: the image as shown with the head's outline and axes, and a caption strip below it.

Coordinates in the overlay are those of the picture: nothing is scaled, and the caption never covers the image.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.errors import FetalheadError

if TYPE_CHECKING:
    from PIL import ImageFont

    from fetalhead.biometry.measurement import HeadMeasurement
    from fetalhead.images.ellipse import Ellipse

Colour = tuple[int, int, int]
OUTLINE: Colour = (255, 205, 60)
BPD: Colour = (90, 215, 255)
OFD: Colour = (255, 140, 190)
TEXT: Colour = (235, 235, 235)
FAINT: Colour = (165, 165, 165)
STRIP: Colour = (24, 24, 28)
"""RGB."""

SHIFT = 4
"""Points are drawn at sixteenths of a pixel."""

NARROWEST_STRIP = 300
DASHES = 24


def draw_overlay(
    pixels: npt.NDArray[np.uint8], measurement: HeadMeasurement, dating: str, note: str = ""
) -> npt.NDArray[np.uint8]:
    """(H + strip, max(W, 300), 3) BGR picture of an (H, W) grey one, with what was measured in it.

    `note` is a last line of the caption. What surrounds the ultrasound is not for showing: see `images.surroundings`.
    """
    height, width = pixels.shape
    picture = cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR)
    if measurement.ellipse_px:
        thickness = max(1, round(width / 600))
        ofd, bpd = axes_in_pixels(measurement)
        _dashed(picture, bpd, BPD, thickness)
        _dashed(picture, ofd, OFD, thickness)
        points = _fixed(measurement.ellipse_px.points(720))
        cv2.polylines(picture, [points], True, OUTLINE[::-1], thickness, cv2.LINE_AA, SHIFT)
    lines = caption(measurement, dating) + ([[(note, FAINT)]] if note else [])
    strip = caption_strip(lines, max(width, NARROWEST_STRIP))
    if width < NARROWEST_STRIP:
        beside = np.full((height, NARROWEST_STRIP - width, 3), STRIP[::-1], dtype=np.uint8)
        picture = np.hstack([picture, beside])
    return np.asarray(cv2.vconcat([picture, cv2.cvtColor(strip, cv2.COLOR_RGB2BGR)]), dtype=np.uint8)


def encode_png(picture: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]) -> bytes:
    """PNG of a grey (8 or 16 bit) or BGR picture, without metadata; quick rather than small."""
    options = [cv2.IMWRITE_PNG_COMPRESSION, 1]
    if hasattr(cv2, "IMWRITE_PNG_FILTER"):
        # OpenCV 4.12 and later choose a filter anew for each row, in twice the time; earlier ones have but one.
        options += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP]
    done, content = cv2.imencode(".png", picture, options)
    if not done:
        raise FetalheadError(f"a picture of {picture.shape} could not be written as PNG")
    return content.tobytes()


def caption(measurement: HeadMeasurement, dating: str) -> list[list[tuple[str, Colour]]]:
    """The lines of the caption, each made of pieces of text with a colour."""
    size = measurement.pixel_size
    if not measurement:
        return [[(f"no head: {measurement.reason.removeprefix('no head: ')}", TEXT)]]
    lines: list[list[tuple[str, Colour]]] = []
    if measurement.hc_mm is not None:
        sizes = [(f"HC {measurement.hc_mm:.1f} mm{_span(measurement.hc_low_mm, measurement.hc_high_mm)}", OUTLINE)]
        if measurement.bpd_mm is not None:
            sizes.append((f"BPD {measurement.bpd_mm:.1f} mm", BPD))
        if measurement.ofd_mm is not None:
            sizes.append((f"OFD {measurement.ofd_mm:.1f} mm", OFD))
        lines += [sizes, [(_age(measurement, dating), TEXT)]]
        if growth := _growth(measurement):
            lines.append([(growth, TEXT)])
        if measurement.reason and measurement.ga_weeks is not None:
            lines.append([(measurement.reason, TEXT)])
        lengths = f"{size.x:.4g}" if size.x == size.y else f"{size.x:.4g} x {size.y:.4g}"
        lines.append([(f"pixel size {lengths} mm ({size.source})", FAINT)])
    elif measurement.ellipse_px:
        a, b = measurement.ellipse_px.semi_axis_a, measurement.ellipse_px.semi_axis_b
        lines.append([(f"axes {2 * a:.1f} x {2 * b:.1f} px", OUTLINE)])
        lines.append([(f"no scale: {measurement.reason}", TEXT)])
    if measurement.quality:
        reasons = f": {', '.join(measurement.quality_reasons)}" if measurement.quality_reasons else ""
        lines.append([(f"quality {measurement.quality}{reasons}", FAINT)])
    return lines


def caption_strip(lines: list[list[tuple[str, Colour]]], width: int) -> npt.NDArray[np.uint8]:
    """(h, `width`, 3) RGB strip with the lines, wrapped between words where they are too long."""
    from PIL import Image, ImageDraw

    font_size = max(13, min(28, width // 50))
    margin, step, space = font_size * 2 // 3, font_size * 3 // 2, _length(" ", font_size)
    placed: list[tuple[float, int, str, Colour]] = []
    y = margin
    for line in lines:
        x = float(margin)
        for text, colour in line:
            run, start = "", x
            for word in _printable(text).split():
                length = _length(word, font_size)
                if x + length > width - margin and x > margin:
                    placed.append((start, y, run, colour))
                    x, y, run, start = float(margin), y + step, "", float(margin)
                run += f"{word} "
                x += length + space
            placed.append((start, y, run, colour))
            x += font_size
        y += step
    strip = Image.new("RGB", (width, y + margin // 2), STRIP)
    draw = ImageDraw.Draw(strip)
    for left, top, run, colour in placed:
        draw.text((left, top), run, fill=colour, font=_font(font_size))
    return np.asarray(strip)


def axes_in_pixels(measurement: HeadMeasurement) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The ends (2, 2) of OFD and of BPD in pixels; with unlike pixel sizes they are not the axes of the px ellipse."""
    if measurement.ellipse_mm:
        scale = [measurement.pixel_size.x, measurement.pixel_size.y]
        ofd, bpd = _axes(measurement.ellipse_mm)
        return ofd / scale, bpd / scale
    if measurement.ellipse_px:
        return _axes(measurement.ellipse_px)
    raise ValueError("no head has no axes")


def _axes(ellipse: Ellipse) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    center = np.array([ellipse.center_x, ellipse.center_y])
    along = np.array([math.cos(ellipse.angle), math.sin(ellipse.angle)])
    across = np.array([-along[1], along[0]])
    a, b = ellipse.semi_axis_a * along, ellipse.semi_axis_b * across
    return np.stack([center - a, center + a]), np.stack([center - b, center + b])


def _dashed(picture: cv2.typing.MatLike, ends: npt.NDArray[np.float64], colour: Colour, thickness: int) -> None:
    # Dashes begin and end the line, so that its ends are seen to lie on the outline.
    shares = np.linspace(0, 1, 2 * DASHES)[:, np.newaxis]
    points = _fixed(ends[0] + shares * (ends[1] - ends[0])).reshape(-1, 2, 2)
    cv2.polylines(picture, list(points), False, colour[::-1], thickness, cv2.LINE_AA, SHIFT)


def _fixed(points: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    return np.round(points * (1 << SHIFT)).astype(np.int32)


def _span(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" ({low:.1f} to {high:.1f})"


def _age(measurement: HeadMeasurement, dating: str) -> str:
    if measurement.ga_weeks is None:
        return f"no GA: {measurement.reason.removeprefix('no gestational age: ')}" if measurement.reason else "no GA"
    low, high = measurement.ga_low_weeks, measurement.ga_high_weeks
    span = "" if low is None or high is None else f" ({_weeks_days(low)} to {_weeks_days(high)})"
    return f"GA {_weeks_days(measurement.ga_weeks)}{span}, {dating}"


def _growth(measurement: HeadMeasurement) -> str:
    """Where HC stands at the age that was given; empty where none was."""
    z, centile, weeks = measurement.hc_z, measurement.hc_centile, measurement.known_ga_weeks
    if z is None or centile is None or weeks is None:
        return ""
    place = "below 1" if centile < 1 else "above 99" if centile > 99 else f"{centile:.0f}"
    return f"HC z {z:+.2f}, centile {place} at the given {_weeks_days(weeks)}, INTERGROWTH-21st"


def _weeks_days(weeks: float) -> str:
    whole, days = divmod(round(weeks * 7), 7)
    return f"{whole}w{days}d"


def _printable(text: str) -> str:
    """The font has no more than ASCII."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(size)


@lru_cache(maxsize=1024)
def _length(word: str, size: int) -> float:
    return _font(size).getlength(word)
