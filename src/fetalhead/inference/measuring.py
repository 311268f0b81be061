"""From a picture to the measured head, in one call."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.biometry.dating import check_formula
from fetalhead.biometry.drawn_over import is_drawn_over
from fetalhead.biometry.growth import with_growth
from fetalhead.biometry.known_age import KnownAges
from fetalhead.biometry.measurement import HeadMeasurement, measure_head
from fetalhead.biometry.quality import is_foreign, judged
from fetalhead.biometry.uncertainty import allowance_mm, with_interval
from fetalhead.errors import FetalheadError
from fetalhead.images.cleaning import clean
from fetalhead.images.field_of_view import find_field_of_view
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.margins import is_bright_beyond
from fetalhead.images.pixel_size import PixelSize
from fetalhead.images.readers import read_images
from fetalhead.images.readers.faults import LEAST_SIDE
from fetalhead.images.readers.grey import grey_of_colour, grey_of_values
from fetalhead.images.ruler import sized_by_ruler
from fetalhead.inference.model_folder import CONFIG_NAME, model_path
from fetalhead.inference.predictor import Prediction, Predictor

DRAWN_OVER = "what is drawn along the outline is taken out"

NEARLY_SQUARE = 0.02
"""Pixels whose sides differ by a smaller share are shown to the network as they are stored."""

Picture = npt.NDArray[np.generic] | UltrasoundImage | str | Path


def measure(
    picture: Picture,
    pixel_size: float | Sequence[float] | PixelSize | Literal["auto"] | None = None,
    model: str | Path | Predictor = "standard",
    dating: str = "hadlock1984",
    frame: int | None = None,
    ga: float | str | None = None,
    lmp: date | str | None = None,
    exam_date: date | str | None = None,
) -> HeadMeasurement:
    """Find and measure the fetal head in one ultrasound picture.

    `picture` is the path of an image or DICOM file, an `UltrasoundImage`, a picture of Pillow's, or an array as
    `grey_picture` takes it. `pixel_size` (mm; one number, or x and y) comes before the size that the file itself knows;
    "auto" comes after it and reads the depth ruler in the picture; without any the result is in pixels, status
    `no_scale`. `model` is a bundled name, a model folder or a `Predictor`, `dating` a key of `catalog.DATING`, `frame`
    the 0-based frame of a file that holds several (None: its first).

    With the age of the fetus, `hc_z` and `hc_centile` tell where HC stands at that age (INTERGROWTH-21st): `ga` in
    weeks (21.4, "21w3d" or "21+3"), or `lmp`, the first day of the last menstrual period ("2026-06-01"), counted to
    `exam_date` or to the day that a DICOM file tells. The age must not come from the HC itself, as `ga_weeks` does.

    The result is falsy, with the reason, where there is no head. Raises `FetalheadError` for a picture, a pixel
    size, an age or a model that cannot be used.
    """
    check_formula(dating)
    ages = KnownAges.given(ga, lmp, exam_date)
    image = _image(picture, frame)
    if isinstance(pixel_size, str) and pixel_size == "auto":
        image = sized_by_ruler(image)
    else:
        image = replace(image, pixel_size=given_pixel_size(pixel_size, image.pixel_size))
    measurement = measure_image(image, _predictor(model), dating)[0]
    return with_growth(measurement, ages.of(image.source)) if ages else measurement


def measure_image(
    image: UltrasoundImage, predictor: Predictor, dating: str = "hadlock1984"
) -> tuple[HeadMeasurement, Prediction | None]:
    """The measured head of one picture, in the pixel size of the region that holds it, and the prediction behind it.

    A picture without any contrast (all black, say) holds no head, whatever a network makes of it: it never
    reaches the network, and the prediction is None. Where an ellipse or the like is drawn along the outline, the head
    is measured with all that is drawn taken out; `reason` says so.
    """
    lowest, highest, _, _ = cv2.minMaxLoc(image.pixels)
    if lowest == highest:
        reason = "the picture is all black" if highest == 0 else f"the picture is blank (every pixel is {highest:.0f})"
        return judged(HeadMeasurement(status="no_head", reason=reason, pixel_size=image.pixel_size), None), None
    measurement, prediction = _found(image, predictor, dating)
    ellipse, foreign = measurement.ellipse_px, is_foreign(prediction.unlikeness)
    drawn_over = ellipse is not None and not foreign and is_drawn_over(image.pixels, ellipse)
    if drawn_over:
        cleaned = replace(image, pixels=clean(image.pixels)).with_field_of_view(image.field_of_view)
        measurement, prediction = _found(cleaned, predictor, dating)
        measurement = replace(measurement, reason="; ".join(filter(None, [measurement.reason, DRAWN_OVER])))
    if calibration := predictor.folder.calibration:
        allowance = allowance_mm(measurement, prediction.grid_probability, prediction.letterbox)
        measurement = with_interval(measurement, allowance, calibration)
    return judged(measurement, prediction.plane, prediction.unlikeness, drawn_over), prediction


def _found(image: UltrasoundImage, predictor: Predictor, dating: str) -> tuple[HeadMeasurement, Prediction]:
    """The head, and the prediction of its picture in the proportions of the region that holds it."""
    tallness = _tallness(image.pixel_size)
    prediction = predictor.predict(image.pixels, tallness)
    measurement = _measured(image, prediction, image.pixel_size, dating)
    if measurement.ellipse_px is not None:
        size = image.pixel_size_of(measurement.ellipse_px)
        if size != image.pixel_size:  # the region that holds the head is of another size than the picture at large
            if size and _tallness(size) != tallness:
                prediction = predictor.predict(image.pixels, _tallness(size))
            measurement = _measured(image, prediction, size, dating)
    return measurement, prediction


def _measured(image: UltrasoundImage, prediction: Prediction, size: PixelSize, dating: str) -> HeadMeasurement:
    """The head that `prediction` outlines in `image`, in pixels of `size`."""
    letterbox = prediction.letterbox
    if not image.region and is_bright_beyond(image.pixels, letterbox.box):  # flat surroundings of ultrasound are dark
        field = find_field_of_view(image.pixels, letterbox.box)
    else:
        field = image.field_of_view
    return measure_head(prediction.grid_probability, letterbox, size, dating, prediction.best_plane, field)


def _tallness(size: PixelSize) -> float:
    """Height over width of pixels of `size`; 1 where they are square, nearly so, or not known."""
    if not size or max(size.x, size.y) <= (1 + NEARLY_SQUARE) * min(size.x, size.y):
        return 1.0
    return size.y / size.x


def grey_picture(array: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    """(H, W) uint8 grey of an (H, W) grey or (H, W, 3) RGB array, at least 16 pixels a side.

    uint8 is taken as it is. uint16 and float are windowed as the readers do: 0 stays black, and white is the top of
    the bits in use (uint16), or 1 or 255 (float); values below 0 or floats above 255 stretch the window to the range
    in use. RGB becomes grey by 0.299 R + 0.587 G + 0.114 B. Raises `FetalheadError` for any other array.
    """
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        raise FetalheadError(f"an array of shape {array.shape} is no picture: give (H, W) grey or (H, W, 3) RGB")
    if min(array.shape[:2]) < LEAST_SIDE:
        raise FetalheadError(f"an array of shape {array.shape} is too small: a picture has {LEAST_SIDE} pixels a side")
    if array.dtype == np.uint8:
        pixels = np.ascontiguousarray(array, dtype=np.uint8)
    elif array.dtype.newbyteorder("=") == np.uint16 or np.issubdtype(array.dtype, np.floating):
        pixels = grey_of_values(array)
    else:
        raise FetalheadError(f"an array of {array.dtype} is no picture: give uint8, uint16 or float")
    return grey_of_colour(pixels) if pixels.ndim == 3 else pixels


def _image(picture: Picture, frame: int | None) -> UltrasoundImage:
    if isinstance(picture, (str, Path)):
        return _read(Path(picture), frame)
    if frame is not None:
        raise FetalheadError("frame is for files that hold several pictures, not for an array")
    if isinstance(picture, UltrasoundImage):
        pixels = picture.pixels
        if pixels.ndim != 2 or pixels.dtype != np.uint8:
            raise FetalheadError(f"an UltrasoundImage holds (H, W) uint8, not {pixels.dtype} of shape {pixels.shape}")
        grey_picture(pixels)
        return picture
    if type(picture).__module__.startswith("PIL."):
        from fetalhead.images.readers.pillow import grey_as_shown

        return UltrasoundImage(grey_picture(grey_as_shown(picture)))  # type: ignore[arg-type]
    return UltrasoundImage(grey_picture(np.asarray(picture)))


def _read(path: Path, frame: int | None) -> UltrasoundImage:
    if frame is not None and (not isinstance(frame, (int, np.integer)) or not 0 <= frame <= sys.maxsize):
        raise FetalheadError(f"{path}: frame {frame!r}: frames are whole numbers, counted from 0")
    image = next(islice(read_images(path), frame or 0, None), None)
    if image is None:
        raise FetalheadError(f"{path}: there is no frame {frame or 0}")
    return image


def given_pixel_size(given: float | Sequence[float] | PixelSize | None, known: PixelSize) -> PixelSize:
    """The size that a caller gives as one number (mm), a pair x, y or a `PixelSize`; `known` for None.

    Raises `FetalheadError` for anything else, and outside 0.01 to 2 mm.
    """
    if given is None:
        return known
    if isinstance(given, PixelSize):
        return PixelSize.make(given.x, given.y, given.source, given.reason) if given else given
    try:
        sides = [float(side) for side in given] if np.ndim(given) == 1 else 2 * [float(given)]  # type: ignore
        x, y = sides if not isinstance(given, bool) else []
    except (TypeError, ValueError):
        raise FetalheadError(f"pixel size {given!r} is neither a number of mm nor a pair (x, y)") from None
    return PixelSize.make(x, y, "user")


def _predictor(model: str | Path | Predictor) -> Predictor:
    if not isinstance(model, (str, Path)):
        if isinstance(model, Predictor):
            return model
        raise FetalheadError(f"model {model!r} is neither a bundled name nor a model folder")
    path = model_path(model)
    config = path / CONFIG_NAME
    # The modification time is part of the key: a model exported anew to the same folder is loaded anew.
    stamp = config.stat().st_mtime_ns if config.is_file() else 0
    return _cached(str(path.resolve()), stamp)


@lru_cache(maxsize=4)
def _cached(path: str, stamp: int) -> Predictor:
    return Predictor(Path(path))
