"""Where the pictures lie that a list names: in the list's own folder, whatever the list says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fetalhead.errors import FetalheadError, one_line

LISTS_FOLDER = "annotations"
"""CVAT writes its lists into such a folder, beside that of the pictures."""


def folder_of(listing: Path) -> Path:
    """The folder whose pictures the file `listing` may name, with all below it."""
    folder = listing.absolute().parent
    return listing.parent.parent if folder.name == LISTS_FOLDER else listing.parent


def picture_named(listing: Path, name: str, below: Sequence[str] = ("",)) -> Path:
    """The file `name` in the folder of `listing`, or in one of its folders `below`.

    `\\` parts folders too, as programs on Windows write it. Raises `FetalheadError`, in one line, where the name leads
    out of the list's folder, by itself or through a link, or where there is no such file.
    """
    root = folder_of(listing)
    top = root.resolve()
    for folder in below:
        path = root / folder / name.replace("\\", "/")
        try:
            place = path.resolve()
            found = place.is_file()
        except (OSError, ValueError, RuntimeError) as error:
            raise FetalheadError(f"{one_line(listing)}: the name {one_line(name)!r} is no file's") from error
        if not place.is_relative_to(top):
            raise FetalheadError(
                f"{one_line(listing)}: the picture {one_line(name)!r} lies outside {one_line(root)}: not opened; "
                "name pictures by their place below that folder"
            )
        if found:
            return path
    raise FetalheadError(
        f"{one_line(listing)}: the picture {one_line(name)!r} is not in {one_line(root)}; put it there, or drop it"
    )
