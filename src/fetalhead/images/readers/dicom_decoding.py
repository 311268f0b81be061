"""The values of a DICOM file's frames, one at a time, by whichever decoder is installed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy.typing as npt

from fetalhead.images.readers import dicom_isolated
from fetalhead.images.readers.dicom_elements import BrokenDicom, Elements
from fetalhead.images.readers.dicom_frames import check_frame, encapsulated_frames, holds_rgb, log_count, native_bytes
from fetalhead.images.readers.dicom_header import Header
from fetalhead.images.readers.dicom_jpeg import JpegFrames
from fetalhead.images.readers.faults import unreadable

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pydicom.pixels.decoders.base import Decoder

log = logging.getLogger(__name__)

STAYS_YCBCR = ("YBR_FULL", "YBR_FULL_422")
"""What a decoder's output is converted from, unless the stream turned its colours round itself."""

EIGHT_BIT_JPEG = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51")
"""Baseline, and extended, of which 12-bit streams exist that no decoder here reads."""

EVERYWHERE = ("pydicom", "pillow")
ORDER = (*EVERYWHERE, "pyjpegls", "pylibjpeg", "gdcm")
"""pydicom's plugins, those first that every install has, so that an extra changes no number."""

OF_THE_EXTRA = ("gdcm", "pyjpegls")
"""Those that tell whether the extra is installed; pylibjpeg wants a GPL package for some syntaxes."""

PACKAGES = {"gdcm - ": "python-gdcm", "pyjpegls - ": "pyjpegls", "pylibjpeg-openjpeg": "pylibjpeg-openjpeg"}
"""The extra's packages, by what pydicom says of a plugin that is missing."""

INSTALL = "pip install 'fetalhead[dicom]'"


def find_decoder(path: Path, transfer_syntax: str) -> Decoder:
    """pydicom's decoder. Raises `UnreadableImage` where there is none, or none is installed."""
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID

    syntax = UID(transfer_syntax)
    name = f"{syntax.name} ({syntax})" if syntax.name != syntax else f"{syntax}"
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError as error:
        raise unreadable(path, f"DICOM pixels in the transfer syntax {name} are not read") from error
    if not decoder.is_available:
        missing = "\n".join(decoder.missing_dependencies)
        packages = " or ".join(package for sign, package in PACKAGES.items() if sign in missing)
        raise unreadable(
            path,
            f"DICOM pixels in the transfer syntax {name} need a decoder that is not installed ({packages}): {INSTALL}",
        )
    return decoder


def decoded_frames(
    stream: BinaryIO, elements: Elements, header: Header, dataset: Dataset, decoder: Decoder, *, counted: bool = True
) -> Iterator[npt.NDArray[Any]]:
    """(H, W) values or (H, W, 3) red, green, blue of each frame. Raises `BrokenDicom`.

    `counted`: log where there are more frames, or fewer, than the header claims.
    """
    from pydicom.pixels.utils import as_pixel_options

    dataset.setdefault("PlanarConfiguration", 0)  # which is what writers mean that leave it out
    options = as_pixel_options(dataset, pixel_keyword="PixelData", pixel_vr=elements.pixel_vr or "OW")
    if decoder.is_native:
        yield from _native(stream, elements, header, decoder, options, counted)
        return
    options["number_of_frames"] = 1
    jpeg = JpegFrames(getattr(stream, "name", ""), header.photometric)
    for frame in encapsulated_frames(stream, elements, header.frames if counted else None):
        check_frame(frame, header.rows, header.columns, header.raw_bytes)
        if header.photometric in STAYS_YCBCR and holds_rgb(frame):
            if counted and options["photometric_interpretation"] != "RGB":
                log.warning(
                    "%s: header and stream disagree: %s in the header, RGB in the JPEG 2000 stream, which counts",
                    getattr(stream, "name", ""), header.photometric,
                )  # fmt: skip
            options["photometric_interpretation"] = "RGB"
        yield jpeg.decode(frame) if decoder.UID in EIGHT_BIT_JPEG else _decoded(decoder, frame, options)


def _native(
    stream: BinaryIO, elements: Elements, header: Header, decoder: Decoder, options: dict[str, Any], counted: bool
) -> Iterator[npt.NDArray[Any]]:
    """The frames of uncompressed pixel data. Raises `BrokenDicom` after the last whole one where one is missing."""
    held = native_bytes(stream, elements)
    header = _as_stored(stream, held, header, counted)
    whole = held // header.frame_bytes
    options = options | {
        "photometric_interpretation": header.photometric,
        "number_of_frames": max(1, min(whole, header.frames)),
    }
    for index in range(min(whole, header.frames)):
        stream.seek(elements.pixel_start)
        yield decoder.as_array(stream, index=index, **options)[0]
    if whole < header.frames:
        claimed = header.frames * header.frame_bytes
        raise BrokenDicom(f"its header claims {claimed} bytes of pixels and the file holds {held}")
    if counted:
        log_count(stream, header.frames, whole)


def _as_stored(stream: BinaryIO, held: int, header: Header, counted: bool) -> Header:
    """The header, or one of YBR_FULL where it claims colours at half resolution and `held` bytes are those at full.

    Cines that were decompressed keep the label of the JPEG they were.
    """
    if header.photometric != "YBR_FULL_422":
        return header
    whole = replace(header, photometric="YBR_FULL")
    if not 0 <= held - header.frames * whole.frame_bytes <= 1:  # one byte makes the length even
        return header
    if counted:
        log.warning(
            "%s: header and pixels disagree: YBR_FULL_422 in the header, as many bytes as YBR_FULL has, which count",
            getattr(stream, "name", ""),
        )
    return whole


def _decoded(decoder: Decoder, frame: bytes, options: dict[str, Any]) -> npt.NDArray[Any]:
    """The values of one compressed frame, by the first decoder that can. Raises `BrokenDicom`."""
    reason = ""
    for plugin in _plugins(decoder):
        decode = decode_here if plugin in EVERYWHERE else dicom_isolated.decode
        try:
            return decode(decoder.UID, plugin, frame, options)
        except BrokenDicom as error:
            reason = str(error)
    lacking = [line for line in decoder.missing_dependencies if line.startswith(OF_THE_EXTRA)]
    hint = f"; for further decoders: {INSTALL}" if lacking else ""
    raise BrokenDicom(f"its {decoder.UID.name} frames cannot be decoded ({reason}){hint}")


def _plugins(decoder: Decoder) -> list[str]:
    """The installed plugins to try, in `ORDER`; gdcm, which breaks down at most, only where it is the only one."""
    plugins = sorted(decoder.available_plugins, key=ORDER.index)
    return [plugin for plugin in plugins if plugin != "gdcm"] or plugins


def decode_here(syntax: str, plugin: str, frame: bytes, options: dict[str, Any]) -> npt.NDArray[Any]:
    """The values of a frame, given to a plugin as encapsulated data with an empty offset table."""
    from pydicom.encaps import encapsulate
    from pydicom.pixels.decoders.base import get_decoder

    try:
        decoder = get_decoder(syntax)
        return decoder.as_array(encapsulate([frame], has_bot=False), index=0, decoding_plugin=plugin, **options)[0]
    except Exception as error:  # the first line only counts the decoders that failed; the last says why one did
        raise BrokenDicom((str(error).strip().splitlines()[-1:] or [type(error).__name__])[0].strip()) from error
