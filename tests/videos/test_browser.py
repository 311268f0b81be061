"""The overlay video is played to its end by Chromium."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from clip_making import heads, write

from fetalhead.cli import main

pytest.importorskip("av")

PAGE = b"""<!doctype html><video id=v muted autoplay src=overlay.mp4></video><script>
const tell = what => fetch('/told?' + encodeURIComponent(JSON.stringify(what)));
v.onended = () => tell({ended: v.currentTime, width: v.videoWidth, height: v.videoHeight,
                        frames: v.getVideoPlaybackQuality().totalVideoFrames});
v.onerror = () => tell({error: v.error.message});
</script>"""


def test_chromium_plays_the_overlay(tmp_path: Path, toy_model: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("Chromium is not installed (apt install chromium)")
    clip = write(tmp_path / "clip.mp4", heads(25))
    assert main(["video", str(clip), "--out", str(tmp_path / "out"), "--model", str(toy_model)]) == 0
    content = (tmp_path / "out" / "clip" / "overlay.mp4").read_bytes()
    told: dict[str, Any] = {}
    done = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            body, kind = (content, "video/mp4") if path == "/overlay.mp4" else (PAGE, "text/html")
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            if path == "/told":
                told.update(json.loads(unquote(query)))
                done.set()

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    browser = subprocess.Popen(
        [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--mute-audio",
         f"--user-data-dir={tmp_path}/profile",
         "--autoplay-policy=no-user-gesture-required", f"http://127.0.0.1:{server.server_port}/"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert done.wait(90), "the video did not play to its end"
    finally:
        browser.kill()
        browser.wait()
        server.shutdown()
        server.server_close()
    assert "error" not in told, told
    assert told["ended"] == pytest.approx(1.0, abs=0.1) and told["width"] == 192 and told["height"] >= 128
