"""A clip's field of view is looked for now and then, and anew where the picture is another one."""

from __future__ import annotations

import numpy as np
import pytest

from fetalhead.images.image import UltrasoundImage
from fetalhead.phantoms import head_phantom
from fetalhead.phantoms.cine import motion_over
from fetalhead.videos.steady_field import EVERY, SteadyField


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each search."""
    from fetalhead.images import field_of_view

    find, calls = field_of_view.find_field_of_view, []

    def counted(pixels: np.ndarray, region: tuple[int, int, int, int] | None = None) -> object:
        calls.append(1)
        return find(pixels, region)

    monkeypatch.setattr(field_of_view, "find_field_of_view", counted)
    return calls


def test_it_is_looked_for_once_in_a_while_and_holds(looked: list[int]) -> None:
    picture = head_phantom(5, 0, (240, 320)).image.pixels
    rng, fields = np.random.default_rng(0), SteadyField()
    boxes = set()
    for _ in range(2 * EVERY):
        noisy = np.clip(picture + rng.normal(0, 4, picture.shape), 0, 255).astype(np.uint8)
        boxes.add(fields.of(UltrasoundImage(noisy)).field_of_view.box)
    assert len(looked) == 2 and len(boxes) <= 2


def test_another_picture_is_looked_at_anew(looked: list[int]) -> None:
    first, second = (head_phantom(seed, 0, (240, 320)).image.pixels for seed in (5, 6))
    black, small = np.zeros_like(first), np.ascontiguousarray(first[20:])
    fields = SteadyField()
    for pixels in (first, second, black, first, small):
        found = fields.of(UltrasoundImage(pixels)).field_of_view
        expected = UltrasoundImage(pixels).field_of_view
        assert bool(found) == bool(expected) and (not found or found.box == expected.box)
    fields.of(UltrasoundImage(first, region=(10, 10, 300, 200)))
    assert fields.of(UltrasoundImage(first, region=(20, 10, 300, 200))).field_of_view.box[0] >= 20


def test_motion_alone_does_not_change_it(looked: list[int]) -> None:
    head = head_phantom(5, 0, (240, 320))
    frames = list(motion_over(head.image, head.ellipse, 4, 20))
    fields = SteadyField()
    for frame in frames:
        assert fields.of(frame.image).field_of_view is not None
    assert len(looked) < len(frames) / 2
