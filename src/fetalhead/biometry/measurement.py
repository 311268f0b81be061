"""What is known of the head in one picture: the typed result of a measurement, and how it comes about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from fetalhead.biometry.dating import NoAge, gestational_age
from fetalhead.biometry.head_outline import HeadOutline, outline_head
from fetalhead.biometry.head_region import FIELD_EDGE_PX, HeadRegion
from fetalhead.catalog import HEAD
from fetalhead.images.ellipse import Ellipse, NoEllipse
from fetalhead.images.field_of_view import FieldOfView, NoFieldOfView
from fetalhead.images.geometry import Letterbox
from fetalhead.images.pixel_size import UNKNOWN, PixelSize

Status = Literal["ok", "no_head", "no_scale"]

FULL_SUPPORT = 0.75
"""With less of the outline seen, the ellipse continues it so far that HC may be off by percents; the reason says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadMeasurement:
    """The head of one picture, in millimetres where the pixel size is known; falsy, with the reason, without a head.

    Lengths are outer-outer: HC is the perimeter of the ellipse on the outer skull border, BPD and OFD are its axes.
    """

    status: Status
    """`ok`; `no_head`; or `no_scale`: a head in pixels only, because the pixel size is not known."""
    reason: str = ""
    """Why there is no head, no millimetres, no gestational age or no z-score, how sure a pixel size read from a depth
    ruler is, and how much of the outline is seen where that is little; joined by `; `, empty where there is nothing to
    tell."""
    ellipse_px: Ellipse | None = None
    """The outline in pixels of the picture as shown."""
    ellipse_mm: Ellipse | None = None
    """The same outline with x times the pixel width and y times the pixel height."""
    pixel_size: PixelSize = UNKNOWN
    head_confidence: float = 0.0
    """Mean head probability inside the region taken for the head, 0 where there is no region."""
    region_share: float = 1.0
    """Of all that the model takes for head, how much lies in that region: less where a second one is outlined."""
    plane: str = ""
    """The most probable plane; empty where the model does not tell."""
    hc_mm: float | None = None
    hc_low_mm: float | None = None
    hc_high_mm: float | None = None
    bpd_mm: float | None = None
    ofd_mm: float | None = None
    cephalic_index: float | None = None
    """100 BPD / OFD."""
    ga_weeks: float | None = None
    ga_low_weeks: float | None = None
    ga_high_weeks: float | None = None
    hc_z: float | None = None
    """SD by which HC differs from the mean of `known_ga_weeks` (INTERGROWTH-21st); None where no age was given."""
    hc_centile: float | None = None
    known_ga_weeks: float | None = None
    """The age at which HC was compared: given with the picture, never from HC."""
    quality: Literal["", "accept", "review", "refuse"] = ""
    quality_reasons: tuple[str, ...] = ()
    support: float | None = None
    """Share (0 to 1) of the ellipse's perimeter that has a contour point beside it; None where none was fitted."""
    cut_by_edge: bool = False
    """Whether the region taken for the head reaches the edge of the picture or of the field of view."""
    edge_left: Literal["", "picture", "field of view"] = ""
    """What the ellipse reaches out of; empty for nothing."""

    def __bool__(self) -> bool:
        return self.status != "no_head"


def measure_head(
    probability: npt.NDArray[np.floating],
    letterbox: Letterbox,
    pixel_size: PixelSize,
    dating: str = "hadlock1984",
    plane: str = "",
    field_of_view: FieldOfView | NoFieldOfView | None = None,
) -> HeadMeasurement:
    """Measure the head in the (h, w) head probability on a network's grid, 0 to 1.

    The outline is where the largest region crosses one half; it is carried to the picture by `letterbox`, times
    `pixel_size` where that is known, and an ellipse is fitted there, so that pixels need not be square. Where the
    outline comes by the edge of `field_of_view`, the ellipse is fitted to the rest of it: what a network draws along
    or beyond that edge is no border. `dating` is a key of `catalog.DATING`; `plane` is the likeliest one, where it is
    told. Gives `no_head`, with the reason, where nothing crosses one half or no ellipse stands on the outline.
    """
    (top, left), (height, width) = letterbox.offset, letterbox.inner
    region = HeadRegion.find(probability[top : top + height, left : left + width])
    if field_of_view:
        region = region.within(field_of_view, letterbox)
    unit = (pixel_size.x, pixel_size.y) if pixel_size else (1.0, 1.0)
    outline = outline_head(region, letterbox, unit, plane == HEAD)
    found = HeadMeasurement(
        status="no_head",
        pixel_size=pixel_size,
        plane=plane,
        head_confidence=region.confidence,
        region_share=region.share,
        cut_by_edge=region.cut_by_edge,
        support=outline.support if isinstance(outline, HeadOutline) else None,
    )
    if isinstance(outline, NoEllipse):
        return replace(found, reason=f"no head: {outline.reason}")
    if outline.fault:
        return replace(found, reason=f"no head: {outline.fault}")
    edge = _edge_left(outline.ellipse_px, letterbox, field_of_view) if region.cut_by_edge else ""
    notes = [pixel_size.reason] if pixel_size.reason else []
    notes += _unseen(outline.support, edge)
    found = replace(found, edge_left=edge)
    if not pixel_size:
        return replace(found, status="no_scale", reason="; ".join(notes), ellipse_px=outline.ellipse_px)
    ellipse = outline.ellipse
    age = gestational_age(ellipse.perimeter, dating)
    measured = replace(
        found,
        status="ok",
        ellipse_px=outline.ellipse_px,
        ellipse_mm=ellipse,
        hc_mm=ellipse.perimeter,
        bpd_mm=2 * ellipse.semi_axis_b,
        ofd_mm=2 * ellipse.semi_axis_a,
        cephalic_index=100 * ellipse.semi_axis_b / ellipse.semi_axis_a,
    )
    if isinstance(age, NoAge):
        return replace(measured, reason="; ".join([age.reason, *notes]))
    return replace(
        measured, reason="; ".join(notes), ga_weeks=age.weeks, ga_low_weeks=age.low, ga_high_weeks=age.high
    )


def _edge_left(
    ellipse_px: Ellipse, letterbox: Letterbox, field: FieldOfView | NoFieldOfView | None
) -> Literal["", "picture", "field of view"]:
    """What the ellipse reaches out of: the field of view, the picture, or nothing (empty).

    What is joined to a head may reach the edge without it.
    """
    points = ellipse_px.points(180)
    first, last = np.array(letterbox.box[:2]) - 0.5, np.array(letterbox.box[2:]) - 0.5
    if ((points < first) | (points > last)).any():
        return "picture"
    tolerance = FIELD_EDGE_PX * float(letterbox.inverse[0, 0])
    return "field of view" if field and field.depth(points[:, 0], points[:, 1]).min() < -tolerance else ""


def _unseen(support: float, edge: str) -> list[str]:
    """What is to be told of an outline that is seen only in part."""
    if support >= FULL_SUPPORT and not edge:
        return []
    share = f"outline supported on {100 * support:.0f} % of its perimeter"
    return [share, f"cut by the edge of the {edge}"] if edge else [share]
