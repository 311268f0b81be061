"""How far a measurement can be relied on: a verdict with its reasons, from what is seen of one picture alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from fetalhead.biometry.measurement import FULL_SUPPORT, HeadMeasurement
from fetalhead.catalog import HEAD, OTHER

VERDICTS = ("accept", "review", "refuse")

LEAST_HEAD_PLANE = 0.7
"""A picture with a lower probability of being a head plane shows another one, or none that can be told, whatever is
outlined in it. No head of HC18's, FETAL_PLANES_DB's and the trans-ventricular validation has less than 0.9 by either
bundled model. Made worse (`evaluate --corruptions all --severities 5`), 22 of 1542 such heads that `standard` outlined
have less than 0.7, and 3 of 1532 by `small`; of other planes so outlined 8 of 11, and none of 10. More would cost heads
of other sites, whose planes are told less surely: of 120 phantoms 6 have less than 0.7, and 10 less than 0.8."""

SURE_HEAD_PLANE = 0.9
"""Below this, the plane is to be looked at."""

LEAST_SUPPORT = 0.55
"""With less of the perimeter seen, HC is more guess than measurement: of heads of HC18's validation and training split
that an edge was laid over, those with 0.50 to 0.55 are 7 % off in the mean, and those with 0.55 to 0.60 4 %."""

CUT_SUPPORT = 0.8
"""A head that an edge cuts is no doubt while so much of its perimeter is seen. Of HC18's validation heads that an edge
was laid over, 73 of such support are 1.6 % off in the mean (uncut 1.3 %); 13 of two hospitals' validation are 1.9 %."""

MOST_DOUBTS = 3
"""With more reasons at once it is not to be used: such heads, cut likewise, are 14 to 20 % off."""

LEAST_SHARE = 0.8
"""Where less of what is taken for head lies in the region measured, another one is large enough to be the head."""

CEPHALIC_INDEX = (64.0, 97.0)
"""HC18's training heads have 66 to 96; normal is 70 to 86 (Hadlock 1981, Am J Roentgenol 137:83)."""

TRAINED_HC_MM = (50.0, 350.0)
"""HC18's training heads have 59 to 335 mm."""

POSSIBLE_HC_MM = (25.0, 500.0)
"""No head that a scan can show is outside: the size of a pixel is wrong, or what is outlined is none."""

SURE_OUTLINE = 0.9
"""Mean head probability inside; a network that never saw the like of a picture is less sure."""

UNLIKE = 1.1
"""A picture so much more unlike the training pictures than any of validation is another kind of picture."""

FOREIGN = 5.0
"""And so unlike, it is no ultrasound at all, whatever is outlined: most thin drawings, masks and pages are. Of 204
heads of HC18's validation and test split under the heaviest gain (`evaluate --corruptions`) one is; many photographs
and some drawn shapes are nearer."""

IMPOSSIBLE = "impossible size: is the pixel size right?"


def judged(
    measurement: HeadMeasurement,
    planes: Mapping[str, float] | None,
    unlikeness: float | None = None,
    drawn_over: bool = False,
) -> HeadMeasurement:
    """The measurement with its `quality` and `quality_reasons`, or without a head where the plane is another one.

    `planes` are the probabilities of the planes; None where the model tells none. `unlikeness` is the picture's
    (`Prediction`); `drawn_over` tells whether something was drawn along the outline. `accept`: nothing speaks against
    it; `review`: somebody should look at the overlay; `refuse`: not to be used.
    """
    if measurement and is_foreign(unlikeness):
        measurement = _without_head(measurement, "the picture does not look like an ultrasound picture")
        return replace(measurement, quality="refuse", quality_reasons=("no ultrasound",))
    if measurement and planes and planes[HEAD] < LEAST_HEAD_PLANE:
        measurement = _without_head(measurement, f"the picture shows {_best(planes)}")
        return replace(measurement, quality="refuse", quality_reasons=("other plane",))
    if not measurement:
        other = bool(planes) and measurement.plane not in ("", HEAD)
        return replace(measurement, quality="refuse", quality_reasons=("no head", *(("other plane",) if other else ())))
    reasons = _doubts(measurement, planes, unlikeness or 0.0, drawn_over)
    support = 1.0 if measurement.support is None else measurement.support
    if support < LEAST_SUPPORT or IMPOSSIBLE in reasons or len(reasons) > MOST_DOUBTS:
        return replace(measurement, quality="refuse", quality_reasons=reasons)
    return replace(measurement, quality="review" if reasons else "accept", quality_reasons=reasons)


def counted(verdicts: Iterable[str]) -> dict[str, int]:
    """How many there are of each verdict."""
    counts = Counter(verdicts)
    return {verdict: counts[verdict] for verdict in VERDICTS}


def counts_told(counts: Mapping[str, int]) -> str:
    """What `counted` gives, as words: `accept 2, review 1, refuse 0`."""
    return ", ".join(f"{verdict} {count}" for verdict, count in counts.items())


def is_foreign(unlikeness: float | None) -> bool:
    """Whether a picture so unlike the training pictures is no ultrasound; False where its unlikeness is not known."""
    return unlikeness is not None and unlikeness > FOREIGN


def doubted(measurement: HeadMeasurement, reason: str) -> HeadMeasurement:
    """A judged measurement with one more reason to look at it."""
    verdict = "review" if measurement.quality == "accept" else measurement.quality
    return replace(measurement, quality=verdict, quality_reasons=(*measurement.quality_reasons, reason))


def _best(planes: Mapping[str, float]) -> str:
    best = max(planes, key=planes.__getitem__)
    if best == HEAD:
        return f"no plane for sure (head with probability {planes[best]:.2f})"
    name = "another plane than head, abdomen and femur" if best == OTHER else f"another plane, {best}"
    return f"{name} (probability {planes[best]:.2f})"


def _without_head(measurement: HeadMeasurement, reason: str) -> HeadMeasurement:
    return HeadMeasurement(
        status="no_head",
        reason=f"no head: {reason}",
        pixel_size=measurement.pixel_size,
        head_confidence=measurement.head_confidence,
        plane=measurement.plane,
        support=measurement.support,
        cut_by_edge=measurement.cut_by_edge,
    )


def _doubts(
    measurement: HeadMeasurement, planes: Mapping[str, float] | None, unlikeness: float, drawn_over: bool
) -> tuple[str, ...]:
    index, hc, outline = measurement.cephalic_index, measurement.hc_mm, measurement.ellipse_px
    if index is None and outline is not None:  # without a size of pixels they are taken for square
        index = 100 * outline.semi_axis_b / outline.semi_axis_a
    found = {
        "plane unsure": bool(planes) and planes[HEAD] < SURE_HEAD_PLANE,  # type: ignore[index]
        "another region as well": measurement.region_share < LEAST_SHARE,
        "drawn over": drawn_over,
        "cut off": bool(measurement.edge_left) and (measurement.support is None or measurement.support < CUT_SUPPORT),
        "poor contact": measurement.support is not None and measurement.support < FULL_SUPPORT,
        IMPOSSIBLE: hc is not None and not POSSIBLE_HC_MM[0] <= hc <= POSSIBLE_HC_MM[1],
        "unlikely shape": index is not None and not CEPHALIC_INDEX[0] <= index <= CEPHALIC_INDEX[1],
        "outside what was trained on": measurement.head_confidence < SURE_OUTLINE
        or unlikeness > UNLIKE
        or (hc is not None and not TRAINED_HC_MM[0] <= hc <= TRAINED_HC_MM[1]),
    }
    return tuple(reason for reason, holds in found.items() if holds)
