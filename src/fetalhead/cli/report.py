"""`fetalhead report`: measured DICOM pictures as DICOM SR, segmentation and overlay."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fetalhead.catalog import DATING, MODELS, PROVIDERS
from fetalhead.cli.command import parse
from fetalhead.cli.shared import check_choice, interruptible, typed_pixel_size
from fetalhead.errors import as_wrong_usage
from fetalhead.options import option

if TYPE_CHECKING:
    from fetalhead.measuring.dicom_report import ReportRequest


@dataclasses.dataclass(frozen=True)
class Options:
    """Measure DICOM pictures, and write of each a measurement report (SR), a segmentation (SEG) and an overlay."""

    paths: list[str] = option("DICOM files, folders (searched in full) and globs", positional=True)
    out: str = option("folder for NAME.sr.dcm, NAME.seg.dcm (stills), NAME.sc.dcm and run.json")
    keep_patient: bool = option(
        "file them with the pictures: copy patient and study (default: neither, and new identifiers)", default=False
    )
    pixel_size: str | float | list[float] | None = option(
        "size of a pixel in mm, S or X,Y; comes before all other sources", default=None
    )
    pixel_size_csv: str | None = option(
        "CSV with the columns filename and pixel size(mm); comes before what a file itself knows", default=None
    )
    model: str = option(f"a bundled model ({', '.join(MODELS)}) or a model folder", default=MODELS[0])
    dating: str = option(f"gestational age by {' or '.join(DATING)}", default="hadlock1984")
    exclude: list[str] = option("leave out what matches this pattern; may be repeated", default=[])
    provider: str = option(f"where the network runs: {', '.join(PROVIDERS)}", default="cpu")


def main(argv: Sequence[str]) -> int:
    """Run the command; gives the exit status."""
    options = parse(Options, argv, "fetalhead report")
    request = _request(options)
    from fetalhead.measuring.dicom_report import ReportRun

    with interruptible():
        return ReportRun(request).run()


@as_wrong_usage()
def _request(options: Options) -> ReportRequest:
    """The options checked. Raises `WrongUsage`."""
    from fetalhead.measuring.dicom_report import ReportRequest
    from fetalhead.measuring.given_pixel_size import GivenSizes

    check_choice("--dating", options.dating, DATING)
    check_choice("--provider", options.provider, PROVIDERS)
    return ReportRequest(
        paths=options.paths,
        exclude=options.exclude,
        out=Path(options.out),
        sizes=GivenSizes(typed_pixel_size(options.pixel_size), options.pixel_size_csv),
        model=options.model,
        provider=options.provider,
        dating=options.dating,
        keep_patient=options.keep_patient,
        arguments=dataclasses.asdict(options),
    )
