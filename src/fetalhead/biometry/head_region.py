"""The region of a probability map that is taken for the head: its mask, its border points, how an ellipse fits it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.images.contour import largest_region, level_points
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.field_of_view import FieldOfView
from fetalhead.images.geometry import Letterbox

LEVEL = 0.5
EDGE_PX = 1.5
"""A contour point closer to the picture's edge than this (grid pixels) may be the edge, not the head's border."""

FIELD_EDGE_PX = 2.0
"""The same for the edges of the field of view, which are found to within a pixel or so. Beyond them there is no
echo: an outline that a network draws there is a guess."""

LEAST_LIT_SHARE = 0.45
"""Where less of the field is lit, its limits may be the head's own border, alone in the dark, and cut nothing. (Of 120
pictures each of HC18, two other hospitals and another view, 1 to 4 % are darker.)"""

CUT_SHARE = 0.03
"""Less of the contour than this by the field's edge is a head that touches it."""


@dataclass(frozen=True, slots=True, eq=False)
class HeadRegion:
    """The largest connected region above one half, its holes filled."""

    mask: npt.NDArray[np.bool_]
    """(h, w) bool; all False where nothing is above one half."""
    confidence: float
    """Mean probability inside, 0 where there is no region."""
    points: npt.NDArray[np.float64]
    """(N, 2) sub-pixel x, y of its outer border, unordered, without those on the picture's or the field's edge."""
    cut_by_edge: bool
    """Whether it reaches the edge of the picture or of the field of view."""
    seen: npt.NDArray[np.bool_] | None = None
    """(h, w) bool of the field of view where the region reaches its edge; None where the whole picture counts."""
    share: float = 1.0
    """Of all that is above one half, 0 to 1: less where there is another region."""

    @classmethod
    def find(cls, probability: npt.NDArray[np.floating]) -> HeadRegion:
        """The region in the (h, w) probability of a picture (without what a letterbox adds around it)."""
        mask, share = largest_region(probability, LEVEL)
        if not mask.any():
            return cls(mask, 0.0, np.empty((0, 2)), False)
        left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
        left, top, right, bottom = max(left - 1, 0), max(top - 1, 0), left + width + 1, top + height + 1
        values, ours = probability[top:bottom, left:right], mask[top:bottom, left:right]
        # Other regions sink to the level and holes rise above it. Neither touches the values on either side of the
        # region's own border, since regions and holes are told apart by the same four neighbours that the border is
        # read between: the border stays exact.
        alone = np.where(ours, np.where(values > LEVEL, values, 1), np.minimum(values, LEVEL))
        points = level_points(alone, LEVEL) + np.array([left, top])
        farthest = np.array([mask.shape[1], mask.shape[0]]) - 1 - EDGE_PX
        inside = ((points >= EDGE_PX) & (points <= farthest)).all(axis=1)
        on_edge = mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any()
        cut = bool(on_edge or not inside.all())
        return cls(mask, float(values[ours].mean()), points[inside], cut, share=share)

    def within(self, field: FieldOfView, letterbox: Letterbox) -> HeadRegion:
        """What of the region lies in the field of view, its border without the points by the field's edge.

        `letterbox` tells where in the picture this map's pixels lie. The region itself where it stays off the edge.
        """
        if not field.limits or field.lit_share < LEAST_LIT_SHARE or not len(self.points):
            return self
        top, left = letterbox.offset
        x, y = letterbox.points_from_grid(self.points + np.array([left, top])).T
        step = float(letterbox.inverse[0, 0])
        clear = field.depth(x, y) >= FIELD_EDGE_PX * step
        if (~clear).mean() < CUT_SHARE:
            return self
        height, width = self.mask.shape
        columns = letterbox.points_from_grid(np.stack([np.arange(width) + left, np.full(width, top)], axis=1))[:, 0]
        rows = letterbox.points_from_grid(np.stack([np.full(height, left), np.arange(height) + top], axis=1))[:, 1]
        seen = field.depth(columns, rows[:, None]) >= 0
        return HeadRegion(self.mask & seen, self.confidence, self.points[clear], True, seen, self.share)

    def way_round(self) -> npt.NDArray[np.intp]:
        """The (N,) order in which `points` go around the region."""
        chains, _ = cv2.findContours(self.mask.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        chain = np.concatenate(chains)[:, 0]
        place = np.full(self.mask.shape, -1, dtype=np.float32)
        place[chain[:, 1], chain[:, 0]] = np.arange(len(chain))
        # A point lies between a pixel of the chain and its neighbour outside: both get the chain's place.
        place = np.asarray(cv2.dilate(place, np.ones((3, 3), dtype=np.uint8)), dtype=np.float32)
        columns, rows = np.rint(self.points).astype(np.intp).T
        return np.argsort(place[rows, columns], kind="stable")

    def shares(self, ellipse: Ellipse) -> tuple[float, float, float]:
        """How an ellipse (in the map's coordinates) and the region cover each other where the picture shows something.

        Gives intersection over union, the share of the region that lies outside the ellipse, and the share of the
        ellipse that the region fills.
        """
        drawn = np.zeros(self.mask.shape, dtype=np.uint8)
        fixed_point = np.rint(ellipse.points(180) * 16).astype(np.int32)
        cv2.fillPoly(drawn, [fixed_point], 1, shift=4)
        if self.seen is not None:
            drawn &= self.seen.view(np.uint8)
        both = cv2.countNonZero(drawn & self.mask.view(np.uint8))
        ours, theirs = cv2.countNonZero(self.mask.view(np.uint8)), cv2.countNonZero(drawn)
        return both / (ours + theirs - both), 1 - both / ours, both / max(theirs, 1)
