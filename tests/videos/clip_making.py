"""Small clips for the tests, made with PyAV."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fetalhead.images.ellipse import Ellipse


def moving(count: int, shape: tuple[int, int] = (128, 192)) -> list[np.ndarray]:
    """(H, W, 3) frames of blocks that move: no two alike, and none empty once coded."""
    rng = np.random.default_rng(0)
    tile = rng.integers(30, 230, (-(-shape[0] // 8), -(-shape[1] // 8)), dtype=np.uint8)
    picture = tile.repeat(8, 0).repeat(8, 1)[: shape[0], : shape[1]]
    return [np.ascontiguousarray(np.roll(picture, 3 * number, 1)[..., None].repeat(3, 2)) for number in range(count)]


def heads(count: int, shape: tuple[int, int] = (128, 192), size: float = 1.0) -> list[np.ndarray]:
    """(H, W, 3) frames of a bright head that sways in grey tissue: what the toy model outlines exactly."""
    frames = []
    rng = np.random.default_rng(0)
    tissue = cv2.GaussianBlur(rng.uniform(-70, 150, shape).astype(np.float32), (0, 0), 2.5) + 20
    for number in range(count):
        x, y = 96 + 6 * np.sin(number / 9), 64 + 4 * np.sin(number / 7)
        ellipse = Ellipse.make(x, y, 50 * size, 38 * size, 0.3)
        inside = ellipse.coverage(shape)
        picture = inside * 220 + (1 - inside) * np.clip(np.roll(tissue, number, 1), 10, 80)
        frames.append((picture + 0.5).astype(np.uint8)[..., None].repeat(3, 2))
    return frames


def write(
    path: Path,
    frames: Sequence[np.ndarray],
    codec: str = "libx264",
    rate: int = 25,
    *,
    options: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
    times: Iterable[float] | None = None,
    aspect: Fraction | None = None,
    format: str | None = None,
) -> Path:
    """A video of RGB frames; `times` (s) make its frame rate variable."""
    import av

    with av.open(str(path), "w", format=format, options=container or {}) as out:
        stream: Any = out.add_stream(codec, rate=rate, options=options or {})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p" if codec != "mjpeg" else "yuvj420p"
        if aspect is not None:
            stream.sample_aspect_ratio = aspect
        stamps = list(times) if times is not None else None
        if stamps is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            if stamps is not None:
                frame.pts, frame.time_base = round(1000 * stamps[number]), Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def write_sound(path: Path) -> Path:
    """An MP4 of sound alone."""
    import av

    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("aac", rate=44100)
        for number in range(10):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 44100, 1024 * number
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def turn(path: Path, quarter_turns: int) -> Path:
    """Mark an MP4's picture as turned clockwise when shown, as phones do: the matrix in its track header."""
    content = bytearray(path.read_bytes())
    place = content.index(b"tkhd") + 4 + 40
    one, none, minus = (1 << 16).to_bytes(4, "big"), bytes(4), ((-1 << 16) & 0xFFFFFFFF).to_bytes(4, "big")
    cos, sin = [(one, none), (none, one), (minus, none), (none, minus)][quarter_turns % 4]
    back = {one: minus, minus: one, none: none}[sin]
    content[place : place + 8], content[place + 12 : place + 20] = cos + sin, back + cos
    path.write_bytes(content)
    return path


def mirror(path: Path, quarter_turns: int) -> Path:
    """Mark an MP4's picture as turned and then mirrored from left to right when shown."""
    content = bytearray(turn(path, quarter_turns).read_bytes())
    place = content.index(b"tkhd") + 4 + 40
    for start in (place, place + 12):  # what goes into x
        value = int.from_bytes(content[start : start + 4], "big", signed=True)
        content[start : start + 4] = (-value).to_bytes(4, "big", signed=True)
    path.write_bytes(content)
    return path
