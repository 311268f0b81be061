"""Pictures made worse in known ways, five severities each, with the reference moved along where they move.

A corruption is a function of picture, severity and a generator, so that a case is corrupted alike for every model.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.datasets.case import Case
from fetalhead.errors import FetalheadError
from fetalhead.evaluation.cases import LabelledCase
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.pixel_size import PixelSize

Pixels = npt.NDArray[np.uint8]
FloatPicture = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float64]

SEVERITIES = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class Corruption:
    """A way to make pictures worse, by its strength at each severity."""

    strengths: tuple[float, float, float, float, float]
    change: Callable[[FloatPicture, float, np.random.Generator], FloatPicture] | None = None
    """Of (H, W) grey values 0 to 1."""
    move: Callable[[tuple[int, int], Ellipse, float, np.random.Generator], Matrix] | None = None
    """The (2, 3) map of a picture of shape (H, W) with its head; its scale changes the pixel size."""


def _speckle(picture: FloatPicture, strength: float, rng: np.random.Generator) -> FloatPicture:
    grain = cv2.GaussianBlur(rng.standard_normal(picture.shape, dtype=np.float32), (0, 0), 2.0, sigmaY=1.0)
    return np.asarray(picture * (1 + strength * grain / float(grain.std())), dtype=np.float32)


def _noise(picture: FloatPicture, strength: float, rng: np.random.Generator) -> FloatPicture:
    return np.asarray(picture + strength * rng.standard_normal(picture.shape, dtype=np.float32), dtype=np.float32)


def _gain(picture: FloatPicture, strength: float, rng: np.random.Generator) -> FloatPicture:
    """Overall gain: decibels of log-compressed echo are added to what is not black."""
    return np.where(picture > 0, picture + strength, picture).astype(np.float32)


def _contrast(picture: FloatPicture, strength: float, rng: np.random.Generator) -> FloatPicture:
    return np.where(picture > 0, (picture - 0.3) * strength + 0.3, 0).astype(np.float32)


def _blur(picture: FloatPicture, strength: float, rng: np.random.Generator) -> FloatPicture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), strength), dtype=np.float32)


def _shadow(picture: FloatPicture, strength: float, rng: np.random.Generator) -> FloatPicture:
    """A dark wedge from above, `strength` radians wide to either side, across the middle half of the picture."""
    height, width = picture.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    apex = width * rng.uniform(0.35, 0.65)
    angle = np.abs(np.arctan2(x - apex, y + 0.3 * height) - rng.uniform(-0.2, 0.2))
    dark = 0.5 * (1 + np.tanh((strength - angle) / 0.02)) * (y > 0.2 * height)
    return np.asarray(picture * (1 - 0.95 * dark), dtype=np.float32)


def _attenuation(picture: FloatPicture, strength: float, rng: np.random.Generator) -> FloatPicture:
    """Echoes fade with depth: `strength` is what is lost at the bottom."""
    depth = np.linspace(0, 1, picture.shape[0], dtype=np.float32)[:, None]
    return np.asarray(picture * (1 - strength * depth), dtype=np.float32)


def _jpeg(picture: FloatPicture, strength: float, rng: np.random.Generator) -> FloatPicture:
    _, coded = cv2.imencode(".jpg", _grey(picture), [cv2.IMWRITE_JPEG_QUALITY, int(strength)])
    return _unit(np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), dtype=np.uint8))


def _low_resolution(picture: FloatPicture, strength: float, rng: np.random.Generator) -> FloatPicture:
    height, width = picture.shape
    size = max(1, round(width / strength)), max(1, round(height / strength))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _text(picture: FloatPicture, strength: float, rng: np.random.Generator) -> FloatPicture:
    """`strength` words and as many pairs of calipers with a dotted line, at random places."""
    height, width = picture.shape
    drawn = _grey(picture)
    for _ in range(int(strength)):
        place = int(rng.uniform(0, 0.8) * width), int(rng.uniform(0.08, 0.98) * height)
        word = "".join(chr(rng.integers(ord("A"), ord("Z") + 1)) for _ in range(6))
        cv2.putText(drawn, word, place, cv2.FONT_HERSHEY_SIMPLEX, width / 900, 255, 1 + width // 500, cv2.LINE_AA)
        ends = [(int(rng.uniform(0.1, 0.9) * width), int(rng.uniform(0.1, 0.9) * height)) for _ in range(2)]
        for x, y in ends:
            cv2.drawMarker(drawn, (x, y), 255, cv2.MARKER_CROSS, max(5, width // 50), 1 + width // 500)
        for share in np.linspace(0, 1, 40):
            x, y = (round(a + share * (b - a)) for a, b in zip(*ends, strict=True))
            cv2.circle(drawn, (x, y), max(1, width // 500), 255, -1)
    return _unit(drawn)


def _about(middle: tuple[float, float], scale: float, turn: float) -> Matrix:
    cos, sin = scale * math.cos(turn), scale * math.sin(turn)
    linear = np.array([[cos, -sin], [sin, cos]])
    return np.column_stack([linear, np.array(middle) - linear @ np.array(middle)])


def _zoom(shape: tuple[int, int], head: Ellipse, strength: float, rng: np.random.Generator) -> Matrix:
    """Zoom out about the middle of the picture: a small head."""
    return _about(((shape[1] - 1) / 2, (shape[0] - 1) / 2), strength, 0.0)


def _rotate(shape: tuple[int, int], head: Ellipse, strength: float, rng: np.random.Generator) -> Matrix:
    sign = 1 if rng.random() < 0.5 else -1
    return _about(((shape[1] - 1) / 2, (shape[0] - 1) / 2), 1.0, sign * math.radians(strength))


def _cut_off(shape: tuple[int, int], head: Ellipse, strength: float, rng: np.random.Generator) -> Matrix:
    """Shift sideways until so much of the head's width is beyond the edge."""
    left, right = float(head.points(720)[:, 0].min()), float(head.points(720)[:, 0].max())
    beyond = strength * (right - left)
    shift = (shape[1] - 0.5 + beyond) - right if rng.random() < 0.5 else (-0.5 - beyond) - left
    return np.array([[1.0, 0.0, shift], [0.0, 1.0, 0.0]])


