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
from fetalhead.errors import FetalheadError, one_line, reason_of
from fetalhead.images.inputs import PICTURE_SUFFIXES, VIDEO_SUFFIXES, InputFile, find_inputs
from fetalhead.images.readers import HEAD_BYTES, is_picture
from fetalhead.images.readers.dicom_elements import looks_like_dicom
from fetalhead.images.readers.faults import unreadable
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


def deidentify(paths: Sequence[str], exclude: Sequence[str], out: Path, *, rename: bool) -> Deidentified:
    """Write all pictures and videos that `paths` name below `out`; gives what was written, and one line a fault.

    With `rename` files are numbered in their order, as names may be patients'. What is found below `out` is passed
    over, as earlier results are; what is named there, or where nothing else is found, is a fault.
    """
    inputs = find_inputs(paths, exclude)
    result = Deidentified([], [f"{name}: {reason}" for name, reason in inputs.errors], inputs.passed_over)
    items = [*inputs.files, *inputs.video_files]
    profile = functools.cache(Profile.load)  # for the first DICOM file: others need no package
    pseudonyms = Pseudonyms()
    sources: dict[Path, Path] = {}
    inside = [item.path.absolute().is_relative_to(out.absolute()) for item in items]
    if items and all(inside) and not any(item.named for item in items):
        result.faults.append(f"--out {one_line(out)}: holds all the inputs; give a folder outside of theirs")
    for number, item in enumerate(items, 1):
        if inside[number - 1] and not item.named:
            result.passed_over += 1
            continue
        try:
            if inside[number - 1]:
                raise unreadable(item.path, f"lies in --out {one_line(out)}, which is for results: give another")
            kind = _kind(item.path, number > len(inputs.files))
            target = out / _place(item, kind, number if rename else None)
            if target.exists() and any(target.samefile(other.path) for other in items):
                raise unreadable(item.path, f"would be written over an input ({target}): give another --out")
            if target in sources:
                raise unreadable(item.path, f"would be written over what {sources[target]} became ({target})")
            _write(item.path, target, kind, profile, pseudonyms)
            sources[target] = item.path
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


def _place(item: InputFile, kind: str, number: int | None) -> PurePath:
    """Below the output folder; the name tells the format where that is another than the input's.

    A `number` stands for all of the name: what is no suffix of pictures is a piece of a name.
    """
    suffix = SUFFIXES.get(kind, item.relative.suffix.lower())
    if number is not None:
        known = ".dcm" if kind == DICOM else suffix if suffix in PICTURE_SUFFIXES | VIDEO_SUFFIXES else ""
        return PurePath(f"{number:06d}{known}")
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
