"""Small files that claim, nest or inflate without end: one line each, under 1 s and 200 MB, good files unharmed."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from dicom_making import dataset, save
from PIL import Image
from pydicom.uid import DeflatedExplicitVRLittleEndian

from fetalhead.errors import UnreadableImage
from fetalhead.images.readers import read_images

READ = """
import json, sys, time
from pathlib import Path
import pydicom.pixels, PIL.PngImagePlugin
from fetalhead.errors import FetalheadError
from fetalhead.images.readers import is_picture, read_images
for name in sys.argv[1:]:
    start, said, frames = time.process_time(), "", 0  # wall time would test what else the machine does
    try:
        for image in read_images(Path(name)):
            frames += 1
    except FetalheadError as error:
        said = str(error)
    read = time.process_time()
    is_picture(Path(name))
    seconds = max(read - start, time.process_time() - read)
    # not ru_maxrss, which begins with the size of the process that started this one
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    megabytes = int(peak.split()[1]) / 1024
    print(json.dumps([said, frames, seconds, megabytes]))
"""


def measured(*paths: Path) -> list[tuple[str, int, float, float]]:
    """What reading each file said, its frames, its seconds, and the most megabytes so far, in one process."""
    done = subprocess.run(
        [sys.executable, "-c", READ, *map(str, paths)],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.stderr == ""
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def element(tag: int, vr: bytes, length: int, value: bytes = b"") -> bytes:
    return struct.pack("<HH2sHL", tag >> 16, tag & 0xFFFF, vr, 0, length) + value


UNDEFINED = 0xFFFFFFFF
ITEM = struct.pack("<HHL", 0xFFFE, 0xE000, UNDEFINED)
EMPTY_ITEM = struct.pack("<HHL", 0xFFFE, 0xE000, 0)
ITEM_END = struct.pack("<HHL", 0xFFFE, 0xE00D, 0)
SEQUENCE_END = struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)


def nested(tag: int, depth: int, closed: bool) -> bytes:
    """Sequences of undefined length, each within the one item of the last."""
    opened = (element(tag, b"SQ", UNDEFINED) + ITEM) * depth
    return opened + (ITEM_END + SEQUENCE_END) * depth if closed else opened


def nested_by_length(tag: int, depth: int) -> bytes:
    """The same with lengths given, so that a parser only meets them one by one."""
    sizes = [20 * level for level in range(depth)]
    return b"".join(
        element(tag, b"SQ", 8 + size) + struct.pack("<HHL", 0xFFFE, 0xE000, size) for size in reversed(sizes)
    )


def spliced(path: Path, place: bytes, inserted: bytes) -> Path:
    """The DICOM file with `inserted` before the element whose header begins with `place`."""
    raw = path.read_bytes()
    cut = raw.index(place)
    path.write_bytes(raw[:cut] + inserted + raw[cut:])
    return path


@pytest.fixture(scope="module")
def bombs(tmp_path_factory) -> dict[str, Path]:
    tmp_path = tmp_path_factory.mktemp("bombs")
    grey = np.zeros((64, 96), np.uint8)
    rows = struct.pack("<HH", 0x0028, 0x0002)
    claim = dataset(np.zeros((16, 16), np.uint16), Rows=65535, Columns=65535)
    made = {"claim": save(claim, tmp_path / "claim.dcm")}
    frames = dataset(np.zeros((1, 16, 16), np.uint8), frames=2**31 - 1)
    made["frames"] = save(frames, tmp_path / "frames.dcm")
    for name, inserted in [
        ("nested", nested(0x00186011, 180_000, closed=False)),
        ("closed", nested(0x00091010, 100_000, closed=True)),
        ("items", element(0x00186011, b"SQ", UNDEFINED) + EMPTY_ITEM * 450_000 + SEQUENCE_END),
        ("few-items", element(0x00186011, b"SQ", UNDEFINED) + EMPTY_ITEM * 12_000 + SEQUENCE_END),
        ("lengths", nested_by_length(0x00186011, 180_000)),
        ("few-lengths", nested_by_length(0x00186011, 4_000)),
        ("elements", element(0x00091010, b"UN", 0) * 300_000),
    ]:
        made[name] = spliced(save(dataset(grey), tmp_path / f"{name}.dcm"), rows, inserted)
    deflated = save(dataset(grey, syntax=DeflatedExplicitVRLittleEndian), tmp_path / "deflated.dcm")
    packer = zlib.compressobj(1, wbits=-15)
    body = b"".join(packer.compress(bytes(10_000_000)) for _ in range(7)) + packer.flush()
    meta = deflated.read_bytes()
    length = 132 + 12 + struct.unpack("<L", meta[140:144])[0]
    deflated.write_bytes(meta[:length] + body)
    made["deflated"] = deflated
    for name, header in {
        "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">LLBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0),
        "bmp": b"BM" + struct.pack("<LLLLllHHLLllLL", 1000, 0, 54, 40, 30_000, 30_000, 1, 24, 0, 0, 0, 0, 0, 0),
        "gif": b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0) + b"," + bytes(8) + b"\0\2\0;",
        "jpg": b"\xff\xd8\xff\xc0" + struct.pack(">HBHHBBBB", 11, 8, 65_500, 65_500, 1, 1, 0x11, 0) + bytes(500),
        "tif": b"II*\0\x08\0\0\0" + struct.pack("<H", 4) + b"".join(
            struct.pack("<HHLL", tag, 4, 1, value) for tag, value in [(256, 30_000), (257, 30_000), (262, 1), (273, 8)]
        ) + bytes(4),
    }.items():  # fmt: skip
        if name == "png":
            header += struct.pack(">L", zlib.crc32(header[12:])) + b"\0\0\0\0IEND\xaeB`\x82"
        (tmp_path / f"large.{name}").write_bytes(header)
        made[name] = tmp_path / f"large.{name}"
    return made | packed_bombs(tmp_path)


def nifti(*shape: int) -> bytes:
    """The header of a NIfTI-1 file of bytes."""
    made = bytearray(352)
    struct.pack_into("<l", made, 0, 348)
    struct.pack_into("<8h", made, 40, len(shape), *shape, *[1] * (7 - len(shape)))
    struct.pack_into("<2h", made, 70, 2, 8)
    struct.pack_into("<f", made, 108, 352)
    made[344:348] = b"n+1\0"
    return bytes(made)


def packed_bombs(tmp_path: Path) -> dict[str, Path]:
    """MetaImage, NIfTI, GIF, PNG and TIFF files that claim much, and ones that hold it: zeros, packed 1000 to 1."""
    zeros = zlib.compressobj(1, wbits=31)  # 100 MB of zeros as gzip
    bomb = b"".join(zeros.compress(bytes(10_000_000)) for _ in range(10)) + zeros.flush()
    text = "ObjectType = Image\nNDims = 3\nDimSize = {}\nElementType = MET_DOUBLE\nCompressedData = {}\n"
    text += "ElementDataFile = LOCAL\n"
    blank = Image.new("L", (6000, 6000))
    rgb = BytesIO()
    Image.new("RGB", (7000, 7000)).save(rgb, "PNG")
    gif, tiff = BytesIO(), BytesIO()
    blank.save(gif, "GIF", save_all=True, append_images=[Image.new("L", (6000, 6000), shade) for shade in (1, 2)])
    page = Image.new("L", (5000, 5000))
    page.save(tiff, "TIFF", compression="tiff_adobe_deflate", save_all=True, append_images=[page] * 5)
    contents = {
        "cube.mha": text.format("65535 65535 65535", False).encode() + bytes(1000),
        "packed-cube.mha": text.format("65535 65535 65535", True).encode() + bomb,
        "one-frame.mha": text.format("8000 7999 1", True).encode() + bomb,
        "frames.mha": text.format("512 512 2000000000", True).encode() + bomb,
        "cube.nii": nifti(32767, 32767, 32767) + bytes(100),
        "cube.nii.gz": zlib.compress(nifti(32767, 32767, 32767) + bytes(100), wbits=31),
        "zeros.nii.gz": zlib.compress(nifti(500, 500, 4000), wbits=31) + bomb,
        "alike.nii.gz": zlib.compress(nifti(500, 500, 400), wbits=31) + bomb,
        "rgb.png": rgb.getvalue(),
        "frames.gif": gif.getvalue(),
        "pages.tif": tiff.getvalue(),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return {name: tmp_path / name for name in contents}


def test_each_is_one_line_quickly_and_in_little_memory(bombs, tmp_path):
    Image.new("L", (64, 64), 9).save(tmp_path / "good.png")
    good = tmp_path / "good.png"
    results = measured(good, *bombs.values(), good)
    assert [results[0][:2], results[-1][:2]] == [("", 1), ("", 1)]
    for name, (said, frames, seconds, megabytes) in zip(bombs, results[1:-1], strict=True):
        readable = name in ("few-items", "lengths", "few-lengths", "elements", "alike.nii.gz")
        held = 400 if name == "alike.nii.gz" else 1
        assert (frames, said) == (held, "") if readable and not said else said.startswith(f"{bombs[name]}: "), name
        assert said.isprintable(), name
        assert seconds < 1, (name, seconds)
        assert megabytes < 200, (name, megabytes)
        assert readable or said, name


def test_the_claims_are_named(bombs):
    for name, said in {
        "claim": "claims 65535 x 65535 pixels", "frames": "bytes of pixels and the file holds",
        "nested": "nested more than 64 deep", "png": "claims 30000 x 30000 pixels", "gif": "claims 65535 x 65535",
        "jpg": "claims 65500 x 65500", "bmp": "claims 30000 x 30000", "tif": "claims 30000 x 30000",
        "deflated": "larger than 64 MB", "cube.mha": "claims 65535 x 65535 pixels", "zeros.nii.gz": "packs so well",
        "frames.mha": "packs so well", "one-frame.mha": "packs so well", "cube.nii.gz": "claims 32767 x 32767 pixels",
        "rgb.png": "packs so well", "frames.gif": "packs so well", "pages.tif": "packs so well",
    }.items():  # fmt: skip
        with pytest.raises(UnreadableImage, match=said):
            list(read_images(bombs[name]))


def test_a_tiff_whose_pages_go_round_ends(tmp_path):
    path = tmp_path / "a.tif"
    Image.new("L", (64, 64)).save(path)
    raw = bytearray(path.read_bytes())
    (start,) = struct.unpack("<L", raw[4:8])
    (count,) = struct.unpack("<H", raw[start : start + 2])
    raw[start + 2 + 12 * count : start + 6 + 12 * count] = struct.pack("<L", start)
    path.write_bytes(raw)
    assert sum(1 for _ in read_images(path)) == 1
