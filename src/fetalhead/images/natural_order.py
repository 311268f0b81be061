"""Names in the order that people count in: frame 8 before frame 10."""

from __future__ import annotations

import re


def by_number(name: str) -> list[tuple[int, str]]:
    """A key that sorts names by the numbers in them."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name) if part]
