"""Corruptions change what they say, move the reference along, and are the same for every model."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import bright_head

from fetalhead.cli import main
from fetalhead.datasets.hc18 import Hc18
from fetalhead.errors import FetalheadError
from fetalhead.evaluation.corruptions import (
    CORRUPTIONS,
    SEVERITIES,
    CorruptedCase,
    chosen_kinds,
    chosen_severities,
    corrupt,
    one_a_subject,
    seed_of,
)
from fetalhead.images.ellipse import Ellipse

HEAD = Ellipse.make(200, 130, 90, 66, 0.3)
SHAPE = (256, 384)
PICTURE = (bright_head(HEAD, SHAPE, 140) + 40).astype(np.uint8)


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_worse_with_severity_and_the_same_again(kind: str) -> None:
    changes = []
    for severity in SEVERITIES:
        pixels, head = corrupt(PICTURE, HEAD, kind, severity, seed=5)
        again, _ = corrupt(PICTURE, HEAD, kind, severity, seed=5)
        assert pixels.shape == SHAPE and pixels.dtype == np.uint8
        assert np.array_equal(pixels, again)
        changes.append(np.abs(pixels.astype(int) - PICTURE).mean())
        if CORRUPTIONS[kind].change is not None:
            assert head == HEAD
    assert changes[0] > 0
    assert changes == sorted(changes) or kind == "rotation"  # of an ellipse: a quarter turn may look like less


@pytest.mark.parametrize("kind", [kind for kind, corruption in CORRUPTIONS.items() if corruption.move])
def test_the_reference_moves_with_the_picture(kind: str) -> None:
    flat = bright_head(HEAD, SHAPE, 255)
    for severity in SEVERITIES:
        pixels, head = corrupt(flat, HEAD, kind, severity, seed=seed_of("a.png", kind))
        inside = head.coverage(SHAPE)
        assert np.abs(pixels / 255 - inside).mean() < 0.004


def test_a_head_cut_off_is_cut_by_so_much_of_its_width() -> None:
    _, head = corrupt(PICTURE, HEAD, "crop", 5, seed=1)
    x = head.points(720)[:, 0]
    beyond = max(-0.5 - x.min(), x.max() - (SHAPE[1] - 0.5))
    assert beyond / (x.max() - x.min()) == pytest.approx(0.3, abs=0.005)


def test_a_zoomed_picture_s_head_is_as_large_in_mm(tiny_hc18: Path) -> None:
    case = Hc18(tiny_hc18).cases[0]
    before = case.ellipse().scaled(case.pixel_size.x, case.pixel_size.y).perimeter
    small = CorruptedCase(case, "zoom", 4)
    after = small.ellipse().scaled(small.pixel_size.x, small.pixel_size.y).perimeter
    assert small.ellipse().semi_axis_a == pytest.approx(case.ellipse().semi_axis_a / 2)
    assert after == pytest.approx(before)


def test_names_and_severities_are_checked() -> None:
    assert chosen_kinds("all") == list(CORRUPTIONS) and chosen_kinds("blur,jpeg") == ["blur", "jpeg"]
    assert chosen_severities("5,1, 3") == [1, 3, 5]
    with pytest.raises(FetalheadError, match="fog"):
        chosen_kinds("blur,fog")
    for wrong in ("", "0", "6", "a"):
        with pytest.raises(FetalheadError, match="--severities"):
            chosen_severities(wrong)


def test_one_image_a_subject_is_its_first(tiny_hc18: Path) -> None:
    cases = Hc18(tiny_hc18).cases
    doubled = [*cases, *cases]
    assert one_a_subject(doubled) == cases


def test_the_command_writes_a_row_for_each_kind_and_severity(
    toy_model: Path, tmp_path: Path, tiny_hc18: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["evaluate", "--model", str(toy_model), "--data", f"hc18={tiny_hc18}", "--split", "all"]
    assert main([*command, "--out", str(out), "--corruptions", "gain-down,crop", "--severities", "1,5"]) == 0
    with open(out / "robustness.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["corruption"], row["severity"]) for row in rows] == [
        ("none", "0"), ("gain-down", "1"), ("gain-down", "5"), ("crop", "1"), ("crop", "5"),
    ]  # fmt: skip
    assert all(int(row["images"]) == 12 for row in rows)
    assert all(0 <= float(row["dice"]) <= 1 for row in rows)
    assert cv2.imread(str(out / "robustness.png")) is not None
    assert "gain-down" in capsys.readouterr().out
    assert main([*command, "--out", str(out), "--corruptions", "fog"]) == 2
    assert "fog" in capsys.readouterr().err
