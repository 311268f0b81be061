"""A DICOM picture or cine without its patient: header by the basic profile, pixels outside the ultrasound black.

Pixels are written uncompressed, as they were decoded: values stay values, palettes stay palettes, colour becomes red,
green, blue; a video within DICOM becomes grey frames.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt

from fetalhead.datasets.deidentify.area import ClipArea, area_of_coloured_clip
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.readers import dicom_video, read_images
from fetalhead.images.readers.dicom import other_modality
from fetalhead.images.readers.dicom_decoding import decoded_frames, find_decoder
from fetalhead.images.readers.dicom_elements import open_elements
from fetalhead.images.readers.dicom_grey import GreyFrames, order_bytes
from fetalhead.images.readers.dicom_header import GREY, PALETTE, Header, header_dataset
from fetalhead.images.readers.faults import unreadable

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from fetalhead.datasets.deidentify.profile import Profile
    from fetalhead.datasets.deidentify.pseudonyms import Pseudonyms

Values = npt.NDArray[Any]

MOST_BYTES = 0xFFFFFFFE
"""Of pixels that are not compressed (PS3.5 7.1)."""


def deidentify_dicom(path: Path, target: BinaryIO, profile: Profile, pseudonyms: Pseudonyms) -> None:
    """Write the picture at `path` to `target`. Raises `UnreadableImage`, and what damage makes pydicom stumble over."""
    from pydicom import dcmread

    if other := other_modality(path):
        raise unreadable(path, f"is {other}: what a patient looks like in it, this command does not hide")
    with open(path, "rb") as file:
        area = area_of_coloured_clip(path, _with_colours(path, file))
        file.seek(0)
        dataset = dcmread(file, stop_before_pixels=True, force=True)
        order_bytes(dataset)
        file.seek(0)
        frames, black = _decoded(path, file)
        first = next(frames)
        profile.apply(dataset, pseudonyms)
        _describe(dataset, first, area)
        length = area.frames * first.nbytes
        if length > MOST_BYTES:
            raise unreadable(path, f"its frames take {length} bytes uncompressed, more than DICOM can hold")
        _write_header(dataset, target)
        kind = b"OB" if first.itemsize == 1 else b"OW"
        target.write(struct.pack("<HH2sHL", 0x7FE0, 0x0010, kind, 0, length + length % 2))
        for number, frame in enumerate(itertools.chain([first], frames)):
            mask = area.of(number)
            shown = mask if frame.ndim == 2 else mask[..., np.newaxis]
            blanked = np.where(shown, frame, frame.dtype.type(black if frame.ndim == 2 else 0))
            target.write(blanked.astype(first.dtype.newbyteorder("<")).tobytes())
        target.write(b"\0" * (length % 2))


def _with_colours(path: Path, file: BinaryIO) -> Iterator[tuple[UltrasoundImage, Values]]:
    """The pictures as they are read, each with (H, W, 3) red, green, blue, or its grey where it is stored in grey."""
    from pydicom import dcmread

    frames: Iterator[Values] | None = None
    header: Dataset | None = None
    for image in read_images(path):
        if frames is None or header is None:
            header = dcmread(file, stop_before_pixels=True, force=True)
            order_bytes(header)
            file.seek(0)
            video = header.file_meta.get("TransferSyntaxUID") in dicom_video.VIDEO
            grey = video or header.get("PhotometricInterpretation") in GREY
            frames = iter(()) if grey else _decoded(path, file)[0]
        frame = next(frames, image.pixels)
        yield image, image.pixels if frame is image.pixels else _colours(frame, header, image.pixels)


def _colours(frame: Values, header: Dataset, grey: Values) -> Values:
    """Decoded values of 8 bits or more as red, green, blue of 8; `grey` where they are no colours."""
    from pydicom.pixels.processing import apply_color_lut

    bits = int(header.get("BitsStored") or 8)
    if frame.ndim == 2:
        if header.get("PhotometricInterpretation") != PALETTE:
            return grey
        frame = apply_color_lut(frame, header)[..., :3]
        bits = 8 if frame.max() <= 255 else 8 * frame.itemsize
    return np.ascontiguousarray(frame >> max(bits - 8, 0) if frame.itemsize > 1 else frame, dtype=np.uint8)


def _decoded(path: Path, file: BinaryIO) -> tuple[Iterator[Values], int]:
    """The values of each frame, (H, W), or (H, W, 3) red, green, blue; and which single value is black."""
    stream, elements = open_elements(path, file)
    dataset = header_dataset(stream, elements)
    if elements.transfer_syntax in dicom_video.VIDEO:
        header = Header.of(path, dataset, elements, video=True)
        return dicom_video.video_frames(stream, elements, header.rows, header.columns, header.frames), 0
    header = Header.of(path, dataset, elements, video=False)
    frames = decoded_frames(stream, elements, header, dataset, find_decoder(path, elements.transfer_syntax))
    first = next(frames)
    black = 0
    if first.ndim == 2 and header.photometric in (*GREY, PALETTE):
        plain = first.dtype.kind == "u" and header.stored_bits <= 16
        there = np.arange(2**header.stored_bits, dtype=first.dtype) if plain else np.unique(first)
        black = int(there[np.argmin(GreyFrames(header, dataset).grey(there[np.newaxis]))])
    return itertools.chain([first], frames), black


def _describe(dataset: Dataset, first: Values, area: ClipArea) -> None:
    """Make the image pixel module (PS3.3 C.7.6.3) that of decoded frames like `first`."""
    bits = 8 * first.itemsize
    dataset.SamplesPerPixel = 3 if first.ndim == 3 else 1
    if first.ndim == 3:
        dataset.PhotometricInterpretation = "RGB"
        dataset.PlanarConfiguration = 0
    elif dataset.PhotometricInterpretation not in (*GREY, PALETTE):
        dataset.PhotometricInterpretation = "MONOCHROME2"
    if first.ndim == 2 and "PlanarConfiguration" in dataset:
        del dataset.PlanarConfiguration
    dataset.BitsAllocated = bits
    dataset.BitsStored = min(int(dataset.get("BitsStored") or bits), bits)
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(first.dtype.kind == "i")
    if area.several or "NumberOfFrames" in dataset:
        dataset.NumberOfFrames = area.frames


def _write_header(dataset: Dataset, target: BinaryIO) -> None:
    """All but the pixels, which are the last element."""
    from pydicom import dcmwrite
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    dataset.preamble = b"\0" * 128
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID")
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID")
    dcmwrite(target, dataset, implicit_vr=False, little_endian=True, enforce_file_format=True)
