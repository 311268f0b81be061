"""`fetalhead challenge`: write the results file of the HC18 challenge."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fetalhead.cli.command import parse
from fetalhead.options import option


@dataclass(frozen=True, slots=True)
class ChallengeOptions:
    """Find the head in every image of HC18's test set, and write the challenge's results file."""

    data: str = option("the data set as hc18=DIR, with DIR/test_set and DIR/test_set_pixel_size.csv")
    out: str = option("the results file, such as results.csv")
    model: str = option("name of a bundled model, or a model folder", default="standard")


def main(argv: Sequence[str]) -> int:
    options = parse(ChallengeOptions, argv, "fetalhead challenge")

    from fetalhead.datasets import parse_data
    from fetalhead.datasets.case import read_grey
    from fetalhead.datasets.hc18 import Hc18
    from fetalhead.errors import FetalheadError, UnreadableImage
    from fetalhead.images.image import UltrasoundImage
    from fetalhead.inference.measuring import measure_image
    from fetalhead.inference.predictor import Predictor
    from fetalhead.progress import progress
    from fetalhead.reports.challenge import TEST_IMAGES, Outline, check_by_redrawing, write_challenge

    folder = parse_data(options.data).folder
    images = list(Hc18(folder).test_images())
    shown = {path.name for path in (folder / "test_set").glob("*.png") if not path.name.startswith(".")}
    sizeless = shown - {path.name for path, _ in images}
    if sizeless:
        raise FetalheadError(f"{folder / 'test_set' / min(sizeless)}: has no row in the CSV of pixel sizes; add it")
    out = Path(options.out)
    if out.is_dir() or not out.parent.is_dir():
        raise FetalheadError(f"--out {out}: is to be a file in a folder that exists, such as results.csv")
    predictor = Predictor(options.model)
    outlines, missed = [], []
    for path, pixel_size in progress(images, "challenge"):
        if not pixel_size:
            missed.append(f"{path.name}: {pixel_size.reason}")
            continue
        try:
            image = UltrasoundImage(read_grey(path), pixel_size, path)
        except UnreadableImage as error:
            missed.append(str(error))
            continue
        head, _ = measure_image(image, predictor)
        if head and head.ellipse_px:
            outlines.append(Outline(path.name, head.ellipse_px, pixel_size))
        else:
            missed.append(f"{path.name}: {head.reason}")
    write_challenge(out, outlines)
    check_by_redrawing(out, outlines)
    print(f"{out}: {len(outlines)} rows for {len(images)} images, checked by redrawing", file=sys.stderr)
    if len(images) != TEST_IMAGES:
        print(f"note: the challenge has {TEST_IMAGES} test images, {folder} has {len(images)}", file=sys.stderr)
    for line in missed:
        print(f"fetalhead challenge: {line}; the file has no row for it", file=sys.stderr)
    return 1 if missed else 0
