"""What goes wrong with a user's input, told in one line."""

from __future__ import annotations


class FetalheadError(Exception):
    """A fault in what was given to fetalhead (a file, an option, a model folder).

    The message is one line for a person: which file, what is wrong, what to do. The command line prints it
    without a traceback; anything else that escapes is a bug.
    """


class UnreadableImage(FetalheadError):
    """A file that is no picture, or one that cannot be read to the end."""


class MissingExtra(FetalheadError):
    """A feature whose optional packages are not installed."""

    def __init__(self, feature: str, package: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs the package {package}, which is not installed: "
            f"pip install 'fetalhead[{extra}]'"
        )
