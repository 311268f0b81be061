"""`fetalhead video`: the head followed through clips: HC over time, the best frames, one steady HC."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fetalhead.catalog import DATING, MODELS, PROVIDERS, VIDEO_MODEL
from fetalhead.cli.command import parse
from fetalhead.cli.shared import check_choice, given_pixel_size, interruptible
from fetalhead.errors import WrongUsage, as_wrong_usage
from fetalhead.options import option

if TYPE_CHECKING:
    from fetalhead.videos.wanted import Wanted


@dataclasses.dataclass(frozen=True)
class Options:
    """Follow the fetal head through clips: HC over time, the best frames, and one HC with an interval for each clip."""

    clips: list[str] = option(
        "videos, GIFs, DICOM cines, folders of frames, and folders of clips", positional=True
    )
    out: str = option("folder; each clip gets one of its own in it. Run again, it goes on where it stopped")
    pixel_size: str | float | list[float] | None = option(
        "size of a pixel of the picture as shown in mm, S or X,Y; comes before what a clip itself tells", default=None
    )
    model: str = option(f"a bundled model ({', '.join(MODELS)}) or a model folder", default=VIDEO_MODEL)
    stride: int = option("measure each so-manieth frame", default=1)
    from_: float | None = option("start at so many seconds", default=None)
    to: float | None = option("end at so many seconds", default=None)
    dating: str = option(f"gestational age by {' or '.join(DATING)}", default="hadlock1984")
    provider: str = option(f"where the network runs: {', '.join(PROVIDERS)}", default="cpu")


def main(argv: Sequence[str]) -> int:
    """Run the command; gives the exit status."""
    options = parse(Options, argv, "fetalhead video")
    wanted = _wanted(options)
    from fetalhead.inference.predictor import Predictor
    from fetalhead.videos.run import analyse_clips

    predictor = Predictor(options.model, options.provider, threads=1)  # frames are measured side by side
    with interruptible():
        return analyse_clips(options.clips, Path(options.out), predictor, wanted)


@as_wrong_usage()
def _wanted(options: Options) -> Wanted:
    """The options checked. Raises `WrongUsage`."""
    from fetalhead.videos.wanted import Wanted

    check_choice("--dating", options.dating, DATING)
    if options.stride < 1:
        raise WrongUsage(f"--stride {options.stride}: at least 1 is needed")
    for name, value in (("--from", options.from_), ("--to", options.to)):
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise WrongUsage(f"{name} {value}: wants seconds, 0 or more")
    if options.from_ is not None and options.to is not None and options.to < options.from_:
        raise WrongUsage(f"--to {options.to:g} lies before --from {options.from_:g}")
    size = given_pixel_size(options.pixel_size)
    return Wanted(size, options.stride, options.from_, options.to, options.dating)
