"""Cines with a truth for every frame: a probe that sweeps through a head, and known motion over a labelled picture."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.images.ellipse import Ellipse
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.pixel_size import PixelSize
from fetalhead.phantoms.draw import draw_abdomen, draw_head
from fetalhead.phantoms.render import render
from fetalhead.phantoms.scene import Abdomen, Head, Nothing, Scene

SHAPE = (300, 444)
FRAMES, RATE = 48, 12.0

CAP = 0.95
"""Beyond this share of the head's half height only the scalp is cut: no head is seen."""

_STREAM = 2
"""Tells the random numbers of cine i from those of head i and plane i."""


@dataclass(frozen=True, slots=True, eq=False)
class CineFrame:
    """A frame and its truth."""

    image: UltrasoundImage
    ellipse: Ellipse | None
    """The outer border of the skull in pixels; None in a frame that shows no head."""
    plane: str
    """head, abdomen, tissue, or air."""
    offset: float
    """Distance from the standard plane, as a share of the head's half height: 0 in it, 1 at its end."""

    @property
    def hc_mm(self) -> float | None:
        """The section's circumference; in pixels where no pixel size is known."""
        if self.ellipse is None:
            return None
        size = self.image.pixel_size
        return self.ellipse.scaled(size.x, size.y).perimeter if size else self.ellipse.perimeter


@dataclass(frozen=True, slots=True)
class Motion:
    """How hand, mother and machine move a picture, as functions of the time in seconds."""

    sway: tuple[tuple[float, float, float], ...]
    """Sines along x: amplitude (share of the picture's height), Hz, phase; and so on."""
    heave: tuple[tuple[float, float, float], ...]
    """Along y, breathing among them."""
    turn: tuple[tuple[float, float, float], ...]
    """Radians."""
    gain_db: tuple[tuple[float, float, float], ...]
    gain_steps_db: tuple[tuple[float, float], ...]
    """Someone turns the knob: when, and by how much."""
    in_air: tuple[tuple[float, float], ...]
    """From when to when the probe loses contact."""

    @classmethod
    def draw(cls, rng: np.random.Generator, length_s: float) -> Motion:
        def sines(amplitude: float, slowest: float, fastest: float) -> tuple[tuple[float, float, float], ...]:
            return tuple(
                (amplitude * rng.uniform(0.3, 1), rng.uniform(slowest, fastest), rng.uniform(0, 2 * math.pi))
                for _ in range(2)
            )

        lost = [
            (start, start + rng.uniform(0.15, 0.4))
            for start in rng.uniform(0.1 * length_s, 0.9 * length_s, int(rng.integers(0, 3)))
        ]
        knob = [(float(when), rng.normal(0, 4)) for when in rng.uniform(0, length_s, int(rng.integers(0, 2)))]
        return cls(
            sines(0.02, 0.1, 0.7), (*sines(0.012, 0.1, 0.7), (0.02 * rng.uniform(0.3, 1), rng.uniform(0.2, 0.4), 0.0)),
            sines(0.05, 0.05, 0.4), sines(1.0, 0.1, 1.0), tuple(knob), tuple(lost),
        )  # fmt: skip

    def at(self, time_s: float) -> tuple[float, float, float]:
        """Shift along x and y (shares of the height) and turn (radians)."""
        return _sum(self.sway, time_s), _sum(self.heave, time_s), _sum(self.turn, time_s)

    def gain_at(self, time_s: float) -> float:
        return _sum(self.gain_db, time_s) + sum(change for when, change in self.gain_steps_db if time_s >= when)

    def lost_at(self, time_s: float) -> bool:
        return any(start <= time_s < end for start, end in self.in_air)


def phantom_cine(
    seed: int, index: int = 0, shape: tuple[int, int] = SHAPE, frames: int = FRAMES, rate: float = RATE
) -> Iterator[CineFrame]:
    """Cine `index` of `seed`: a sweep from beside the head through it, to beside it or down to the abdomen.

    The head is an ellipsoid cut at a moving height, so its section grows and shrinks; hand and breathing move it, the
    gain changes, the probe may lose contact. Speckle is new in every frame.
    """
    rng = np.random.default_rng([seed, index, _STREAM])
    scene = draw_head(rng, shape)
    motion = Motion.draw(rng, frames / rate)
    start, end = -rng.uniform(1.05, 1.35), rng.uniform(1.05, 1.45)
    dwell, direction = rng.uniform(1.0, 1.7), rng.choice((-1, 1))
    drift = rng.normal(0, 0.08, 2)
    abdomen = draw_abdomen(rng, shape).subject if rng.random() < 0.35 else None
    for number in range(frames):
        share = 2 * number / max(frames - 1, 1) - 1
        height = (end if share > 0 else -start) * math.copysign(abs(share) ** dwell, share)
        time_s = number / rate
        cut = _cut(scene, direction * height, drift, motion.at(time_s))
        if abdomen is not None and isinstance(abdomen, Abdomen) and height > 1.05:
            subject: Head | Abdomen | Nothing = replace(abdomen, outline=_scaled_to(abdomen.outline, scene))
        else:
            subject = cut
        if motion.lost_at(time_s):
            subject = Nothing(scene.subject.outline, in_air=True)
        yield _frame(scene, subject, motion.gain_at(time_s), number, time_s, abs(height))


