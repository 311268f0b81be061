"""Scenes drawn at random: how large, how seen, how set."""

from __future__ import annotations

import math

import numpy as np

from fetalhead.images.ellipse import Ellipse
from fetalhead.phantoms.scene import (
    Abdomen,
    Beam,
    Blob,
    Femur,
    Furniture,
    Head,
    Layer,
    Scene,
    Sector,
    Shadow,
    Surroundings,
)

Generator = np.random.Generator

_HC_BANDS = ((0.2, 60.0, 130.0), (0.5, 130.0, 210.0), (0.3, 210.0, 330.0))
"""Share of heads, and the circumferences between which they are drawn, mm."""
_SMALLEST_PIXEL, _LARGEST_PIXEL = 0.06, 0.35
_FRAME = 540
"""Height of the usual picture: resolution and head size are told in its pixels."""


def draw_head(
    rng: Generator,
    shape: tuple[int, int] = (540, 800),
    ellipse: Ellipse | None = None,
    pixel_size: float | None = None,
) -> Scene:
    """A scene with a head; `ellipse` (px) and `pixel_size` (mm) are used in place of drawn ones where given."""
    drawn, drawn_size = _draw_outline(rng, shape)
    if ellipse is None:
        ellipse, pixel_size = drawn, pixel_size or drawn_size
    elif pixel_size is None:
        pixel_size = drawn_size * drawn.perimeter / ellipse.perimeter
    outline = ellipse.scaled(pixel_size, pixel_size)
    hc = outline.perimeter
    maturity = float(np.clip((hc - 70) / 240, 0, 1))
    head = Head(
        outline=outline,
        seed=_seed(rng),
        front=int(rng.choice((-1, 1))),
        maturity=maturity,
        skull=(0.028 + 0.008 * maturity) * outline.semi_axis_b * rng.uniform(0.8, 1.3),
        skull_db=rng.uniform(-9, 1),
        skull_loss=rng.uniform(2.0, 5.0) / (0.03 * outline.semi_axis_b),
        specular=rng.uniform(2.0, 4.0),
        grazing_db=rng.uniform(-32, -22),
        scalp=rng.uniform(0.03, 0.08) * outline.semi_axis_b,
        scalp_db=rng.uniform(0, 7),
        glow_db=rng.uniform(4, 14),
        sutures=tuple(
            (float(angle), rng.uniform(0.03, 0.07)) for angle in rng.uniform(-math.pi, math.pi, rng.integers(0, 4))
        ),
        brain_db=rng.uniform(-53, -44),
        haze_db=rng.uniform(3, 11),
        midline_db=rng.uniform(-24, -10),
        midline_bow=rng.normal(0, 0.02),
        cavum=rng.uniform(0.38, 0.5),
        thalami_db=rng.uniform(-7, -3),
        choroid_db=rng.uniform(5, 11),
        choroid=rng.uniform(-0.5, -0.2),
        ventricle=rng.uniform(0.07, 0.11) * (1.3 - 0.4 * maturity),
    )
    return _complete(rng, shape, pixel_size, head, placenta_chance=0.4)


def draw_abdomen(rng: Generator, shape: tuple[int, int] = (540, 800)) -> Scene:
    """A scene with an abdomen across."""
    scale = shape[0] / _FRAME
    long = float(rng.uniform(150, 235)) * scale
    girth = float(rng.uniform(100, 340))
    outline_px = Ellipse.make(
        shape[1] / 2 + rng.normal(0, 35) * scale, shape[0] * rng.uniform(0.46, 0.58),
        long, long * rng.uniform(0.84, 0.97), rng.uniform(0, math.pi),
    )
    pixel_size = float(np.clip(girth / outline_px.perimeter, _SMALLEST_PIXEL, _LARGEST_PIXEL))
    outline = outline_px.scaled(pixel_size, pixel_size)
    spine = float(rng.uniform(-math.pi, math.pi))
    away = spine + math.pi + float(rng.choice((-1, 1))) * rng.uniform(1.0, 1.6)
    reach = rng.uniform(0.4, 0.55)
    abdomen = Abdomen(
        outline=outline,
        seed=_seed(rng),
        liver_db=rng.uniform(-47, -40),
        skin=rng.uniform(0.05, 0.1) * outline.semi_axis_b,
        skin_db=rng.uniform(6, 12),
        spine=spine,
        stomach=Blob(
            reach * math.cos(away), reach * math.sin(away), rng.uniform(0.12, 0.24), rng.uniform(0.1, 0.18), -70.0
        ),
        vein_bend=float(rng.choice((-1, 1))) * rng.uniform(0.3, 1.0),
        ribs=tuple(
            spine + side * float(turn) for side in (-1, 1) for turn in rng.uniform(0.4, 2.0, rng.integers(1, 4))
        ),
    )
    return _complete(rng, shape, pixel_size, abdomen, placenta_chance=0.4)


