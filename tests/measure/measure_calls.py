"""Calls of `fetalhead measure` on small pictures whose answer is known, and what they leave behind."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from toys import bright_head

from fetalhead.cli import main
from fetalhead.images.ellipse import Ellipse

SOURCE = Path(__file__).resolve().parents[2] / "src"
HEAD = Ellipse(96, 64, 56, 42, 0.4)


def head_picture(size: float = 1.0) -> np.ndarray:
    """(128, 192) picture of a head, `size` times the usual one."""
    ellipse = Ellipse(HEAD.center_x, HEAD.center_y, HEAD.semi_axis_a * size, HEAD.semi_axis_b * size, HEAD.angle)
    return bright_head(ellipse)


def read_picture(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert picture is not None, path
    return np.asarray(picture)


def write_heads(folder: Path, count: int) -> list[Path]:
    """Pictures of heads of growing size, `000.png` and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:03d}.png" for number in range(count)]
    for number, path in enumerate(paths):
        cv2.imwrite(str(path), head_picture(0.8 + 0.3 * number / count))
    return paths


def write_cine(path: Path, count: int) -> None:
    """A TIFF of several pages, a head of growing size on each."""
    pages = [Image.fromarray(head_picture(0.8 + 0.3 * number / count)) for number in range(count)]
    pages[0].save(path, save_all=True, append_images=pages[1:])


def measure(model: Path, out: Path, *arguments: object) -> int:
    """Exit status of a call in this process."""
    try:
        return main(["measure", *map(str, arguments), "--model", str(model), "--out", str(out)])
    except SystemExit as error:
        return int(str(error.code))


def start(model: Path, out: Path, *arguments: object, **options: Any) -> subprocess.Popen[str]:
    """A call in a process of its own."""
    command = [sys.executable, "-m", "fetalhead", "measure", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCE), os.environ.get("PYTHONPATH", "")])}
    return subprocess.Popen(
        [*command, "--model", str(model), "--out", str(out)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def rows_of(out: Path) -> list[dict[str, str]]:
    with open(out / "measurements.csv", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        return list(csv.DictReader(stream))


def record_of(out: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((out / "run.json").read_text())
    return values


def results_of(out: Path) -> dict[str, bytes]:
    """All that a run leaves, but for its own account of itself."""
    files = [path for path in out.rglob("*") if path.is_file()]
    own = {"run.json", ".fetalhead"}
    relative = {path.relative_to(out): path for path in files}
    return {str(name): path.read_bytes() for name, path in relative.items() if name.parts[0] not in own}


def wait_for(happens: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until something happens while a call runs."""
    end = time.monotonic() + 30
    while not happens():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.002)


def written_rows(out: Path) -> int:
    """Rows in the CSV of a call that is under way (names without line breaks)."""
    path = out / "measurements.csv"
    return path.read_bytes().count(b"\n") - 1 if path.exists() else 0
