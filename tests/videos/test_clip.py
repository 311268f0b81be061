"""Reading clips: every container, true times, upright square pixels, damage told in one line."""

from __future__ import annotations

import random
import sys
import tracemalloc
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from clip_making import mirror, moving, turn, write, write_sound
from PIL import Image

from fetalhead.errors import FetalheadError, UnreadableImage
from fetalhead.videos.clip import Clip, open_clip
from fetalhead.videos.search import find_clips

av = pytest.importorskip("av")


def read(path: Path) -> tuple[Clip, list[float | None], list[np.ndarray]]:
    clip = open_clip(path)
    images = list(clip.frames())
    assert [image.frame for image in images] == sorted({image.frame for image in images})
    return clip, [image.time_s for image in images], [image.pixels for image in images]


def reason(path: Path) -> str:
    with pytest.raises(UnreadableImage) as caught:
        read(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ") and text.isprintable()
    return text.removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mp4", "libx264", {"bf": "3"}),
        ("a.mov", "libx264", {}),
        ("a.mkv", "libx264", {"bf": "3"}),
        ("a.webm", "libvpx", {}),
        ("a.mpg", "mpeg2video", {"bf": "2"}),
        ("a.avi", "mpeg4", {}),
        ("b_frames.avi", "libx264", {"bf": "3"}),
        ("b_frames_4.avi", "mpeg4", {"bf": "2"}),
        ("a.mjpeg.avi", "mjpeg", {}),
    ],
)
def test_every_container_with_its_times(tmp_path, name, codec, options):
    frames = moving(30)
    clip, times, pixels = read(write(tmp_path / name, frames, codec, options=options))
    assert times == pytest.approx([number / 25 for number in range(30)], abs=1e-3)
    assert not clip.faults and clip.rate == pytest.approx(25)
    for seen, drawn in zip(pixels, frames, strict=True):
        assert seen.shape == (128, 192) and seen.dtype == np.uint8
        assert np.abs(seen.astype(int) - drawn[..., 0]).mean() < 12


def test_black_and_white_are_whole(tmp_path):
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:, 48:] = 255
    _, _, pixels = read(write(tmp_path / "a.mp4", [picture] * 3))
    assert pixels[1][:, :40].max() <= 2 and pixels[1][:, 56:].min() >= 253


def test_a_variable_frame_rate_keeps_its_times(tmp_path):
    times = [0, 0.04, 0.2, 0.21, 0.5, 1.5]
    _, read_times, _ = read(write(tmp_path / "a.mkv", moving(6), times=times))
    assert read_times == pytest.approx(times, abs=2e-3)


def test_without_stamps_there_is_no_time(tmp_path):
    _, times, _ = read(write(tmp_path / "a.h264", moving(10), format="h264"))
    assert times == [None] * 10


def test_a_first_stamp_that_is_not_zero(tmp_path, clips_dir):
    clip, times, _ = read(clips_dir / "lung_convex_370.mpeg")
    assert clip.expected is None and len(times) == 280
    assert times == pytest.approx([number / 25 for number in range(280)], abs=1e-6)


def test_a_real_variable_rate_with_pixels_that_are_not_square(clips_dir):
    _, times, pixels = read(clips_dir / "eye_phantom_variable_rate.mp4")
    steps = np.diff(np.array(times, float))
    assert len(times) == 369 and (steps > 0).all() and steps.max() > 1.5 * steps.min()
    assert pixels[0].shape == (1080, round(776 * 52560 / 52589))


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_pictures_stand_upright(tmp_path, quarters):
    frames = moving(4)
    _, _, pixels = read(turn(write(tmp_path / "a.mp4", frames), quarters))
    upright = np.rot90(frames[1][..., 0], -quarters)
    assert pixels[1].shape == upright.shape
    assert np.abs(pixels[1].astype(int) - upright).mean() < 12


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_pictures_are_mirrored_as_the_file_says(tmp_path, quarters):
    frames = moving(4)
    _, _, pixels = read(mirror(write(tmp_path / "a.mp4", frames), quarters))
    upright = np.rot90(frames[1][..., 0], -quarters)[:, ::-1]
    assert pixels[1].shape == upright.shape
    assert np.abs(pixels[1].astype(int) - upright).mean() < 12


def test_pixels_come_out_square(tmp_path):
    frames = moving(4)
    _, _, pixels = read(write(tmp_path / "a.mp4", frames, aspect=Fraction(3, 2)))
    assert pixels[1].shape == (128, 288)
    wide = cv2.resize(frames[1][..., 0], (288, 128), interpolation=cv2.INTER_LINEAR)
    assert np.abs(pixels[1].astype(int) - wide).mean() < 12


def test_one_frame_1_fps_240_fps_odd_sizes(tmp_path):
    for name, count, rate, shape in [("a", 1, 25, (64, 96)), ("b", 3, 1, (64, 96)), ("c", 9, 240, (63, 97))]:
        codec = "libx264" if shape[0] % 2 == 0 else "libvpx"
        path = tmp_path / f"{name}.{'mp4' if codec == 'libx264' else 'webm'}"
        clip, times, pixels = read(write(path, moving(count, shape), codec, rate))
        assert times == pytest.approx([number / rate for number in range(count)], abs=1e-3)
        assert pixels[0].shape == shape and not clip.faults


def test_the_name_does_not_matter(tmp_path):
    write(tmp_path / "a.mp4", moving(5)).rename(tmp_path / "a.png")
    assert len(read(tmp_path / "a.png")[2]) == 5
    cv2.imwrite(str(tmp_path / "b.png"), moving(1)[0])
    (tmp_path / "b.png").rename(tmp_path / "b.mp4")
    assert "single picture" in reason(tmp_path / "b.mp4")


