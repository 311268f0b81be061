"""A fetal head across: skull, midline, cavum, thalami, ventricles with choroid plexus, folds."""

from __future__ import annotations

import numpy as np

from fetalhead.phantoms.grid import PolarGrid
from fetalhead.phantoms.noise import FloatArray, field, ridge, step
from fetalhead.phantoms.scene import Head, Scene
from fetalhead.phantoms.tissue import Place, Tissue, level, levels

_BONE_SCATTER_DB = -6.0
"""Speckle of bone, below its mirror echo."""
_BRAIN_LOSS_SHARE = 0.6
"""Attenuation of the fetal brain, which is mostly water, as a share of the mother's tissue."""


def lay_head(head: Head, scene: Scene, grid: PolarGrid, tissue: Tissue) -> None:
    """Lay scalp, skull and brain over what is there."""
    place = Place.of(head.outline, grid, head.front)
    loss = scene.surroundings.loss
    edge = scene.beam.axial * 0.5
    scalp = step(head.scalp - place.distance, edge) * step(place.distance, edge)
    tissue.cover(0.8 * scalp, scene.surroundings.tissue_db + head.scalp_db, loss)
    tissue.cover(step(-place.distance, edge), _brain_db(head, grid, place), _BRAIN_LOSS_SHARE * loss)
    inside = step(-place.distance - head.skull - 2 * edge, 2 * edge)
    tissue.mirror += inside * _lines(head, scene, grid, place)
    _lay_skull(head, scene, grid, place, tissue)


def _lay_skull(head: Head, scene: Scene, grid: PolarGrid, place: Place, tissue: Tissue) -> None:
    """The bone, set back so that its echo, as the beam smears and the display shows it, ends at the outline.

    In HC18 the annotated ellipse runs where the skull's grey falls to half on its outer side, 1 mm outside the
    brightest line (median of 120 images). After log compression that is about two deviations of the pulse outside
    the bone, and one of the (wider) beam where the echo is weak.
    """
    square = np.abs(place.facing)
    across = scene.beam.lateral * grid.radius
    setback = 1.9 * scene.beam.axial * square + 0.8 * across * (1 - square)
    thickness = head.skull * (1 + 0.3 * field(head.seed, 0, grid.x, grid.y, 0.4 * head.outline.semi_axis_b))
    surface = -place.distance - setback
    bone = step(surface, 0.3 * scene.beam.axial) * step(thickness - surface, 0.3 * scene.beam.axial)
    for angle, half_width in head.sutures:
        off = np.angle(np.exp(1j * (place.bearing - angle))).astype(np.float32)
        bone *= 1 - 0.85 * np.exp(-((off / half_width) ** 4))
    uneven_db = 3.0 * field(head.seed, 1, grid.x, grid.y, 0.4 * head.outline.semi_axis_b)
    uneven_db += 1.5 * field(head.seed, 30, grid.x, grid.y, 0.1 * head.outline.semi_axis_b)
    strength = square**head.specular + level(head.grazing_db)
    echo_db = head.skull_db + uneven_db + 20 * np.log10(strength)
    tissue.cover(bone, np.maximum(echo_db + _BONE_SCATTER_DB, tissue.scatter_db), head.skull_loss)
    tissue.mirror += bone * levels(echo_db)


def _brain_db(head: Head, grid: PolarGrid, place: Place) -> FloatArray:
    """(R, A) level of the brain's speckle."""
    short = head.outline.semi_axis_b
    u, v = place.u, place.v
    bent = v - head.midline_bow * (1 - u * u)
    radius = np.hypot(u, v)
    brain = head.brain_db + 2.5 * field(head.seed, 2, grid.x, grid.y, 0.35 * short)
    brain += head.haze_db * (np.exp(-np.maximum(v + 0.9, 0) / 0.6) * step(-v, 0.6) - 0.3)
    brain += head.glow_db * np.abs(place.facing) * np.exp(np.minimum(place.distance, 0) / (0.12 * short))
    folds = ridge(field(head.seed, 3, grid.x, grid.y, 0.26 * short), 0.2) * step(radius - 0.35, 0.25)
    here_and_there = step(field(head.seed, 8, grid.x, grid.y, 0.5 * short), 1.0)
    brain += 13 * head.maturity * folds * here_and_there
    echoes = field(head.seed, 4, u, v, 0.07, 0.045)
    brain += 7 * np.maximum(echoes - 1.1, 0) * step(0.93 - radius, 0.1)
    brain += head.thalami_db * _oval(u + 0.02, np.abs(bent) - 0.17, 0.22, 0.14)
    brain -= 9 * step(0.09 - np.abs(u - head.cavum), 0.02) * step(0.045 - np.abs(bent), 0.015)
    # The near hemisphere hides in reverberation; only in the first trimester both plexuses show.
    channel = step(0.38 - np.abs(u + 0.32), 0.06)
    ragged = 0.3 * field(head.seed, 6, grid.x, grid.y, 0.14 * short)
    lumps = 2.5 * field(head.seed, 5, grid.x, grid.y, 0.09 * short)
    for side, weight in ((1, 1.0), (-1, max(head.early, 0.15))):
        off = side * bent - _ventricle_line(u)
        brain -= 8 * weight * channel * step(head.ventricle - np.abs(off), 0.05)
        plexus = _plexus(head, u, off, ragged)
        brain += weight * plexus * (head.choroid_db + 8 * (1 - head.early) + lumps)
    return np.asarray(brain, dtype=np.float32)


