"""Started with standard streams that are closed, as services do, a run is the same run."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from measure_calls import measure, results_of, write_heads


@pytest.mark.parametrize("closed", ["2>&-", "<&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("workers", [1, 2])
def test_closed_streams_change_nothing(toy_model: Path, tmp_path: Path, closed: str, workers: int) -> None:
    write_heads(tmp_path / "in", 2)
    (tmp_path / "in" / "bad.png").write_text("no picture")
    command = [sys.executable, "-m", "fetalhead", "measure", str(tmp_path / "in"), "--model", str(toy_model)]
    command += ["--out", str(tmp_path / "out"), "--workers", str(workers), "--json"]
    done = subprocess.run(["bash", "-c", f"{shlex.join(command)} {closed}"], capture_output=True, text=True)
    assert done.returncode == 1, "for the file that is no picture"
    if ">&- 2" not in closed:
        assert len(json.loads(done.stdout)) == 3, "what is said of faults is not among the rows"
    assert measure(toy_model, tmp_path / "usual", tmp_path / "in") == 1
    assert results_of(tmp_path / "out") == results_of(tmp_path / "usual")
