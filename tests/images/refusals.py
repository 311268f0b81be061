"""Files that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from fetalhead.errors import UnreadableImage, one_line
from fetalhead.images.readers import read_images


def reason(path: Path) -> str:
    """Why the file at `path` is refused: the one line, without its name."""
    with pytest.raises(UnreadableImage) as caught:
        list(read_images(path))
    message = str(caught.value)
    assert message.isprintable()
    assert message.startswith(one_line(path) + ": ")
    return message.removeprefix(one_line(path) + ": ")
