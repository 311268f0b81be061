"""Published data sets, fetched: every file checked by its published checksum, and what was cut off taken up again."""

from __future__ import annotations

import os
import shutil
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

from fetalhead.catalog import DATASETS, DOWNLOADS
from fetalhead.errors import FetalheadError, MissingExtra

TRIES = 5
"""Attempts in a row that bring nothing, before giving up."""

PAUSE_S = 2.0
"""Wait after the first such attempt; it doubles with each further one."""

TIMEOUT_S = 60
CHUNK = 1 << 16


def download(name: str, out: Path, url: str | None = None) -> None:
    """Fetch the data set's files into `out` and unpack them; what is there and right is kept.

    `url` is the folder of the files where it is not the publisher's. Raises `FetalheadError`, `OSError`; what has come
    stays in `FILE.part`, and the next call goes on from there.
    """
    try:
        import pooch
    except ImportError as error:
        raise MissingExtra("data download", "pooch", "data") from error
    pooch.get_logger().setLevel("WARNING")
    out.mkdir(parents=True, exist_ok=True)
    try:
        _fetch(pooch, name, out, url)
    finally:
        if not any(out.iterdir()):
            out.rmdir()


def _fetch(pooch: Any, name: str, out: Path, url: str | None) -> None:
    for file, (size, checksum) in DOWNLOADS[name].items():
        source = f"{url or DATASETS[name]['url']}/{file}"
        try:
            pooch.retrieve(source, checksum, fname=file, path=out, downloader=_Resuming(out / f"{file}.part", size))
        except ValueError as error:
            raise FetalheadError(
                f"{source}: what came is not the published file ({checksum}), and is removed; try again, or elsewhere"
            ) from error
        if file.endswith(".zip"):
            _unpack(out / file, out)


class _Resuming:
    """A downloader for pooch that goes on with what an earlier attempt left in `part`."""

    def __init__(self, part: Path, size: int) -> None:
        self.part = part
        self.size = size

    def __call__(self, url: str, output_file: str | os.PathLike[str], pooch: Any, check_only: bool = False) -> None:
        import requests

        failures = 0
        while (before := self._there()) < self.size:
            try:
                self._fetch(url)
                reason = "the server sends less than the published file"
            except requests.RequestException as error:
                reason = _reason(error)
            failures = 0 if self._there() > before else failures + 1
            if failures == TRIES:
                raise FetalheadError(
                    f"{url}: {reason}; {self._there()} of {self.size} bytes are in {self.part}: run again to go on"
                )
            if failures:
                time.sleep(PAUSE_S * 2 ** (failures - 1))
        shutil.move(self.part, output_file)

    def _fetch(self, url: str) -> None:
        """Append what the server sends on; a server that knows no ranges starts anew."""
        import requests

        there = self._there()
        headers = {"Range": f"bytes={there}-"} if there else {}
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as answer:
            answer.raise_for_status()
            goes_on = answer.status_code == requests.codes.partial_content
            with open(self.part, "ab" if goes_on else "wb") as stream:
                for chunk in answer.iter_content(CHUNK):
                    stream.write(chunk)
                    self._show(url)

    def _there(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _show(self, url: str) -> None:
        if sys.stderr.isatty():
            print(f"\r{url}: {100 * self._there() / self.size:.0f} %", end="", file=sys.stderr)


def _reason(error: Exception) -> str:
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answers {error.response.status_code} {error.response.reason}"
    return "cannot be reached" if isinstance(error, requests.ConnectionError) else "the connection broke off"


def _unpack(archive: Path, out: Path) -> None:
    """Unpack a ZIP into `out`, each file whole or not at all; files of the right size are kept."""
    with zipfile.ZipFile(archive) as source:
        for member in source.infolist():
            place = (out / member.filename).resolve()
            if member.is_dir() or (place.is_file() and place.stat().st_size == member.file_size):
                continue
            if not place.is_relative_to(out.resolve()):
                raise FetalheadError(f"{archive}: holds {member.filename!r}, which lies outside; not unpacked")
            place.parent.mkdir(parents=True, exist_ok=True)
            fresh = place.with_name(f".{place.name}.part")
            with source.open(member) as packed, open(fresh, "wb") as stream:
                shutil.copyfileobj(packed, stream)
            fresh.replace(place)
