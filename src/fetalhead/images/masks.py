"""Masks drawn by others, read as what they mean: which pixels are head, in the frame of the picture as shown.

Values are never taken on trust. A mask is 0 and one other value, whatever it is; a mask with more values needs to be
told the head's; a grey fringe (JPEG, smoothed edges) is cut at half with a warning; anything else is refused by name.
A mask is never resized: one of another size than its picture is refused.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

import fetalhead.images.readers.metaimage as metaimage
import fetalhead.images.readers.nifti as nifti
from fetalhead.errors import FetalheadError, one_line, reason_of, warn
from fetalhead.images.readers import HEAD_BYTES
from fetalhead.images.readers.faults import unreadable
from fetalhead.images.readers.orientation import as_shown
from fetalhead.images.readers.pillow import PLUGINS, format_of, open_picture, orientation_of

if TYPE_CHECKING:
    from PIL import Image

Mask = npt.NDArray[np.bool_]

LOSSY = ("JPEG", "WebP", "JPEG 2000")
"""Formats whose compression may change values."""

FRINGE_SHARE = 0.05
"""Most pixels of a mask that may lie in the middle between background and head: more is a picture, not a mask."""

FEWEST_OF_FRINGE = 9
"""More distinct values than this are a smooth edge, fewer are classes."""


def read_mask(paths: Path | Sequence[Path], shape: tuple[int, int], label: int | None = None) -> Mask:
    """(H, W) bool of what is head, for a picture of `shape` (H, W) as shown.

    Several files (`mask_parts`) are joined: head is what any of them marks. `label` picks one value of a mask with
    several; in a palette picture it is the palette's index. Without it, a mask must hold 0 and one other value. A
    mask's own orientation tag is applied, so it may be stored turned as its picture is. Raises `FetalheadError`, in
    one line with the file's name: unreadable, another size, several values and no label, nothing but head.
    """
    files = [paths] if isinstance(paths, Path) else list(paths)
    if not files:
        raise ValueError("no mask file")
    joined = np.zeros(shape, dtype=bool)
    for path in files:
        joined |= _read_one(path, shape, label)
    return joined


def mask_parts(path: Path) -> list[Path]:
    """The mask `x_mask.png` and its further parts `x_mask_1.png`, `x_mask_2.png` ... beside it, in order."""
    numbered = re.compile(re.escape(path.stem) + r"_(\d+)" + re.escape(path.suffix))
    parts = [(int(match[1]), other) for other in path.parent.iterdir() if (match := numbered.fullmatch(other.name))]
    return [path, *(other for _, other in sorted(parts))]


def marks(path: Path, label: int) -> bool:
    """Whether any pixel of a mask has the value `label`. Raises `FetalheadError` for one that cannot be read."""
    return bool((_shown(path, as_index=True)[0] == label).any())


def _shown(path: Path, as_index: bool) -> tuple[npt.NDArray[np.int64], bool]:
    """(H, W) label values as shown, and whether the file's compression may have changed them."""
    try:
        with open(path, "rb") as stream:
            head = stream.read(HEAD_BYTES)
            lossy = format_of(head) in LOSSY
            if format_of(head) is None:
                shown = _numbers(path, head)
            else:
                stream.seek(0)
                picture = open_picture(path, stream)
                if getattr(picture, "n_frames", 1) > 1:
                    raise _several(path)
                picture.load()
                values = _values(path, picture, as_index)
                shown = np.asarray(as_shown(values, orientation_of(picture)), dtype=np.int64)
    except FetalheadError:
        raise
    except Exception as error:
        raise unreadable(path, f"cannot be read as a mask: {reason_of(error)}") from error
    return shown, lossy


def _read_one(path: Path, shape: tuple[int, int], label: int | None) -> Mask:
    shown, lossy = _shown(path, as_index=label is not None)
    if shown.shape != shape:  # before its values: a resized mask is often a blurred one
        (rows, columns), (height, width) = shown.shape, shape
        raise FetalheadError(
            f"{one_line(path)}: mask of {columns} x {rows} for a picture of {width} x {height} as shown; "
            "draw it on the picture as shown, in its size"
        )
    if label is None:
        return _told_apart(path, shown, lossy)
    if lossy:
        formats = ", ".join(LOSSY)
        raise FetalheadError(f"{one_line(path)}: {formats} blur label values: label {label} cannot be picked from it")
    return np.asarray(shown == label)


