"""Cines stored as a video: frames as many as the stream holds, one at a time, and nothing opened but the stream."""

from __future__ import annotations

import io
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from dicom_making import compressed, dataset, save, video
from pydicom.uid import MPEG2MPML, MPEG4HP41
from refusals import reason

from fetalhead.errors import UnreadableImage
from fetalhead.images.readers import read_images
from fetalhead.videos.clip import open_clip

pytest.importorskip("av")


def cine(frames: int, shape: tuple[int, int] = (64, 96)) -> np.ndarray:
    """Frames that are each of one grey, 40, 60, 80 ..."""
    return np.stack([np.full(shape, 40 + 20 * (number % 10), np.uint8) for number in range(frames)])


def in_dicom(path: Path, stream: bytes, claimed: int, pieces: int = 1, shape: tuple[int, int] = (64, 96)) -> Path:
    made = dataset(np.zeros((1, *shape, 3), np.uint8), frames=1)
    compressed(made, [stream], MPEG4HP41, "YBR_PARTIAL_420")
    made.NumberOfFrames = claimed
    size = -(-len(stream) // pieces // 2) * 2
    fragments = [b"", *(stream[start : start + size] for start in range(0, len(stream), size))]
    made.PixelData = b"".join(
        struct.pack("<HHL", 0xFFFE, 0xE000, len(piece) + len(piece) % 2) + piece + b"\0" * (len(piece) % 2)
        for piece in fragments
    )
    return save(made, path)


@pytest.fixture(scope="module")
def stream() -> bytes:
    return video(cine(7), "libx264", "mp4")


def greys(path: Path) -> list[float]:
    return [round(float(image.pixels.mean()), -1) for image in read_images(path)]


@pytest.mark.parametrize("pieces", [1, 2, 9])
@pytest.mark.parametrize("claimed", [7, 1, 12])
def test_the_stream_counts_its_frames(tmp_path, stream, claimed, pieces, caplog):
    path = in_dicom(tmp_path / "a", stream, claimed, pieces)
    assert greys(path) == [40, 60, 80, 100, 120, 140, 160]
    assert [image.frame for image in read_images(path)] == list(range(7))
    assert (f"header claims {claimed} frames, the file holds 7" in caplog.text) == (claimed != 7)


def test_another_size_than_the_header(tmp_path, stream):
    for shape in [(64, 64), (128, 192), (16, 16)]:
        assert "video" in reason(in_dicom(tmp_path / "a", stream, 7, shape=shape))
    assert "96 x 64 where its header claims 192 x 128" in reason(in_dicom(tmp_path / "a", stream, 7, shape=(128, 192)))


def test_a_playlist_opens_no_other_file(tmp_path):
    """FFmpeg knows formats that name other files; here they are no video."""
    (tmp_path / "other.mp4").write_bytes(video(cine(3), "libx264", "mp4"))
    for text in [
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{tmp_path}/other.mp4\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile {tmp_path}/other.mp4\n",
    ]:
        assert "cannot be decoded" in reason(in_dicom(tmp_path / "a", text.encode(), 3))


def test_damaged_streams(tmp_path, stream):
    for name, broken in [("cut", stream[:200]), ("noise", bytes(range(256)) * 20), ("zeros", bytes(3000))]:
        assert "damaged DICOM file" in reason(in_dicom(tmp_path / name, broken, 7))
    path = in_dicom(tmp_path / "short", video(cine(7), "mpeg2video", "mpegts"), 7)
    path.write_bytes(path.read_bytes()[:-3000])
    assert "ends within its pixel data" in reason(path)


def test_a_long_cine_is_never_in_memory(tmp_path):
    """300 frames of 240 x 320 are 23 MB of grey, thrice that in colour; what is held meanwhile is a few frames."""
    shape = 240, 320
    made = dataset(np.zeros((1, *shape, 3), np.uint8), frames=1)
    compressed(made, [video(cine(300, shape), "mpeg2video", "mpegts")], MPEG2MPML, "YBR_PARTIAL_420")
    made.NumberOfFrames = 300
    path = save(made, tmp_path / "long")
    next(read_images(path))
    before = resident()
    tracemalloc.start()
    held = [resident() for _ in read_images(path)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(held) == 300
    assert peak < 2_000_000  # bytes that Python and numpy hold
    assert max(held) - before < 15_000_000  # what FFmpeg holds besides


def resident() -> int:
    """Bytes of this process that are in memory."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return 1024 * int(line.split()[1])


def test_frames_that_damage_spoils_are_left_out_and_named(tmp_path):
    """Noise in one frame of H.264: it and those that refer to it are left out, up to the next key frame."""
    rng = np.random.default_rng(0)
    tile = rng.integers(30, 230, (8, 12), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    shown = np.stack([np.roll(tile, 3 * number, 1) for number in range(30)])
    stream = video(shown, "libx264", "mp4", options={"g": "10", "bf": "0", "sc_threshold": "0"})
    sound = {image.frame: image.pixels for image in read_images(in_dicom(tmp_path / "sound", stream, 30))}
    import av

    with av.open(io.BytesIO(stream)) as container:
        position, size = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size][13]
    broken = bytearray(stream)
    broken[position + 30 : position + size] = rng.bytes(size - 30)
    path = in_dicom(tmp_path / "broken", bytes(broken), 30)
    seen = {}
    with pytest.raises(UnreadableImage, match=r"7 frames of its video are damaged and left out \(13, 14, "):
        for image in read_images(path):
            seen[image.frame] = image.pixels
    assert list(seen) == [*range(13), *range(20, 30)]
    assert all(np.array_equal(pixels, sound[number]) for number, pixels in seen.items())
    clip = open_clip(path)
    images = list(clip.frames())
    assert [image.frame for image in images] == list(seen)
    assert clip.faults.damaged == list(map(str, range(13, 20))) and not clip.faults.ending
