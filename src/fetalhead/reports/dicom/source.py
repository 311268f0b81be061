"""The DICOM image that a report is about: how it is referred to, and what the report may say of whom it shows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from fetalhead.errors import reason_of
from fetalhead.images.readers import HEAD_BYTES
from fetalhead.images.readers.dicom_elements import BrokenDicom, kept_bytes, looks_like_dicom, open_elements
from fetalhead.images.readers.faults import unreadable

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

UNICODE = "ISO_IR 192"

STORAGE = "1.2.840.10008.5.1.4.1.1."
STILLS = (f"{STORAGE}6.1", f"{STORAGE}7")
CINES = (f"{STORAGE}3.1", *(f"{STORAGE}7.{kind}" for kind in (1, 2, 3, 4)))
"""Ultrasound image, secondary capture; the same of several frames. highdicom knows no retired classes."""

REFERENCE = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
PICTURE = ("Rows", "Columns", "NumberOfFrames")
IDENTITY = (
    "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex",
    "StudyID", "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName",
)  # fmt: skip
"""What an archive files a study by, and shows with it (PS3.3 C.7.1.1, C.7.2.1)."""

OPTIONAL = {"IssuerOfPatientID"}

DATE, TIME = r"\d{8}", r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?"
FORMS = {"PatientBirthDate": DATE, "StudyDate": DATE, "StudyTime": TIME, "PatientSex": "[MFO]"}
"""What values must look like, where DICOM restricts them (PS3.5 6.2)."""


@dataclass(slots=True)
class Uids:
    """New unique identifiers, the same for the same name within a run."""

    _made: dict[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        from pydicom.uid import generate_uid

        if name not in self._made:
            self._made[name] = str(generate_uid(prefix=None))
        return self._made[name]


@dataclass(frozen=True, slots=True)
class Source:
    """One DICOM image, as the objects made from it refer to it."""

    dataset: Dataset
    """Its reference, size, patient and study; nothing else of the file."""
    uids: Uids

    @property
    def is_still(self) -> bool:
        """Whether it is of a class for single frames, and holds one; a cine of one frame is a cine all the same."""
        return self.dataset.SOPClassUID in STILLS and int(self.dataset.get("NumberOfFrames") or 1) == 1

    def series(self, kind: str) -> str:
        """Series Instance UID of the objects of one kind about this image's study."""
        return self.uids.of(f"series {kind} {self.dataset.StudyInstanceUID}")

    @classmethod
    def read(cls, path: Path, keep_patient: bool, uids: Uids) -> Source:
        """The image at `path`, nothing of which is decoded.

        Without `keep_patient` patient and study are empty, and the unique identifiers, which point back to the
        patient's study and often hold its date, are new ones from `uids`. Raises `FetalheadError` where the file is
        no DICOM image, or has no identifiers to keep.
        """
        try:
            with open(path, "rb") as file:
                if not looks_like_dicom(file.read(HEAD_BYTES)):
                    raise unreadable(path, "is no DICOM file: reports are about DICOM images, see fetalhead measure")
                file.seek(0)
                return cls(_described(path, _header(path, file), keep_patient, uids), uids)
        except (OSError, BrokenDicom) as error:
            raise unreadable(path, f"damaged DICOM file: {reason_of(error)}") from error


def _header(path: Path, file: BinaryIO) -> Dataset:
    from pydicom.datadict import tag_for_keyword
    from pydicom.filereader import read_dataset

    stream, elements = open_elements(path, file)
    wanted = [tag_for_keyword(keyword) for keyword in ("SpecificCharacterSet", *REFERENCE, *PICTURE, *IDENTITY)]
    content = kept_bytes(stream, elements, tuple(tag for tag in wanted if tag is not None))
    return read_dataset(BytesIO(content), not elements.explicit, elements.little)


def _described(path: Path, header: Dataset, keep_patient: bool, uids: Uids) -> Dataset:
    from pydicom.dataset import Dataset
    from pydicom.uid import UID

    described = Dataset()
    described.SpecificCharacterSet = UNICODE
    described.SOPClassUID = UID(header.get("SOPClassUID") or "")
    if described.SOPClassUID not in (*STILLS, *CINES):
        kind = described.SOPClassUID.name or "of no class"
        kind = f"the retired {kind}" if described.SOPClassUID.is_retired else kind
        raise unreadable(path, f"reports are about ultrasound images and secondary captures, and this is {kind}")
    for keyword in REFERENCE[1:]:
        value = str(header.get(keyword) or "")
        if keep_patient and not value:
            raise unreadable(path, f"has no {keyword}, so a report cannot be filed with it: leave --keep-patient out")
        setattr(described, keyword, value if keep_patient else uids.of(f"{keyword} {value or path}"))
    for keyword in PICTURE:
        if header.get(keyword):
            setattr(described, keyword, int(header.get(keyword)))
    for keyword in IDENTITY:
        value = str(header.get(keyword) or "") if keep_patient else ""
        if not _is_allowed(keyword, value):
            value = ""  # "19800230" or "female" would be refused, by the libraries here and by archives
        if value or keyword not in OPTIONAL:
            setattr(described, keyword, value)
    return described


def _is_allowed(keyword: str, value: str) -> bool:
    """Whether DICOM allows `value` in the element: of the right form and, for a date, a day that there is."""
    if not re.fullmatch(FORMS.get(keyword, ".*"), value):
        return False
    try:
        return FORMS.get(keyword) != DATE or bool(datetime.strptime(value, "%Y%m%d"))
    except ValueError:
        return False
