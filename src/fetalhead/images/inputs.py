"""From PATHs as typed to the pictures to measure: files, folders and patterns, each picture once."""

# ruff: noqa: PTH100, PTH112, PTH113, PTH114, PTH116, PTH118, PTH119, PTH120, PTH207
# Names are reported as they were typed, and `Path` would tidy `./a` and `a//b`: here they stay strings.

from __future__ import annotations

import fnmatch
import glob
import os
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from fetalhead.errors import one_line, reason_of
from fetalhead.images.readers import HEAD_BYTES, is_picture
from fetalhead.images.readers.dicom_directory import referenced_files
from fetalhead.images.readers.dicom_elements import looks_like_dicom

PICTURE_SUFFIXES = {
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".tif", ".tiff", ".gif", ".dcm", ".dicom",
    ".webp", ".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".mha", ".mhd", ".nii", ".nii.gz",
}  # fmt: skip
"""A file in a folder with such a name is meant as a picture: one that is none is an error, not passed over."""

DICOM_SUFFIXES = {".dcm", ".dicom"}

VIDEO_SUFFIXES = {".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpeg", ".mpg"}

ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
ASF_VIDEO = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
"""What an ASF file (WMV, WMA) begins with, and what says in its header that it holds video."""

STILL_BRANDS = {b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1"}
"""Brands of ISO media files that hold still pictures, not video."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A picture or video to measure."""

    path: Path
    name: str
    """As found: the PATH as typed, joined with the way below it. What the CSV says."""
    relative: PurePath
    """Its place below its PATH (a file's own name where it was named itself); no two inputs share one."""
    named: bool = False
    """Whether it was named itself, or by a pattern, and not found in a folder."""


@dataclass(slots=True)
class Inputs:
    """What the PATHs come to."""

    files: list[InputFile] = field(default_factory=list)
    """Pictures."""
    video_files: list[InputFile] = field(default_factory=list)
    errors: list[tuple[str, str]] = field(default_factory=list)
    """Name and reason: what was named, or lies in a folder, and cannot be reached."""
    passed_over: int = 0
    """Files in folders that are no picture and no video: hidden, `._` files, DICOMDIR, reports, text."""
    excluded: int = 0

    @property
    def videos(self) -> list[Path]:
        """The paths of `video_files`."""
        return [file.path for file in self.video_files]


def find_inputs(paths: Sequence[str], exclude: Sequence[str] = ()) -> Inputs:
    """The pictures that `paths` name: files, folders with all below them, and patterns that the shell left alone.

    What exists under a name is that file, even where the name reads as a pattern. Order is that of `paths`, and
    sorted within a folder or pattern; a file reached twice counts once. `exclude` patterns (`*_mask.png`, `old/*`)
    are compared with a file's or folder's name and with its place below its PATH. A file named itself is always an
    input, and a DICOM directory (DICOMDIR) named itself stands for the files of its folder that it lists; in a
    folder, what is no picture is passed over and counted.
    """
    search = _Search(tuple(exclude))
    for typed in paths:
        if os.path.lexists(typed):
            search.add(typed)
        elif glob.has_magic(typed) and (found := sorted(glob.glob(typed, recursive=True))):
            for name in found:
                search.add(name)
        else:
            reason = "no file matches this pattern" if glob.has_magic(typed) else "no such file or folder"
            search.inputs.errors.append((typed, reason))
    return search.inputs


class _Search:
    """The inputs found so far, and what has been seen."""

    def __init__(self, exclude: tuple[str, ...]) -> None:
        self.inputs = Inputs()
        self.exclude = exclude
        self.seen: set[str] = set()
        self.taken: set[str] = set()

    def add(self, typed: str) -> None:
        """A file or folder that was named."""
        if os.path.isdir(typed):
            self._add_folder(typed)
            return
        name = os.path.basename(typed)
        if self._is_excluded(name, typed):
            self.inputs.excluded += 1
        elif fault := _fault(typed):
            self.inputs.errors.append((typed, fault))
        elif self._is_new(typed):
            if (listed := _listed(typed)) is not None:
                self._add_directory(typed, listed)
                return
            parent = os.path.basename(os.path.dirname(os.path.abspath(typed)))
            to = self.inputs.video_files if _is_video(Path(typed)) else self.inputs.files
            self._take(to, typed, PurePath(name), parent, named=True)

    def _add_folder(self, typed: str) -> None:
        root = typed.rstrip(os.sep) or os.sep
        title = os.path.basename(os.path.abspath(root))
        errors = len(self.inputs.errors)
        found = [self._add_found(root, relative, title) for relative in self._files_below(root)]
        if not any(found) and len(self.inputs.errors) == errors:
            self.inputs.errors.append((typed, "no pictures in this folder"))

    def _add_directory(self, typed: str, listed: Sequence[tuple[str, ...]]) -> None:
        """The files that a DICOM directory lists, of its own folder only, whatever it says."""
        root = os.path.dirname(typed)
        title = os.path.basename(os.path.abspath(root))
        errors = len(self.inputs.errors)
        found = []
        for parts in dict.fromkeys(listed):
            relative = _below(root, parts)
            if relative is None:
                shown = one_line("/".join(parts))
                self.inputs.errors.append((typed, f"lists {shown}, which is no file of its folder"))
            elif self._is_excluded(os.path.basename(relative), relative):
                self.inputs.excluded += 1
            else:
                found.append(self._add_found(root, relative, title))
        if not any(found) and len(self.inputs.errors) == errors:
            self.inputs.errors.append((typed, "this DICOM directory lists no pictures"))

    def _add_found(self, root: str, relative: str, title: str) -> bool:
        """Whether the file at `relative` below `root` is a picture or a video; what is neither is passed over."""
        name = os.path.join(root, relative)
        if os.path.basename(relative).startswith("."):
            self.inputs.passed_over += 1
        elif fault := _fault(name):
            self.inputs.errors.append((name, fault))
        elif (picture := _is_meant_as_picture(Path(name))) or _is_video(Path(name)):
            if self._is_new(name):
                to = self.inputs.files if picture else self.inputs.video_files
                self._take(to, name, PurePath(relative), title)
            return True
        else:
            self.inputs.passed_over += 1
        return False

    def _files_below(self, root: str) -> Iterator[str]:
        """Places below `root` of the files that are not excluded, sorted; links are followed, but never round."""
        visited: set[str] = set()
        waiting = [""]
        found = []
        while waiting:
            below = waiting.pop()
            folder = os.path.join(root, below) if below else root
            real = os.path.realpath(folder)
            if real in visited:
                continue
            visited.add(real)
            try:
                entries = list(os.scandir(folder))
            except OSError as error:
                self.inputs.errors.append((folder, f"folder cannot be read: {reason_of(error)}"))
                continue
            for entry in entries:
                relative = os.path.join(below, entry.name)
                if self._is_excluded(entry.name, relative):
                    self.inputs.excluded += 1
                elif not os.path.isdir(entry.path):  # `entry.is_dir()` raises for a link to itself
                    found.append(relative)
                elif not entry.name.startswith(".") and not _is_above(entry, real):
                    waiting.append(relative)
        return iter(sorted(found, key=lambda relative: PurePath(relative).parts))

    def _is_excluded(self, name: str, relative: str) -> bool:
        return any(fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(relative, pattern) for pattern in self.exclude)

    def _is_new(self, name: str) -> bool:
        """Whether the file was not reached before, by whatever way; a linked file is a file of its own."""
        folder, base = os.path.split(os.path.abspath(name))
        place = os.path.join(os.path.realpath(folder), base)
        new = place not in self.seen
        self.seen.add(place)
        return new

    def _take(self, to: list[InputFile], name: str, relative: PurePath, title: str, named: bool = False) -> None:
        candidate, number = relative, 1
        while _key(candidate) in self.taken:
            candidate = PurePath(title if number == 1 else f"{title}_{number}") / relative
            number += 1
        self.taken.add(_key(candidate))
        to.append(InputFile(Path(name), name, candidate, named))


def _key(relative: PurePath) -> str:
    """What two places share that some file systems hold for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", str(relative)).casefold())


def _is_above(entry: os.DirEntry[str], folder: str) -> bool:
    """Whether a folder entry is a link back to `folder` (a real path) or one that holds it."""
    if not entry.is_symlink():
        return False
    target = os.path.realpath(entry.path)
    return os.path.commonpath([target, folder]) == target


def _fault(name: str) -> str:
    """Why the file cannot be read at all; empty for nothing."""
    try:
        if not stat.S_ISREG(os.stat(name).st_mode):
            return "is no regular file"
        with open(name, "rb") as stream:
            stream.read(1)  # a bad disk or network share opens files that it cannot read
            return ""
    except FileNotFoundError:
        return "is a link to a file that does not exist" if os.path.islink(name) else "no such file"
    except (OSError, ValueError) as error:
        return f"cannot be opened: {reason_of(error)}"


def _listed(name: str) -> list[tuple[str, ...]] | None:
    """What a DICOM directory lists; None for a file that is none."""
    return referenced_files(Path(name)) if _is_dicom(Path(name)) else None


def _below(root: str, parts: Sequence[str]) -> str | None:
    """The place below `root` of the file named by `parts`, in whatever case the disk has it; None where it has none.

    Neither a part with a meaning of its own (`..`) nor a link leads out of the folder.
    """
    place = ""
    for part in parts:
        if part in ("", os.curdir, os.pardir) or os.sep in part or "\0" in part:
            return None
        folder = os.path.join(root, place)
        place = os.path.join(place, part if os.path.lexists(os.path.join(folder, part)) else _as_on_disk(folder, part))
    top = os.path.realpath(root)
    target = os.path.realpath(os.path.join(root, place))
    return place if os.path.commonpath([top, target]) == top and os.path.isfile(target) else None


def _as_on_disk(folder: str, name: str) -> str:
    """What `folder` holds under `name` in another case: disks copied from a CD often have small letters."""
    try:
        names = (entry.name for entry in os.scandir(folder or os.curdir))
        return next((found for found in names if found.casefold() == name.casefold()), name)
    except OSError:
        return name


def _is_meant_as_picture(path: Path) -> bool:
    suffix = path.suffix.lower()
    if suffix == ".gz":
        suffix = PurePath(path.stem).suffix.lower() + suffix
    if is_picture(path):
        return True
    return suffix in PICTURE_SUFFIXES and not (suffix in DICOM_SUFFIXES and _is_dicom(path))


def _is_dicom(path: Path) -> bool:
    with open(path, "rb") as stream:
        return looks_like_dicom(stream.read(HEAD_BYTES))


def _is_video(path: Path) -> bool:
    """Whether a file is a video, by its name or its first bytes, and no picture."""
    with open(path, "rb") as stream:
        head = stream.read(HEAD_BYTES)
    return _starts_as_video(head) or (path.suffix.lower() in VIDEO_SUFFIXES and not is_picture(path))


def _starts_as_video(head: bytes) -> bool:
    """MP4 and its like, AVI, Matroska, MPEG; ASF with a stream of video, FLV with one, MPEG transport streams."""
    return (
        (head[4:8] == b"ftyp" and head[8:12] not in STILL_BRANDS)
        or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
        or head.startswith((b"\x1a\x45\xdf\xa3", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3"))
        or (head.startswith(ASF) and ASF_VIDEO in head)
        or (head.startswith(b"FLV\x01") and head[4] & 1 == 1)
        or any({head[start + size * number] for number in range(4)} == {0x47} for start, size in ((0, 188), (4, 192))
               if len(head) > start + 3 * size)
    )