CORRUPTIONS = {
    "speckle": Corruption((0.15, 0.3, 0.45, 0.6, 0.8), _speckle),
    "noise": Corruption((0.03, 0.06, 0.1, 0.15, 0.2), _noise),
    "gain-up": Corruption((0.08, 0.16, 0.24, 0.32, 0.4), _gain),
    "gain-down": Corruption((-0.05, -0.1, -0.15, -0.2, -0.25), _gain),
    "contrast": Corruption((0.8, 0.6, 0.45, 0.3, 0.2), _contrast),
    "blur": Corruption((1.5, 3, 4.5, 6, 8), _blur),
    "shadow": Corruption((0.05, 0.1, 0.15, 0.2, 0.3), _shadow),
    "attenuation": Corruption((0.3, 0.5, 0.7, 0.85, 0.95), _attenuation),
    "zoom": Corruption((0.85, 0.7, 0.6, 0.5, 0.4), move=_zoom),
    "crop": Corruption((0.05, 0.1, 0.15, 0.2, 0.3), move=_cut_off),
    "rotation": Corruption((10, 20, 35, 60, 90), move=_rotate),
    "jpeg": Corruption((50, 30, 20, 10, 5), _jpeg),
    "low-resolution": Corruption((2, 3, 4, 6, 8), _low_resolution),
    "text": Corruption((1, 2, 3, 5, 8), _text),
}
"""By name in `--corruptions`; strengths are for grey values 0 to 1, pixels of a picture about 800 wide, or degrees."""


class ReadOnce:
    """A case whose picture and outline are read once, for the many ways to make it worse. Raises `FetalheadError`."""

    def __init__(self, case: LabelledCase) -> None:
        self.name, self.subject, self.split, self.pixel_size = case.name, case.subject, case.split, case.pixel_size
        self._pixels = case.pixels()
        self._ellipse = case.ellipse((self._pixels.shape[0], self._pixels.shape[1]))

    def pixels(self) -> Pixels:
        return self._pixels

    def ellipse(self, shape: tuple[int, int] | None = None) -> Ellipse:
        return self._ellipse


