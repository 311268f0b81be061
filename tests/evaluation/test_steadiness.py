"""Figures of steadiness on clips whose answer is worked out by hand, and `evaluate --video` from end to end."""

from __future__ import annotations

import csv
import json
import math
import shutil

import numpy as np
import pytest

from fetalhead.cli import main
from fetalhead.errors import FetalheadError
from fetalhead.evaluation.steadiness import TrueFrame, clip_figures, ellipse_dice, moved_along
from fetalhead.evaluation.video import true_clips
from fetalhead.images.ellipse import Ellipse
from fetalhead.reports.rows import Row
from fetalhead.videos.frame_ledger import FrameRecord
from fetalhead.videos.measured import MeasuredClip
from fetalhead.videos.state import state_of
from fetalhead.videos.track import Seen


def measured(found: list[Ellipse | None]) -> MeasuredClip:
    clip = MeasuredClip()
    picture = np.tile(np.arange(96, dtype=np.uint8), (64, 1))
    for number, ellipse in enumerate(found):
        row = Row("a", number, "ok", "", pixel_size_x_mm=0.5, pixel_size_y_mm=0.5)
        if ellipse:
            row = row._replace(hc_mm=0.5 * ellipse.perimeter)
        seen = Seen(state_of(ellipse).tolist() if ellipse else None, 0.9, 0.95)
        clip.add(picture + number % 3, FrameRecord(row, number / 10, seen, 0.8 if ellipse else None))
    return clip


def scaled(factor: float) -> Ellipse:
    return Ellipse.make(300, 200, 100 * factor, 80 * factor, 0.2)


def test_dice_and_motion():
    assert ellipse_dice(scaled(1), scaled(1)) == pytest.approx(1, abs=1e-3)
    assert ellipse_dice(scaled(1), scaled(0.5)) == pytest.approx(2 * 0.25 / 1.25, abs=2e-3)
    assert ellipse_dice(scaled(1), Ellipse.make(900, 200, 10, 9, 0)) == 0
    there = Ellipse.make(320, 190, 90, 75, 0.3)
    moved = moved_along(scaled(1.1), scaled(1), there)
    assert moved.perimeter == pytest.approx(1.1 * there.perimeter) and moved.center_x == pytest.approx(320)


def test_worked_out_by_hand():
    factors = [1.02 if number % 2 else 0.98 for number in range(20)]
    found = [None, None, *[scaled(factor) for factor in factors], None]
    heads = [TrueFrame(scaled(1), 0.5 - number / 40) for number in range(21)]
    truth = [TrueFrame(None, 1.0, "tissue"), *heads, TrueFrame(None, 1.0)]
    clip = measured(found)
    figures = clip_figures("a", truth, clip, clip.outcome())
    own = figures.by_frame
    assert own.hc_error == pytest.approx(0.02) and own.jitter == pytest.approx(0.04, rel=0.02)
    assert own.dropout == pytest.approx(1 / 21) and own.false_heads == 0 and own.first_s == pytest.approx(0.1)
    assert own.flicker == pytest.approx(1 - ellipse_dice(scaled(1.02), scaled(0.98)), rel=0.02)
    assert figures.smoothed.jitter < 0.3 * own.jitter and figures.smoothed.flicker < 0.5 * own.flicker
    assert figures.frame_error == pytest.approx(0.02) and figures.clip_error < 0.02
    assert (figures.head_frames, figures.free_frames) == (21, 2)


def test_false_heads_are_counted_where_there_is_none():
    clip = measured([scaled(1)] * 12)
    figures = clip_figures("a", [TrueFrame(None, plane="abdomen")] * 12, clip, clip.outcome())
    assert figures.by_frame.false_heads == figures.smoothed.false_heads == 1 and figures.false_planes == ("abdomen",)
    assert math.isnan(figures.smoothed.dropout) and figures.best_hit is None and math.isnan(figures.clip_error)


def test_from_end_to_end(tmp_path, toy_model, tiny_hc18, capsys):
    pytest.importorskip("av")
    cines = tmp_path / "cines"
    picture = tiny_hc18 / "training_set" / "000_HC.png"
    made = ["phantom", "--out", str(cines), "--over", str(picture), "--count", "2", "--frames", "8"]
    assert main(made) == 0 and len(list(cines.glob("*.mp4"))) == 2
    assert main(["evaluate", "--video", "--data", f"cines={cines}", "--out", str(tmp_path / "a"), "--model",
                 str(toy_model)]) == 0  # fmt: skip
    metrics = json.loads((tmp_path / "a" / "metrics.json").read_text())
    assert metrics["clips"] == 2 and metrics["frames"] == 16
    with open(tmp_path / "a" / "clips.csv", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == 2
    assert "jitter (%)" in capsys.readouterr().out
    assert main(["evaluate", "--video", "--data", f"hc18={tiny_hc18}", "--clips", "1", "--out", str(tmp_path / "b"),
                 "--model", str(toy_model)]) == 0  # fmt: skip
    shutil.copy(next(cines.glob("*.mp4")), tmp_path / "bare.mp4")
    assert true_clips(f"clips={tmp_path / 'bare.mp4'}", "test", 1)[0].name == "bare"
    with pytest.raises(FetalheadError, match="cines=DIR"):
        true_clips(f"planes={tmp_path}", "test", 1)


def test_runs_of_a_mask_folder(tmp_path):
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    import cv2

    for number in range(8):
        mask = (Ellipse.make(48, 32, 20, 15, 0).coverage((64, 96)) > 0.5).astype(np.uint8) * 255
        cv2.imwrite(str(tmp_path / "images" / f"{number:03d}.png"), mask // 2)
        cv2.imwrite(str(tmp_path / "masks" / f"{number:03d}.png"), mask)
    (tmp_path / "sequences.csv").write_text("sequence,first,last,frames\ns0,000,006,7\ns1,007,007,1\n")
    (run,) = true_clips(f"masks={tmp_path}", "all", 1)
    assert run.name == "s0" and len(list(run.frames())) == 7
    (tmp_path / "split.csv").write_text("filename,split\n" + "".join(
        f"{number:03d}.png,{'test' if number < 6 else 'train'}\n" for number in range(8)))  # fmt: skip
    (run,) = true_clips(f"masks={tmp_path}", "test", 1)
    assert len(list(run.frames())) == 6


def test_a_faulty_cine_costs_no_other(tmp_path, toy_model):
    assert main(["phantom", "--video", "--count", "2", "--frames", "6", "--out", str(tmp_path)]) == 0
    truth = tmp_path / "000.csv"
    truth.write_text("".join(truth.read_text().splitlines(keepends=True)[:4]))
    arguments = ["evaluate", "--video", "--data", f"cines={tmp_path}", "--model", str(toy_model)]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 1
    written = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert (written["clips"], written["unreadable"], written["data"], written["split"]) == (1, 1, "cines", "all")
    (tmp_path / "cines.csv").write_text("filename;frames;rate;pixel_size_mm\n000.mp4;6;12;0.3\n")
    with pytest.raises(FetalheadError, match="no list of cines"):
        true_clips(f"cines={tmp_path}", "test", 1)
