"""`fetalhead data`: a group of commands, each in a module of its own."""

from __future__ import annotations

import importlib

import pytest

from fetalhead.catalog import DATA_COMMANDS
from fetalhead.cli import main


@pytest.mark.parametrize("name", DATA_COMMANDS)
def test_every_data_command_has_help_and_a_module(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert importlib.import_module(f"fetalhead.cli.data.{name}").main
    with pytest.raises(SystemExit) as ended:
        main(["data", name, "--help"])
    assert not ended.value.code and f"usage: fetalhead data {name}" in capsys.readouterr().out


def test_the_group_lists_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data"]) == 2 and main(["data", "--help"]) == 0
    listed = capsys.readouterr().out
    assert all(f"  {name} " in listed for name in DATA_COMMANDS)
    assert main(["data", "nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err
