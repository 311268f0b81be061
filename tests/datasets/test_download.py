"""`fetalhead data download` against a local server: ranges, interruptions, wrong files."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("pooch")
from fetalhead.catalog import DOWNLOADS
from fetalhead.cli import main
from fetalhead.datasets import download as room


class Server(ThreadingHTTPServer):
    """Serves `files`; sends at most `cut` bytes an answer, and remembers the ranges asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.cut: int | None = None
        self.knows_ranges = True
        self.status = 200
        self.asked: list[tuple[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/files"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        name, wanted = self.path.rpartition("/")[2], self.headers.get("Range", "")
        self.server.asked.append((name, wanted))
        if self.server.status != 200 or name not in self.server.files:
            self.send_error(self.server.status if self.server.status != 200 else 404)
            return
        content = self.server.files[name]
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.server.knows_ranges else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:][: self.server.cut])

    def log_message(self, *_: object) -> None:
        pass


def packed(folder: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(f"{folder}/000_HC.png", bytes(range(256)) * 4000)
    return stream.getvalue()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    served = Server()
    served.files = {
        "training_set_pixel_size_and_HC.csv": b"filename,pixel size(mm),head circumference (mm)\n",
        "test_set_pixel_size.csv": b"filename,pixel size(mm)\n",
        "training_set.zip": packed("training_set"),
        "test_set.zip": packed("test_set"),
    }
    known = {name: (len(text), "md5:" + hashlib.md5(text).hexdigest()) for name, text in served.files.items()}
    monkeypatch.setitem(DOWNLOADS, "hc18", known)
    monkeypatch.setattr(room, "PAUSE_S", 0.001)
    threading.Thread(target=served.serve_forever, args=(0.01,), daemon=True).start()
    yield served
    served.shutdown()
    served.server_close()


def fetch(server: Server, out: Path) -> int:
    return main(["data", "download", "hc18", "--out", str(out), "--url", server.url + "/"])


def is_whole(server: Server, out: Path) -> bool:
    return (
        all((out / name).read_bytes() == text for name, text in server.files.items())
        and all((out / part / "000_HC.png").stat().st_size == 1_024_000 for part in ("training_set", "test_set"))
        and not list(out.rglob("*.part"))
    )


def test_everything_is_fetched_and_then_kept(server: Server, tmp_path: Path) -> None:
    assert fetch(server, tmp_path / "a") == 0 and is_whole(server, tmp_path / "a")
    count = len(server.asked)
    assert count == 4 and fetch(server, tmp_path / "a") == 0 and len(server.asked) == count


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_answers_that_are_cut_off_are_gone_on_with(server: Server, tmp_path: Path, knows_ranges: bool) -> None:
    server.cut, server.knows_ranges = 300_000, knows_ranges
    status = fetch(server, tmp_path)
    if knows_ranges:
        assert status == 0 and is_whole(server, tmp_path)
        assert ("training_set.zip", f"bytes={300_000 // room.CHUNK * room.CHUNK}-") in server.asked
    else:  # each answer starts anew and none is whole
        assert status == 1 and not (tmp_path / "training_set.zip").exists()


def test_a_later_call_goes_on(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server.files["training_set.zip"], whole = server.files["training_set.zip"][:5000], server.files["training_set.zip"]
    assert fetch(server, tmp_path) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "5000 of" in said and "run again" in said
    server.files["training_set.zip"] = whole
    server.asked.clear()
    assert fetch(server, tmp_path) == 0 and is_whole(server, tmp_path)
    assert server.asked[0] == ("training_set.zip", "bytes=5000-")


def test_another_file_is_refused_and_removed(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.files["test_set_pixel_size.csv"] = b"x" * len(server.files["test_set_pixel_size.csv"])
    assert fetch(server, tmp_path) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "test_set_pixel_size.csv" in said and "not the published file" in said
    assert not list(tmp_path.glob("test_set*"))


@pytest.mark.parametrize("status", [404, 503])
def test_a_server_that_has_none_is_one_line(
    server: Server, tmp_path: Path, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    server.status = status
    assert fetch(server, tmp_path) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and str(status) in said and server.url in said


def test_no_server_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(room, "PAUSE_S", 0.001)
    assert main(["data", "download", "hc18", "--out", str(tmp_path), "--url", "http://127.0.0.1:9/x"]) == 1
    assert "cannot be reached" in capsys.readouterr().err


def test_without_pooch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pooch", None)
    assert main(["data", "download", "hc18", "--out", str(tmp_path)]) == 1
    assert "pip install 'fetalhead[data]'" in capsys.readouterr().err
