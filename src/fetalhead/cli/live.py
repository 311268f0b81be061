"""`fetalhead live`: the measurement over the picture of a camera or capture card, in a browser."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fetalhead.catalog import MODELS, VIDEO_MODEL
from fetalhead.cli.command import parse
from fetalhead.cli.shared import given_pixel_size, interruptible
from fetalhead.errors import WrongUsage, as_wrong_usage, one_line
from fetalhead.options import option

if TYPE_CHECKING:
    from fetalhead.images.image import UltrasoundImage
    from fetalhead.videos.clip import Clip

LONGEST_NUMBER = 9
"""Digits of the number of a device, which is a C int."""


@dataclass(frozen=True, slots=True)
class Options:
    """Measure a camera's or capture card's picture as it comes, and show it in a browser on this machine."""

    device: str = option("number of the camera or capture card, or a clip in its place", default="0")
    pixel_size: str | float | list[float] | None = option(
        "size of a pixel in mm, S or X,Y; without it HC is in pixels", default=None
    )
    model: str = option(f"a bundled model ({', '.join(MODELS)}) or a model folder", default=VIDEO_MODEL)
    port: int = option("of the page http://127.0.0.1:PORT; 0 for no page", default=8765)
    record: str | None = option("write what is shown to this MP4 as well", default=None)


def main(argv: Sequence[str]) -> int:
    options = parse(Options, argv, "fetalhead live")
    if not 0 <= options.port <= 65535:
        raise WrongUsage(f"--port {options.port}: wants 0 to 65535")

    from fetalhead.videos.live import LiveShow
    from fetalhead.videos.meter import VideoMeter

    with as_wrong_usage():
        given = given_pixel_size(options.pixel_size)
    meter = VideoMeter(options.model, (given.x, given.y) if given else None)
    record, clip = _record(options), _clip(options.device)
    with interruptible(), LiveShow(meter, options.port, record) as show:
        if options.port:
            print(f"fetalhead live: http://127.0.0.1:{show.port} (Ctrl-C ends)", file=sys.stderr, flush=True)
        try:
            for image in clip.frames() if clip is not None else _device_images(options.device):
                show.add(image)
        except KeyboardInterrupt:
            pass
    print(f"{show.frames} frames, {show.followed} with a head, {show.rate:.1f} a second")
    if clip is None or not clip.told:
        return 0
    print(f"fetalhead live: {one_line(f'{clip.path}: {clip.told}')}", file=sys.stderr)
    return 1


def _record(options: Options) -> Path | None:
    if not options.record:
        return None
    record, clip = Path(options.record), Path(options.device)
    if record.exists() and clip.exists() and record.samefile(clip):
        raise WrongUsage(f"--record {record}: is the clip that is shown: use another file")
    return record


def _clip(device: str) -> Clip | None:
    """The clip in a device's place; None for a device. Raises `FetalheadError`."""
    from fetalhead.videos.clip import open_clip

    return None if device.isdecimal() else open_clip(Path(device))


def _device_images(device: str) -> Iterator[UltrasoundImage]:
    """The pictures of the device of this number. Raises `FetalheadError`."""
    from fetalhead.videos.live import device_images

    digits = device.lstrip("0") or "0"
    if len(digits) > LONGEST_NUMBER:
        raise WrongUsage(f"--device {device}: no camera or capture card has such a number: the first is 0")
    return device_images(int(digits))
