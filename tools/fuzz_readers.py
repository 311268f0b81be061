"""Damaged files of every format, read: `python tools/fuzz_readers.py --count 10000 --seed 7`.

Bytes are changed, cut out, doubled and overwritten with extreme numbers, all drawn from the seed, so that a file can
be made again. They are read in another process that is watched from this one: a picture or an `UnreadableImage` of
one line is right, and counted apart where a C library wrote to standard error meanwhile (libtiff does, and cannot be
told not to). Any other exception, a warning, a crash, more than 5 s of a processor, two minutes without an answer, or
more than 1 GB (times and memory with the processes that it starts) is a finding, told with its number, and the exit
status is 1.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import os
import random
import re
import resource
import select
import struct
import subprocess
import sys
import tempfile
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

MOST_SECONDS, MOST_MEGABYTES = 5.0, 1024.0

PATIENCE = 120.0
"""Seconds by the clock: other work on the machine may take most of them."""

EXTREMES = (b"\0", b"\xff", b"\x7f", b"\x80", b"\0\0", b"\xff\xff", bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff")


class Seed(NamedTuple):
    """A sound file: its content before it is packed, what packs it, and its name."""

    content: bytes
    pack: Callable[[bytes], bytes] = bytes
    name: str = "mutated"


class Outcome(NamedTuple):
    number: int
    what: str
    """read, refused, noisily read or refused, or a finding: warned, traceback, slow, large, crashed."""
    message: str
    seconds: float = 0
    """Of a processor."""
    megabytes: float = 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="files of each format")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--formats", nargs="+", choices=sorted(MAKERS), default=sorted(MAKERS))
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--keep", type=Path, help="folder for the files that are findings")
    parser.add_argument("--watched", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    numbers = range(options.first, options.first + options.count)
    if options.watched:
        for outcome in read_all(options.formats[0], options.seed, numbers):
            print(json.dumps(outcome), flush=True)
        return 0
    findings = 0
    for kind in options.formats:
        counts: Counter[str] = Counter()
        slowest = largest = 0.0
        for outcome in watch(kind, options.seed, numbers):
            counts[outcome.what] += 1
            slowest, largest = max(slowest, outcome.seconds), max(largest, outcome.megabytes)
            if not outcome.what.endswith(("read", "refused")):
                findings += 1
                print(f"  {kind} {outcome.number}: {outcome.what}: {outcome.message}", flush=True)
                if options.keep:
                    options.keep.mkdir(parents=True, exist_ok=True)
                    _, content = mutated(make_seeds(kind), kind, options.seed, outcome.number)
                    (options.keep / f"{kind.replace(' ', '_')}_{outcome.number}").write_bytes(content)
        shown = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
        print(f"{kind}: {shown}; slowest {slowest:.2f} s, largest {largest:.0f} MB", flush=True)
    return 1 if findings else 0


def watch(kind: str, seed: int, numbers: range) -> Iterator[Outcome]:
    """The outcomes of `read_all` in another process, which is started anew where it hangs or dies."""
    while numbers:
        command = [sys.executable, __file__, "--watched", "--formats", kind, "--seed", str(seed)]
        command += ["--first", str(numbers.start), "--count", str(len(numbers))]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            patience = 60.0  # to start
            while numbers:
                ready, _, _ = select.select([child.stdout], [], [], patience)
                line = child.stdout.readline() if ready else b""
                if not line:
                    child.kill()
                    reason = f"its process ended with {child.wait()}" if ready else f"more than {patience:g} s"
                    yield Outcome(numbers.start, "crashed" if ready else "slow", reason, patience)
                else:
                    yield Outcome(*json.loads(line))
                numbers = numbers[1:]
                patience = PATIENCE
                if not line:
                    break


def read_all(kind: str, seed: int, numbers: range) -> Iterator[Outcome]:
    """Each file made, read, and judged."""
    resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))  # to save the machine
    logging.disable()
    seeds = make_seeds(kind)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as noise:
        (Path(folder) / "beside.raw").write_bytes(bytes(range(256)) * 12)
        shown = os.dup(2)
        os.dup2(noise.fileno(), 2)
        for number in numbers:
            name, content = mutated(seeds, kind, seed, number)
            path = Path(folder) / name
            path.write_bytes(content)
            outcome = judged(number, path)
            if os.lseek(noise.fileno(), 0, os.SEEK_CUR) and outcome.what in ("read", "refused"):
                outcome = outcome._replace(what=f"noisily {outcome.what}")
            os.ftruncate(noise.fileno(), 0)
            os.lseek(noise.fileno(), 0, os.SEEK_SET)
            yield outcome
        os.dup2(shown, 2)


def judged(number: int, path: Path) -> Outcome:
    from fetalhead.errors import UnreadableImage
    from fetalhead.images.readers import is_picture, read_images

    for process in processes():
        (process / "clear_refs").write_text("5")  # the peak from here on
    start = cpu_seconds()
    what, message = "read", ""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            is_picture(path)
            for image in read_images(path):
                assert image.pixels.ndim == 2 and image.pixels.dtype == "uint8", "no grey picture"
        except UnreadableImage as error:
            what, message = "refused", str(error)
            if not (message.isprintable() and message.startswith(f"{path}: ")):
                what = "traceback"
        except Exception:
            what, message = "traceback", traceback.format_exc(limit=-3)
    seconds = cpu_seconds() - start
    megabytes = sum(peak_megabytes(process) for process in processes())
    if warned and what != "traceback":
        what, message = "warned", str(warned[0].message)
    if megabytes > MOST_MEGABYTES:
        what = "large"
    if seconds > MOST_SECONDS:
        what = "slow"
    return Outcome(number, what, message, seconds, megabytes)


def processes() -> list[Path]:
    """This process and those that it has started, among them the one that runs the decoders of DICOM frames."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [Path("/proc/self"), *(Path("/proc") / number for number in children)]


