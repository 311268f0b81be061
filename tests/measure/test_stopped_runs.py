"""Runs that are stopped: Ctrl-C and kill -9 leave whole rows, and the same command finishes the work."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from measure_calls import (
    measure,
    record_of,
    results_of,
    rows_of,
    start,
    wait_for,
    write_cine,
    write_heads,
    written_rows,
)

from fetalhead.measuring.csv_file import CsvFile
from fetalhead.measuring.ledger import Ledger
from fetalhead.measuring.out_folder import OutFolder

COUNT = 30


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_leaves_the_rows_written_so_far(toy_model: Path, tmp_path: Path, workers: int) -> None:
    write_heads(tmp_path / "in", COUNT * 2)
    out = tmp_path / "out"
    process = start(toy_model, out, tmp_path / "in", "--workers", workers, "--json", start_new_session=True)
    wait_for(lambda: written_rows(out) >= 3, process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    printed, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert printed == "" and err.count("\n") == 1 and "stopped: " in err
    rows = rows_of(out)
    assert 3 <= len(rows) < COUNT * 2
    assert {row["status"] for row in rows} == {"no_scale"}
    assert (out / "measurements.csv").read_bytes().endswith(b"\n")
    assert record_of(out)["finished"] is False


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_again_and_again_it_ends_like_an_undisturbed_run(toy_model: Path, tmp_path: Path, workers: int) -> None:
    write_heads(tmp_path / "in", COUNT)
    write_cine(tmp_path / "in" / "cine.tif", 8)
    out = tmp_path / "out"
    for rows in (2, 15):
        process = start(toy_model, out, tmp_path / "in", "--workers", workers, "--pixel-size", "0.5")
        wait_for(lambda rows=rows: written_rows(out) >= rows, process)  # type: ignore[misc]
        process.kill()
        process.communicate(timeout=60)
        keys = [(row["path"], row["frame"]) for row in rows_of(out)]
        assert len(keys) >= rows and len(set(keys)) == len(keys)
    assert measure(toy_model, out, tmp_path / "in", "--pixel-size", "0.5") == 0
    assert record_of(out)["counts"]["reused"] >= 15
    assert measure(toy_model, tmp_path / "undisturbed", tmp_path / "in", "--pixel-size", "0.5") == 0
    assert results_of(out) == results_of(tmp_path / "undisturbed")
    assert not list((out / ".fetalhead").glob("*.part"))


def test_a_cine_goes_on_at_the_frame_where_it_was_killed(toy_model: Path, tmp_path: Path) -> None:
    write_cine(tmp_path / "cine.tif", COUNT)
    out = tmp_path / "out"
    process = start(toy_model, out, tmp_path / "cine.tif")
    wait_for(lambda: written_rows(out) >= 5, process)
    process.kill()
    process.communicate(timeout=60)
    kept = len(rows_of(out))
    assert measure(toy_model, out, tmp_path / "cine.tif") == 0
    assert kept <= record_of(out)["counts"]["reused"] < COUNT
    assert [row["frame"] for row in rows_of(out)] == [str(frame) for frame in range(COUNT)]


@pytest.mark.parametrize("stage", ["table", "remove", "ledger"])
def test_killed_while_it_begins_it_loses_nothing(
    toy_model: Path, tmp_path: Path, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between the steps of the start, in a run that has old rows to clear away."""
    write_heads(tmp_path / "in", 4)
    measure(toy_model, tmp_path / "out", tmp_path / "in")
    (tmp_path / "in" / "000.png").unlink()

    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    target = {
        "table": (CsvFile, "rewrite"),
        "remove": (OutFolder, "remove"),
        "ledger": (Ledger, "restart"),
    }
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(*target[stage], kill)
        measure(toy_model, tmp_path / "out", tmp_path / "in")
    assert measure(toy_model, tmp_path / "out", tmp_path / "in") == 0
    measure(toy_model, tmp_path / "fresh", tmp_path / "in")
    assert results_of(tmp_path / "out") == results_of(tmp_path / "fresh")
    assert record_of(tmp_path / "out")["counts"]["reused"] == 3
