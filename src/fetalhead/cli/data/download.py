"""`fetalhead data download`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fetalhead.catalog import DATASETS
from fetalhead.cli.command import parse
from fetalhead.options import option


@dataclass(frozen=True, slots=True)
class Options:
    """Fetch a published data set, check it and unpack it. After an interruption the same command goes on."""

    name: Literal["hc18"] = option("the data set", positional=True)
    out: str | None = option("folder to write to; data/NAME unless given", default=None)
    url: str | None = option("folder on the web that holds the files, where it is not the publisher's", default=None)


def main(argv: Sequence[str]) -> int:
    options = parse(Options, argv, "fetalhead data download")

    from fetalhead.datasets.download import download

    out = Path(options.out or f"data/{options.name}")
    download(options.name, out, options.url.rstrip("/") if options.url else None)
    about = DATASETS[options.name]
    print(f"{out}: {about['title']}, {about['licence']}; cite {about['citation']}, doi {about['doi']}")
    return 0
