"""What data sets hold, and what is wrong with them: alone, and beside each other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fetalhead.datasets import fetal_planes, hc18, open_data
from fetalhead.datasets.case import Case, DataSet, first_image
from fetalhead.datasets.kinship import Leak, Member, leaks, members_of, persons
from fetalhead.datasets.likeness import Thumbnail, thumbnail
from fetalhead.datasets.mask_folder import MASK_FOLDERS
from fetalhead.datasets.near_duplicates import Pair, near_duplicates
from fetalhead.errors import FetalheadError, collected_warnings, one_line
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.geometry import Letterbox
from fetalhead.images.pixel_size import UNKNOWN, PixelSize

PREVIEW = (150, 200)
"""(H, W) of a picture in the contact sheet."""

HC_OFF = 0.01
"""Relative difference from which an outline's HC and the table's are two different ones."""

Show = Callable[[Sequence[Member]], Iterable[Member]]
"""Passes the pictures through one by one, and may show how far it has come."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one picture shows."""

    shape: tuple[int, int] | None = None
    """(H, W); None where it cannot be read."""
    thumbnail: Thumbnail | None = None
    ellipse: Ellipse | None = None
    """The reference outline in pixels; None where there is none, or none that can be used."""
    pixel_size: PixelSize = UNKNOWN
    """As the data set tells, else the file itself."""
    hc_mm: float | None = None
    """As the data set tells, else that of the outline."""
    faults: tuple[str, ...] = ()
    preview: npt.NDArray[np.uint8] | None = None
    """`PREVIEW` grey values; None where the picture is in no contact sheet."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in several sets."""

    arguments: Sequence[str]
    """`KIND=DIR` of each."""
    sets: Sequence[DataSet]
    members: Sequence[Member]
    """All their pictures, set by set."""
    looks: Sequence[Look]
    """One for each member."""
    persons: Sequence[str]
    """Each member's patient, as `kinship.persons` names them."""
    pairs: Sequence[Pair]
    """Near-duplicates, by the members' places."""
    leaks: Sequence[Leak]
    faults: Sequence[str]
    """Pairs that lack a part, pictures and outlines that are broken or at odds: a line each."""
    notes: Sequence[str]

    @property
    def is_sound(self) -> bool:
        return not self.faults and not self.leaks

    def of_set(self, number: int) -> Iterator[tuple[Case, Look]]:
        for member, look in zip(self.members, self.looks, strict=True):
            if member.set_number == number:
                yield member.case, look


def inspect(arguments: Sequence[str], sheet: int, show: Show, out: Path) -> Inspection:
    """Look at every picture of the sets `KIND=DIR`, or of folders whose layout tells their kind.

    `sheet` pictures of each set, evenly spread, are kept as previews; what lies in `out` is no input. Raises
    `FetalheadError` where a set is none at all; what is wrong with single pictures is found, not raised.
    """
    faults: list[str] = []
    arguments = [with_kind(argument) for argument in arguments]
    sets = [_without(out, open_data(argument, faults)) for argument in arguments]
    members = members_of(sets)
    previewed = {id(case) for data in sets if sheet for case in data.cases[:: -(-len(data.cases) // sheet) or 1]}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        work = pool.map(lambda member: _look_and_notes(member, id(member.case) in previewed), members)
        both = [look for _, look in zip(show(members), work, strict=True)]
    looks, noted = [look for look, _ in both], [notes for _, notes in both]
    readable = [index for index, look in enumerate(looks) if look.thumbnail is not None]
    pairs = [
        pair._replace(first=readable[pair.first], second=readable[pair.second])
        for pair in near_duplicates([look.thumbnail for look in looks if look.thumbnail is not None])
    ]
    of = persons(members, pairs)
    faults = [one_line(fault) for fault in [*faults, *(fault for look in looks for fault in look.faults)]]
    notes = sorted({one_line(note) for notes in noted for note in notes})
    return Inspection(arguments, sets, members, looks, of, pairs, leaks(members, of, pairs), faults, notes)


def with_kind(argument: str) -> str:
    """`KIND=DIR` as given, or for a plain folder with the kind that its layout is of."""
    folder = Path(argument)
    if not folder.is_dir():
        if "=" not in argument and not folder.exists():
            raise FetalheadError(f"{argument}: no such folder")
        return argument
    if (folder / hc18.TRAINING_CSV).is_file():
        return f"hc18={argument}"
    if (folder / fetal_planes.CSV_NAME).is_file():
        return f"planes={argument}"
    has_masks = (folder / "images").is_dir() and any((folder / name).is_dir() for name in MASK_FOLDERS)
    return f"{'masks' if has_masks else 'pictures'}={argument}"


def _without(out: Path, data: DataSet) -> DataSet:
    own = out.resolve()
    cases = [case for case in data.cases if not case.image_path.resolve().is_relative_to(own)]
    return DataSet(data.kind, data.root, cases)


def _look_and_notes(member: Member, with_preview: bool) -> tuple[Look, list[str]]:
    with collected_warnings() as notes:
        return look_at(member, with_preview), notes


def look_at(member: Member, with_preview: bool) -> Look:
    """What a picture and its outline show. Never raises: what is wrong is in the look's faults."""
    case = member.case
    try:
        image = first_image(case.image_path)
    except FetalheadError as error:
        return Look(faults=(str(error),))
    faults = []
    ellipse = None
    if case.annotation_path is not None:
        try:
            ellipse = case.reference(image.shape)
        except FetalheadError as error:
            faults.append(str(error))
    if member.kind == "hc18" and not case.pixel_size:
        faults.append(f"{one_line(case.image_path)}: {one_line(case.pixel_size.reason)}")
    size = case.pixel_size or image.pixel_size
    drawn_mm = ellipse.scaled(size.x, size.y).perimeter if ellipse and size else None
    if case.hc_mm is not None and drawn_mm is not None and abs(drawn_mm - case.hc_mm) > HC_OFF * case.hc_mm:
        told = f"its outline's HC is {drawn_mm:.1f} mm, the table's {case.hc_mm:.1f} mm"
        faults.append(f"{one_line(case.image_path)}: {told}")
    preview = Letterbox.fit(image.shape, PREVIEW).to_grid(image.pixels) if with_preview or faults else None
    hc_mm = case.hc_mm if case.hc_mm is not None else drawn_mm
    return Look(image.shape, thumbnail(image.pixels), ellipse, size, hc_mm, tuple(faults), preview)
