"""DICOMDIR: the files that a DICOM directory names (PS3.10 section 8, PS3.3 F.3)."""

from __future__ import annotations

from pathlib import Path

from fetalhead.images.readers.dicom_elements import (
    DIRECTORY_RECORDS,
    REFERENCED_FILE,
    BrokenDicom,
    open_elements,
    values_within,
)


def referenced_files(path: Path) -> list[tuple[str, ...]] | None:
    """The names, part by part from the directory's own folder down, of the files that the directory at `path` lists.

    They are as the file says, unchecked. None where `path` is no DICOM directory, or a damaged one.
    """
    try:
        with open(path, "rb") as file:
            stream, elements = open_elements(path, file)
            if elements.pixel_tag is not None or DIRECTORY_RECORDS not in elements.spans:
                return None
            values = list(values_within(stream, elements, DIRECTORY_RECORDS, REFERENCED_FILE))
    except BrokenDicom:
        return None
    names = [value.decode("ascii", "backslashreplace").rstrip("\0 ") for value in values]
    return [tuple(part.strip() for part in name.split("\\")) for name in names if name]
