"""A fetal abdomen across: a weak soft outline, liver, stomach, umbilical vein, ribs, and the spine with its shadow."""

from __future__ import annotations

import math

import numpy as np

from fetalhead.phantoms.grid import PolarGrid
from fetalhead.phantoms.noise import FloatArray, field, ridge, step
from fetalhead.phantoms.scene import Abdomen, Blob, Scene
from fetalhead.phantoms.tissue import Place, Tissue, level

_BONE_LOSS_DB = 16.0
"""Lost on the way through a vertebra or a rib, both ways."""


def lay_abdomen(abdomen: Abdomen, scene: Scene, grid: PolarGrid, tissue: Tissue) -> None:
    """Lay the abdomen over what is there."""
    place = Place.of(abdomen.outline, grid)
    u, v = place.u, place.v
    short, edge = abdomen.outline.semi_axis_b, scene.beam.axial
    loss = scene.surroundings.loss
    liver = abdomen.liver_db + 1.5 * field(abdomen.seed, 0, grid.x, grid.y, 0.35 * short)
    liver += 1.5 * field(abdomen.seed, 1, grid.x, grid.y, 0.06 * short)
    liver -= 7 * step(field(abdomen.seed, 2, grid.x, grid.y, 0.09 * short) - 1.7, 0.3)
    tissue.cover(step(-place.distance, edge), liver, 0.8 * loss)
    skin = step(-place.distance, edge) * step(place.distance + abdomen.skin, edge)
    facing = np.abs(place.facing)
    tissue.scatter_db += skin * (abdomen.skin_db * (0.35 + 0.65 * facing) + 2 * field(abdomen.seed, 3, u, v, 0.3, 0.1))
    tissue.mirror += level(-24) * ridge(place.distance + 0.5 * abdomen.skin, 0.6 * edge) * facing**4

    # The vein runs from the front wall, opposite the spine, towards the middle, and bends to the liver.
    front = math.cos(abdomen.spine) * u + math.sin(abdomen.spine) * v
    side = -math.sin(abdomen.spine) * u + math.cos(abdomen.spine) * v
    course = side - abdomen.vein_bend * np.clip(front + 0.55, 0, None) ** 2
    span = step(front + 0.62, 0.05) * step(0.02 - front, 0.05)
    tissue.scatter_db -= 14 * span * step(0.045 - np.abs(course), 0.02)
    tissue.scatter_db += 5 * span * ridge(np.abs(course) - 0.075, 0.02)
    aorta = Blob(0.48 * math.cos(abdomen.spine), 0.48 * math.sin(abdomen.spine), 0.06, 0.06, -12.0)
    tissue.scatter_db += aorta.level_db * _round(u, v, aorta)
    tissue.cover(_round(u, v, abdomen.stomach), abdomen.stomach.level_db, 0.05 * loss)
    _lay_bones(abdomen, place, grid, tissue)


def _lay_bones(abdomen: Abdomen, place: Place, grid: PolarGrid, tissue: Tissue) -> None:
    """Three bright centres of a vertebra, and ribs cut near the skin; all throw shadows."""
    short = abdomen.outline.semi_axis_b
    bones: list[tuple[Blob, float]] = []
    for along, turn, size in ((0.66, 0.0, 0.075), (0.84, 0.15, 0.05), (0.84, -0.15, 0.05)):
        angle = abdomen.spine + turn
        bones.append((Blob(along * math.cos(angle), along * math.sin(angle), size, size, -12.0), 1.0))
    for angle in abdomen.ribs:
        bones.append((Blob(0.87 * math.cos(angle), 0.87 * math.sin(angle), 0.05, 0.035, -20.0), 0.5))
    for blob, weight in bones:
        share = _round(place.u, place.v, blob)
        path = 2 * blob.size_v * short
        tissue.cover(share, blob.level_db + 2 * field(abdomen.seed, 5, grid.x, grid.y, 0.05 * short),
                     weight * _BONE_LOSS_DB / path)


def _round(u: FloatArray, v: FloatArray, blob: Blob) -> FloatArray:
    """(R, A) 1 within a blob."""
    return step(1 - np.hypot((u - blob.u) / blob.size_u, (v - blob.v) / blob.size_v), 0.2)
