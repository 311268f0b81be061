"""DICOM, known by its content: single and multi-frame, in every transfer syntax for which a decoder is installed.

The size of a pixel comes from the file (see `dicom_calibration`). What the header claims is compared with what the
file holds before anything is decoded, and frames are decoded one at a time.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy.typing as npt

from fetalhead.errors import UnreadableImage, reason_of
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.readers import dicom_elements, dicom_video
from fetalhead.images.readers.dicom_calibration import calibration_of
from fetalhead.images.readers.dicom_decoding import decoded_frames, find_decoder
from fetalhead.images.readers.dicom_elements import SOP_CLASS, BrokenDicom, Elements, open_elements, text_of
from fetalhead.images.readers.dicom_grey import GreyFrames
from fetalhead.images.readers.dicom_header import Header, header_dataset
from fetalhead.images.readers.faults import check_size, unreadable
from fetalhead.images.readers.grey import Grey

STORAGE = "1.2.840.10008.5.1.4.1.1."
PICTURE_CLASSES = tuple(f"{STORAGE}{number}" for number in ("3.1", "6.1", "7"))
"""Ultrasound multi-frame, ultrasound, secondary capture: a picture even where its rows are missing."""

RETIRED_CLASSES = (f"{STORAGE}3", f"{STORAGE}6")
"""Ultrasound of before 1993."""

SECONDARY_CAPTURE, MODALITY = f"{STORAGE}7", 0x00080060
CAPTURED = ("", "US", "IVUS", "BDUS", "OT", "SC")
"""Modalities of a secondary capture that may show ultrasound."""

MANUFACTURER, OWN = 0x00080070, "fetalhead"
"""What made a file, and what the results of `fetalhead report` say there: they are drawn over, and no pictures."""


def recognises(head: bytes, path: Path) -> bool:
    return dicom_elements.looks_like_dicom(head)


def holds_picture(path: Path) -> bool:
    """Whether the file has pixel data, or is a damaged one that should: no directory, no report, no result."""
    try:
        with open(path, "rb") as file:
            stream, elements = open_elements(path, file)
            if _is_own(stream, elements):
                return False
            if elements.pixel_tag is not None or dicom_elements.ROWS in elements.spans:
                return True
            return _is_picture(text_of(stream, elements, SOP_CLASS))
    except (OSError, BrokenDicom):
        return True


def other_modality(path: Path) -> str:
    """What the file says it is, such as MR Image Storage; empty where that is ultrasound, or may be."""
    try:
        with open(path, "rb") as file:
            stream, elements = open_elements(path, file)
            if _is_own(stream, elements):
                return "a result of fetalhead report"
            found, modality = text_of(stream, elements, SOP_CLASS), text_of(stream, elements, MODALITY)
    except (OSError, BrokenDicom):
        return ""
    foreign = _is_kind(found, SECONDARY_CAPTURE) and modality not in CAPTURED
    if not found or found in RETIRED_CLASSES or (_is_picture(found) and not foreign):
        return ""
    from pydicom.uid import UID

    return f"{UID(found).name} of modality {modality}" if foreign else UID(found).name


def _is_picture(sop_class: str) -> bool:
    return any(_is_kind(sop_class, known) for known in PICTURE_CLASSES)


def _is_own(stream: BinaryIO, elements: Elements) -> bool:
    return text_of(stream, elements, MANUFACTURER) == OWN


def _is_kind(sop_class: str, known: str) -> bool:
    """Whether the class is `known`, or a kind of it: 7.1 is one of 7, and 77.1 (photographs) is not."""
    return sop_class == known or sop_class.startswith(f"{known}.")


def read(path: Path) -> Iterator[UltrasoundImage]:
    """The file's frames, one at a time. Raises `UnreadableImage`."""
    try:
        with open(path, "rb") as file:
            yield from _read(path, file)
    except UnreadableImage:
        raise
    except Exception as error:  # pydicom raises whatever a damaged file makes it stumble over
        raise unreadable(path, f"damaged DICOM file: {reason_of(error)}") from error


def _read(path: Path, file: BinaryIO) -> Iterator[UltrasoundImage]:
    stream, elements = open_elements(path, file)
    if elements.pixel_tag is None:
        kind = "DICOM directory" if dicom_elements.DIRECTORY_RECORDS in elements.spans else "DICOM file"
        raise unreadable(path, f"is a {kind} without pixel data")
    if _is_own(stream, elements):
        raise unreadable(path, "is a result of fetalhead report, drawn over a picture; measure the picture itself")
    dataset = header_dataset(stream, elements)
    video = elements.transfer_syntax in dicom_video.VIDEO
    header = Header.of(path, dataset, elements, video=video)
    check_size(path, header.rows, header.columns)
    calibration = calibration_of(dataset, header.rows, header.columns)
    frames: Iterator[tuple[int, Grey]]
    if video:
        dicom_video.check_decoder(path, elements.transfer_syntax)
        frames = dicom_video.numbered_frames(stream, elements, header.rows, header.columns, header.frames)
    else:
        decoder = find_decoder(path, elements.transfer_syntax)
        grey = GreyFrames(header, dataset)
        if grey.wants_range:
            _see_all(grey, decoded_frames(stream, elements, header, dataset, decoder, counted=False))
        frames = enumerate(map(grey.grey, decoded_frames(stream, elements, header, dataset, decoder)))
    for number, pixels in _alone(frames, header.frames):
        yield UltrasoundImage(
            pixels, calibration.pixel_size, path, number, calibration.region, calibration.scaled_regions
        )


def _see_all(grey: GreyFrames, frames: Iterator[npt.NDArray[Any]]) -> None:
    """Find the one window of all frames, so that a cine does not flicker."""
    try:
        for values in frames:
            grey.see(values)
    except Exception:  # a frame that cannot be read is told of in its turn, after the good ones before it
        return


def _alone(frames: Iterator[tuple[int, Grey]], claimed: int) -> Iterator[tuple[int | None, Grey]]:
    """The frames with their numbers, None for the only one. The file itself says whether a single one stays alone."""
    if claimed == 1:
        start = list(itertools.islice(frames, 2))
        if len(start) == 1:
            yield None, start[0][1]
            return
        frames = itertools.chain(start, frames)
    yield from frames
