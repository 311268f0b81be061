"""`VideoMeter` and `fetalhead live`: a frame in, its smoothed measurement out."""

from __future__ import annotations

import socket
import threading
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from clip_making import heads, moving, write

import fetalhead
from fetalhead.cli import main
from fetalhead.errors import FetalheadError
from fetalhead.images.image import UltrasoundImage
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
