"""COCO's JSON of instances, as CVAT and Label Studio export it: polygons and run lengths, plain or compressed.

In the file whole numbers lie on the corners of pixels; here, as everywhere, on their centres.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fetalhead.errors import FetalheadError, one_line
from fetalhead.images.annotations.drawing import ellipse_of_mask, mask_of_ellipse
from fetalhead.images.annotations.polygon import Points, ellipse_of_polygon, mask_of_polygon
from fetalhead.images.annotations.rle import decode, encode, unpack
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.masks import Mask

OUTLINE_POINTS = 180
"""Of a polygon written for an ellipse: its area is right to 0.02 %, its points lie on the ellipse."""

FARTHEST = 1e6
"""No coordinate of a picture is beyond."""

CATEGORY = "head"


@dataclass(frozen=True, slots=True)
class CocoPicture:
    """A picture of the file and what is drawn on it, decoded when it is asked for."""

    listing: Path
    file_name: str
    """As the file has it: to be trusted no further than `places.picture_named` does."""
    segmentations: tuple[object, ...]
    """One for each drawing of the category, as in the file."""
    details: Mapping[str, Any]
    """The picture's entry as a whole."""

    @property
    def is_polygon(self) -> bool:
        """Whether the head is drawn as one polygon, which says more of its border than the pixels inside."""
        match self.segmentations:
            case ([list()],):
                return True
        return False

    def ellipse(self, shape: tuple[int, int]) -> Ellipse:
        """The head's ellipse in a picture of `shape` (H, W). Raises `FetalheadError`."""
        if self.is_polygon:
            self._check(shape)
            found = ellipse_of_polygon(self._polygons(self._drawing())[0], shape)
        else:
            found = ellipse_of_mask(self.mask(shape))
        if not found:
            raise self._fault(found.reason)
        return found

    def mask(self, shape: tuple[int, int]) -> Mask:
        """(H, W) bool of what the drawing marks. Raises `FetalheadError`."""
        self._check(shape)
        drawing = self._drawing()
        if isinstance(drawing, dict):
            return self._run_lengths(drawing, shape)
        joined = np.zeros(shape, dtype=bool)
        for polygon in self._polygons(drawing):
            joined |= mask_of_polygon(polygon, shape)
        return joined

    def _drawing(self) -> object:
        if len(self.segmentations) != 1:
            raise self._fault(f"{len(self.segmentations)} heads are drawn; keep one, or name the head's category apart")
        if not self.segmentations[0]:
            raise self._fault("only a box is drawn; draw the head as a polygon, an ellipse or a mask")
        return self.segmentations[0]

    def _check(self, shape: tuple[int, int]) -> None:
        width, height = self.details.get("width"), self.details.get("height")
        drawn = [str(side).removesuffix(".0") for side in (height, width)]  # some tools write them as text or 800.0
        if width is not None and height is not None and drawn != [str(side) for side in shape]:
            raise self._fault(
                f"drawn on {width} x {height} pixels, but the picture has {shape[1]} x {shape[0]} as shown; "
                "draw on the picture as shown, in its size"
            )

    def _polygons(self, drawing: object) -> list[Points]:
        """(N, 2) points x, y of each polygon."""
        if not isinstance(drawing, list):
            raise self._fault("its segmentation is neither polygons nor run lengths")
        polygons = []
        for numbers in drawing:
            try:
                points = np.array(numbers, dtype=np.float64).reshape(-1, 2)
            except (TypeError, ValueError, OverflowError):
                points = np.empty((0, 2))
            if len(points) < 3 or not (np.abs(points) < FARTHEST).all():
                raise self._fault("a polygon of it is no list of at least three x and y")
            polygons.append(points - 0.5)
        return polygons

    def _run_lengths(self, drawing: Mapping[str, Any], shape: tuple[int, int]) -> Mask:
        size, counts = drawing.get("size"), drawing.get("counts")
        try:
            if size != list(shape):
                raise FetalheadError(f"its run lengths are of size {size!r}, not {list(shape)}, as the picture")
            if not isinstance(counts, (str, list)):
                raise FetalheadError("its run lengths have no counts")
            return decode(unpack(counts) if isinstance(counts, str) else counts, shape)
        except FetalheadError as error:
            raise self._fault(str(error)) from error

    def _fault(self, reason: str) -> FetalheadError:
        return FetalheadError(f"{one_line(self.listing)}: {one_line(self.file_name)}: {one_line(reason)[:300]}")


