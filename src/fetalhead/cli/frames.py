"""`fetalhead frames`: pictures out of clips to learn from, de-identified."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fetalhead.catalog import MODELS, VIDEO_MODEL
from fetalhead.cli.command import parse
from fetalhead.cli.shared import made_folder
from fetalhead.errors import FetalheadError, WrongUsage, one_line
from fetalhead.options import option


@dataclass(frozen=True, slots=True)
class Options:
    """Take distinct frames out of clips as a set without labels, or those where the model is least sure, to annotate.

    Frames show the ultrasound alone, without names around it; nothing in them or in their names tells whose they are.
    """

    clips: list[str] = option("videos, GIFs, DICOM cines, folders of frames, and folders of clips", positional=True)
    out: str = option("folder for the pictures and frames.csv")
    by: Literal["distinct", "unsure"] = option(
        "distinct: no two alike, spread over the clip; unsure: those too, and the model is least sure of them",
        default="distinct",
    )
    count: int = option("frames of a clip, at most", default=50)
    model: str = option(f"for unsure: a bundled model ({', '.join(MODELS)}) or a model folder", default=VIDEO_MODEL)
    stride: int = option("look at each so-manieth frame", default=1)


def main(argv: Sequence[str]) -> int:
    options = parse(Options, argv, "fetalhead frames")
    for name, value in (("count", options.count), ("stride", options.stride)):
        if value < 1:
            raise WrongUsage(f"--{name} {value}: at least 1 is needed")

    from fetalhead.images.readers.video_file import require_av
    from fetalhead.inference.predictor import Predictor
    from fetalhead.videos.clip import open_clip
    from fetalhead.videos.frame_list import FrameList
    from fetalhead.videos.learning_frames import take_frames
    from fetalhead.videos.search import search_clips
    from fetalhead.videos.wanted import Wanted

    require_av()
    predictor = Predictor(options.model) if options.by == "unsure" else None
    out = made_folder(options.out)
    found = search_clips(options.clips, out)
    frames, taken = FrameList(out, found.clips), 0
    for line in (*found.notes, *found.errors):
        _say(line)
    failed = bool(found.errors)
    for path in found.clips:
        try:
            clip = open_clip(path)
            written = take_frames(clip, out, options.count, Wanted(stride=options.stride), predictor)
            frames.add(written)
            taken += len(written)
            fault = f"{path}: {clip.told}" if clip.told else ""
        except FetalheadError as error:
            fault = str(error)
        if fault:
            failed = True
            _say(fault)
    print(f"{out}: {taken} frames of {len(found.clips)} clips")
    return 1 if failed else 0


def _say(fault: str) -> None:
    print(f"fetalhead frames: {one_line(fault)}", file=sys.stderr)
