"""Live pictures: from a device, measured, drawn, and shown as a stream of JPEGs that any browser plays."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.errors import FetalheadError
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.readers.grey import grey_of_colour
from fetalhead.videos.drawing import draw_frame
from fetalhead.videos.meter import LiveMeasurement, VideoMeter
from fetalhead.videos.track import NOMINAL_RATE
from fetalhead.videos.writer import VideoWriter

PAGE = b"<!doctype html><title>fetalhead live</title><body style='margin:0;background:#18181c'><img src=/stream>"
BOUNDARY = "frame"
PATIENCE_S = 5.0


def device_images(number: int) -> Iterator[UltrasoundImage]:
    """The latest picture of a camera or capture card, again and again; what comes while one is measured is passed
    over. Raises `FetalheadError` where there is none, or where it ends."""
    capture = cv2.VideoCapture(number)
    if not capture.isOpened():
        raise FetalheadError(f"--device {number}: no camera or capture card of this number can be opened")
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    start = time.monotonic()
    try:
        while True:
            there, picture = capture.read()
            if not there:
                raise FetalheadError(f"--device {number}: gives no more pictures")
            colour = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)
            yield UltrasoundImage(grey_of_colour(colour), time_s=time.monotonic() - start)
    finally:
        capture.release()


class LiveShow:
    """Frames measured, drawn, served on a page of this machine alone, and recorded."""

    def __init__(self, meter: VideoMeter, port: int, record: Path | None) -> None:
        """Raises `FetalheadError` where the port is taken."""
        self._meter, self._record = meter, record
        self._writer: VideoWriter | None = None
        self._latest = b""
        self._changed = threading.Condition()
        self._ended = False
        self._began = time.monotonic()
        self.frames = self.followed = 0
        self._server: ThreadingHTTPServer | None = None
        if port:
            try:
                self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
            except OSError as error:
                raise FetalheadError(f"--port {port}: cannot be used: {error.strerror}") from error
            self._server.daemon_threads = True
            threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.port = port

    @property
    def rate(self) -> float:
        """Frames a second so far."""
        return self.frames / max(time.monotonic() - self._began, 1e-9)

    def add(self, image: UltrasoundImage) -> LiveMeasurement:
        """Measure, draw and show a frame."""
        found = self._meter.update(image)
        self.frames += 1
        self.followed += bool(found)
        picture = draw_frame(image.pixels, found.ellipse_px, _caption(found), bridged=found.bridged)
        if self._server is not None:
            _, content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
            with self._changed:
                self._latest = content.tobytes()
                self._changed.notify_all()
        if self._record is not None:
            self._keep(picture, image.time_s)
        return found

    def _keep(self, picture: npt.NDArray[np.uint8], time_s: float | None) -> None:
        assert self._record is not None
        if self._writer is None:
            self._writer = VideoWriter(self._record, (picture.shape[0], picture.shape[1]), NOMINAL_RATE)
        self._writer.add(picture, (self.frames - 1) / NOMINAL_RATE if time_s is None else time_s)

    def __enter__(self) -> LiveShow:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        if self._writer is not None:
            self._writer.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        show = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/":
                    self.send_response(200)
                    self.send_header("Content-Type", "text/html")
                    self.end_headers()
                    self.wfile.write(PAGE)
                elif self.path == "/stream":
                    self.send_response(200)
                    self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
                    self.end_headers()
                    show.stream_to(self)
                else:
                    self.send_error(404)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: the terminal is for faults."""

        return Handler

    def stream_to(self, handler: BaseHTTPRequestHandler) -> None:
        """Send each new picture until the show ends or the browser is closed."""
        try:
            while not self._ended:
                with self._changed:
                    self._changed.wait(PATIENCE_S)
                    content = self._latest
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(content)}\r\n\r\n"
                handler.wfile.write(head.encode() + content + b"\r\n")
        except OSError:
            return


def _caption(found: LiveMeasurement) -> str:
    if not found or found.hc is None or found.hc_low is None or found.hc_high is None:
        return "no head"
    bridged = "   bridged" if found.bridged else ""
    return f"HC {found.hc:.1f} {found.unit} ({found.hc_low:.1f} to {found.hc_high:.1f}){bridged}"
