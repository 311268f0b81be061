"""JPEG frames in DICOM, in the colours that the stream itself names.

Writers label JPEG frames wrongly: RGB where the stream is YCbCr, YBR_FULL_422 where it is RGB. A stream with a JFIF or
Adobe mark (or components called R, G, B) says what it is, and counts; one without is what the header says.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

from fetalhead.errors import reason_of
from fetalhead.images.readers.dicom_elements import BrokenDicom

log = logging.getLogger(__name__)

RGB_LETTERS = (0x52, 0x47, 0x42)


class JpegFrames:
    """Decodes the 8-bit JPEG frames of one file."""

    def __init__(self, name: str, photometric: str) -> None:
        """`name` is the file's, for the log; `photometric` what its header says of the colours."""
        self._name, self._photometric = name, photometric
        self._told = False

    def decode(self, frame: bytes) -> npt.NDArray[np.uint8]:
        """(H, W) grey or (H, W, 3) red, green, blue. Raises `BrokenDicom`."""
        from PIL.JpegImagePlugin import JpegImageFile

        try:
            picture = JpegImageFile(BytesIO(frame))
            if picture.mode not in ("L", "RGB"):
                raise BrokenDicom(f"its JPEG frames are {picture.mode}, neither grey nor of three colours")
            stream = _colours(picture.info, [layer[0] for layer in picture.layer]) if picture.mode == "RGB" else "grey"
            self._compare(stream)
            if not stream and self._photometric == "RGB":
                # Pillow takes three unnamed components for YCbCr; asked for YCbCr, it gives them out as they are.
                picture.draft("YCbCr", picture.size)
            return np.asarray(picture)
        except BrokenDicom:
            raise
        except Exception as error:  # Pillow raises whatever a damaged stream makes it stumble over
            raise BrokenDicom(f"its JPEG frames cannot be decoded ({reason_of(error)})") from error

    def _compare(self, stream: str) -> None:
        """Log, once for a file, where the stream is not what the header says; refuse where that makes no picture."""
        header = "YCbCr" if self._photometric.startswith("YBR") else self._photometric
        header = "grey" if header.startswith("MONOCHROME") else header
        if not stream or stream == header or (stream == "grey" and header == "PALETTE COLOR"):
            return
        if self._photometric in ("MONOCHROME1", "PALETTE COLOR"):
            raise BrokenDicom(f"its JPEG frames are {stream} where its header says {self._photometric}")
        if not self._told:
            self._told = True
            log.warning(
                "%s: header and stream disagree: %s in the header, %s in the JPEG stream, which counts",
                self._name, self._photometric, stream,
            )  # fmt: skip


def _colours(marks: Mapping[Any, Any], names: Sequence[int]) -> str:
    """RGB or YCbCr, as the marks or the components' names say (and libjpeg decides); empty where they say nothing."""
    if "jfif" in marks:
        return "YCbCr"
    if "adobe_transform" in marks:
        return "YCbCr" if marks["adobe_transform"] else "RGB"
    return "RGB" if tuple(names) == RGB_LETTERS else ""
