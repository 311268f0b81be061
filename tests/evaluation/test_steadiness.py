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
from fetalhead.evaluation.video import kind_and_place, true_clips
from fetalhead.images.ellipse import Ellipse
from fetalhead.reports.rows import Row
from fetalhead.training.export import kind_without_place
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
    figures = clip_figures("a", truth, clip, clip.outcome(), ["accept"] * len(truth))
    own = figures.by_frame
    assert own.hc_error == pytest.approx(0.02) and own.jitter == pytest.approx(0.04, rel=0.02)
    assert own.dropout == pytest.approx(1 / 21) and own.false_heads == 0 and own.first_s == pytest.approx(0.1)
    assert own.flicker == pytest.approx(1 - ellipse_dice(scaled(1.02), scaled(0.98)), rel=0.02)
    assert figures.smoothed.jitter < 0.3 * own.jitter and figures.smoothed.flicker < 0.5 * own.flicker
    assert figures.frame_error == pytest.approx(0.02) and figures.clip_error < 0.02
    assert (figures.head_frames, figures.free_frames, figures.accepted_free) == (21, 2, 1)


def test_false_heads_are_counted_where_there_is_none():
    clip = measured([scaled(1)] * 12)
    verdicts = ["accept", "review", "refuse"] * 4
    figures = clip_figures("a", [TrueFrame(None, plane="abdomen")] * 12, clip, clip.outcome(), verdicts)
    assert figures.accepted_free == pytest.approx(1 / 3)
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


@pytest.fixture
def frames_of_a_head(tmp_path):
    """A mask folder of the pictures f4 to f12, of one patient by its `subjects.csv`."""
    import cv2

    mask = (Ellipse.make(48, 32, 20, 15, 0).coverage((64, 96)) > 0.5).astype(np.uint8) * 255
    names = [f"f{number}" for number in range(4, 13)]
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
        for name in names:
            cv2.imwrite(str(tmp_path / folder / f"{name}.png"), mask)
    (tmp_path / "subjects.csv").write_text("name,subject\n" + "".join(f"{name},A\n" for name in names))
    return tmp_path


def test_a_run_goes_by_the_numbers_of_its_pictures(frames_of_a_head):
    table = frames_of_a_head / "sequences.csv"
    table.write_text("sequence,first,last\ns0,f5,f12\n")
    (run,) = true_clips(f"masks={frames_of_a_head}", "all", 1)
    assert [image.source.stem for image, _ in run.frames()] == [f"f{number}" for number in range(5, 13)]
    (frames_of_a_head / "split.csv").write_text("filename,split\n" + "".join(
        f"f{number}.png,{'test' if number > 5 else 'train'}\n" for number in range(4, 13)))  # fmt: skip
    table.write_text("sequence,first,last\ns0,f6,f12\ns1,f4,f5\n")
    assert [run.name for run in true_clips(f"masks={frames_of_a_head}", "test", 1)] == ["s0"]
    table.write_text("sequence,first,last\ns0,f6,f12\ns1,f14,f15\n")
    with pytest.raises(FetalheadError, match=r"sequences\.csv: the row s1,f14,f15"):
        true_clips(f"masks={frames_of_a_head}", "test", 1)


def test_a_list_of_runs_without_a_column_is_one_line(frames_of_a_head, tmp_path, toy_model, capsys):
    (frames_of_a_head / "sequences.csv").write_text("sequence,first\ns0,f5\n")
    arguments = ["evaluate", "--video", "--data", f"masks={frames_of_a_head}", "--model", str(toy_model)]
    assert main([*arguments, "--split", "all", "--out", str(tmp_path / "out")]) != 0
    assert "sequences.csv: wants the columns sequence, first and last" in capsys.readouterr().err


def test_the_kind_of_clips_is_no_path(tmp_path):
    assert kind_and_place(f"masks:2={tmp_path}") == ("masks:2", tmp_path)
    assert kind_and_place(str(tmp_path)) == ("clips", tmp_path)
    (tmp_path / "cines.csv").touch()
    assert kind_and_place(str(tmp_path)) == ("cines", tmp_path)
    (odd := tmp_path / "a=b").mkdir()
    assert kind_and_place(str(odd)) == ("clips", odd)
    with pytest.raises(FetalheadError, match="cines=DIR"):
        kind_and_place(f"clips:2={tmp_path}")


@pytest.mark.parametrize(
    ("data", "kind"),
    [("hc18", "hc18"), ("masks:2", "masks:2"), ("cines=/Smith/b", "cines"), ("/Smith/b", "clips"), ("Smith", "clips")],
)
def test_a_card_tells_the_kind_and_never_the_place(data, kind):
    clips = {"data": data, "frames": 4, "head_free_frames": 4}
    assert kind_without_place(clips) == kind
    assert kind_without_place({"data": "/Smith/b", "frames": 4, "head_free_frames": 3}) == "cines"
    assert kind_without_place({"data": "/Smith/b", "overall": {}}) == ""


@pytest.mark.parametrize("kind", ["cines=", ""])
def test_a_faulty_cine_costs_no_other(tmp_path, toy_model, kind):
    assert main(["phantom", "--video", "--count", "2", "--frames", "6", "--out", str(tmp_path)]) == 0
    truth = tmp_path / "000.csv"
    truth.write_text("".join(truth.read_text().splitlines(keepends=True)[:4]))
    arguments = ["evaluate", "--video", "--data", f"{kind}{tmp_path}", "--model", str(toy_model)]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 1
    written = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert (written["clips"], written["unreadable"], written["data"], written["split"]) == (1, 1, "cines", "all")
    (tmp_path / "cines.csv").write_text("filename;frames;rate;pixel_size_mm\n000.mp4;6;12;0.3\n")
    with pytest.raises(FetalheadError, match="no list of cines"):
        true_clips(f"cines={tmp_path}", "test", 1)
