"""`fetalhead data deidentify`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fetalhead.cli.command import parse
from fetalhead.options import option


@dataclass(frozen=True, slots=True)
class Options:
    """Write pictures, DICOM files and videos without whom they show.

    Everything outside the ultrasound becomes black, DICOM headers are cleaned by the basic profile of PS3.15, and of
    other files the header, comments, titles and sound are left out. What cannot be cleaned is refused by name.
    """

    paths: list[str] = option("images, DICOM files, videos, folders (searched in full) and globs", positional=True)
    out: str = option("folder to write to, with the names and folders of the inputs")
    exclude: list[str] = option("leave out what matches this pattern; may be repeated", default=[])
    rename: bool = option("number the files, where their names or folders are patients'", default=False)


def main(argv: Sequence[str]) -> int:
    options = parse(Options, argv, "fetalhead data deidentify")

    from fetalhead.datasets.deidentify.run import deidentify

    result = deidentify(options.paths, options.exclude, Path(options.out), rename=options.rename)
    for fault in result.faults:
        print(f"fetalhead data deidentify: {fault}", file=sys.stderr)
    counts = f"{len(result.written)} written, {len(result.faults)} refused, {result.passed_over} passed over"
    print(f"{options.out}: {counts}")
    return 1 if result.faults else 0
