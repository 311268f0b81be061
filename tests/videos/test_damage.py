"""Damage within a clip: no frame that it spoils is given out, and all others keep their numbers and times."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from clip_making import moving, write

from fetalhead.images.image import UltrasoundImage
from fetalhead.videos.clip import Clip, open_clip

av = pytest.importorskip("av")


def read(path: Path) -> tuple[Clip, dict[int, UltrasoundImage]]:
    clip = open_clip(path)
    return clip, {image.frame or 0: image for image in clip.frames()}


def damaged(path: Path, packet: int) -> Path:
    """A copy in which so-manieth packet is noise but for its first bytes."""
    with av.open(str(path)) as container:
        (position, size) = [(p.pos, p.size) for p in container.demux(video=0) if p.size][packet]
    content = bytearray(path.read_bytes())
    start = position + min(size // 3, 40)
    content[start : position + size] = random.Random(0).randbytes(position + size - start)
    other = path.with_name(f"damaged_{path.name}")
    other.write_bytes(content)
    return other


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mp4", "libx264", {"bf": "2", "g": "10", "sc_threshold": "0"}),
        ("open.mp4", "libx264", {"bf": "2", "g": "10", "x264-params": "open-gop=1:scenecut=0"}),
        ("a.mkv", "libx264", {"bf": "0", "g": "10", "sc_threshold": "0"}),
        ("a.avi", "mpeg4", {"g": "10"}),
        ("b.avi", "mpeg4", {"bf": "2", "g": "10"}),
        ("h.avi", "libx264", {"bf": "2", "g": "10", "sc_threshold": "0"}),
        ("a.ts", "mpeg2video", {"bf": "2", "g": "10"}),
        ("a.webm", "libvpx", {"g": "10", "auto-alt-ref": "0"}),
    ],
)
def test_all_up_to_the_next_key_frame_is_skipped(tmp_path, name, codec, options):
    path = write(tmp_path / name, moving(40), codec, options=options)
    _, sound = read(path)
    clip, seen = read(damaged(path, 13) if not name.endswith(".ts") else damaged_ts(path))
    lost = sorted(set(sound) - set(seen))
    assert clip.faults.damaged == list(map(str, lost)) and not clip.faults.ending
    assert 1 <= len(lost) <= 12 and lost[0] >= 8 and lost[-1] <= 22
    for number, image in seen.items():
        if name == "h.avi" and 10 <= number < 20:
            continue  # AVI tells the order of decoding alone: which of these are lost is known from the next key frame
        assert np.array_equal(image.pixels, sound[number].pixels), number
        assert image.time_s == pytest.approx(sound[number].time_s, abs=1e-6)


def test_wherever_the_damage_is(tmp_path):
    """Clips are read side by side, so that no two decoders may mix up their packets."""
    options = {"bf": "2", "g": "10", "sc_threshold": "0"}
    path = write(tmp_path / "a.mp4", moving(30), options=options)
    _, sound = read(path)
    for packet in range(9, 21):
        clip, seen = read(damaged(path, packet))
        assert len(seen) + len(clip.faults.damaged) == 30 and clip.faults.damaged, packet
        for number, image in seen.items():
            assert np.array_equal(image.pixels, sound[number].pixels), (packet, number)
            assert image.time_s == pytest.approx(sound[number].time_s, abs=1e-6)


def damaged_ts(path: Path) -> Path:
    """Noise within the payload of a picture, not in the headers of its transport packets."""
    with av.open(str(path)) as container:
        position = [p.pos for p in container.demux(video=0) if p.size][13]
    content = bytearray(path.read_bytes())
    start = position + 188
    content[start + 60 : start + 120] = random.Random(0).randbytes(60)
    other = path.with_name(f"damaged_{path.name}")
    other.write_bytes(content)
    return other


@pytest.mark.parametrize("name", ["a.avi", "a.mkv"])
def test_frames_of_their_own_are_lost_alone(tmp_path, name):
    path = write(tmp_path / name, moving(30), "mjpeg")
    _, sound = read(path)
    clip, seen = read(damaged(path, 13))
    assert clip.faults.damaged == ["13"] and set(sound) - set(seen) == {13}
    assert all(image.time_s == sound[number].time_s for number, image in seen.items())


def test_an_avi_that_passes_frames_over_is_whole(tmp_path):
    times = [0, 0.08, 0.16, 0.5, 0.58, 3.0]
    path = write(tmp_path / "a.avi", moving(6), "mjpeg", rate=25, times=times)
    clip, seen = read(path)
    assert not clip.faults and [image.time_s for image in seen.values()] == pytest.approx(times, abs=0.04)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert "ends early" in str(read(path)[0].faults)


def test_a_cut_fragmented_mp4_tells_no_count(tmp_path):
    flags = {"movflags": "frag_keyframe+default_base_moof"}
    path = write(tmp_path / "a.mp4", moving(40), options={"g": "10", "bf": "0"}, container=flags)
    assert not read(path)[0].faults
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    clip, seen = read(path)
    assert 15 < len(seen) < 40 and f"ends early: {len(seen)} frames could be read" in str(clip.faults)