def test_what_is_no_video_is_one_line(tmp_path):
    (tmp_path / "text.mp4").write_text("no video\n" * 400)
    (tmp_path / "empty.mp4").write_bytes(b"")
    assert "no video" in reason(tmp_path / "text.mp4")
    assert "is empty" in reason(tmp_path / "empty.mp4")
    assert "only audio" in reason(write_sound(tmp_path / "sound.mp4"))
    with pytest.raises(FetalheadError, match="no such file"):
        find_clips([str(tmp_path / "none.mp4")])


def test_a_playlist_opens_no_other_file(tmp_path):
    other = write(tmp_path / "other.mp4", moving(3))
    (tmp_path / "a.mp4").write_text(f"ffconcat version 1.0\nfile {other}\n")
    (tmp_path / "b.mp4").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{other}\n#EXT-X-ENDLIST\n")
    for name in ("a.mp4", "b.mp4"):
        assert "is no video" in reason(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "libx264"), ("a.mpg", "mpeg2video"), ("a.avi", "mpeg4"), ("a.webm", "libvpx")]
)
def test_a_truncated_file_gives_what_it_holds(tmp_path, name, codec):
    path = write(tmp_path / name, moving(60), codec, options={"g": "20"}, container={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    clip, times, _ = read(path)
    assert 15 < len(times) < 45 and clip.faults and str(clip.faults).isprintable()
    assert name == "a.mpg" or "ends early" in str(clip.faults)  # MPEG tells no length


def test_an_mp4_without_its_index_cannot_be_read(tmp_path):
    path = write(tmp_path / "a.mp4", moving(30))
    path.write_bytes(path.read_bytes()[:-3000])
    assert "index is missing" in reason(path)


def test_damaged_frames_are_skipped_counted_and_named(tmp_path):
    path = write(tmp_path / "a.avi", moving(60), "mpeg4", options={"g": "10"})
    content, noise = bytearray(path.read_bytes()), random.Random(0)
    middle = len(content) * 45 // 100
    content[middle : middle + 300] = noise.randbytes(300)
    path.write_bytes(content)
    clip, times, _ = read(path)
    assert clip.faults.damaged and len(times) + len(clip.faults.damaged) >= 55
    assert f"{len(clip.faults.damaged)} damaged frame" in str(clip.faults)
    assert clip.faults.damaged[0] in str(clip.faults)


def test_a_change_of_size_ends_the_clip(tmp_path):
    first = write(tmp_path / "a.mpg", moving(10), "mpeg2video")
    second = write(tmp_path / "b.mpg", moving(10, (64, 96)), "mpeg2video")
    (tmp_path / "c.mpg").write_bytes(first.read_bytes() + second.read_bytes())
    clip, times, _ = read(tmp_path / "c.mpg")
    assert 8 <= len(times) <= 10 and "changes from 192 x 128 to 96 x 64" in str(clip.faults)


def test_a_gif_with_its_durations(tmp_path):
    pages = [Image.fromarray(frame[..., 0]) for frame in moving(4)]
    pages[0].save(tmp_path / "a.gif", save_all=True, append_images=pages[1:], duration=[100, 40, 200, 50])
    clip, times, pixels = read(tmp_path / "a.gif")
    assert times == pytest.approx([0, 0.1, 0.14, 0.34]) and clip.expected == 4 and len(pixels) == 4
    pages[0].save(tmp_path / "b.gif", save_all=True, append_images=pages[1:])
    assert read(tmp_path / "b.gif")[1] == [None] * 4


def test_an_animated_png_with_its_durations(tmp_path):
    pages = [Image.fromarray(frame[..., 0]) for frame in moving(4)]
    pages[0].save(tmp_path / "a.png", save_all=True, append_images=pages[1:], duration=[100, 40, 200, 50])
    clip, times, pixels = read(tmp_path / "a.png")
    assert times == pytest.approx([0, 0.1, 0.14, 0.34]) and clip.expected == 4 and len(pixels) == 4
    assert find_clips([str(tmp_path)]) == [tmp_path / "a.png"]


def test_a_folder_of_frames_in_the_order_of_its_numbers(tmp_path):
    for number, frame in enumerate(moving(12)):
        cv2.imwrite(str(tmp_path / f"f_{number}.png"), frame)
    (tmp_path / "f_5.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    (tmp_path / "notes.txt").write_text("no frame")
    clip, times, pixels = read(tmp_path)
    assert times == [None] * 11 and clip.faults.damaged == ["f_5.png"]
    assert np.array_equal(pixels[9], moving(11)[10][..., 0])
    assert find_clips([str(tmp_path)]) == [tmp_path]


def test_a_folder_of_clips_is_clips(tmp_path):
    paths = [write(tmp_path / name, moving(3)) for name in ("c1.mp4", "c2.mp4", "c10.mp4")]
    assert find_clips([str(tmp_path), str(paths[0])]) == paths


def test_without_av_the_extra_is_named(tmp_path, monkeypatch):
    path = write(tmp_path / "a.mp4", moving(3))
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(FetalheadError, match=r"pip install 'fetalhead\[video\]'"):
        open_clip(path)


def test_a_clip_is_never_in_memory(tmp_path):
    path = write(tmp_path / "a.mp4", moving(300, (240, 320)))
    tracemalloc.start()
    count = sum(1 for _ in open_clip(path).frames())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 300 and peak < 3_000_000
