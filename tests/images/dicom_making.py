"""Small DICOM files for the tests, made with pydicom."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

ULTRASOUND, ULTRASOUND_CINE = "1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.3.1"


def region(
    box: tuple[int, int, int, int] = (0, 0, 95, 63),
    delta: tuple[float, float] = (0.02, 0.02),
    *,
    format: int = 1,
    type: int = 1,
    units: tuple[int, int] = (3, 3),
) -> Dataset:
    """An ultrasound region; box is left, top, right, bottom, deltas in cm."""
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = format, type, 0
    item.RegionLocationMinX0, item.RegionLocationMinY0 = box[:2]
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = box[2:]
    item.PhysicalUnitsXDirection, item.PhysicalUnitsYDirection = units
    item.PhysicalDeltaX, item.PhysicalDeltaY = delta
    return item


def dataset(pixels: np.ndarray | None, *, syntax: str = ExplicitVRLittleEndian, frames: int = 0, **elements: Any):
    """A data set for (H, W), (H, W, 3), or with `frames` (N, H, W[, 3]) pixels; further elements by keyword."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.file_meta.MediaStorageSOPClassUID = ULTRASOUND_CINE if frames else ULTRASOUND
    made.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID
    made.Modality = "US"
    if frames:
        made.NumberOfFrames = frames
    if pixels is not None:
        shape = pixels.shape[1:] if frames else pixels.shape
        made.Rows, made.Columns = shape[:2]
        made.SamplesPerPixel = 3 if len(shape) == 3 else 1
        made.PhotometricInterpretation = "RGB" if len(shape) == 3 else "MONOCHROME2"
        if len(shape) == 3:
            made.PlanarConfiguration = 0
        made.BitsAllocated = made.BitsStored = 8 * pixels.dtype.itemsize
        made.HighBit = made.BitsStored - 1
        made.PixelRepresentation = int(pixels.dtype.kind == "i")
        made.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def save(made: Dataset, path: Path) -> Path:
    made.save_as(path, enforce_file_format=True)
    return path


def compressed(made: Dataset, frames: list[bytes], syntax: str, photometric: str) -> Dataset:
    """`made` with its pixels replaced by compressed frames."""
    made.file_meta.TransferSyntaxUID = syntax
    made.PhotometricInterpretation = photometric
    made.PixelData = encapsulate(frames)
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    return made


def tinted(grey: np.ndarray) -> np.ndarray:
    """(..., 3) the picture as a scanner tints it: colours taken for one another would show in its luma."""
    return np.round(grey[..., None] * np.array([1.0, 0.85, 0.6])).astype(np.uint8)


def luma(colour: np.ndarray) -> np.ndarray:
    """(..., H, W) grey of red, green, blue, by Pillow."""
    flat = colour.reshape(-1, *colour.shape[-2:])
    return np.asarray(Image.fromarray(flat).convert("L")).reshape(colour.shape[:-1])


def ycbcr(colour: np.ndarray) -> np.ndarray:
    flat = colour.reshape(-1, *colour.shape[-2:])
    return np.asarray(Image.fromarray(flat).convert("YCbCr")).reshape(colour.shape)


def jpeg(picture: np.ndarray, format: str = "JPEG", **options: Any) -> bytes:
    stream = BytesIO()
    Image.fromarray(picture).save(stream, format, **options)
    return stream.getvalue()


def jpeg_rgb(colour: np.ndarray, marked: bool = True) -> bytes:
    """A JPEG stream of red, green, blue as they are; unmarked, nothing in it says so."""
    stream = jpeg(colour, quality=95, keep_rgb=True)
    if marked:
        return stream
    mark = stream.index(b"\xff\xee")
    stream = stream[:mark] + stream[mark + 2 + int.from_bytes(stream[mark + 2 : mark + 4], "big") :]
    frame, scan = stream.index(b"\xff\xc0"), stream.index(b"\xff\xda")
    raw = bytearray(stream)
    raw[frame + 10 : frame + 19 : 3] = raw[scan + 5 : scan + 11 : 2] = b"\1\2\3"
    return bytes(raw)


