"""Annotations drawn as a thin outline, as in HC18: the ellipse along the outline's centre line."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fetalhead.images.ellipse import Ellipse, NoEllipse, fit_ellipse

MOST_FILLED = 0.2
"""Drawn pixels over the ellipse's area: an outline has far fewer, a filled mask about 1."""

FARTHEST_PX = 4.0
"""How far a drawn pixel may lie from the fitted ellipse: half a thick line and no more."""


def ellipse_of_outline(drawn: npt.NDArray[np.generic]) -> Ellipse | NoEllipse:
    """The ellipse along the centre line of a thin outline drawn in an (H, W) picture (0 is background).

    All drawn pixels are fitted, not the ring's inner or outer edge: either edge is off by half the line's width,
    a millimetre of HC. Gives `NoEllipse`, with the reason, for an empty picture, a filled mask, or a drawing that
    is no ellipse.
    """
    rows, columns = np.nonzero(drawn)
    if len(rows) == 0:
        return NoEllipse("the annotation is empty")
    ellipse = fit_ellipse(np.stack([columns, rows], axis=1))
    if not ellipse:
        return ellipse
    if len(rows) > MOST_FILLED * ellipse.area:
        return NoEllipse("the annotation is filled, not an outline")
    farthest = float(np.abs(ellipse.signed_distance(columns, rows)).max())
    if farthest > FARTHEST_PX:
        return NoEllipse(f"the outline is no ellipse: a drawn pixel lies {farthest:.1f} px off the fitted one")
    return ellipse
