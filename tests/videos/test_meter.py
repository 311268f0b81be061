"""`VideoMeter` and `fetalhead live`: a frame in, its smoothed measurement out."""

from __future__ import annotations

import socket
import threading
import urllib.request
from pathlib import Path

import cv2
import numpy as np
import pytest
from clip_making import heads, moving, write

import fetalhead
from fetalhead.cli import main
from fetalhead.errors import FetalheadError
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.pixel_size import PixelSize
from fetalhead.videos.live import LiveShow

TRUE = 277.6


def noisy_heads(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [frame[..., 0] for size in 1 + 0.01 * rng.standard_normal(count) for frame in heads(1, size=size)]


def test_frame_by_frame(toy_model):
    meter = fetalhead.VideoMeter(toy_model, pixel_size=0.5)
    told = [meter.update(frame, number / 25) for number, frame in enumerate(noisy_heads(50))]
    assert [bool(one) for one in told] == [False, False] + [True] * 48  # none is invented from one frame
    assert all(one.accepted and not one.bridged and one.unit == "mm" for one in told[2:])
    smooth = np.array([one.hc for one in told[10:]])
    own = np.array([one.measurement.hc_mm for one in told[10:]])
    assert smooth == pytest.approx(0.5 * TRUE, rel=0.03)
    assert np.diff(smooth).std() < 0.6 * np.diff(own).std()
    assert all(one.hc_low < one.hc < one.hc_high for one in told[2:])


def test_gaps_cuts_outliers_and_sizes(toy_model):
    meter = fetalhead.VideoMeter(toy_model)
    head, other = heads(1)[0], heads(1, size=0.7)[0]
    nothing = np.zeros_like(head[..., 0])
    for number in range(10):
        assert meter.update(head, number / 25).unit == "px"
    lost = [meter.update(nothing, (10 + number) / 25) for number in range(3)]
    assert not any(one.accepted for one in lost)
    meter.reset()
    for number in range(10):
        meter.update(head, number / 25)
    strange = meter.update(other, 10 / 25)
    assert not strange.accepted
    cut = meter.update(moving(1)[0] // 4, 12 / 25)
    assert cut.scene == 1 or cut.scene == 2
    assert not cut and cut.hc is None
    assert not meter.update(np.zeros((64, 96), np.uint8), 0.0)  # another size begins anew, its times too
    with pytest.raises(FetalheadError, match="does not come after"):
        meter.update(np.zeros((64, 96), np.uint8), 0.0)
    with pytest.raises(FetalheadError, match="pixel size"):
        fetalhead.VideoMeter(toy_model, pixel_size=99)


def test_without_times_frames_come_25_a_second(toy_model):
    meter = fetalhead.VideoMeter(toy_model, pixel_size=(0.5, 0.4))
    told = [meter.update(frame) for frame in heads(8)]
    assert told[-1] and told[-1].measurement.pixel_size.y == 0.4


def test_live_on_a_file(tmp_path, toy_model, capsys):
    av = pytest.importorskip("av")
    clip = write(tmp_path / "clip.mp4", heads(20))
    record = tmp_path / "shown.mp4"
    arguments = ["--pixel-size", "0.5", "--model", str(toy_model), "--port", "0", "--record", str(record)]
    assert main(["live", "--device", str(clip), *arguments]) == 0
    assert capsys.readouterr().out.startswith("20 frames, 18 with a head, ")
    with av.open(str(record)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 20
    assert main(["live", "--device", "93", "--model", str(toy_model), "--port", "0"]) == 1
    assert "--device 93" in capsys.readouterr().err


def test_the_page_shows_each_picture(toy_model):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with LiveShow(fetalhead.VideoMeter(toy_model), port, None) as show:
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).read()
        assert b"/stream" in page
        stop = threading.Event()

        def feed() -> None:
            number = 0
            while not stop.wait(0.02):
                show.add(UltrasoundImage(heads(1)[0][..., 0], time_s=float(number)))
                number += 1

        feeder = threading.Thread(target=feed)
        feeder.start()
        try:
            stream = urllib.request.urlopen(f"http://127.0.0.1:{port}/stream", timeout=5)
            assert b"\xff\xd8\xff" in stream.read(3000)
        finally:
            stop.set()
            feeder.join()
    assert show.frames > 0


def test_the_page_is_named_where_its_port_is_taken(toy_model):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(FetalheadError, match="--port"):
            LiveShow(fetalhead.VideoMeter(toy_model), taken.getsockname()[1], Path("x.mp4"))


def test_a_pixel_size_is_of_pictures_of_one_size(toy_model):
    meter = fetalhead.VideoMeter(toy_model, pixel_size=0.5)
    first = [meter.update(frame, number / 25) for number, frame in enumerate(heads(4))][-1]
    smaller = [frame[8:120, 12:180] for frame in heads(4)]
    for _ in range(2):
        told = [meter.update(frame, 1 + number / 25) for number, frame in enumerate(smaller)][-1]
        assert told.unit == "px" and told.hc == pytest.approx(TRUE, rel=0.03)
        assert told.measurement.status == "no_scale" and told.measurement.hc_mm is None
        assert "was given for 192 x 128 pixels" in told.measurement.pixel_size.reason
        meter.reset()
    own = UltrasoundImage(np.ascontiguousarray(smaller[0][..., 0]), PixelSize.make(0.3, 0.3, "image-header"))
    assert meter.update(own, 5.0).measurement.pixel_size.x == 0.3
    again = [meter.update(frame, 6 + number / 25) for number, frame in enumerate(heads(4))][-1]
    assert again.unit == first.unit == "mm" and again.hc == pytest.approx(first.hc)


def test_pixel_sizes_as_measure_takes_them(toy_model):
    for given in ((0.5, 0.4), [0.5, 0.4], np.array([0.5, 0.4]), PixelSize.make(0.5, 0.4, "user")):
        size = fetalhead.VideoMeter(toy_model, pixel_size=given).update(heads(1)[0]).measurement.pixel_size
        assert (size.x, size.y) == (0.5, 0.4)
    for wrong in ((0.5,), [0.5, 0.5, 0.5], "wide", [None, 1], {}, 0, float("nan")):
        with pytest.raises(FetalheadError, match="pixel size"):
            fetalhead.VideoMeter(toy_model, pixel_size=wrong)


def test_what_is_no_dating_and_no_time_is_refused(toy_model):
    with pytest.raises(FetalheadError, match="x"):
        fetalhead.VideoMeter(toy_model, dating="x")
    meter = fetalhead.VideoMeter(toy_model)
    for time_s in (float("inf"), float("nan"), -float("inf")):
        with pytest.raises(FetalheadError, match="time_s"):
            meter.update(heads(1)[0], time_s)
    assert not meter.update(heads(1)[0], 0.0)


def test_a_recording_never_goes_over_the_clip_that_is_shown(tmp_path, toy_model, capsys):
    pytest.importorskip("av")
    clip = write(tmp_path / "clip.mp4", heads(3))
    before = clip.read_bytes()
    (tmp_path / "link.mp4").symlink_to(clip)
    for record in (clip, tmp_path / "link.mp4"):
        arguments = ["--model", str(toy_model), "--port", "0", "--record", str(record)]
        assert main(["live", "--device", str(clip), *arguments]) == 2
        assert clip.read_bytes() == before and "--record" in capsys.readouterr().err


def test_a_recording_ends_where_the_size_changes(tmp_path, toy_model):
    av = pytest.importorskip("av")
    record = tmp_path / "shown.mp4"
    pictures = [heads(3), [frame[:64, :96] for frame in heads(1)]]
    with (
        pytest.raises(FetalheadError, match="changes from 192 x") as caught,
        LiveShow(fetalhead.VideoMeter(toy_model), 0, record) as show,
    ):
        for number, frame in enumerate(frame for part in pictures for frame in part):
            show.add(UltrasoundImage(np.ascontiguousarray(frame[..., 0]), time_s=number / 25))
    assert str(caught.value).startswith(f"{record}: ")
    with av.open(str(record)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 3


def test_frames_far_apart_tell_a_head_from_the_third_on(toy_model):
    meter = fetalhead.VideoMeter(toy_model, pixel_size=0.5)
    head = [frame[..., 0] for frame in heads(8)]
    told = [meter.update(frame, 0.8 * number) for number, frame in enumerate(head)]
    assert [bool(one) for one in told] == [False] * 2 + [True] * 6 and all(one.accepted for one in told[2:])
    assert [one.hc for one in told[2:]] == pytest.approx([0.5 * TRUE] * 6, rel=0.02)
    assert not meter.update(np.zeros_like(head[0]), 0.8 * 8)  # nothing is bridged for so long
    again = [meter.update(frame, 0.8 * (9 + number)) for number, frame in enumerate(head[:3])]
    assert [bool(one) for one in again] == [False, False, True]


def test_faults_of_a_clip_that_is_shown_are_told(tmp_path, toy_model, capsys):
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, frame in enumerate(heads(4)):
        cv2.imwrite(str(folder / f"{number}.png"), frame)
    (folder / "2.png").write_bytes(b"")
    assert main(["live", "--device", str(folder), "--model", str(toy_model), "--port", "0"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("3 frames, ")
    assert err.splitlines() == [f"fetalhead live: {folder}: 1 damaged frame skipped (2.png)"]


@pytest.mark.parametrize("digits", [20, 5000])
def test_no_number_of_a_device_is_a_traceback(toy_model, capsys, digits):
    assert main(["live", "--device", "9" * digits, "--model", str(toy_model), "--port", "0"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("fetalhead live: --device 9") and "no camera" in line