def _several(path: Path) -> FetalheadError:
    return FetalheadError(f"{one_line(path)}: a mask of several pages; give each page as a file")


def _numbers(path: Path, head: bytes) -> npt.NDArray[np.int64]:
    """(H, W) label values of a MetaImage or a NIfTI file, which are no grey values and not to be windowed."""
    reader = next((reader for reader in (metaimage, nifti) if reader.recognises(head, path)), None)
    if reader is None:
        raise unreadable(path, f"is no mask that fetalhead reads ({', '.join(PLUGINS)}, MetaImage or NIfTI)")
    frames = list(itertools.islice(reader.numbers(path), 2))
    if len(frames) > 1:
        raise _several(path)
    if frames[0].ndim > 2:
        raise FetalheadError(f"{one_line(path)}: a mask in colours; save it as one value a pixel, one for each class")
    numbers = frames[0].astype(np.int64) if (np.abs(frames[0]) < 2**31).all() else np.zeros(frames[0].shape, np.int64)
    if (numbers != frames[0]).any():
        raise FetalheadError(f"{one_line(path)}: its values are no whole numbers, so they tell no classes apart")
    return numbers


def _values(path: Path, picture: Image.Image, as_index: bool) -> npt.NDArray[np.int64]:
    """(H, W) label values as stored: the grey value, the palette's index, or one number for each colour."""
    if picture.mode in ("1", "L") or picture.mode == "I" or picture.mode.startswith("I;"):
        return np.asarray(picture).astype(np.int64)
    if picture.mode == "P" and as_index:
        return np.asarray(picture).astype(np.int64)
    rgba = np.asarray(picture.convert("RGBA")).astype(np.int64)
    colour, alpha = rgba[..., :3], rgba[..., 3]
    if np.ptp(colour, axis=(0, 1)).max() == 0 and np.ptp(alpha) > 0:
        return alpha  # one colour painted on nothing: the drawing is in the alpha
    colour = colour * (alpha > 127)[..., None]
    if (np.ptp(colour, axis=2) <= 24).all():
        return colour[..., 1]
    if as_index or picture.format == "JPEG":
        raise FetalheadError(f"{one_line(path)}: a mask in colours; save it as grey values, one for each class")
    return np.asarray(colour @ np.array([1, 256, 65536]), dtype=np.int64)


def _told_apart(path: Path, values: npt.NDArray[np.int64], lossy: bool) -> Mask:
    """Head and background of a mask whose values were not told."""
    distinct = np.unique(values)
    if len(distinct) == 1 and distinct[0] != 0:
        raise FetalheadError(f"{one_line(path)}: the mask marks every pixel as head (value {distinct[0]})")
    if len(distinct) == 1 or (len(distinct) == 2 and distinct[0] == 0 and not lossy):
        return np.asarray(values != 0)
    if len(distinct) > FEWEST_OF_FRINGE or lossy:
        return _cut_at_half(path, values)
    shown = ", ".join(str(value) for value in distinct)
    raise FetalheadError(f"{one_line(path)}: the mask holds the values {shown}; tell which of them is the head")


def _cut_at_half(path: Path, values: npt.NDArray[np.int64]) -> Mask:
    """A mask with a grey fringe, cut at half of the head's value, with a warning."""
    top = int(values.max())
    if top < 64:
        raise FetalheadError(f"{one_line(path)}: a JPEG mask whose largest value is {top}: too faint to be told apart")
    head = float(np.median(values[values > top / 2]))
    middle = float(((values > 0.2 * head) & (values < 0.8 * head)).mean())
    if middle > FRINGE_SHARE:
        raise FetalheadError(
            f"{one_line(path)}: no mask: {100 * middle:.0f} % of its pixels are neither background nor head"
        )
    warn(f"{one_line(path)}: the mask has a grey fringe; cut at half its head's value")
    return np.asarray(values > head / 2)
