"""Tables with a row a picture: what is told twice must be told alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from fetalhead.datasets.faults import tell
from fetalhead.errors import warn
from fetalhead.images.readers.faults import one_line

Told = TypeVar("Told")


def told_once(
    path: object, rows: Iterable[tuple[str, Told]], faults: list[str] | None = None, quiet: bool = False
) -> dict[str, Told]:
    """What the table at `path` tells of each picture, by name; of `rows` that say the same of one, the first.

    Warns of those, unless `quiet`. What is told in two ways is added to `faults`, or raised as `FetalheadError` where
    there is no such list.
    """
    found: dict[str, Told] = {}
    for name, told in rows:
        if name not in found:
            found[name] = told
        elif found[name] != told:
            both = f"{one_line(_text(found[name]))} and {one_line(_text(told))}"
            tell(faults, f"{one_line(path)}: {one_line(name)} is listed twice, as {both}; keep the row that is right")
        elif not quiet:
            warn(f"{one_line(path)}: {one_line(name)} is listed twice, alike: it counts once")
    return found


def _text(told: object) -> str:
    return ", ".join(map(str, told)) if isinstance(told, tuple) else str(told)
