"""Places of pictures: where the inputs are, and never two at one."""

from __future__ import annotations

import os
from pathlib import PurePath

from hypothesis import given, settings
from hypothesis import strategies as st

from fetalhead.measuring.places import find_places

PARTS = ["a", "a.png", "a_0001", "a_0001.png", "a__0001", "a_", "a__", "a.png.png", "a_0001.png.png"]


def test_places_are_those_of_the_inputs() -> None:
    single, cine = find_places([PurePath("sub/a.jpg"), PurePath("a.dcm")])
    assert single.of(None) == "sub/a.jpg.png"
    assert cine.of(7) == "a.dcm_0007.png"
    assert cine.of(12345) == "a.dcm_12345.png"


def test_a_frame_does_not_take_the_place_of_a_file() -> None:
    cine, file = find_places([PurePath("a.dcm"), PurePath("a.dcm_0000")])
    assert file.of(None) == "a.dcm_0000.png"
    assert cine.of(0) == "a.dcm__0000.png"


def test_a_picture_does_not_take_the_place_of_a_folder() -> None:
    file, below = find_places([PurePath("x"), PurePath("x.png/b.png")])
    assert (file.of(None), below.of(None)) == ("x_.png", "x.png/b.png.png")


def test_long_names_are_cut_and_stay_apart() -> None:
    names = ["é" * 120 + ending for ending in ("a.png", "b.png")]
    places = [place.of(3) for place in find_places([PurePath(name) for name in names])]
    assert len(set(places)) == 2
    assert all(len(os.fsencode(place)) <= 255 for place in places)


@settings(max_examples=100, deadline=None)
@given(st.sets(st.lists(st.sampled_from(PARTS), min_size=1, max_size=2).map(tuple), min_size=1, max_size=6))
def test_no_two_pictures_meet(inputs: set[tuple[str, ...]]) -> None:
    paths = sorted(PurePath(*parts) for parts in inputs)
    files = [path for path in paths if not any(path in other.parents for other in paths)]
    pictures = [place.of(frame) for place in find_places(files) for frame in (None, 0, 1)]
    folders = {str(parent) for picture in pictures for parent in PurePath(picture).parents}
    assert len(set(pictures)) == len(pictures)
    assert not folders & set(pictures)