def read_coco(path: Path, category: str | None = None) -> list[CocoPicture]:
    """The pictures of a COCO file, in its order, each with its drawings of `category` (a name or an id).

    Without `category` the file's drawings must be of one. Raises `FetalheadError` where the file is no such JSON.
    """
    content = _load(path)
    wanted = _wanted(path, content, category)
    drawings: dict[Any, list[object]] = {}
    for annotation in content["annotations"]:
        if _id(annotation.get("category_id")) in wanted:
            drawings.setdefault(_id(annotation.get("image_id")), []).append(annotation.get("segmentation"))
    pictures = []
    for entry in content["images"]:
        name = entry.get("file_name")
        if not isinstance(name, str) or not name:
            raise FetalheadError(f"{one_line(path)}: a picture without file_name; give it one, or drop it")
        pictures.append(CocoPicture(path, name, tuple(drawings.pop(_id(entry.get("id")), ())), entry))
    if drawings:
        raise FetalheadError(
            f"{one_line(path)}: drawings on the picture with id {next(iter(drawings))!r}, which is not in its list"
        )
    return pictures


def coco_content(pictures: Iterable[tuple[Mapping[str, Any], Ellipse | Mask, tuple[int, int]]]) -> dict[str, Any]:
    """A COCO file's content: for each picture its entry (`file_name` and more), its head, and its shape (H, W).

    An ellipse becomes a polygon, a mask its run lengths, and an empty mask a picture without a drawing.
    """
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, (details, head, shape) in enumerate(pictures, start=1):
        images.append({"id": number, **details, "width": shape[1], "height": shape[0]})
        mask = mask_of_ellipse(head, shape) if isinstance(head, Ellipse) else head
        if not mask.any():
            continue
        if isinstance(head, Ellipse):
            points = head.points(OUTLINE_POINTS) + 0.5
            segmentation: object = [[round(float(value), 3) for value in points.ravel()]]
            (left, top), (right, bottom), area = points.min(axis=0), points.max(axis=0), head.area
        else:
            segmentation = {"size": list(shape), "counts": encode(mask)}
            rows, columns = np.nonzero(mask)
            left, top, right, bottom = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
            area = float(mask.sum())
        annotations.append(
            {
                "id": len(annotations) + 1,
                "image_id": number,
                "category_id": 1,
                "segmentation": segmentation,
                "area": round(area, 3),
                "bbox": [round(float(value), 3) for value in (left, top, right - left, bottom - top)],
                "iscrowd": int(isinstance(segmentation, dict)),
            }
        )
    return {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": CATEGORY}]}


def _load(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise FetalheadError(f"{one_line(path)}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise FetalheadError(f"{one_line(path)}: is no JSON: {one_line(error)}") from error
    lists = ("images", "annotations", "categories")
    if not (
        isinstance(content, dict)
        and all(isinstance(content.get(name), list) for name in lists)
        and all(isinstance(entry, dict) for name in lists for entry in content[name])
    ):
        raise FetalheadError(f"{one_line(path)}: no COCO file: wants the lists images, annotations and categories")
    ids = [_id(entry.get("id")) for entry in content["images"]]
    if len(set(ids)) != len(ids):
        raise FetalheadError(f"{one_line(path)}: two pictures have the same id; no telling whose drawings are whose")
    return content


def _wanted(path: Path, content: Mapping[str, Any], category: str | None) -> list[int | str | None]:
    """The ids of the category that is the head."""
    names = {_id(entry.get("id")): str(entry.get("name", "")) for entry in content["categories"]}
    used = {_id(annotation.get("category_id")) for annotation in content["annotations"]}
    if category is not None:
        found = [number for number, name in names.items() if category == name]
        found = found or [number for number in names if category == str(number)]
        if not found:
            listed = ", ".join(map(repr, names.values()))
            raise FetalheadError(f"{one_line(path)}: no category {category!r}; there are {one_line(listed)}")
        return found
    if len(used) > 1:
        listed = ", ".join(repr(names.get(number, number)) for number in sorted(used, key=str))
        raise FetalheadError(
            f"{one_line(path)}: drawings of several categories, {one_line(listed)}; tell the head's: coco:CATEGORY=FILE"
        )
    return list(used)


def _id(value: object) -> int | str | None:
    """What an entry is known by; 1.0 is 1."""
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return int(value)
    return value if isinstance(value, (int, str)) else None
