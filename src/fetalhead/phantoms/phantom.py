"""Phantoms by seed and number: an image with its truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fetalhead.images.ellipse import Ellipse
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.pixel_size import PixelSize
from fetalhead.phantoms.draw import draw_abdomen, draw_femur, draw_head
from fetalhead.phantoms.render import render
from fetalhead.phantoms.scene import Scene

PLANES = ("abdomen", "femur")
"""Planes that are no head, in the order in which they take turns."""

_PLANE_STREAM = 1
"""Tells the random numbers of plane i from those of head i."""


@dataclass(frozen=True, slots=True, eq=False)
class Phantom:
    """An image of a head and its truth."""

    image: UltrasoundImage
    ellipse: Ellipse
    """The outer border of the skull, pixels."""
    hc_mm: float
    """Its perimeter, mm."""
    plane: str
    scene: Scene


@dataclass(frozen=True, slots=True, eq=False)
class PlanePhantom:
    """An image that holds no head."""

    image: UltrasoundImage
    plane: str
    scene: Scene


def head_phantom(
    seed: int,
    index: int = 0,
    shape: tuple[int, int] = (540, 800),
    *,
    ellipse: Ellipse | None = None,
    pixel_size: float | None = None,
) -> Phantom:
    """Head `index` of `seed`, the same whatever else is made, on a picture of `shape` (H, W).

    `ellipse` (px) and `pixel_size` (mm) stand in for the drawn ones.
    """
    return head_of(draw_head(np.random.default_rng([seed, index]), shape, ellipse, pixel_size))


def head_of(scene: Scene) -> Phantom:
    """The image and truth of a scene with a head."""
    outline = scene.subject.outline
    ellipse = outline.scaled(1 / scene.pixel_size, 1 / scene.pixel_size)
    return Phantom(_image_of(scene), ellipse, outline.perimeter, "head", scene)


def plane_phantom(seed: int, index: int = 0, shape: tuple[int, int] = (540, 800)) -> PlanePhantom:
    """Plane `index` of `seed` that is no head: abdomen and femur take turns."""
    plane = PLANES[index % len(PLANES)]
    draw = draw_abdomen if plane == "abdomen" else draw_femur
    scene = draw(np.random.default_rng([seed, index, _PLANE_STREAM]), shape)
    return PlanePhantom(_image_of(scene), plane, scene)


def _image_of(scene: Scene) -> UltrasoundImage:
    return UltrasoundImage(render(scene), PixelSize.make(scene.pixel_size, scene.pixel_size, "user"))
