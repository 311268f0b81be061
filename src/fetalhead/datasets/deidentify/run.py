"""De-identifying what paths name: each input by its own kind, to the same place below the output folder."""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from fetalhead.datasets.deidentify.dicom import deidentify_dicom
from fetalhead.datasets.deidentify.metaimage import deidentify_frames
from fetalhead.datasets.deidentify.picture import deidentify_picture
from fetalhead.datasets.deidentify.profile import Profile
from fetalhead.datasets.deidentify.pseudonyms import Pseudonyms
from fetalhead.datasets.deidentify.video import deidentify_video
from fetalhead.errors import FetalheadError
from fetalhead.images.inputs import find_inputs
from fetalhead.images.readers import HEAD_BYTES, is_picture
from fetalhead.images.readers.dicom_elements import looks_like_dicom
from fetalhead.images.readers.faults import reason_of, unreadable
from fetalhead.images.readers.pillow import format_of

PICTURE, DICOM, FRAMES, VIDEO = "picture", "DICOM", "frames", "video"
SUFFIXES = {FRAMES: ".mha", VIDEO: ".mp4"}
"""What is written of kinds that are written in one format."""


@dataclass(slots=True)
class Deidentified:
    """What a run came to."""

    written: list[Path] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    passed_over: int = 0


@dataclass(frozen=True, slots=True)
class _Item:
    path: Path
    relative: PurePath


def deidentify(paths: Sequence[str], exclude: Sequence[str], out: Path, *, rename: bool) -> Deidentified:
    """Write all pictures and videos that `paths` name below `out`; gives what was written, and one line a fault.

    With `rename` files are numbered in their order, as names may be patients'.
    """
    inputs = find_inputs(paths, exclude)
    result = Deidentified([], [f"{name}: {reason}" for name, reason in inputs.errors], inputs.passed_over)
    items = [_Item(file.path, file.relative) for file in inputs.files]
    items += [_Item(video, _below(video, paths)) for video in inputs.videos]
    profile = functools.cache(Profile.load)  # for the first DICOM file: others need no package
    pseudonyms = Pseudonyms()
    for number, item in enumerate(items, 1):
        if item.path.absolute().is_relative_to(out.absolute()):
            result.passed_over += 1
            continue
        try:
            kind = _kind(item.path, item.path in inputs.videos)
            target = out / _place(item, kind, number if rename else None)
            if target.exists() and any(target.samefile(other.path) for other in items):
                raise unreadable(item.path, f"would be written over an input ({target}): give another --out")
            _write(item.path, target, kind, profile, pseudonyms)
            result.written.append(target)
        except FetalheadError as error:
            result.faults.append(str(error))
        except Exception as error:  # a batch outlives any one file, whatever a decoder makes of it
            result.faults.append(str(unreadable(item.path, f"cannot be de-identified: {reason_of(error)}")))
    return result


def _kind(path: Path, video: bool) -> str:
    if video:
        return VIDEO
    with open(path, "rb") as stream:
        head = stream.read(HEAD_BYTES)
    if looks_like_dicom(head):
        return DICOM
    if format_of(head):
        return PICTURE
    if not is_picture(path):
        raise unreadable(path, "is neither a picture nor a video that fetalhead reads")
    return FRAMES


def _place(item: _Item, kind: str, number: int | None) -> PurePath:
    """Below the output folder; the name tells the format where that is another than the input's."""
    suffix = SUFFIXES.get(kind, item.relative.suffix.lower())
    if number is not None:
        return PurePath(f"{number:06d}{suffix if len(suffix) <= 5 else ''}")
    same = item.relative.suffix.lower() == suffix
    return item.relative if same else item.relative.with_name(item.relative.name + suffix)


def _write(path: Path, target: Path, kind: str, profile: Callable[[], Profile], pseudonyms: Pseudonyms) -> None:
    """The file at `target`, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{os.getpid()}.part")
    try:
        # pydicom warns of values that are not as they should be, and quotes them: names, too
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if kind == VIDEO:
                deidentify_video(path, part)
            else:
                with open(part, "w+b") as stream:
                    if kind == DICOM:
                        deidentify_dicom(path, stream, profile(), pseudonyms)
                    else:
                        (deidentify_picture if kind == PICTURE else deidentify_frames)(path, stream)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _below(path: Path, paths: Sequence[str]) -> PurePath:
    """The place of `path` below the one of `paths` that it was found in; its name where it was named itself."""
    roots = [Path(root) for root in paths if path != Path(root) and path.is_relative_to(root)]
    return path.relative_to(max(roots, key=lambda root: len(root.parts))) if roots else PurePath(path.name)
