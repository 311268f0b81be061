"""`fetalhead phantom`: labelled ultrasound-like images of heads and other planes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fetalhead.cli.command import parse
from fetalhead.errors import FetalheadError, WrongUsage, as_wrong_usage
from fetalhead.options import option

if TYPE_CHECKING:
    from fetalhead.images.ellipse import Ellipse
    from fetalhead.images.image import UltrasoundImage


@dataclass(frozen=True, slots=True)
class Options:
    """Make labelled ultrasound-like images of fetal heads, and of abdomen and femur planes."""

    out: str = option("folder to write to; files of the same names are replaced, others left")
    count: int | None = option("heads, in HC18's layout (or cines); 20 unless given, and 1 with --over", default=None)
    planes: int | None = option(
        "abdomen and femur planes, in FETAL_PLANES_DB's layout in OUT/planes; half as many as heads unless given",
        default=None,
    )
    seed: int = option("image i is a function of the seed and i, whatever the count", default=0)
    video: bool = option("cines of a probe that sweeps through a head, each frame with its truth", default=False)
    over: str | None = option(
        "cines of known motion over this labelled picture: of HC18's layout or a mask folder, or with its outline or "
        "mask beside it as NAME_Annotation.png",
        default=None,
    )
    pixel_size: float | None = option("mm a pixel of the picture of --over; HC18's CSV tells by itself", default=None)
    frames: int = option("frames of a cine", default=48)
    rate: float = option("frames a second of a cine", default=12.0)


def main(argv: Sequence[str]) -> int:
    options = parse(Options, argv, "fetalhead phantom")
    count = (1 if options.over else 20) if options.count is None else options.count
    cines = options.video or options.over is not None
    planes = (0 if cines else count // 2) if options.planes is None else options.planes
    for name, value in (("count", count), ("planes", planes), ("seed", options.seed)):
        if value < 0:
            raise WrongUsage(f"--{name} {value}: give 0 or more")
    if count + planes == 0:
        raise WrongUsage("--count 0 without planes: nothing to make")
    out = Path(options.out)
    if out.exists() and not out.is_dir():
        raise FetalheadError(f"--out {out}: is no folder")
    if cines:
        return _make_cines(options, out, count)

    from fetalhead.datasets.hc18 import subject_of
    from fetalhead.datasets.splits import OWN_SPLIT, split_pictures, write_split
    from fetalhead.phantoms.write import write_heads, write_planes

    if count:
        hc_of = write_heads(out, options.seed, count)
        write_split(out / OWN_SPLIT, split_pictures({name: subject_of(name) for name in hc_of}, hc_of, options.seed))
    if planes:
        write_planes(out / "planes", options.seed, planes)
    print(f"{out}: {count} heads and {planes} other planes, seed {options.seed}")
    return 0


def _make_cines(options: Options, out: Path, count: int) -> int:
    from fetalhead.images.readers.video_file import require_av
    from fetalhead.phantoms.cine import motion_over, phantom_cine
    from fetalhead.videos.cine_folder import write_cine, write_list

    if options.planes:
        raise WrongUsage("--planes: cines have planes of their own; leave it out with --video")
    if options.frames < 1 or not 0.1 <= options.rate <= 1000:
        raise WrongUsage(f"--frames {options.frames} --rate {options.rate:g}: at least 1, and 0.1 to 1000 a second")
    require_av()
    picture = _labelled(Path(options.over), options.pixel_size) if options.over else None
    out.mkdir(parents=True, exist_ok=True)
    made = []
    for index in range(count):
        if picture is None:
            name = f"{index:03d}.mp4"
            frames = phantom_cine(options.seed, index, frames=options.frames, rate=options.rate)
        else:
            name = f"{Path(str(options.over)).stem}_{index:03d}.mp4"
            frames = motion_over(*picture, options.seed + index, options.frames, options.rate)
        made.append(write_cine(out / name, frames, options.rate))
        write_list(out, made, options.rate)
    print(f"{out}: {count} cines of {options.frames} frames, seed {options.seed}")
    return 0


def _labelled(path: Path, pixel_size: float | None) -> tuple[UltrasoundImage, Ellipse]:
    """A picture and its outline, as HC18's layout, a mask folder or a file beside it has it."""
    from dataclasses import replace

    from fetalhead.datasets.annotation import read_annotation
    from fetalhead.datasets.hc18 import TRAINING_CSV, Hc18
    from fetalhead.images.pixel_size import PixelSize
    from fetalhead.images.readers import read_images

    image = next(iter(read_images(path)))
    size = image.pixel_size
    if (path.parent.parent / TRAINING_CSV).is_file():
        cases = {case.name: case for case in Hc18(path.parent.parent).cases}
        size = cases[path.name].pixel_size if path.name in cases else size
    if pixel_size is not None:
        with as_wrong_usage():
            size = PixelSize.make(pixel_size, pixel_size, "user")
    beside = [path.with_name(f"{path.stem}_Annotation.png")]
    beside += [path.parent.parent / folder / f"{path.stem}.png" for folder in ("masks", "labels")]
    annotation = next((file for file in beside if file.is_file()), None)
    if annotation is None:
        raise FetalheadError(f"{path}: no outline of it: wants {beside[0].name} beside it")
    return replace(image, pixel_size=size), read_annotation(annotation, image.shape)
