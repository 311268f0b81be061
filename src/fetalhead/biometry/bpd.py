"""The two conventions of the biparietal diameter.

fetalhead measures to the outer border on both sides ("outer-outer"), as the outline is drawn. Hadlock's BPD is
"outer-inner": leading edge to leading edge.
"""

from __future__ import annotations

CONVENTION = "outer-outer"
"""The convention of every BPD (and OFD) that a measurement holds."""


def outer_outer_bpd(outer_inner_mm: float) -> float:
    """Outer-outer BPD (mm) from an outer-inner one: Wong et al. 2018, n = 543."""
    return 0.555934 + 1.027318 * outer_inner_mm


def outer_inner_bpd(outer_outer_mm: float) -> float:
    """Outer-inner BPD (mm) from an outer-outer one: Wong et al. 2018, n = 543.

    A regression of its own, so the way there and back is off by about 0.1 mm.
    """
    return -0.403458 + 0.9714153 * outer_outer_mm
