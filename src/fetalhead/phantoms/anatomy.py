"""From a scene to the tissue on its grid: the surroundings first, then whichever subject it holds."""

from __future__ import annotations

from fetalhead.phantoms.abdomen import lay_abdomen
from fetalhead.phantoms.air import lay_air
from fetalhead.phantoms.femur import lay_femur
from fetalhead.phantoms.grid import PolarGrid
from fetalhead.phantoms.head import lay_head
from fetalhead.phantoms.scene import Abdomen, Head, Nothing, Scene
from fetalhead.phantoms.surroundings import lay_surroundings
from fetalhead.phantoms.tissue import Tissue


def tissue_of(scene: Scene, grid: PolarGrid) -> Tissue:
    """The tissue of a scene at each sample of `grid`."""
    tissue = lay_surroundings(scene, grid)
    subject = scene.subject
    if isinstance(subject, Head):
        lay_head(subject, scene, grid, tissue)
    elif isinstance(subject, Abdomen):
        lay_abdomen(subject, scene, grid, tissue)
    elif isinstance(subject, Nothing):
        if subject.in_air:
            lay_air(scene, grid, tissue)
    else:
        lay_femur(subject, scene, grid, tissue)
    return tissue
