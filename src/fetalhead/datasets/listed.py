"""Pictures that one list tells of, with the heads drawn on them: COCO's JSON, or a CSV of ellipses.

A picture lies where the list says, in the list's folder or in `images/` there (see `PICTURE_FOLDERS`), and never
outside it. The subject is the list's `subject`, else told as in a mask folder.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from fetalhead.datasets.case import Case
from fetalhead.datasets.faults import tell
from fetalhead.datasets.mask_folder import subject_of_name, subjects
from fetalhead.datasets.splits import Splits
from fetalhead.errors import FetalheadError, one_line
from fetalhead.images.annotations.coco import CocoPicture, read_coco
from fetalhead.images.annotations.drawing import mask_of_ellipse, too_small
from fetalhead.images.annotations.ellipse_csv import EllipseRow, read_ellipses
from fetalhead.images.annotations.places import folder_of, picture_named
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.masks import Mask
from fetalhead.images.pixel_size import PixelSize

PICTURE_FOLDERS = ("", "images", "training_set")
"""CVAT's lists leave `images/` out; a CSV of ellipses may lie beside HC18's pictures."""

LEAST_WITHIN = 0.5
"""Share of an ellipse within its picture: a head of which less is seen is measured by nobody."""

CVAT_LIST = "instances_"
"""Before the name of CVAT's subset, which is also the folder in `images/` that holds its pictures."""


@dataclass(frozen=True, slots=True)
class DrawnEllipse:
    """A head told as an ellipse."""

    row: EllipseRow
    outline: Ellipse

    def ellipse(self, shape: tuple[int, int]) -> Ellipse:
        told = f"{shape[1]} x {shape[0]}; wants centre and semi-axes in pixels of the picture as shown"
        if not (-0.5 <= self.outline.center_x < shape[1] and -0.5 <= self.outline.center_y < shape[0]):
            fault = f"its ellipse's centre lies outside the picture of {told}"
        elif self.outline.coverage(shape).sum() < LEAST_WITHIN * self.outline.area:
            fault = f"most of its ellipse lies outside the picture of {told}"
        else:
            fault = too_small(2 * self.outline.semi_axis_a, 2 * self.outline.semi_axis_b)
        if fault:
            raise FetalheadError(f"{one_line(self.row.listing)}: {one_line(self.row.file_name)}: {fault}")
        return self.outline

    def mask(self, shape: tuple[int, int]) -> Mask:
        return mask_of_ellipse(self.ellipse(shape), shape)


def read_coco_cases(path: Path, category: str | None, faults: list[str] | None = None) -> list[Case]:
    """The pictures of a COCO file; those without a drawing of the category have no annotation.

    What concerns one picture is added to `faults`, or raised where there is no such list. Raises `FetalheadError`.
    """
    subset = path.stem.removeprefix(CVAT_LIST)
    below = (*PICTURE_FOLDERS, f"images/{subset}")
    root = folder_of(path)
    splits = Splits.of(root)
    cases = []
    for picture, image, subject in _placed(path, read_coco(path, category), below, faults):
        try:
            size, hc_mm = _sizes(path, picture.file_name, picture.details)
        except FetalheadError as error:
            tell(faults, str(error))
            continue
        name = picture.file_name.replace("\\", "/")
        subject = str(picture.details.get("subject") or subject)
        split = splits.split_of(name, subject)
        if not picture.segmentations:
            cases.append(Case(name, subject, image, split, pixel_size=size, hc_mm=hc_mm))
            continue
        filled = not picture.is_polygon
        cases.append(Case(name, subject, image, split, "", path, None, filled, size, hc_mm, picture))
    return _some(path, cases, faults)


def read_ellipse_cases(path: Path, faults: list[str] | None = None) -> list[Case]:
    """The pictures of a CSV of ellipses; those whose cells are empty have no annotation. Else as `read_coco_cases`."""
    splits = Splits.of(folder_of(path))
    cases = []
    for row, image, subject in _placed(path, read_ellipses(path), PICTURE_FOLDERS, faults):
        try:
            ellipse, size, hc_mm = row.ellipse(), row.pixel_size(), row.hc_mm()
        except FetalheadError as error:
            tell(faults, str(error))
            continue
        name = row.file_name.replace("\\", "/")
        subject = row.cells.get("subject") or subject
        split = splits.split_of(name, subject)
        if ellipse is None:
            cases.append(Case(name, subject, image, split, pixel_size=size, hc_mm=hc_mm))
            continue
        drawn = DrawnEllipse(row, ellipse)
        cases.append(Case(name, subject, image, split, "", path, pixel_size=size, hc_mm=hc_mm, drawing=drawn))
    return _some(path, cases, faults)


Entry = TypeVar("Entry", CocoPicture, EllipseRow)


def _placed(
    path: Path, entries: Sequence[Entry], below: Sequence[str], faults: list[str] | None
) -> list[tuple[Entry, Path, str]]:
    """The entries whose pictures are there, each with its picture and subject; of a picture listed twice the first."""
    found: list[tuple[Entry, Path]] = []
    listed: set[Path] = set()
    for entry in entries:
        try:
            image = picture_named(path, entry.file_name, below)
        except FetalheadError as error:
            tell(faults, str(error))
            continue
        if image in listed:
            tell(faults, f"{one_line(path)}: {one_line(entry.file_name)}: is listed twice; keep one entry of a picture")
            continue
        listed.add(image)
        found.append((entry, image))
    told = subjects(folder_of(path), [image.stem for _, image in found])
    return [(entry, image, told.get(image.stem) or subject_of_name(image.stem)) for entry, image in found]


def _sizes(path: Path, name: str, details: Mapping[str, Any]) -> tuple[PixelSize, float | None]:
    """What `datasets.layouts` adds to a COCO picture: `pixel_size_mm` [x, y] and `hc_mm`. Raises `FetalheadError`."""
    size, hc_mm = details.get("pixel_size_mm"), details.get("hc_mm")
    try:
        pixel_size = PixelSize.unknown(f"{path.name} tells no pixel size")
        if size is not None:
            x, y = map(float, size)
            pixel_size = PixelSize.make(x, y, "user")
        if hc_mm is not None and not 0 < (hc_mm := float(hc_mm)) < math.inf:
            raise ValueError(hc_mm)
    except (TypeError, ValueError, FetalheadError) as error:
        raise FetalheadError(
            f"{one_line(path)}: {one_line(name)}: its pixel_size_mm or hc_mm cannot be used: {one_line(error)}"
        ) from error
    return pixel_size, hc_mm


def _some(path: Path, cases: list[Case], faults: list[str] | None) -> list[Case]:
    if not cases and not faults:
        raise FetalheadError(f"{one_line(path)}: lists no pictures")
    return cases
