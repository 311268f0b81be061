"""Dataclass, command line and YAML file are one thing; wrong usage is one line and status 2."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

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
