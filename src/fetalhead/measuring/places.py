"""Where the pictures of each input lie in the output folder: never two at one place.

An input `sub/a.jpg` (below its root) has `overlays/sub/a.jpg.png`, and frame 7 of `a.dcm` has
`overlays/a.dcm_0007.png`. Where that would be another input's place (there is a file `a.dcm_0007`, or a folder
`a.jpg.png`), one more `_` sets them apart.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

LONGEST_NAME_BYTES = 255 - len("_0000000.png")
"""File systems take names of 255 bytes; longer ones are cut and told apart by a digest."""


@dataclass(frozen=True, slots=True)
class Place:
    """The place of one input's pictures, below `overlays` and its neighbours."""

    single: str
    """The path without `.png` of the picture of a single image."""
    prefix: str
    """The same for a file of several frames, up to the frame's number."""

    def of(self, frame: int | None) -> str:
        return f"{self.single}.png" if frame is None else f"{self.prefix}{frame:04d}.png"


def find_places(inputs: Sequence[PurePath]) -> list[Place]:
    """A place for each input's path below its root. The paths are unlike each other."""
    paths = [_short(path) for path in inputs]
    folders = {str(parent) for path in paths for parent in path.parents}
    like_frames = {f"{path}.png" for path in paths} | folders
    taken = {prefix for name in like_frames if (prefix := prefix_of(name))} | set(map(str, paths))
    places = []
    for path in paths:
        single, prefix = str(path), f"{path}_"
        while f"{single}.png" in folders or (single != str(path) and single in taken):
            single += "_"
        while prefix in taken:
            prefix += "_"
        taken |= {single, prefix}
        places.append(Place(single, prefix))
    return places


def prefix_of(picture: str) -> str:
    """The `prefix` in the path of a frame's picture; empty for a path of another form."""
    match = re.fullmatch(r"(.*_)\d{4,}\.png", picture, re.DOTALL)
    return match[1] if match else ""


def _short(path: PurePath) -> PurePath:
    name = os.fsencode(path.name)
    if len(name) <= LONGEST_NAME_BYTES:
        return path
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16].encode()
    return path.with_name(os.fsdecode(name[: LONGEST_NAME_BYTES - 17] + b"~" + digest))