def draw_femur(rng: Generator, shape: tuple[int, int] = (540, 800)) -> Scene:
    """A scene with a femur lying across the beam."""
    scale = shape[0] / _FRAME
    length_px = float(rng.uniform(230, 430)) * scale
    pixel_size = float(np.clip(rng.uniform(14, 75) / length_px, _SMALLEST_PIXEL, _LARGEST_PIXEL))
    length = length_px * pixel_size
    outline = Ellipse.make(
        shape[1] / 2 + rng.normal(0, 30) * scale, shape[0] * rng.uniform(0.32, 0.5),
        0.66 * length_px, length_px * rng.uniform(0.2, 0.34), rng.normal(0, 0.22),
    ).scaled(pixel_size, pixel_size)
    femur = Femur(
        outline=outline,
        seed=_seed(rng),
        length=length,
        thickness=length * rng.uniform(0.025, 0.05),
        bow=rng.uniform(-0.05, 0.09),
        bone_db=rng.uniform(-4, 4),
        muscle_db=rng.uniform(-52, -42),
    )
    return _complete(rng, shape, pixel_size, femur, placenta_chance=0.3)


def _draw_outline(rng: Generator, shape: tuple[int, int]) -> tuple[Ellipse, float]:
    """An outer skull border in pixels, and the mm a pixel that make it a head of a likely size."""
    height, width = shape
    scale = min(height / _FRAME, width / 800)
    _, low, high = _HC_BANDS[int(rng.choice(len(_HC_BANDS), p=[band[0] for band in _HC_BANDS]))]
    hc = float(rng.uniform(low, high))
    ratio = float(np.clip(rng.normal(0.785, 0.025), 0.74, 0.84))
    tilt = float(rng.normal(0, math.radians(8 if rng.random() < 0.7 else 30)))
    wanted = float(np.clip(rng.normal(150 + 0.42 * hc, 38), 120, 305)) * scale
    # Circumference of an ellipse with semi-axes 1 and `ratio`: sets which sizes a pixel may have.
    around = Ellipse.make(0, 0, 1, ratio, 0).perimeter
    reach_x = math.hypot(math.cos(tilt), ratio * math.sin(tilt))
    reach_y = math.hypot(math.sin(tilt), ratio * math.cos(tilt))
    long = min(wanted, hc / around / _SMALLEST_PIXEL, 0.455 * width / reach_x, 0.455 * height / reach_y)
    room_x, room_y = (0.5 * width - long * reach_x) * 0.9, (0.5 * height - long * reach_y) * 0.9
    x = 0.49 * width + float(np.clip(rng.normal(0, 38 * scale), -room_x, room_x))
    y = 0.5 * height + float(np.clip(rng.normal(0, 38 * scale), -room_y, room_y))
    pixel_size = float(np.clip(hc / around / long, _SMALLEST_PIXEL, _LARGEST_PIXEL))
    return Ellipse.make(x, y, long, long * ratio, tilt), pixel_size


def _complete(
    rng: Generator, shape: tuple[int, int], pixel_size: float, subject: Head | Abdomen | Femur, placenta_chance: float
) -> Scene:
    """The scene around a subject: probe, machine, mother, furniture."""
    frame = shape[0] * pixel_size
    sector = _draw_sector(rng, shape, pixel_size, subject.outline)
    around = _draw_surroundings(rng, frame, subject.outline, placenta_chance)
    beam = _draw_beam(rng, shape, pixel_size, sector, subject.outline, around)
    return Scene(shape, pixel_size, subject, around, sector, beam, _draw_furniture(rng), _seed(rng))