@dataclass(frozen=True, slots=True)
class CorruptedCase:
    """A case as `evaluation` takes it, made worse."""

    case: LabelledCase
    kind: str
    severity: int

    @property
    def name(self) -> str:
        return self.case.name

    @property
    def subject(self) -> str:
        return self.case.subject

    @property
    def split(self) -> str:
        return self.case.split

    @property
    def pixel_size(self) -> PixelSize:
        size = self.case.pixel_size
        if self.kind != "zoom" or not size:
            return size
        scale = CORRUPTIONS[self.kind].strengths[self.severity - 1]
        return PixelSize(size.x / scale, size.y / scale, size.source)

    def pixels(self) -> Pixels:
        pixels = self.case.pixels()
        head = self.case.ellipse((pixels.shape[0], pixels.shape[1]))
        return corrupt(pixels, head, self.kind, self.severity, self._seed)[0]

    def ellipse(self, shape: tuple[int, int] | None = None) -> Ellipse:
        if shape is None:
            height, width = self.case.pixels().shape
            shape = height, width
        return moved_head(shape, self.case.ellipse(shape), self.kind, self.severity, self._seed)

    @property
    def _seed(self) -> int:
        return seed_of(self.name, self.kind)


def corrupt(pixels: Pixels, head: Ellipse, kind: str, severity: int, seed: int) -> tuple[Pixels, Ellipse]:
    """An (H, W) uint8 picture and its head in pixels, made worse; both keep the picture's shape and frame."""
    height, width = pixels.shape
    matrix = _movement((height, width), head, kind, severity, seed)
    if matrix is None:
        corruption = CORRUPTIONS[kind]
        assert corruption.change is not None
        strength, rng = corruption.strengths[severity - 1], np.random.default_rng(seed)
        return _grey(corruption.change(_unit(pixels), strength, rng)), head
    scale = math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))
    if scale < 1 - 1e-9:  # what becomes too small to be shown is averaged, as a scanner does, and not skipped
        pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), 0.5 * math.sqrt(1 / scale**2 - 1)), dtype=np.uint8)
    moved = cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_LINEAR)
    return np.asarray(moved, dtype=np.uint8), head.transformed(matrix)


def moved_head(shape: tuple[int, int], head: Ellipse, kind: str, severity: int, seed: int) -> Ellipse:
    """Where `corrupt` leaves the head of a picture of `shape` (H, W)."""
    matrix = _movement(shape, head, kind, severity, seed)
    return head if matrix is None else head.transformed(matrix)


def _movement(shape: tuple[int, int], head: Ellipse, kind: str, severity: int, seed: int) -> Matrix | None:
    """The (2, 3) map of picture and head; None for kinds that leave things where they are."""
    corruption = CORRUPTIONS[kind]
    if corruption.move is None:
        return None
    return corruption.move(shape, head, corruption.strengths[severity - 1], np.random.default_rng(seed))


def seed_of(name: str, kind: str) -> int:
    """The same for a case and a kind at every severity, so that severities differ in strength alone."""
    return int.from_bytes(hashlib.sha256(f"{kind}/{name}".encode("utf-8", "surrogateescape")).digest()[:8], "big")


def chosen_kinds(text: str) -> list[str]:
    """The kinds in `all` or `speckle,blur`. Raises `FetalheadError`."""
    kinds = list(CORRUPTIONS) if text == "all" else [kind for kind in text.split(",") if kind]
    for kind in kinds:
        if kind not in CORRUPTIONS:
            raise FetalheadError(f"--corruptions {kind}: there are all, {', '.join(CORRUPTIONS)}")
    return kinds


def chosen_severities(text: str) -> list[int]:
    """The severities in `1,3,5`. Raises `FetalheadError`."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or any(part not in map(str, SEVERITIES) for part in parts):
        raise FetalheadError(f"--severities {text}: wants some of 1, 2, 3, 4 and 5, such as 1,3,5")
    return sorted({int(part) for part in parts})


def one_a_subject(cases: Sequence[Case]) -> list[Case]:
    """The first case of each subject: enough for a sweep, whose intervals are by subject."""
    return list({case.subject: case for case in reversed(cases)}.values())[::-1]


def _unit(pixels: Pixels) -> FloatPicture:
    return np.asarray(pixels, dtype=np.float32) / np.float32(255)


def _grey(picture: FloatPicture) -> Pixels:
    return np.asarray(np.clip(picture * 255 + 0.5, 0, 255), dtype=np.uint8)
