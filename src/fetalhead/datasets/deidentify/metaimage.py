"""MetaImage and NIfTI without what their headers say: a MetaImage of grey frames, their size, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np

from fetalhead.datasets.deidentify.area import area_of_clip
from fetalhead.images.readers import read_images


def deidentify_frames(path: Path, target: BinaryIO) -> None:
    """Write the frames at `path`, 8 bits each as they are read, to `target` as .mha. Raises `UnreadableImage`."""
    area = area_of_clip(path, read_images(path))
    height, width = area.mask.shape
    size = area.first.pixel_size
    sides = [f"{size.x:.17g}", f"{size.y:.17g}"] if size else ["1", "1"]  # which readers take for not known
    fields = {
        "ObjectType": "Image",
        "NDims": "3" if area.several else "2",
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "CompressedData": "False",
        "ElementSpacing": " ".join([*sides, *(["1"] if area.several else [])]),
        "DimSize": " ".join(map(str, [width, height, *([area.frames] if area.several else [])])),
        "ElementType": "MET_UCHAR",
        "ElementDataFile": "LOCAL",
    }
    target.write("".join(f"{name} = {value}\n" for name, value in fields.items()).encode("ascii"))
    for number, image in enumerate(read_images(path)):
        target.write(np.where(area.of(number), image.pixels, np.uint8(0)).tobytes())
