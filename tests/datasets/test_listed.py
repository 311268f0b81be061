"""A COCO file is material to learn from, as a folder of masks is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from test_kinds import HEAD, write_masks

from fetalhead.cli import main
from fetalhead.datasets import open_data
from fetalhead.datasets.samples import load_samples


def test_outlines_masks_and_undrawn_pictures_become_samples(tmp_path: Path) -> None:
    write_masks(tmp_path / "masks", [f"p{n}" for n in range(4)])
    (tmp_path / "masks" / "split.csv").write_text("filename,split\n" + "".join(f"p{n}.png,train\n" for n in range(4)))
    assert main(["data", "convert", f"masks={tmp_path / 'masks'}", "--to", "coco", "--out", str(tmp_path / "c")]) == 0
    path = tmp_path / "c" / "annotations.json"
    content = json.loads(path.read_text())
    content["annotations"][0]["segmentation"] = [(HEAD.points(40) + 0.5).ravel().tolist()]
    content["annotations"].pop()
    path.write_text(json.dumps(content))
    samples = load_samples([f"coco={path}"], "train", (64, 96))
    assert [sample.outlined for sample in samples] == [True, True, True, False]
    grid = HEAD.transformed([[0.5, 0, -0.25], [0, 0.5, -0.25]])
    for sample in samples[:3]:
        assert sample.head and np.abs(grid.signed_distance(*sample.head.points().T)).max() < 0.1


def test_subjects_are_told_by_the_list_or_by_a_table(tmp_path: Path) -> None:
    write_masks(tmp_path / "masks", ["a", "b"])
    assert main(["data", "convert", f"masks={tmp_path / 'masks'}", "--to", "coco", "--out", str(tmp_path / "c")]) == 0
    path = tmp_path / "c" / "annotations.json"
    content = json.loads(path.read_text())
    content["images"][0]["subject"] = "Ada"
    del content["images"][1]["subject"]
    path.write_text(json.dumps(content))
    assert [case.subject for case in open_data(f"coco={path}").cases] == ["Ada", "b"]
    (tmp_path / "c" / "subjects.csv").write_text("name,subject\na,Eve\nb,Eve\n")
    assert [case.subject for case in open_data(f"coco={path}").cases] == ["Ada", "Eve"]
