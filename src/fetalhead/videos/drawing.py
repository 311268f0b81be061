"""A frame of the overlay video, and the chart of HC over time: OpenCV alone, fast enough for every frame."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.images.ellipse import Ellipse
from fetalhead.reports.overlay import FAINT, OUTLINE, SHIFT, STRIP, TEXT
from fetalhead.videos.summary import Figures

Picture = npt.NDArray[np.uint8]

BRIDGED = (255, 140, 60)
RAW = (120, 190, 255)
"""RGB."""

FONT = cv2.FONT_HERSHEY_SIMPLEX
CHART = (420, 1000)
LEFT, RIGHT, TOP, BOTTOM = 80, 24, 44, 56


def draw_frame(pixels: Picture, ellipse: Ellipse | None, caption: str, *, bridged: bool) -> Picture:
    """(H + strip, W, 3) BGR: the (H, W) frame with the smoothed outline, dashed where it is bridged, and a caption."""
    height, width = pixels.shape
    strip = strip_height(width)
    picture = np.empty((height + strip, width, 3), dtype=np.uint8)
    cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR, dst=picture[:height])
    picture[height:] = STRIP[::-1]
    if ellipse is not None:
        thickness = max(1, round(width / 500))
        points = np.round(ellipse.points(240) * (1 << SHIFT)).astype(np.int32)
        lines = points.reshape(-1, 10, 2)[::2] if bridged else [points]
        colour = (BRIDGED if bridged else OUTLINE)[::-1]
        cv2.polylines(picture[:height], list(lines), not bridged, colour, thickness, cv2.LINE_AA, SHIFT)
    scale = strip / 40
    place = (strip // 3, height + round(0.68 * strip))
    colour = (BRIDGED if bridged else OUTLINE if ellipse is not None else FAINT)[::-1]
    cv2.putText(picture, caption, place, FONT, scale * 0.8, colour, max(1, round(scale)), cv2.LINE_AA)
    return picture


def strip_height(width: int) -> int:
    """Of the caption under a picture of `width`: it holds 60 letters."""
    return max(14, min(48, width // 20))


def draw_chart(
    times: npt.NDArray[np.float64], figures: Figures, scenes: npt.NDArray[np.int_],
    bridged: npt.NDArray[np.bool_], best: Sequence[int], title: str, unit: str, across: str,
) -> Picture:  # fmt: skip
    """(420, 1000, 3) BGR: HC of each frame, smoothed with its interval, scene cuts, and the best frames marked."""
    height, width = CHART
    chart = np.full((height, width, 3), STRIP[::-1], dtype=np.uint8)
    _text(chart, title, (LEFT, 28), TEXT, 0.55)
    shown = np.concatenate([figures.hc[np.isfinite(figures.smooth)], figures.low, figures.high])
    shown = shown[np.isfinite(shown)]
    if not len(shown):
        _text(chart, "no head is followed in this clip", (LEFT, height // 2), FAINT, 0.6)
        return chart
    low, high = float(shown.min()), float(shown.max())
    margin = max(0.05 * (high - low), 0.005 * high)
    low, high = low - margin, high + margin
    start, end = float(times[0]), max(float(times[-1]), float(times[0]) + 1e-3)

    def x_of(time: float) -> int:
        return round(LEFT + (time - start) / (end - start) * (width - LEFT - RIGHT))

    def y_of(value: float) -> int:
        return round(height - BOTTOM - (value - low) / (high - low) * (height - TOP - BOTTOM))

    for value in _ticks(low, high, 6):
        cv2.line(chart, (LEFT, y_of(value)), (width - RIGHT, y_of(value)), (52, 48, 48), 1)
        _text(chart, f"{value:g}", (12, y_of(value) + 5), FAINT, 0.45)
    for value in _ticks(start, end, 9):
        _text(chart, f"{value:g}", (x_of(value) - 8, height - BOTTOM + 22), FAINT, 0.45)
    _text(chart, across, (width // 2 - 20, height - 12), FAINT, 0.45)
    _text(chart, f"HC ({unit})", (12, 28), FAINT, 0.45)
    for number in np.flatnonzero(np.diff(scenes)):
        x = x_of(float(times[number] + times[number + 1]) / 2)
        cv2.line(chart, (x, TOP), (x, height - BOTTOM), (90, 80, 80), 1)
    for run in _runs(np.isfinite(figures.smooth), scenes):
        place = [x_of(float(time)) for time in times[run]]
        upper, lower = ([y_of(float(value)) for value in side[run]] for side in (figures.high, figures.low))
        band = np.array([*zip(place, upper, strict=True), *zip(place[::-1], lower[::-1], strict=True)], dtype=np.int32)
        cv2.fillPoly(chart, [band], (70, 88, 100))
        cv2.polylines(chart, [band], True, (70, 88, 100), 1, cv2.LINE_AA)
    for number in np.flatnonzero(np.isfinite(figures.hc)):
        if low <= figures.hc[number] <= high:
            cv2.circle(chart, (x_of(float(times[number])), y_of(float(figures.hc[number]))), 2, RAW[::-1], -1)
    for run in _runs(np.isfinite(figures.smooth), scenes):
        line = np.array([(x_of(float(times[n])), y_of(float(figures.smooth[n]))) for n in run], dtype=np.int32)
        cv2.polylines(chart, [line], False, OUTLINE[::-1], 2, cv2.LINE_AA)
        for number, point in zip(run.tolist(), line.tolist(), strict=True):
            if bridged[number]:
                cv2.circle(chart, point, 3, BRIDGED[::-1], -1, cv2.LINE_AA)
    for rank, chosen in enumerate(best, start=1):
        ring = (x_of(float(times[chosen])), y_of(float(figures.smooth[chosen])))
        cv2.circle(chart, ring, 8, TEXT[::-1], 2, cv2.LINE_AA)
        _text(chart, str(rank), (ring[0] - 5, max(ring[1] - 14, TOP)), TEXT, 0.5)
    return chart


def _text(picture: Picture, text: str, place: tuple[int, int], colour: tuple[int, int, int], scale: float) -> None:
    plain = "".join(letter if " " <= letter <= "~" else "?" for letter in text)
    cv2.putText(picture, plain, place, FONT, scale, colour[::-1], 1, cv2.LINE_AA)


def _runs(shown: npt.NDArray[np.bool_], scenes: npt.NDArray[np.int_]) -> list[npt.NDArray[np.intp]]:
    places = np.flatnonzero(shown)
    breaks = (np.diff(places) > 1) | (np.diff(scenes[places]) != 0)
    return [run for run in np.split(places, np.flatnonzero(breaks) + 1) if len(run)]


def _ticks(low: float, high: float, most: int) -> list[float]:
    """Round values between `low` and `high`, at most about `most`."""
    raw = (high - low) / most
    size = 10 ** math.floor(math.log10(raw))
    step = size * next(factor for factor in (1, 2, 5, 10) if factor * size >= raw)
    first = math.ceil(low / step)
    return [round(number * step, 10) for number in range(first, math.floor(high / step) + 1)]