def _draw_sector(rng: Generator, shape: tuple[int, int], pixel_size: float, outline: Ellipse) -> Sector:
    """A sector that holds the outline, its apex above the picture as a convex probe's is."""
    height, width = shape[0] * pixel_size, shape[1] * pixel_size
    half_angle = float(rng.uniform(math.radians(21), math.radians(37)))
    apex_x = 0.49 * width + float(rng.normal(0, 0.02)) * width
    top = float(rng.uniform(-0.12, 0.05)) * height
    # Side beams, at +-half_angle, leave the outline's widest level this far apart.
    reach = math.hypot(outline.semi_axis_a * math.cos(outline.angle), outline.semi_axis_b * math.sin(outline.angle))
    need = reach * rng.uniform(1.02, 1.25) + abs(outline.center_x - apex_x)
    half_width = max(need, float(rng.uniform(0.36, 0.6)) * width)
    apex_y = outline.center_y - half_width / math.tan(half_angle)
    near = max(top - apex_y, 0.12 * height)
    far = float(rng.uniform(0.97, 1.12)) * height - apex_y
    return Sector(apex_x, apex_y, near, far, half_angle)


def _draw_surroundings(rng: Generator, frame: float, outline: Ellipse, placenta_chance: float) -> Surroundings:
    layers = tuple(
        Layer(float(depth), rng.uniform(6, 16), rng.uniform(0.003, 0.006))
        for depth in np.sort(rng.uniform(0.05, 0.85, rng.integers(1, 6)))
    )
    return Surroundings(
        seed=_seed(rng),
        tissue_db=rng.uniform(-48, -39),
        fluid_db=rng.uniform(-70, -58),
        patches_db=rng.uniform(3.0, 6.0),
        near_db=rng.uniform(0, 9),
        streaks_db=rng.uniform(1.5, 4.5),
        streak_depth=rng.uniform(0.2, 0.8),
        layers=layers,
        gap=rng.uniform(-0.06, 0.06) * frame,
        gap_swing=rng.uniform(0.03, 0.1) * frame,
        placenta_angle=rng.uniform(-math.pi, math.pi),
        placenta=rng.uniform(0.1, 0.25) * frame if rng.random() < placenta_chance else 0.0,
        limbs=rng.uniform(0.6, 1.8),
        loss=rng.uniform(8, 16) / frame,
    )


def _draw_beam(
    rng: Generator, shape: tuple[int, int], pixel_size: float, sector: Sector, outline: Ellipse, around: Surroundings
) -> Beam:
    to_center = outline.center_y - sector.apex_y
    axial = max(0.8, float(rng.uniform(1.9, 3.0)) * shape[0] / _FRAME) * pixel_size
    edges = [
        Shadow(side * sector.half_angle, sector.half_angle * rng.uniform(0.15, 0.5), 0.0, rng.uniform(4, 20))
        for side in (-1, 1)
        if rng.random() < 0.5
    ]
    wedges = [
        Shadow(
            float(rng.uniform(-1, 1)) * sector.half_angle, rng.uniform(0.015, 0.06),
            sector.near + rng.uniform(0, 0.3) * (to_center - sector.near), rng.uniform(3, 10),
        )
        for _ in range(rng.integers(0, 3))
    ]
    return Beam(
        axial=axial,
        lateral=axial * rng.uniform(1.7, 2.8) / to_center,
        focus=to_center * rng.uniform(0.8, 1.0),
        widening=rng.uniform(1.2, 1.8),
        looks=int(rng.integers(2, 6)),
        gain_db=rng.uniform(-5, 4),
        dynamic_range_db=rng.uniform(54, 66),
        noise_db=rng.uniform(-86, -72),
        time_gain_db=tuple(rng.normal(0, 1.8, 6).tolist()),
        compensation=around.loss * rng.uniform(0.95, 1.3),
        shadows=(*edges, *wedges),
    )


def _draw_furniture(rng: Generator) -> Furniture:
    blanks = []
    if rng.random() < 0.7:
        blanks.append((rng.uniform(0.74, 0.82), rng.uniform(0.72, 0.78), 0.98, 1.0))
    if rng.random() < 0.5:
        blanks.append((0.0, rng.uniform(0.88, 0.93), 0.2, 1.0))
    return Furniture(bar=bool(rng.random() < 0.85), blanks=tuple(blanks))


def _seed(rng: Generator) -> int:
    return int(rng.integers(2**63))