def stored(kind: str, grey: np.ndarray, frames: int = 0) -> Dataset:
    """An uncompressed data set of the (H, W) or (N, H, W) picture, in one of the ways to store one (`KINDS`)."""
    if kind == "grey":
        return dataset(grey, frames=frames)
    if kind == "inverted":
        return dataset(255 - grey, frames=frames, PhotometricInterpretation="MONOCHROME1")
    if kind == "twelve bits":
        return dataset(np.round(grey * (4095 / 255)).astype(np.uint16), frames=frames, BitsStored=12, HighBit=11)
    if kind == "sixteen bits":
        return dataset(grey.astype(np.uint16) * 257, frames=frames)
    if kind in ("palette", "segmented palette"):
        return _with_palette(dataset(255 - grey, frames=frames), kind == "segmented palette")
    colour = tinted(grey)
    if kind.startswith("ybr full 422"):
        values = ycbcr(colour)
        even, odd = values[..., ::2, :], values[..., 1::2, :]
        made = dataset(values, frames=frames, PhotometricInterpretation="YBR_FULL_422")
        made.PixelData = np.stack([even[..., 0], odd[..., 0], even[..., 1], even[..., 2]], axis=-1).tobytes()
        return made
    values = ycbcr(colour) if kind.startswith("ybr") else colour
    made = dataset(values, frames=frames, PhotometricInterpretation="YBR_FULL" if kind.startswith("ybr") else "RGB")
    if kind.endswith("by plane"):
        made.PlanarConfiguration = 1
        made.PixelData = np.ascontiguousarray(np.moveaxis(values, -1, -3)).tobytes()
    return made


def _with_palette(made: Dataset, segmented: bool) -> Dataset:
    """The tint as a palette that turns the values round; segmented, as one straight line (PS3.3 C.7.9.2)."""
    made.PhotometricInterpretation = "PALETTE COLOR"
    for name, share in zip(("Red", "Green", "Blue"), (1.0, 0.85, 0.6), strict=True):
        setattr(made, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        top = round(share * 65535)
        if segmented:
            values = np.array([0, 1, top, 1, 255, 0], "<u2")
            setattr(made, f"Segmented{name}PaletteColorLookupTableData", values.tobytes())
        else:
            table = np.round(np.linspace(top, 0, 256)).astype("<u2")
            setattr(made, f"{name}PaletteColorLookupTableData", table.tobytes())
    return made


def video(
    frames: np.ndarray, codec: str, container: str, pixel_format: str = "yuv420p", options: dict[str, str] | None = None
) -> bytes:
    """(N, H, W) frames as a video, almost without loss; needs PyAV."""
    import av

    stream = BytesIO()
    with av.open(stream, "w", format=container) as out:
        track = out.add_stream(codec, rate=25)
        track.width, track.height, track.pix_fmt = frames.shape[2], frames.shape[1], pixel_format
        if codec == "mpeg2video":
            track.bit_rate, track.codec_context.qmin, track.codec_context.qmax = 20_000_000, 1, 2
        else:
            track.options = {"crf": "4", "x265-params": "log-level=none", **(options or {})}
        for frame in frames:
            out.mux(track.encode(av.VideoFrame.from_ndarray(np.stack([frame] * 3, axis=-1), format="rgb24")))
        out.mux(track.encode())
    return stream.getvalue()


def jpeg_lossless(frame: np.ndarray) -> bytes:
    """(H, W) or (H, W, 3) values of 8 or 16 bits as a JPEG lossless stream (ISO/IEC 10918-1 H), first predictor."""
    values = frame.reshape(*frame.shape[:2], -1).astype(np.int64)
    height, width, samples = values.shape
    bits = 8 * frame.dtype.itemsize
    predicted = np.roll(values, 1, axis=1)
    predicted[1:, 0] = values[:-1, 0]
    predicted[0, 0] = 1 << (bits - 1)
    coded = []
    for difference in ((values - predicted + 32767) % 65536 - 32767).ravel().tolist():
        size = abs(difference).bit_length()  # the class of a difference, here always in five bits, then its value
        low = difference if difference > 0 else difference + (1 << size) - 1
        coded.append(f"{size:05b}" + (f"{low:0{size}b}" if 0 < size < 16 else ""))
    text = "".join(coded)
    text += "1" * (-len(text) % 8)
    body = int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")
    components = b"".join(bytes([number + 1, 0x11, 0]) for number in range(samples))
    scan = b"".join(bytes([number + 1, 0]) for number in range(samples))
    parts = [
        (0xC3, struct.pack(">BHHB", bits, height, width, samples) + components),
        (0xC4, b"\0" + bytes([0, 0, 0, 0, 17] + [0] * 11) + bytes(range(17))),
        (0xDA, bytes([samples]) + scan + b"\1\0\0"),
    ]
    segments = b"".join(struct.pack(">BBH", 0xFF, mark, len(part) + 2) + part for mark, part in parts)
    return b"\xff\xd8" + segments + body + b"\xff\xd9"
