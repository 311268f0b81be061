"""What lies around the child: abdominal wall, uterus, placenta, fluid, and limbs that float in it."""

from __future__ import annotations

import math

import numpy as np

from fetalhead.phantoms.grid import PolarGrid
from fetalhead.phantoms.noise import FloatArray, field, ridge, step
from fetalhead.phantoms.scene import Scene
from fetalhead.phantoms.tissue import Place, Tissue, level

_FLUID_LOSS = 0.01
_WALL_DB = -20.0


def lay_surroundings(scene: Scene, grid: PolarGrid) -> Tissue:
    """The mother's tissue over the whole grid, with the fluid around the subject hollowed out."""
    around = scene.surroundings
    frame = scene.height
    place = Place.of(scene.subject.outline, grid)
    depth = grid.radius - scene.sector.near
    to_subject = _depth_to_subject(scene)
    lateral = grid.angle * (grid.radius + frame)
    warp = 0.02 * frame * field(around.seed, 0, lateral, depth, 0.5 * frame)

    patches = around.patches_db * field(around.seed, 1, grid.x, grid.y, 0.35 * frame)
    patches += 0.6 * around.patches_db * field(around.seed, 2, lateral, depth + warp, 0.14 * frame, 0.05 * frame)
    streaks = field(around.seed, 3, lateral, depth + warp, 0.16 * frame, 0.016 * frame)
    near_wall = step(around.streak_depth * to_subject - depth - warp, 0.04 * frame)
    sheets = around.streaks_db * (streaks + 0.8 * np.maximum(streaks - 1, 0) ** 2)
    scatter = around.tissue_db + patches + sheets * (0.5 + 0.5 * near_wall) + around.near_db * near_wall
    mirror = np.zeros_like(scatter)
    for number, layer in enumerate(around.layers):
        bend = 0.025 * frame * field(around.seed, 4 + number, lateral, depth * 0, 0.45 * frame)
        line = ridge(depth - (layer.depth * to_subject) + bend, layer.thickness * frame)
        scatter += layer.level_db * line
        mirror += level(around.tissue_db + layer.level_db) * line * _patchy(scene, grid, 20 + number)
    tissue = Tissue(scatter, mirror, np.full_like(scatter, around.loss))
    _lay_uterus(scene, grid, place, tissue)
    return tissue


def _lay_uterus(scene: Scene, grid: PolarGrid, place: Place, tissue: Tissue) -> None:
    around, frame = scene.surroundings, scene.height
    gap = around.gap + around.gap_swing * field(around.seed, 40, grid.x, grid.y, 0.45 * frame)
    beyond = place.distance - gap
    edge = 0.008 * frame
    if around.placenta > 0:
        toward = np.cos(np.arctan2(grid.y - scene.subject.outline.center_y,
                                   grid.x - scene.subject.outline.center_x) - around.placenta_angle)
        share = step(around.placenta * toward - beyond, 2 * edge) * step(toward - 0.1, 0.1)
        grain = 1.5 * field(around.seed, 41, grid.x, grid.y, 0.03 * frame)
        tissue.cover(share.astype(np.float32), around.tissue_db + 3 + grain, around.loss)
    # The uterine wall is bright where the beam meets it square, on either side of the child.
    wall = ridge(beyond, 0.006 * frame) * np.abs(place.facing) ** 3 * step(gap, edge)
    tissue.scatter_db += 8 * wall
    tissue.mirror += level(_WALL_DB) * wall * _patchy(scene, grid, 42)
    fluid = step(-beyond, edge) * step(place.distance, edge)
    limbs = field(around.seed, 43, grid.x, grid.y, 0.16 * frame) - around.limbs
    fluid *= step(-limbs, 0.06)
    tissue.cover(fluid, around.fluid_db, _FLUID_LOSS)
    rim = ridge(limbs, 0.12) * step(-beyond, edge) * step(place.distance, edge)
    tissue.scatter_db += 6 * rim


def _depth_to_subject(scene: Scene) -> float:
    """mm from the probe's face to the subject's near side; a tenth of the frame at least."""
    outline, sector = scene.subject.outline, scene.sector
    reach = math.hypot(outline.semi_axis_a * math.sin(outline.angle), outline.semi_axis_b * math.cos(outline.angle))
    return max(outline.center_y - reach - sector.apex_y - sector.near, 0.1 * scene.height)


def _patchy(scene: Scene, grid: PolarGrid, part: int) -> FloatArray:
    """0 to 1: smooth surfaces mirror here and there only."""
    return step(field(scene.surroundings.seed, part, grid.x, grid.y, 0.12 * scene.height), 1.2)
