"""A probe in air: echoes of its own face at even steps of depth, ever weaker, and nothing else."""

from __future__ import annotations

import numpy as np

from fetalhead.phantoms.grid import PolarGrid
from fetalhead.phantoms.noise import ridge
from fetalhead.phantoms.scene import Scene
from fetalhead.phantoms.tissue import Tissue, levels

_STEP_SHARE = 0.055
"""Depth from echo to echo, share of the frame's height."""
_SCATTER_DB, _FIRST_DB, _FALL_DB = -95.0, -8.0, 7.0


def lay_air(scene: Scene, grid: PolarGrid, tissue: Tissue) -> None:
    """Lay air over all that is there."""
    depth = (grid.radius - scene.sector.near) * np.ones_like(grid.angle)
    step = _STEP_SHARE * scene.height
    order = np.rint(depth / step)
    line = ridge(depth - order * step, 0.5 * scene.beam.axial)
    tissue.scatter_db[:] = _SCATTER_DB
    tissue.mirror[:] = line * levels(_FIRST_DB - _FALL_DB * order)
    tissue.loss[:] = 0
