"""Frames out of clips to learn from: distinct ones, or those the model is least sure of; without names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.errors import FetalheadError
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.spread import Spread
from fetalhead.images.surroundings import area_of_clip, only
from fetalhead.inference.predictor import Prediction, Predictor
from fetalhead.reports.overlay import encode_png
from fetalhead.videos.analysis import SHOWN_FRAMES
from fetalhead.videos.clip import Clip
from fetalhead.videos.content import content_of
from fetalhead.videos.frame_list import FrameFile
from fetalhead.videos.scenes import alikeness, detail_of
from fetalhead.videos.wanted import Wanted

ALIKE = 0.9
"""Frames that correlate more than this are one picture seen twice."""

LEAST_PROBABILITY = 0.05
"""The network says nothing of a head where it is below this."""


@dataclass(slots=True, eq=False)
class _Candidate:
    frame: int
    detail: npt.NDArray[np.float32]
    uncertainty: float | None


def take_frames(clip: Clip, out: Path, count: int, wanted: Wanted, predictor: Predictor | None) -> list[FrameFile]:
    """Write up to `count` frames of a clip into `out` as PNG: no two alike, in the order of the clip.

    Without a model they are spread over the clip as it changes; with one they are those of which it is least sure.
    Only what lies within the ultrasound region is kept, without metadata, under a name made of the clip's content.
    Raises `FetalheadError`, for a clip in which no ultrasound can be told from the names around it, too.
    """
    chosen: list[_Candidate] = []
    spread: Spread[UltrasoundImage] = Spread(SHOWN_FRAMES)
    for image in wanted.frames(clip):
        spread.add(image)
        if int(image.pixels.max()) == int(image.pixels.min()):
            continue
        uncertainty = None if predictor is None else uncertainty_of(predictor.predict(image.pixels))
        _take(chosen, _Candidate(image.frame or 0, detail_of(image.pixels), uncertainty), count)
    mask = area_of_clip(spread)
    if mask is None:
        raise FetalheadError(f"{clip.path}: no ultrasound can be told from what is around it: no frames are taken")
    digest = content_of(clip.path)[:12]
    by_frame = {candidate.frame: candidate for candidate in chosen}
    written = []
    for image in wanted.frames(clip):
        if (candidate := by_frame.get(image.frame or 0)) is None:
            continue
        name = f"{digest}_{candidate.frame:06d}.png"
        try:
            (out / name).write_bytes(encode_png(_cropped(only(image.pixels, mask), mask)))
        except OSError as error:
            raise FetalheadError(f"{out / name}: cannot be written: {os.strerror(error.errno or 0)}") from error
        written.append(FrameFile(name, digest, candidate.frame, image.time_s, candidate.uncertainty))
    return written


def uncertainty_of(prediction: Prediction) -> float:
    """0 to 1: mean of 4 p (1 - p) over what the network may take for a head; 0 where it sees none."""
    p = prediction.grid_probability
    p = p[p > LEAST_PROBABILITY]
    return float((4 * p * (1 - p)).mean()) if p.size else 0.0


def _take(chosen: list[_Candidate], new: _Candidate, count: int) -> None:
    """Keep `new` among the at most `count` chosen, if it is like none of them, or surer to be wanted than those."""
    alike = [old for old in chosen if alikeness(old.detail, new.detail) > ALIKE]
    if new.uncertainty is None:
        if not alike:
            chosen.append(new)
        if len(chosen) > count:  # twice too fine: leave every second out, evenly over the clip so far
            del chosen[1::2]
        return
    if any((old.uncertainty or 0) >= new.uncertainty for old in alike):
        return
    for old in alike:
        chosen.remove(old)
    chosen.append(new)
    if len(chosen) > count:
        chosen.remove(min(chosen, key=lambda candidate: candidate.uncertainty or 0))


def _cropped(pixels: npt.NDArray[np.uint8], mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    x, y, width, height = cv2.boundingRect(mask.view(np.uint8))
    return np.ascontiguousarray(pixels[y : y + height, x : x + width])
