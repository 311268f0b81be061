"""NIfTI-1 and NIfTI-2 in one file (.nii, .nii.gz): nibabel reads the header, the numbers are read here, frame by frame.

- Which axis is which is the format's own word: the first is x, the second y, and a further one, the third or the
  fourth, is time. The picture is shown as it is stored, first axis to the right, second down, as by the programs that
  write ultrasound so (ITK and what is built on it). The affine says how it lies in a room that freehand ultrasound
  does not know, and turns nothing; lengths do not depend on it.
- The zooms of the first two axes are the pixel size; 1 by 1 means that the writer knew none.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fetalhead.errors import MissingExtra, UnreadableImage, reason_of
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.pixel_size import PixelSize
from fetalhead.images.readers.faults import unreadable
from fetalhead.images.readers.frames_of_values import (
    EITHER_WRAPPER,
    Item,
    Use,
    Values,
    pixel_size_of,
    read_numbers,
    read_values,
)

GZIP = b"\x1f\x8b"

HEADER_BYTES = 540
"""Of NIfTI-2; NIfTI-1 takes 348."""

UNITS = {"unknown": 1.0, "mm": 1.0, "meter": 1000.0, "micron": 0.001}
"""In mm; where they are not told, readers take mm."""


def recognises(head: bytes, path: Path) -> bool:
    return version_of(_header_bytes(head)) is not None


def holds_picture(path: Path) -> bool:
    return True


def version_of(header: bytes) -> int | None:
    """1 or 2, by the sign at its place; None for what is no NIfTI file, or only the header of a pair of files."""
    if header[344:348] == b"n+1\0":
        return 1
    return 2 if header[4:12] == b"n+2\0\r\n\x1a\n" else None


def read(path: Path) -> Iterator[UltrasoundImage]:
    """The frames. Raises `UnreadableImage`."""
    return _read(path, read_values)


def numbers(path: Path) -> Iterator[npt.NDArray[Any]]:
    """The numbers of each frame as they are, such as the values of a mask. Raises `UnreadableImage`."""
    return _read(path, read_numbers)


def _read(path: Path, use: Use[Item]) -> Iterator[Item]:
    try:
        nibabel: Any = importlib.import_module("nibabel")
    except ImportError:
        raise unreadable(path, MissingExtra("NIfTI", "nibabel", "formats")) from None
    try:
        with open(path, "rb") as stream:
            head = stream.read(4096)
            content = _header_bytes(head)
            kind = nibabel.Nifti1Header if version_of(content) == 1 else nibabel.Nifti2Header
            header = kind.from_fileobj(BytesIO(content), check=False)
            affine_sizes = nibabel.affines.voxel_sizes(header.get_sform()) if header["sform_code"] > 0 else None
            values = _values(header, head.startswith(GZIP))
            if max(values.shape[4:], default=1) > 1:
                raise unreadable(path, "several values a pixel along the fifth axis; save it as grey, or as RGB24")
            yield from use(path, stream, values, _pixel_size(header, affine_sizes))
    except UnreadableImage:
        raise
    except Exception as error:  # nibabel raises whatever a damaged header makes it stumble over
        raise unreadable(path, f"damaged NIfTI header: {reason_of(error)}") from error


def _header_bytes(head: bytes) -> bytes:
    if not head.startswith(GZIP):
        return head[:HEADER_BYTES]
    try:
        return zlib.decompressobj(EITHER_WRAPPER).decompress(head, HEADER_BYTES)
    except zlib.error:
        return b""


def _values(header: Any, packed: bool) -> Values:
    shape = tuple(int(length) for length in header.get_data_shape())
    dtype: np.dtype[Any] = header.get_data_dtype()
    channels = 1
    if dtype.names is not None:  # colours: R, G, B and, perhaps, A of a byte each
        channels, dtype = len(dtype.names), np.dtype(np.uint8)
    slope, intercept = header.get_slope_inter()
    offset = header.get_data_offset()
    return Values(
        shape if len(shape) > 1 else (*shape, 1)[:2],
        dtype,
        0 if packed else offset,
        channels,
        packed,
        offset if packed else 0,
        1.0 if slope is None else float(slope),
        0.0 if intercept is None else float(intercept),
    )


def _pixel_size(header: Any, affine_sizes: npt.NDArray[Any] | None) -> PixelSize:
    """The zooms along x and y; none where the affine has others, unless these are 1 by 1, its default."""
    # through text: 0.2912 in single precision is 0.2912, not 0.29120001
    x, y = (float(str(zoom)) for zoom in header["pixdim"][1:3])
    unit = header.get_xyzt_units()[0]
    if unit not in UNITS:
        return PixelSize.unknown(f"its header tells lengths in {unit}")
    if affine_sizes is not None and not any(
        np.allclose(affine_sizes[:2], sizes, rtol=1e-3, atol=0) for sizes in ((x, y), 1)
    ):
        return PixelSize.unknown("its header's pixel size and its affine (sform) disagree")
    return pixel_size_of(x, y, UNITS[unit])
