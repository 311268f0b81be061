"""A thigh along its bone: a bright bowed rod with a shadow below, in muscle."""

from __future__ import annotations

import numpy as np

from fetalhead.phantoms.grid import PolarGrid
from fetalhead.phantoms.noise import field, ridge, step
from fetalhead.phantoms.scene import Femur, Scene
from fetalhead.phantoms.tissue import Place, Tissue, level, levels

_SHADOW_DB = 22.0


def lay_femur(femur: Femur, scene: Scene, grid: PolarGrid, tissue: Tissue) -> None:
    """Lay thigh and bone over what is there."""
    place = Place.of(femur.outline, grid)
    along, across = place.u * femur.outline.semi_axis_a, place.v * femur.outline.semi_axis_b
    edge, loss = scene.beam.axial, scene.surroundings.loss
    fibres = 3 * field(femur.seed, 0, along, across, 0.35 * femur.length, 0.05 * femur.length)
    tissue.cover(step(-place.distance, 2 * edge), femur.muscle_db + fibres, loss)
    facing = np.abs(place.facing)
    skin = ridge(place.distance + edge, 1.5 * edge)
    tissue.scatter_db += 9 * skin * (0.3 + 0.7 * facing**2)
    tissue.mirror += level(-26) * skin * facing**4

    half = 0.5 * femur.length
    share = along / half
    off = across - (femur.bow * half) * (1 - share**2) + (0.1 * femur.outline.semi_axis_b)
    # The ends flare towards the knee and the hip.
    half_width = 0.5 * femur.thickness * (1 + 0.5 * share**6)
    bone = step(half_width - np.abs(off), 0.5 * edge) * step(half - np.abs(along), edge)
    uneven = 3 * field(femur.seed, 1, along, across, 0.25 * femur.length)
    uneven += 2 * field(femur.seed, 2, along, across, 0.05 * femur.length)
    square = place.long_facing**2
    strength_db = femur.bone_db + uneven + 20 * np.log10(square + 0.03)
    tissue.cover(bone, strength_db - 8, _SHADOW_DB / femur.thickness)
    tissue.mirror += bone * levels(strength_db)
    for end in (-1, 1):
        knob = step(1 - np.hypot((along - end * 1.12 * half) / (0.14 * half), off / (1.3 * femur.thickness)), 0.2)
        tissue.cover(knob.astype(np.float32), femur.muscle_db + 5, loss)