def _cut(
    scene: Scene, height: float, drift: npt.NDArray[np.float64], moved: tuple[float, float, float]
) -> Head | Nothing:
    """The head's section at `height` (-1 to 1), shifted and turned."""
    head = scene.subject
    assert isinstance(head, Head)
    outline, (x, y, turn) = head.outline, moved
    if abs(height) >= CAP:
        return Nothing(outline)
    size = math.sqrt(1 - height**2)
    section = Ellipse.make(
        outline.center_x + x * scene.height + drift[0] * height * outline.semi_axis_a,
        outline.center_y + y * scene.height + drift[1] * height * outline.semi_axis_b,
        outline.semi_axis_a * size, outline.semi_axis_b * size, outline.angle + turn,
    )
    fading = min(1.0, abs(height) / 0.5)
    # Cavum and thalami show in the standard plane only; the falx fades towards base and vertex.
    return replace(
        head, outline=section, thalami_db=head.thalami_db * (1 - fading), midline_db=head.midline_db - 12 * height**2,
        cavum=head.cavum if fading < 0.6 else 9.0, choroid=head.choroid - 0.3 * height,
        skull=head.skull * size, scalp=head.scalp * size,
    )  # fmt: skip


def _scaled_to(outline: Ellipse, scene: Scene) -> Ellipse:
    """An abdomen's outline where the head was: its own size, in this scene's millimetres."""
    head = scene.subject.outline
    return Ellipse.make(
        head.center_x, head.center_y, head.semi_axis_a * 0.9,
        head.semi_axis_a * 0.9 * outline.semi_axis_b / outline.semi_axis_a, outline.angle,
    )


def _frame(
    scene: Scene, subject: Head | Abdomen | Nothing, gain_db: float, number: int, time_s: float, offset: float
) -> CineFrame:
    around = scene.surroundings
    if isinstance(subject, Nothing):  # nothing to lie in fluid
        around = replace(around, gap=-scene.height, gap_swing=0.0, placenta=0.0)
    beam = replace(scene.beam, gain_db=scene.beam.gain_db + gain_db)
    shown = replace(scene, subject=subject, surroundings=around, beam=beam, seed=scene.seed + number)
    size = PixelSize.make(scene.pixel_size, scene.pixel_size, "user")
    image = UltrasoundImage(render(shown), size, frame=number, time_s=time_s)
    if isinstance(subject, Head):
        ellipse = subject.outline.scaled(1 / scene.pixel_size, 1 / scene.pixel_size)
        return CineFrame(image, ellipse, "head", offset)
    plane = "abdomen" if isinstance(subject, Abdomen) else "air" if subject.in_air else "tissue"
    return CineFrame(image, None, plane, offset)


def motion_over(
    image: UltrasoundImage, ellipse: Ellipse, seed: int, frames: int = FRAMES, rate: float = RATE
) -> Iterator[CineFrame]:
    """Known motion over a picture whose head is outlined: shifted and turned, with new speckle; millimetres stay so.

    What leaves the picture is lost; the probe may lose contact, and then the frame holds no head.
    """
    rng = np.random.default_rng([seed, _STREAM])
    motion = Motion.draw(rng, frames / rate)
    height, width = image.shape
    strength = rng.uniform(0.15, 0.3)
    for number in range(frames):
        time_s = number / rate
        x, y, turn = motion.at(time_s)
        cos, sin = math.cos(turn), math.sin(turn)
        linear, center = np.array([[cos, -sin], [sin, cos]]), np.array([ellipse.center_x, ellipse.center_y])
        matrix = np.column_stack([linear, center - linear @ center + [x * height, y * height]])
        moved = np.asarray(cv2.warpAffine(image.pixels, matrix, (width, height), flags=cv2.INTER_LINEAR), np.uint8)
        lost = motion.lost_at(time_s)
        pixels = _respeckled(moved, rng, strength, motion.gain_at(time_s) - (60 if lost else 0))
        shown = replace(image, pixels=pixels, frame=number, time_s=time_s)
        yield CineFrame(shown, None if lost else ellipse.transformed(matrix), "air" if lost else "head", 0.0)


def _respeckled(
    pixels: npt.NDArray[np.uint8], rng: np.random.Generator, strength: float, gain_db: float
) -> npt.NDArray[np.uint8]:
    """The picture under speckle that is new, and another gain: both are sums after log compression (60 dB of grey)."""
    noise = rng.standard_normal(pixels.shape, dtype=np.float32)
    grain = cv2.GaussianBlur(noise, (0, 0), sigmaX=1.6, sigmaY=1.0) * 4.5
    lit = pixels.astype(np.float32)
    changed = lit + (strength * np.sqrt(lit) * 4 * grain) + np.where(lit > 0, gain_db * 255 / 60, 0)
    return np.asarray(np.clip(changed, 0, 255), dtype=np.uint8)


def _sum(sines: tuple[tuple[float, float, float], ...], time_s: float) -> float:
    return sum(amplitude * math.sin(2 * math.pi * hertz * time_s + phase) for amplitude, hertz, phase in sines)
