"""Pictures whose answer is known, and the smallest data set in HC18's layout."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np

from fetalhead.images.ellipse import Ellipse

TOY_GRID = (64, 96)


def bright_head(ellipse: Ellipse, shape: tuple[int, int] = (128, 192), grey: int = 220) -> np.ndarray:
    """(H, W) uint8 picture that is bright inside the ellipse: what the toy model outlines exactly."""
    return (ellipse.coverage(shape) * grey + 0.5).astype(np.uint8)


def write_tiny_hc18(root: Path, count: int = 12) -> None:
    """Pictures of bright heads, 64 x 96, a subject each; two each for val and test, the others to train on."""
    (root / "training_set").mkdir()
    rng = np.random.default_rng(0)
    rows = []
    for index in range(count):
        ellipse = Ellipse.make(48 + rng.uniform(-8, 8), 32 + rng.uniform(-4, 4), rng.uniform(18, 26),
                               rng.uniform(13, 18), rng.uniform(0, 3))
        picture = bright_head(ellipse, (64, 96)) // 2 + rng.integers(0, 60, (64, 96)).astype(np.uint8)
        outline = np.zeros((64, 96), np.uint8)
        shift = np.round(ellipse.points(720) * 16).astype(np.int32)
        cv2.polylines(outline, [shift], True, 255, 1, cv2.LINE_8, 4)
        cv2.imwrite(str(root / "training_set" / f"{index:03d}_HC.png"), picture)
        cv2.imwrite(str(root / "training_set" / f"{index:03d}_HC_Annotation.png"), outline)
        rows.append((f"{index:03d}_HC.png", 0.5, ellipse.perimeter * 0.5))
    with open(root / "training_set_pixel_size_and_HC.csv", "w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["filename", "pixel size(mm)", "head circumference (mm)"])
        writer.writerows(rows)
    splits = ["train"] * (count - 4) + ["val"] * 2 + ["test"] * 2
    (root / "split.csv").write_text(
        "filename,split\n" + "".join(f"{row[0]},{split}\n" for row, split in zip(rows, splits, strict=True))
    )
