"""Bad input: one clear line that names the file, an `error` row, status 1, and the good files measured."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from measure_calls import head_picture, measure, rows_of, start, write_heads
from PIL import Image


def _truncated(suffix: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        noise = np.random.default_rng(0).integers(0, 255, (200, 200)).astype(np.uint8)
        content = cv2.imencode(suffix, noise)[1].tobytes()
        path.write_bytes(content[: len(content) // 2])

    return make


def _huge_png(path: Path) -> None:
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", 30000, 30000, 8, 0, 0, 0, 0))
        + _chunk(b"IDAT", b"\x78\x9c\x63\x00\x00") + _chunk(b"IEND", b"")
    )  # fmt: skip


def _chunk(kind: bytes, content: bytes) -> bytes:
    import zlib

    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _dicom_header(length: int = 0) -> bytes:
    meta = struct.pack("<HH2sH", 2, 0x10, b"UI", 20) + b"1.2.840.10008.1.2.1\0"
    start = struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(meta))
    return b"\0" * 128 + b"DICM" + start + meta


def _element(group: int, element: int, kind: bytes, value: bytes) -> bytes:
    if kind in (b"OW", b"SQ"):
        return struct.pack("<HH2sHI", group, element, kind, 0, len(value)) + value
    return struct.pack("<HH2sH", group, element, kind, len(value)) + value


def _dicom_without_pixels(path: Path) -> None:
    uid = b"1.2.840.10008.5.1.4.1.1.6.1\0"
    path.write_bytes(
        _dicom_header() + _element(8, 0x16, b"UI", uid) + _element(0x28, 0x10, b"US", struct.pack("<H", 64))
        + _element(0x28, 0x11, b"US", struct.pack("<H", 64))
    )  # fmt: skip


def _big_claim(path: Path) -> None:
    """A DICOM file of 910 bytes that claims 65535 x 65535 x 16 bit."""
    content = _dicom_header() + _element(8, 0x16, b"UI", b"1.2.840.10008.5.1.4.1.1.6.1\0")
    for element, number in ((2, 1), (0x10, 65535), (0x11, 65535), (0x100, 16), (0x101, 16), (0x102, 15), (0x103, 0)):
        if element == 0x10:
            content += _element(0x28, 4, b"CS", b"MONOCHROME2 ")
        content += _element(0x28, element, b"US", struct.pack("<H", number))
    content += struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OW", 0, 910 - len(content) - 12)
    path.write_bytes(content.ljust(910, b"\0"))


def _nested_sequences(path: Path) -> None:
    """3.6 MB of DICOM sequences, each within the last."""
    level = struct.pack("<HH2sHI", 0x40, 0xA730, b"SQ", 0, 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    path.write_bytes(_dicom_header() + level * (3_600_000 // len(level)))


PEAK = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""
"""Status and peak memory (kB) of a command; a small process in between, since a process begins with the peak of the
one that started it, and pytest's is large."""

MEMORY = Path("/proc/self/mem")
"""A file whose first byte not even root can read."""

