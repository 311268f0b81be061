"""`python tools/cut_heads.py HC18 [PICTURES] [PHANTOMS]`: HC error of heads cut off by the edge of the field of view.

Every head of the validation split (the first PICTURES of an even choice; all by default) and PHANTOMS heads made anew
(default 0) are cut by a straight edge, black beyond it, that takes 10, 20 and 30 % of the head's area: by turns a
sector's right side, its left side, an upright edge and a level one below. Each is measured with and without the edge
rule; a head taken for another plane has no HC. For phantoms, whose sector is known, the field of view found in the
uncut picture is compared with it.
"""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fetalhead.biometry.measurement import measure_head
from fetalhead.biometry.quality import judged
from fetalhead.datasets.hc18 import Hc18
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.field_limits import Arc, Line, mask_within
from fetalhead.images.image import UltrasoundImage
from fetalhead.inference.predictor import Predictor
from fetalhead.phantoms.phantom import head_phantom
from fetalhead.phantoms.scene import Scene

SHARES = (0.0, 0.1, 0.2, 0.3)
SEED = 11


def edge(head: Ellipse, share: float, number: int) -> Line:
    """The straight edge beyond which `share` of the head's area lies."""
    tilt = math.radians((24, 29, 34)[number % 3])
    out = [(math.cos(tilt), -math.sin(tilt)), (-math.cos(tilt), -math.sin(tilt)), (1.0, 0.0), (0.0, 1.0)][number % 4]
    # Of a unit circle, acos(d) - d sqrt(1 - d^2) of pi lies beyond a chord at d; an ellipse is its affine image.
    distances = np.linspace(-1, 1, 100_001)
    beyond = (np.arccos(distances) - distances * np.sqrt(1 - distances**2)) / math.pi
    distance = float(np.interp(-share, -beyond, distances))
    turn = math.atan2(out[1], out[0]) - head.angle
    reach = math.hypot(head.semi_axis_a * math.cos(turn), head.semi_axis_b * math.sin(turn))
    least = -(out[0] * head.center_x + out[1] * head.center_y + distance * reach)
    return Line(-out[0], -out[1], least)


def sector_mask(scene: Scene) -> npt.NDArray[np.bool_]:
    """(H, W) bool of a phantom's sector."""
    sector, size = scene.sector, scene.pixel_size
    x, y = sector.apex_x / size, sector.apex_y / size
    cos, sin = math.cos(sector.half_angle), math.sin(sector.half_angle)
    sides = [Line(side * cos, sin, side * cos * x + sin * y) for side in (-1, 1)]
    arcs = [Arc(x, y, radius / size, near) for radius, near in ((sector.near, True), (sector.far, False))]
    return mask_within([*sides, *arcs], scene.shape)


def heads(root: Path, pictures: int, phantoms: int) -> Iterator[tuple[str, UltrasoundImage, Ellipse, float]]:
    cases = [case for case in Hc18(root).cases if case.split == "val"]
    for case in cases[:: max(1, len(cases) // pictures)][:pictures]:
        pixels = case.pixels()
        if case.hc_mm is not None:
            yield "hc18 val", UltrasoundImage(pixels, case.pixel_size), case.ellipse(pixels.shape), case.hc_mm
    overlaps = []
    for index in range(phantoms):
        phantom = head_phantom(SEED, index)
        found, truth = phantom.image.field_of_view, sector_mask(phantom.scene)
        mask = found.mask if found else np.zeros_like(truth)
        overlaps.append((mask & truth).sum() / (mask | truth).sum())
        yield "phantoms", phantom.image, phantom.ellipse, phantom.hc_mm
    if overlaps:
        below = sum(overlap < 0.97 for overlap in overlaps)
        print(f"field of view of {phantoms} phantoms: IoU mean {np.mean(overlaps):.3f}, "
              f"median {np.median(overlaps):.3f}, least {min(overlaps):.3f}; {below} below 0.97")


def main(root: Path, pictures: int, phantoms: int) -> None:
    predictor = Predictor("standard")
    errors: dict[tuple[str, float], list[tuple[float, float]]] = defaultdict(list)
    told: dict[tuple[str, float], int] = defaultdict(int)
    for number, (kind, image, head, hc_mm) in enumerate(heads(root, pictures, phantoms)):
        for share in SHARES:
            kept = mask_within([edge(head, share, number)] if share else [], image.shape)
            cut = UltrasoundImage(np.where(kept, image.pixels, 0).astype(np.uint8), image.pixel_size)
            seen = predictor.predict(cut.pixels)
            in_grid = (seen.grid_probability, seen.letterbox, cut.pixel_size)
            found = [
                judged(measure_head(*in_grid, plane=seen.best_plane, field_of_view=field), seen.plane)
                for field in (None, cut.field_of_view)
            ]
            without, ruled = (100 * (one.hc_mm / hc_mm - 1) if one.hc_mm else math.nan for one in found)
            errors[kind, share].append((without, ruled))
            told[kind, share] += found[1].cut_by_edge
    print("| heads | cut off | rule | mean error | median | worst | bias | no HC | said to be cut |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for (kind, share), pairs in errors.items():
        for name, values in zip(("without", "with"), np.array(pairs).T, strict=True):
            size = np.abs(values)
            said = f"{told[kind, share]} of {len(values)}" if name == "with" else ""
            print(f"| {kind} | {100 * share:.0f} % | {name} | {np.nanmean(size):.2f} % | {np.nanmedian(size):.2f} % "
                  f"| {np.nanmax(size):.1f} % | {np.nanmean(values):+.2f} % | {np.isnan(values).sum()} | {said} |")


if __name__ == "__main__":
    numbers = [int(value) for value in sys.argv[2:]]
    main(Path(sys.argv[1]), *(numbers + [10**6, 0][len(numbers):]))
