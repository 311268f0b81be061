"""`fetalhead measure`: heads in images, DICOM files and folders, to a CSV and a picture each."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fetalhead.catalog import DATING, MODELS, PROVIDERS
from fetalhead.cli.command import parse
from fetalhead.cli.shared import check_choice, interruptible, typed_pixel_size
from fetalhead.errors import WrongUsage, as_wrong_usage
from fetalhead.options import option

if TYPE_CHECKING:
    from fetalhead.measuring.run import Request
    from fetalhead.reports.rows import Row

SAVED = ("masks", "probabilities")
DATES = ("lmp", "exam_date")


@dataclasses.dataclass(frozen=True)
class Options:
    """Measure fetal heads: HC, BPD, OFD and gestational age, with an overlay of each picture."""

    paths: list[str] = option("images, DICOM files, folders (searched in full) and globs", positional=True)
    out: str = option("folder for measurements.csv, overlays and run.json; run again, it redoes only what changed")
    pixel_size: str | float | list[float] | None = option(
        "size of a pixel in mm, S or X,Y; comes before all other sources; or auto: read from the depth ruler in the "
        "picture where nothing else tells it",
        default=None,
    )
    pixel_size_csv: str | None = option(
        "CSV with the columns filename and pixel size(mm), as HC18 has it; comes before what a file itself knows",
        default=None,
    )
    model: str = option(f"a bundled model ({', '.join(MODELS)}) or a model folder", default=MODELS[0])
    dating: str = option(f"gestational age by {' or '.join(DATING)}", default="hadlock1984")
    ga: str | float | None = option(
        "age of the fetus in weeks (21.4, 21w3d or 21+3) from the last period or an early scan, never from the HC: "
        "adds hc_z and hc_centile, by INTERGROWTH-21st",
        default=None,
    )
    lmp: str | None = option(
        "first day of the last menstrual period (YYYY-MM-DD), in place of --ga: the age is that on the day which a "
        "DICOM file tells",
        default=None,
    )
    exam_date: str | None = option(
        "with --lmp: day of the examination (YYYY-MM-DD); comes before what a file tells", default=None
    )
    exclude: list[str] = option("leave out what matches this pattern; may be repeated", default=[])
    save: str = option(f"write these as well, as pictures: {','.join(SAVED)}", default="")
    clean: bool = option(
        "let the network see the picture without the text, calipers and ruler drawn over it", default=False
    )
    workers: int | None = option("processes (default: as many as there are cores, where that pays)", default=None)
    provider: str = option(f"where the network runs: {', '.join(PROVIDERS)}", default="cpu")
    json: bool = option("print the rows as a JSON array to stdout", default=False)


def main(argv: Sequence[str]) -> int:
    """Run the command; gives the exit status."""
    options = parse(Options, argv, "fetalhead measure")
    request = _request(options)
    from fetalhead.measuring.run import MeasuringRun

    with interruptible():
        run = MeasuringRun(request)
        status = run.run()
    if options.json and status != 130:
        _print_json(run.columns, run.rows())
    return status


@as_wrong_usage()
def _request(options: Options) -> Request:
    """The options checked. Raises `WrongUsage`."""
    from fetalhead.biometry.known_age import KnownAges
    from fetalhead.measuring.given_pixel_size import GivenSizes
    from fetalhead.measuring.run import Request

    check_choice("--dating", options.dating, DATING)
    check_choice("--provider", options.provider, PROVIDERS)
    save = tuple(kind for kind in options.save.split(",") if kind)
    for kind in save:
        check_choice("--save", kind, SAVED)
    if options.workers is not None and options.workers < 1:
        raise WrongUsage(f"--workers {options.workers}: at least 1 is needed")
    return Request(
        paths=options.paths,
        exclude=options.exclude,
        out=Path(options.out),
        sizes=GivenSizes(typed_pixel_size(options.pixel_size), options.pixel_size_csv),
        ages=KnownAges.given(options.ga, options.lmp, options.exam_date),
        model=options.model,
        provider=options.provider,
        dating=options.dating,
        save=save,
        clean=options.clean,
        workers=options.workers,
        arguments=_without_dates(dataclasses.asdict(options)),
    )


def _without_dates(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments for the record: that a date of the patient's was given is told, the date is not."""
    return {name: "given" if name in DATES and value is not None else value for name, value in arguments.items()}


def _print_json(columns: Sequence[str], rows: Iterable[Row]) -> None:
    try:
        json.dump([dict(zip(columns, row, strict=False)) for row in rows], sys.stdout, indent=1, allow_nan=False)
        print(flush=True)
    except BrokenPipeError:  # whoever reads had enough; Python would complain once more when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