def _plexus(head: Head, u: FloatArray, off: FloatArray, ragged: FloatArray) -> FloatArray:
    """The choroid plexus, `off` from the ventricle's middle; in the first trimester it fills the hemisphere."""
    swell = 1 + 1.2 * head.early
    return step(1 - np.hypot((u - head.choroid) / (0.17 * swell), (off - 0.03) / (0.1 * swell)) + ragged, 0.15)


def _lines(head: Head, scene: Scene, grid: PolarGrid, place: Place) -> FloatArray:
    """(R, A) amplitude of the brain's smooth surfaces, which show where the beam meets them square."""
    u = place.u
    short = head.outline.semi_axis_b
    waver = 0.013 * field(head.seed, 9, grid.x, grid.y, 0.35 * short)
    bent = place.v - head.midline_bow * (1 - u * u) + waver
    width = 0.5 * scene.beam.axial / short
    in_cavum = step(0.1 - np.abs(u - head.cavum), 0.02)
    in_thalami = step(0.2 - np.abs(u + 0.02), 0.05)
    falx = step(0.93 - np.abs(u), 0.04) * (1 - in_cavum) * (1 - 0.6 * in_thalami)
    lines = level(head.midline_db) * falx * (0.12 + 0.88 * _shown(head, u, place.v, 0)) * ridge(bent, width)
    walls = ridge(bent - 0.055, width) + ridge(bent + 0.055, width)
    lines += level(head.midline_db + 3) * in_cavum * walls * (0.3 + 0.7 * _shown(head, u, place.v, 1))
    span = step(0.4 - np.abs(u + 0.32), 0.05)
    upper, lower = (span * _shown(head, u, place.v, part) for part in (2, 3))
    front = step(0.1 - np.abs(u - 0.5), 0.04) * _shown(head, u, place.v, 4)
    island = step(0.2 - np.abs(u - 0.12), 0.06) * _shown(head, u, place.v, 5) * (1 - head.early)
    for side, weight in ((1, 1.0), (-1, 0.2)):
        off = side * bent - _ventricle_line(u)
        ventricle = upper * ridge(off + head.ventricle, width) + lower * ridge(off - head.ventricle, width)
        horn = front * ridge(side * bent - 0.2 + 0.3 * (u - 0.5), width)
        insula = island * ridge(side * bent - 0.62 + 0.8 * (u - 0.12) ** 2, width)
        lines += level(head.midline_db) * weight * (ventricle + 0.9 * horn + 0.9 * insula)
    return np.asarray(lines * place.long_facing**3, dtype=np.float32)


def _shown(head: Head, u: FloatArray, v: FloatArray, part: int) -> FloatArray:
    """0 to 1 along u: a smooth surface shows in pieces, and faintly between them."""
    wide = field(head.seed, 10 + part, u, v, 0.22, 0.5) + 0.6 * field(head.seed, 20 + part, u, v, 0.05, 0.3)
    return np.asarray(step(wide, 0.9) ** 1.5, dtype=np.float32)


def _ventricle_line(u: FloatArray) -> FloatArray:
    """v of the lateral ventricle's middle: it leaves the midline towards the back."""
    return np.asarray(0.36 - 0.15 * (u + 0.32), dtype=np.float32)


def _oval(u: FloatArray, v: FloatArray, size_u: float, size_v: float) -> FloatArray:
    return step(1 - np.hypot(u / size_u, v / size_v), 0.15)
