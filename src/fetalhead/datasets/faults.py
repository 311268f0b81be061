"""What is wrong with single pictures of a data set: told in a list where one is kept, else the end of the reading."""

from __future__ import annotations

from fetalhead.errors import FetalheadError


def tell(faults: list[str] | None, fault: str) -> None:
    """Add a line to `faults`. Raises `FetalheadError` with it where there is no list."""
    if faults is None:
        raise FetalheadError(fault)
    faults.append(fault)