BAD: dict[str, Callable[[Path], object]] = {
    "empty.png": lambda path: path.write_bytes(b""),
    "half.png": _truncated(".png"),
    "half.jpg": _truncated(".jpg"),
    "text.png": lambda path: path.write_text("this is text"),
    "huge.png": _huge_png,
    "link.png": lambda path: path.symlink_to("nowhere.png"),
    "no_pixels.dcm": _dicom_without_pixels,
    "claim.dcm": _big_claim,
    "nested.dcm": _nested_sequences,
    "missing.png": lambda path: None,
    "pipe.png": lambda path: os.mkfifo(path),
    "no_pictures": lambda path: path.mkdir(),
    "folder.png": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_between_two_good_ones(
    toy_model: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first, last = write_heads(tmp_path / "in", 2)
    bad = tmp_path / name
    BAD[name](bad)
    begin = time.monotonic()
    assert measure(toy_model, tmp_path / "out", first, bad, last, "--workers", "1") == 1
    assert time.monotonic() - begin < 5
    rows = {row["path"]: row for row in rows_of(tmp_path / "out")}
    assert [rows[str(path)]["status"] for path in (first, bad, last)] == ["no_scale", "error", "no_scale"]
    error = rows[str(bad)]
    assert error["reason"] and not any(error[column] for column in list(error)[4:])
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert lines[0] == f"fetalhead measure: {bad}: {error['reason']}"


@pytest.mark.parametrize(
    "reason",
    [
        pytest.param("ermission denied", marks=pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")),
        pytest.param("nput/output error", marks=pytest.mark.skipif(not MEMORY.exists(), reason=f"no {MEMORY}")),
    ],
)
def test_an_unreadable_file(
    toy_model: Path, tmp_path: Path, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = write_heads(tmp_path / "in", 2)
    bad.chmod(0)
    if reason == "nput/output error":
        bad.unlink()
        bad.symlink_to(MEMORY)
    assert measure(toy_model, tmp_path / "out", good, bad) == 1
    assert [row["status"] for row in rows_of(tmp_path / "out")] == ["no_scale", "error"]
    err = capsys.readouterr().err
    assert f"fetalhead measure: {bad}: " in err and reason in err


def test_big_claims_take_little_memory(toy_model: Path, tmp_path: Path) -> None:
    good = write_heads(tmp_path / "in", 2)
    bad = [tmp_path / name for name in ("claim.dcm", "nested.dcm")]
    for path in bad:
        BAD[path.name](path)
    peaks = []
    for number, files in enumerate((good, [good[0], *bad, good[1]])):
        command = [sys.executable, "-m", "fetalhead", "measure", *map(str, files), "--model", str(toy_model)]
        done = subprocess.run(
            [sys.executable, "-c", PEAK, *command, "--out", str(tmp_path / f"out{number}")],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        status, kilobytes = map(int, done.stdout.split())
        assert status == number
        peaks.append(kilobytes / 1024)
    assert peaks[1] - peaks[0] < 200


def test_blank_and_tiny_pictures_hold_no_head(toy_model: Path, tmp_path: Path) -> None:
    pictures = {"black": np.zeros((90, 90)), "one": np.full((1, 1), 7), "grey": np.full((90, 90), 90)}
    for name, picture in pictures.items():
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture.astype(np.uint8))
    files = [tmp_path / f"{name}.png" for name in ("black", "grey", "one")]
    status = measure(toy_model, tmp_path / "out", *files)
    rows = rows_of(tmp_path / "out")
    assert [row["status"] for row in rows[:2]] == ["no_head", "no_head"]
    assert all(row["reason"] for row in rows)
    assert rows[2]["status"] in ("no_head", "error") and status == (1 if rows[2]["status"] == "error" else 0)


def test_a_fault_in_a_later_frame_keeps_the_frames_before(toy_model: Path, tmp_path: Path) -> None:
    pages = [Image.fromarray(head_picture(size)) for size in (0.8, 0.9, 1.0)]
    pages[0].save(tmp_path / "cine.tif", save_all=True, append_images=pages[1:], compression="tiff_lzw")
    content = (tmp_path / "cine.tif").read_bytes()
    with Image.open(tmp_path / "cine.tif") as cine:
        cine.seek(2)
        offset, length = cine.tag_v2[273][0], cine.tag_v2[279][0]  # type: ignore[attr-defined]
    broken = content[:offset] + b"\xff" * length + content[offset + length :]
    (tmp_path / "cine.tif").write_bytes(broken)
    assert measure(toy_model, tmp_path / "out", tmp_path / "cine.tif") == 1
    assert [(row["frame"], row["status"]) for row in rows_of(tmp_path / "out")] == [
        ("0", "no_scale"),
        ("1", "no_scale"),
        ("2", "error"),
    ]


@pytest.mark.parametrize("piece", ["config.json", "model.onnx"])
@pytest.mark.parametrize("harm", ["missing", "altered"])
def test_a_model_in_pieces_is_named(
    toy_model: Path, tmp_path: Path, piece: str, harm: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_heads(tmp_path / "in", 1)
    model = Path(shutil.copytree(toy_model, tmp_path / "model"))
    if harm == "missing":
        (model / piece).unlink()
    elif piece == "config.json":
        (model / piece).write_text(json.dumps({"format": 99}))
    else:
        (model / piece).write_bytes((model / piece).read_bytes() + b"\0")
    assert measure(model, tmp_path / "out", tmp_path / "in") == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and str(model / piece) in err


def test_what_readers_note_is_told_as_faults_are(toy_model: Path, tmp_path: Path) -> None:
    """By each of several processes too."""
    pydicom = pytest.importorskip("pydicom")
    from images.dicom_making import dataset, save

    for name in ("a", "b\nc"):
        made = dataset(np.stack([head_picture()] * 2), frames=2)
        made.compress(pydicom.uid.RLELossless, generate_instance_uid=False)
        made.NumberOfFrames = 3
        save(made, tmp_path / name)
    call = start(toy_model, tmp_path / "out", tmp_path / "a", tmp_path / "b\nc", "--workers", "2")
    _, told = call.communicate(timeout=120)
    assert call.returncode == 0
    noted = sorted(line for line in told.splitlines() if "header claims 3 frames, the file holds 2" in line)
    assert [line.partition(": header")[0] for line in noted] == [
        f"fetalhead: {tmp_path}/a", f"fetalhead: {tmp_path}/b\\nc"
    ]  # fmt: skip


def test_a_reason_does_not_name_the_file_again(toy_model: Path, tmp_path: Path) -> None:
    for name in ("text.png", "a\nb.png"):
        (tmp_path / name).write_text("text")
    assert measure(toy_model, tmp_path / "out", tmp_path / "text.png", tmp_path / "a\nb.png") == 1
    reasons = {row["reason"] for row in rows_of(tmp_path / "out")}
    assert len(reasons) == 1 and "png" not in reasons.pop()
