"""Dataclass, command line and YAML file are one thing; wrong usage is one line and status 2."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest

from fetalhead.catalog import COMMANDS
from fetalhead.cli import main
from fetalhead.cli.command import parse
from fetalhead.options import option


@dataclass(frozen=True)
class Options:
    """Do something."""

    paths: list[str] = option("paths", positional=True)
    kind: Literal["a", "b"] = option("kind", default="a")
    image_size: int = option("size", default=3)
    exclude: list[str] = option("patterns", default=[])
    json: bool = option("json", default=False)


def test_options_may_be_repeated_and_keep_their_text() -> None:
    options = parse(Options, ["p", "--exclude", "*_a.png", "--exclude=1", "--image-size", "4", "--json"], "prog")
    assert options == Options(["p"], "a", 4, ["*_a.png", "1"], True)


def test_a_yaml_file_says_the_same(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("image_size: 4\nexclude: ['*_a.png', b]\njson: true\n")
    options = parse(Options, ["p", "--config", str(tmp_path / "c.yaml")], "prog")
    assert options == Options(["p"], "a", 4, ["*_a.png", "b"], True)
    argv = ["p", "--config", str(tmp_path / "c.yaml"), "--image-size", "5", "--exclude", "[ab]"]
    later = parse(Options, argv, "prog")
    assert (later.image_size, later.exclude) == (5, ["[ab]"])


def test_what_follows_two_dashes_is_a_path() -> None:
    assert parse(Options, ["--", "--exclude"], "prog").paths == ["--exclude"]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["p", "--kind", "c"], "--kind c: wants one of a, b"),
        (["p", "--image-size", "x"], "--image-size x: wants a whole number"),
        (["p", "--nonsense", "1"], "--nonsense"),
        ([], "paths"),
        (["p", "--config", "/no/where.yaml"], "/no/where.yaml"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(argv: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(Options, argv, "prog")
    captured = capsys.readouterr()
    assert ended.value.code == 2 and words in captured.err
    assert captured.err.startswith("prog: ") and captured.err.count("\n") == 1 and not captured.out


def test_unknown_keys_are_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.yaml").write_text("image_sise: 4\n")
    with pytest.raises(SystemExit):
        parse(Options, ["p", "--config", str(tmp_path / "c.yaml")], "prog")
    assert "image_sise" in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = main([name, "--help"])
    except SystemExit as ended:
        status = ended.code
    assert not status and "usage: fetalhead " + name in capsys.readouterr().out


def test_help_comes_at_once() -> None:
    seconds = []
    for _ in range(3):
        start = time.process_time(), time.perf_counter()
        subprocess.run([sys.executable, "-m", "fetalhead", "--help"], check=True, capture_output=True)
        seconds.append(time.perf_counter() - start[1])
    assert min(seconds) < 0.5


def test_no_command_and_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2 and main(["nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("measure a.png --out o --workers 0", "--workers 0: at least 1"),
        ("measure a.png --out o --dating x", "--dating 'x': there are"),
        ("report a.dcm --out o --pixel-size 0,1,2", "pixel size '0,1,2'"),
        ("video a.mp4 --out o --stride 0", "--stride 0: at least 1"),
        ("video a.mp4 --out o --from 2 --to 1", "--to 1 lies before --from 2"),
        ("frames a.mp4 --out o --count 0", "--count 0: at least 1"),
        ("phantom --out o --count -1", "--count -1: give 0 or more"),
        ("phantom --out o --video --frames 0", "--frames 0"),
        ("live --port -1", "--port -1: wants 0 to 65535"),
        ("live --pixel-size x", "pixel size 'x'"),
        ("agree a --out o", "not 1 files"),
        ("export a b --out o", "b"),
        ("data split pictures=a --seed -1", "--seed -1: give 0 or more"),
        ("data split pictures=. --val 100%", "--val 100%: wants a share"),
        ("data split pictures=. pictures=. --out o", "--out o: is one file"),
        ("data inspect a --out o --sheet 0", "--sheet 0: give 1 or more"),
        ("data convert pictures=. --to masks --out o --pixel-size x", "pixel size 'x'"),
        ("data crop planes=. --out o", "as pictures=DIR/Images"),
    ],
)
def test_a_value_that_cannot_be_is_one_line_that_names_the_help_and_status_2(
    line: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("p.png", np.zeros((16, 16), np.uint8))
    try:
        status = main(line.split())
    except SystemExit as ended:
        status = ended.code
    (told,) = capsys.readouterr().err.splitlines()
    command = "fetalhead " + " ".join(line.split()[: 2 if line.startswith("data") else 1])
    assert status == 2 and words in told
    assert told.startswith(f"{command}: ") and told.endswith(f"(see {command} --help)")
    assert not Path("o").exists()


@pytest.mark.parametrize(
    "line", ["measure none.png --out o", "agree none.csv none.csv --out o", "data crop masks=none --out o"]
)
def test_what_is_not_there_is_status_1(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(line.split()) == 1


def test_names_that_are_not_utf_8_are_told(tmp_path: Path) -> None:
    out = os.fsencode(tmp_path) + b"/a\xff"
    command = [sys.executable, "-m", "fetalhead", "phantom", "--count", "0", "--planes", "1", "--out", out]
    strict = os.environ | {"PYTHONIOENCODING": "utf-8:strict"}
    made = subprocess.run(command, capture_output=True, env=strict)
    assert (made.returncode, made.stderr) == (0, b"")
    assert made.stdout.startswith(os.fsencode(tmp_path) + b"/a\\udcff: 0 heads")
    wrong = subprocess.run([*command[:-1], out + b"/planes/FETAL_PLANES_DB_data.csv"], capture_output=True, env=strict)
    assert wrong.returncode == 1 and b"a\\udcff/planes" in wrong.stderr and wrong.stderr.count(b"\n") == 1
