"""The verdict: each reason alone, no head in other planes, nothing held against a plain head."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fetalhead.biometry.measurement import HeadMeasurement
from fetalhead.biometry.quality import judged
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.pixel_size import PixelSize

ELLIPSE = Ellipse(100, 80, 60, 48, 0.3)
PLAIN = HeadMeasurement(
    status="ok", ellipse_px=ELLIPSE, ellipse_mm=ELLIPSE.scaled(0.5, 0.5), pixel_size=PixelSize(0.5, 0.5, "user"),
    head_confidence=0.99, plane="head", hc_mm=170.0, bpd_mm=48.0, ofd_mm=60.0, cephalic_index=80.0, ga_weeks=19.5,
    support=0.97,
)  # fmt: skip
HEAD = {"head": 0.97, "abdomen": 0.01, "femur": 0.0, "other": 0.02}


def test_nothing_speaks_against_a_plain_head() -> None:
    for planes in (HEAD, None):
        found = judged(PLAIN, planes)
        assert (found.quality, found.quality_reasons) == ("accept", ())
        assert replace(found, quality="") == PLAIN


@pytest.mark.parametrize(
    ("changes", "reason", "verdict"),
    [
        ({"edge_left": "field of view", "support": 0.79}, "cut off", "review"),
        ({"ellipse_px": replace(ELLIPSE, semi_axis_b=36.0), "cephalic_index": None}, "unlikely shape", "review"),
        ({"support": 0.7}, "poor contact", "review"),
        ({"support": 0.56}, "poor contact", "review"),
        ({"support": 0.54}, "poor contact", "refuse"),
        ({"region_share": 0.7}, "another region as well", "review"),
        ({"cephalic_index": 55.0}, "unlikely shape", "review"),
        ({"cephalic_index": 99.0}, "unlikely shape", "review"),
        ({"hc_mm": 45.0}, "outside what was trained on", "review"),
        ({"hc_mm": 400.0}, "outside what was trained on", "review"),
        ({"head_confidence": 0.8}, "outside what was trained on", "review"),
    ],
)
def test_each_doubt_is_told(changes: dict[str, Any], reason: str, verdict: str) -> None:
    found = judged(replace(PLAIN, **changes), HEAD)
    assert (found.quality, found.quality_reasons) == (verdict, (reason,))
    assert found.hc_mm == replace(PLAIN, **changes).hc_mm, "a doubt takes no figure away"


def test_a_head_that_touches_an_edge_is_no_doubt() -> None:
    found = judged(replace(PLAIN, edge_left="picture", support=0.81), HEAD)
    assert (found.quality, found.quality_reasons) == ("accept", ())


@pytest.mark.parametrize("hc", [20.0, 2005.0])
def test_a_size_that_no_head_has_is_refused(hc: float) -> None:
    found = judged(replace(PLAIN, hc_mm=hc), HEAD)
    assert found.quality == "refuse" and "impossible size: is the pixel size right?" in found.quality_reasons


def test_many_doubts_at_once_are_a_refusal() -> None:
    doubts = {"edge_left": "picture", "support": 0.7, "cephalic_index": 60.0}
    assert judged(replace(PLAIN, **doubts), HEAD).quality == "review"
    assert judged(replace(PLAIN, **doubts, head_confidence=0.8), HEAD).quality == "refuse"


def test_an_unsure_plane_is_to_be_looked_at() -> None:
    planes = {"head": 0.71, "abdomen": 0.29, "femur": 0.0, "other": 0.0}
    found = judged(PLAIN, planes)
    assert found.hc_mm == PLAIN.hc_mm
    assert (found.quality, found.quality_reasons) == ("review", ("plane unsure",))
    assert judged(PLAIN, planes | {"head": 0.91}).quality == "accept"


@pytest.mark.parametrize(
    ("plane", "words"), [("abdomen", "another plane, abdomen"), ("other", "another plane than head")]
)
def test_another_plane_has_no_head_whatever_is_outlined(plane: str, words: str) -> None:
    planes = {"head": 0.01, "abdomen": 0.0, "femur": 0.0, "other": 0.0} | {plane: 0.99}
    found = judged(replace(PLAIN, plane=plane), planes)
    assert not found and (found.status, found.quality, found.quality_reasons) == ("no_head", "refuse", ("other plane",))
    assert found.hc_mm is None and found.ellipse_px is None and found.ga_weeks is None
    assert words in found.reason and "0.99" in found.reason


def test_no_plane_for_sure_is_not_called_another_one() -> None:
    found = judged(PLAIN, {"head": 0.69, "abdomen": 0.21, "femur": 0.1, "other": 0.0})
    assert found.reason == "no head: the picture shows no plane for sure (head with probability 0.69)"
    assert (found.status, found.quality, found.quality_reasons) == ("no_head", "refuse", ("other plane",))


@pytest.mark.parametrize(
    ("unlikeness", "verdict", "reasons"),
    [
        (None, "accept", ()),
        (1.05, "accept", ()),
        (1.2, "review", ("outside what was trained on",)),
        (4.9, "review", ("outside what was trained on",)),
        (5.1, "refuse", ("no ultrasound",)),
    ],
)
def test_a_picture_unlike_all_others_is_told(unlikeness: float | None, verdict: str, reasons: tuple[str, ...]) -> None:
    found = judged(PLAIN, HEAD, unlikeness)
    assert (found.quality, found.quality_reasons) == (verdict, reasons)
    assert bool(found) == (verdict != "refuse") and (found.hc_mm is None) == (verdict == "refuse")


def test_without_a_head_the_plane_is_told_where_it_is_known() -> None:
    empty = HeadMeasurement(status="no_head", reason="no head: nothing", plane="femur")
    assert judged(empty, HEAD | {"head": 0.0, "femur": 0.9}).quality_reasons == ("no head", "other plane")
    assert judged(replace(empty, plane=""), None).quality_reasons == ("no head",)


def test_a_head_without_a_scale_is_judged_by_what_is_seen() -> None:
    head = replace(PLAIN, status="no_scale", hc_mm=None, cephalic_index=None, ga_weeks=None)
    assert judged(head, HEAD).quality == "accept"
