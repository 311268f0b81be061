"""Figures for `--pixel-size auto`: how often a depth ruler is read, and how wrong the answers are.

    python tools/ruler_figures.py phantoms --count 240
    python tools/ruler_figures.py hc18 DIR          # by split, against the CSV's pixel sizes
    python tools/ruler_figures.py pictures DIR ...  # no truth: answers, and why there are none
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from fetalhead.datasets.hc18 import Hc18
from fetalhead.images.pixel_size import PixelSize
from fetalhead.images.readers import is_picture, read_images
from fetalhead.images.ruler import TOLERANCE, read_ruler
from fetalhead.phantoms import head_phantom
from fetalhead.phantoms.burned_in import Ruler, draw_ruler, draw_text

STYLES = {
    "1 cm and 5 cm": (10, (5,)),
    "5 mm and 1 cm": (5, (2,)),
    "5 mm, 1 cm and 5 cm": (5, (2, 10)),
    "1 mm, 5 mm and 1 cm": (1, (5, 10)),
    "5 mm and 5 cm": (5, (10,)),
    "1 cm alone": (10, ()),
    "no ruler": None,
}


def phantoms(count: int) -> None:
    """Heads with rulers of every style, as machines and archives leave them: made smaller, and as JPEG."""
    found: dict[str, list[tuple[PixelSize, float]]] = defaultdict(list)
    for index in range(count):
        rng = np.random.default_rng([5, index])
        style = list(STYLES)[index % len(STYLES)]
        phantom = head_phantom(5, index)
        picture, size = phantom.image.pixels.copy(), phantom.scene.pixel_size
        if (graduation := STYLES[style]) is not None:
            ruler = Ruler(
                *graduation,
                side="left" if rng.random() < 0.5 else "right",
                dots=bool(rng.random() < 0.5),
                numbers=bool(rng.random() < 0.5),
                axis=bool(rng.random() < 0.25),
                grey=int(rng.integers(180, 256)),
                offset=float(rng.uniform(0.02, 0.08)),
                start=float(rng.uniform(0.01, 0.1)),
            )
            draw_ruler(picture, size, ruler)
        draw_text(picture, rng, words=int(rng.integers(0, 6)))
        scale = 1.0 if rng.random() < 0.5 else float(rng.uniform(0.7, 1))
        shape = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
        picture = cv2.resize(picture, shape, interpolation=cv2.INTER_AREA)
        if rng.random() < 0.5:
            _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(80, 98))])
            picture = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
        found[style].append((read_ruler(np.asarray(picture)), size * phantom.image.shape[0] / shape[1]))
    for style, answers in found.items():
        report(style, answers)
    report("all with a known graduation", [a for style in found if style[-1] == "m" for a in found[style]])


def hc18(folder: Path) -> None:
    """Every labelled picture by split, and the test set."""
    data = Hc18(folder)
    by_split: dict[str, list[tuple[PixelSize, float]]] = defaultdict(list)
    for case in data.cases:
        by_split[case.split].append((_read(case.image_path), case.pixel_size.y))
    for path, size in data.test_images():
        by_split["test set without labels"].append((_read(path), size.y))
    for split, answers in by_split.items():
        report(split, answers)


def pictures(folders: Iterable[Path]) -> None:
    for folder in folders:
        answers = [_read(path) for path in sorted(folder.rglob("*")) if path.is_file() and is_picture(path)]
        print(f"{folder}: {sum(map(bool, answers))} of {len(answers)} answered")
        for reason, number in Counter(size.reason for size in answers if not size).most_common():
            print(f"    {number:5d}  {reason}")


def report(name: str, answers: list[tuple[PixelSize, float]]) -> None:
    errors = [abs(size.y / truth - 1) for size, truth in answers if size]
    worst = f"worst error {100 * max(errors):.2f} %, mean {100 * np.mean(errors):.2f} %, " if errors else ""
    wrong = sum(error > TOLERANCE for error in errors)
    print(f"{name}: {len(errors)} of {len(answers)} answered, {worst}{wrong} wrong by more than 1 %")
    for reason, number in Counter(size.reason for size, _ in answers if not size).most_common():
        print(f"    {number:5d}  {reason}")


def _read(path: Path) -> PixelSize:
    return read_ruler(next(iter(read_images(path))).pixels)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("phantoms", "hc18", "pictures"))
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--count", type=int, default=240)
    given = parser.parse_args()
    if given.what == "phantoms":
        phantoms(given.count)
    elif given.what == "hc18":
        hc18(given.folders[0])
    else:
        pictures(given.folders)


if __name__ == "__main__":
    main()