def cpu_seconds() -> float:
    """Of all of them so far, those that have ended included."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    fields = [(process / "stat").read_text().rpartition(")")[2].split() for process in processes()]
    ticks = sum(int(user) + int(system) for user, system in (field[11:13] for field in fields))
    return ended.ru_utime + ended.ru_stime + ticks / os.sysconf("SC_CLK_TCK")


def peak_megabytes(process: Path) -> float:
    peak = re.search(r"VmHWM:\s+(\d+) kB", (process / "status").read_text())
    return int(peak[1]) / 1024 if peak else 0.0


def mutated(seeds: list[Seed], kind: str, seed: int, number: int) -> tuple[str, bytes]:
    """The name and content of the damaged file `number`."""
    draw = random.Random(f"{kind} {seed} {number}")
    chosen = draw.choice(seeds)
    content = bytearray(chosen.content)
    for _ in range(draw.choice([1, 1, 2, 4, 12])):
        place = draw.randrange(len(content)) if draw.random() < 0.5 else draw.randrange(min(600, len(content)))
        length = draw.randrange(1, 60)
        kind_of_damage = draw.choice(["byte", "byte", "bit", "extreme", "extreme", "digits", "cut", "double", "end"])
        if kind_of_damage == "byte":
            content[place] = draw.randrange(256)
        elif kind_of_damage == "bit":
            content[place] ^= 1 << draw.randrange(8)
        elif kind_of_damage == "extreme":
            written = draw.choice(EXTREMES)
            content[place : place + len(written)] = written
        elif kind_of_damage == "digits":
            content[place:place] = b"%d" % draw.choice([0, -1, 9, 65535, 10**10])
        elif kind_of_damage == "cut":
            del content[place : place + length]
        elif kind_of_damage == "double":
            content[place:place] = content[place : place + length]
        elif draw.random() < 0.3:
            del content[place:]
        content = content or bytearray(b"\0")
    return chosen.name, chosen.pack(bytes(content))


def pictures(count: int = 3) -> list:
    """(48, 64) uint8: smooth, with noise, unlike from one to the next."""
    import numpy as np

    y, x = np.mgrid[0:48, 0:64]
    noise = np.random.default_rng(1)
    return [(x * 3 + y + 9 * number + noise.integers(0, 20, x.shape)).astype(np.uint8) for number in range(count)]


def saved(frames: list, format: str, **options: object) -> bytes:
    from io import BytesIO

    from PIL import Image

    stream = BytesIO()
    first, *others = [Image.fromarray(frame) for frame in frames]
    first.save(stream, format, **({"save_all": True, "append_images": others} if others else {}), **options)
    return stream.getvalue()


def mended(png: bytes) -> bytes:
    """A PNG with the checksum that each of its chunks should have, so that damage within is reached."""
    made, place = bytearray(png), 8
    while place + 12 <= len(made):
        (length,) = struct.unpack_from(">L", made, place)
        end = place + 8 + length
        if end + 4 > len(made):
            break
        struct.pack_into(">L", made, end, zlib.crc32(made[place + 4 : end]))
        place = end + 4
    return bytes(made)


def png_seeds() -> list[Seed]:
    import numpy as np
    from PIL import Image

    first, second, third = pictures()
    colour = np.stack([first, second, third], axis=2)
    palette = np.asarray(Image.fromarray(colour).quantize(16).convert("RGB"))
    whole = [
        saved([first], "PNG"), saved([colour], "PNG"), saved([palette], "PNG", transparency=(0, 0, 0)),
        saved([first.astype(np.uint16) * 16], "PNG", dpi=(72, 72)), saved([first, second, third], "PNG"),
    ]  # fmt: skip
    return [Seed(content, pack) for content in whole for pack in (bytes, mended)]


def jpeg_seeds() -> list[Seed]:
    import numpy as np
    from PIL import Image

    exif = Image.Exif()
    exif[274] = 6
    colour = np.stack(pictures(), axis=2)
    options = [{}, {"progressive": True}, {"exif": exif}, {"restart_marker_rows": 1}]
    return [Seed(saved([picture], "JPEG", **option)) for picture in (colour[..., 0], colour) for option in options]


def bmp_seeds() -> list[Seed]:
    import numpy as np

    colour = np.stack(pictures(), axis=2)
    return [Seed(saved([picture], "BMP")) for picture in (colour[..., 0], colour, colour[..., 0] > 90)]


def tiff_seeds() -> list[Seed]:
    import numpy as np

    frames = pictures()
    colour, deep = np.stack(frames, axis=2), [frame.astype(np.uint16) * 16 for frame in frames]
    packings = (None, "tiff_lzw", "tiff_adobe_deflate", "packbits")
    made = [saved(kind, "TIFF", compression=packing) for kind in ([frames[0]], [colour], deep) for packing in packings]
    made += [saved([colour], "TIFF", compression="jpeg"), saved(frames, "TIFF", compression="tiff_lzw")]
    made += [saved([frames[0].astype(np.float32)], "TIFF"), saved([frames[0]], "TIFF", tiffinfo={274: 6})]
    return [Seed(content) for content in made]


def gif_seeds() -> list[Seed]:
    frames = pictures()
    return [Seed(saved(frames[:1], "GIF")), Seed(saved(frames, "GIF")), Seed(saved(frames, "GIF", disposal=2))]


def dicom(frames: list, colours: str = "MONOCHROME2"):  # type: ignore[no-untyped-def]
    """A calibrated ultrasound data set of the frames, uncompressed."""
    import numpy as np
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    made, region = Dataset(), Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.3.1"
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 63, 47
    region.PhysicalUnitsXDirection, region.PhysicalUnitsYDirection = 3, 3
    region.PhysicalDeltaX, region.PhysicalDeltaY = 0.02, 0.02
    made.SequenceOfUltrasoundRegions = [region]
    made.PixelSpacing, made.NumberOfFrames = [0.2, 0.2], len(frames)
    made.Rows, made.Columns = frames[0].shape[:2]
    made.SamplesPerPixel, made.PhotometricInterpretation = frames[0][0, 0].size, colours
    if made.SamplesPerPixel == 3:
        made.PlanarConfiguration = 0
    made.BitsAllocated = made.BitsStored = 8 * frames[0].itemsize
    made.HighBit, made.PixelRepresentation = made.BitsStored - 1, 0
    made.PixelData = np.stack(frames).tobytes()
    return made


def written(dataset) -> Seed:  # type: ignore[no-untyped-def]
    from io import BytesIO

    stream = BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return Seed(stream.getvalue())


def dicom_seeds() -> list[Seed]:
    import numpy as np

    frames = pictures()
    deep, colour = [frame.astype(np.uint16) * 16 for frame in frames], np.stack(frames, axis=2)
    windowed = dicom(deep)
    windowed.WindowCenter, windowed.WindowWidth, windowed.RescaleSlope, windowed.RescaleIntercept = 2000, 4000, 1, 0
    return [written(made) for made in (dicom(frames), dicom(frames[:1]), dicom([colour], "RGB"), dicom(deep), windowed)]


def dicom_rle_seeds() -> list[Seed]:
    import numpy as np
    from pydicom.uid import RLELossless

    frames = pictures()
    made = [dicom(frames), dicom([np.stack(frames, axis=2)], "RGB"), dicom([frames[0].astype(np.uint16) * 16])]
    for dataset in made:
        dataset.compress(RLELossless, generate_instance_uid=False)
    return [written(dataset) for dataset in made]


def encapsulated(made, streams: list[bytes], syntax: str):  # type: ignore[no-untyped-def]
    """The data set with its frames as these streams."""
    from pydicom.encaps import encapsulate

    made.file_meta.TransferSyntaxUID = syntax
    made.PixelData = encapsulate(streams)
    made["PixelData"].VR, made["PixelData"].is_undefined_length = "OB", True
    return made


def dicom_jpeg_seeds() -> list[Seed]:
    import numpy as np
    from pydicom.uid import JPEGBaseline8Bit

    frames = pictures()
    colour = np.stack(frames, axis=2)
    return [
        written(encapsulated(dicom(frames), [saved([frame], "JPEG") for frame in frames], JPEGBaseline8Bit)),
        written(encapsulated(dicom([colour], "YBR_FULL_422"), [saved([colour], "JPEG")], JPEGBaseline8Bit)),
    ]


def dicom_jpeg_ls_seeds() -> list[Seed]:
    import numpy as np
    from pydicom.uid import JPEGLSLossless, JPEGLSNearLossless

    frames = pictures()
    made = [dicom(frames), dicom([np.stack(frames, axis=2)], "RGB"), dicom([frames[0].astype(np.uint16) * 16])]
    for dataset in made:
        dataset.compress(JPEGLSLossless, generate_instance_uid=False)
    near = dicom(frames)
    near.compress(JPEGLSNearLossless, jls_error=2, generate_instance_uid=False)
    return [written(dataset) for dataset in (*made, near)]


def dicom_jpeg_2000_seeds() -> list[Seed]:
    import numpy as np
    from pydicom.uid import JPEG2000, JPEG2000Lossless

    frames = pictures()
    made = [dicom(frames), dicom([np.stack(frames, axis=2)], "RGB"), dicom([frames[0].astype(np.uint16) * 16])]
    for dataset in made:
        dataset.compress(JPEG2000Lossless, generate_instance_uid=False)
    lossy = dicom(frames)
    lossy.compress(JPEG2000, j2k_cr=[4], generate_instance_uid=False)
    return [written(dataset) for dataset in (*made, lossy)]


def dicom_video_seeds() -> list[Seed]:
    from pydicom.uid import HEVCMP51, MPEG2MPML, MPEG4HP41

    made = []
    for codec, container, syntax in [
        ("mpeg2video", "mpeg", MPEG2MPML), ("libx264", "mp4", MPEG4HP41), ("libx265", "mp4", HEVCMP51),
        ("libx264", "h264", MPEG4HP41),
    ]:  # fmt: skip
        colours = [frame[..., None].repeat(3, axis=2) for frame in pictures(5)]
        stream = video(colours, codec, container)
        made.append(written(encapsulated(dicom(colours, "YBR_PARTIAL_420"), [stream], syntax)))
    return made


def video(colours: list, codec: str, container: str) -> bytes:
    """(H, W, 3) frames as a video stream."""
    from io import BytesIO

    import av

    stream = BytesIO()
    with av.open(stream, "w", format=container) as out:
        track = out.add_stream(codec, rate=25)
        track.height, track.width, track.pix_fmt = *colours[0].shape[:2], "yuv420p"
        track.options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
        for colour in colours:
            out.mux(track.encode(av.VideoFrame.from_ndarray(colour, format="rgb24")))
        out.mux(track.encode())
    return stream.getvalue()


def mha(*lines: str, data: bytes = b"") -> bytes:
    return "".join(f"{line}\n" for line in ("ObjectType = Image", *lines)).encode() + data


def mha_seeds() -> list[Seed]:
    frames = b"".join(frame.tobytes() for frame in pictures())
    cine = ("NDims = 3", "ElementSpacing = 0.2 0.2 1", "DimSize = 64 48 3", "ElementType = MET_UCHAR")
    deep = ("NDims = 2", "ElementSpacing = 0.2 0.2", "DimSize = 32 48", "ElementType = MET_USHORT")
    beside = (*cine[:2], "DimSize = 64 48 1", cine[3])
    local = "ElementDataFile = LOCAL"
    packed = mha(*cine, "CompressedData = True", local)
    colours = ("NDims = 2", "ElementNumberOfChannels = 3", "DimSize = 64 48", "ElementType = MET_UCHAR")
    return [
        Seed(mha(*cine, local, data=frames)),
        Seed(mha(*deep, local, data=frames[:3072])),
        Seed(mha(*colours, local, data=frames)),
        Seed(mha(*beside, "ElementDataFile = beside.raw"), name="mutated.mhd"),
        Seed(packed + zlib.compress(frames)),
        Seed(packed + frames, lambda content: content[: len(packed)] + zlib.compress(content[len(packed) :])),
    ]


def nifti_seeds() -> list[Seed]:
    import nibabel
    import numpy as np

    cine = np.stack(pictures(), axis=2).transpose(1, 0, 2)
    affine = np.diag([0.2, 0.2, 1, 1])
    first = nibabel.Nifti1Image(cine, affine).to_bytes()
    deep = nibabel.Nifti1Image(cine.astype(np.int16), affine)
    deep.header.set_slope_inter(2, 1)
    second = nibabel.Nifti2Image(cine[:, :, None].astype(np.float32), affine).to_bytes()
    plain = (first, deep.to_bytes(), second)
    pack = partial(gzip.compress, mtime=0)
    return [Seed(pack(first)), *(Seed(content, packing) for content in plain for packing in (bytes, pack))]


MAKERS: dict[str, Callable[[], list[Seed]]] = {
    "PNG": png_seeds, "JPEG": jpeg_seeds, "BMP": bmp_seeds, "TIFF": tiff_seeds, "GIF": gif_seeds, "MHA": mha_seeds,
    "NIfTI": nifti_seeds, "DICOM": dicom_seeds, "DICOM RLE": dicom_rle_seeds, "DICOM JPEG": dicom_jpeg_seeds,
    "DICOM JPEG-LS": dicom_jpeg_ls_seeds, "DICOM JPEG 2000": dicom_jpeg_2000_seeds, "DICOM video": dicom_video_seeds,
}  # fmt: skip


def make_seeds(kind: str) -> list[Seed]:
    return MAKERS[kind]()


if __name__ == "__main__":
    sys.exit(main())
