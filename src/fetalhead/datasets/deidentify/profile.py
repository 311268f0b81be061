"""The basic profile of DICOM PS3.15 (annex E, table E.1-1), by the table that the package dicom-anonymizer maintains.

The table is that package's; how it is applied is not: its own functions leave what lies within sequences, and dates.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING

from fetalhead.errors import MissingExtra

if TYPE_CHECKING:
    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset

    from fetalhead.datasets.deidentify.pseudonyms import Pseudonyms

PACKAGE = "dicomanonymizer.dicom_anonymization_databases"

REMOVE, REMOVE_OR_EMPTY, EMPTY, DUMMY, UID, REFERENCES = "X", "X/Z", "Z", "D", "U", "X/Z/U*"
ACTIONS = {
    "X_TAGS": REMOVE,
    "Z_TAGS": EMPTY,
    "X_Z_TAGS": REMOVE_OR_EMPTY,
    "D_TAGS": DUMMY,
    "Z_D_TAGS": DUMMY,
    "X_D_TAGS": DUMMY,
    "X_Z_D_TAGS": DUMMY,
    "U_TAGS": UID,
    "X_Z_U_STAR_TAGS": REFERENCES,
}
"""The table's codes (E.1-1a). Of several, the one that keeps an object valid, whatever its kind."""

DRAWN = (0x5000, 0x6000)
"""Groups of curves and overlays, which repeat in 50xx and 60xx: without their data, which goes, the rest is nothing."""

TEXTS = ("AE", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UN", "UR", "UT")
"""Kinds of values that go where the table does not know the element: names, dates, free text, who knows what."""

TOLD = {
    0x00080070: "Manufacturer", 0x00081090: "ManufacturerModelName", 0x00181016: "SecondaryCaptureDeviceManufacturer",
    0x00181018: "SecondaryCaptureDeviceManufacturerModelName", 0x00181020: "SoftwareVersions",
    0x00185010: "TransducerData", 0x00185020: "ProcessingFunction", 0x00283003: "LUTExplanation",
}  # fmt: skip
"""Short texts that stay, since they tell of the machine and of how its values are meant."""

CODES = {0x00080100: "CodeValue", 0x00080102: "CodingSchemeDesignator", 0x00080103: "CodingSchemeVersion",
         0x00080104: "CodeMeaning"}  # fmt: skip
"""Short texts within sequences that stay, unless the table has dummies in place of the sequence's values."""

PATIENT = 0x0010
"""The group of which nothing stays that the table does not know."""

DUMMIES = {
    "AS": "000Y", "DA": "19000101", "DT": "19000101000000", "TM": "000000", "DS": "0", "IS": "0",
    **dict.fromkeys(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT"), "ANONYMIZED"),
    **dict.fromkeys(("FD", "FL", "SL", "SS", "SV", "UL", "US", "UV"), 0),
}  # fmt: skip
"""By kind of value; an element of another kind is removed."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The table of one edition of the standard."""

    edition: str
    """As the package calls it, such as 2026c."""
    _actions: dict[tuple[int, int], str] = field(repr=False)

    @classmethod
    def load(cls) -> Profile:
        """The newest edition that is installed. Raises `MissingExtra`."""
        try:
            databases = importlib.import_module(PACKAGE)
        except ImportError as error:
            raise MissingExtra("de-identifying DICOM files", "dicom-anonymizer", "dicom") from error
        names = [found.name for found in pkgutil.iter_modules(databases.__path__)]
        newest = max(name for name in names if name.startswith("dicomfields_"))
        table = importlib.import_module(f"{PACKAGE}.{newest}")
        # Tags of four numbers are those of repeating groups, which go as a whole.
        actions = {tag: action for name, action in ACTIONS.items() for tag in getattr(table, name) if len(tag) == 2}
        return cls(newest.removeprefix("dicomfields_"), actions)

    @property
    def method(self) -> list[str]:
        """The values of De-identification Method (0012,0063)."""
        from fetalhead import __version__

        return [
            f"fetalhead {__version__}",
            f"PS3.15 {self.edition} basic profile",
            f"table of dicom-anonymizer {metadata.version('dicom-anonymizer')}",
            "pixels outside the ultrasound blanked",
        ]

    def apply(self, dataset: Dataset, pseudonyms: Pseudonyms) -> None:
        """Clean the whole of `dataset`, in place, and say in it that this was done."""
        patient = pseudonyms.patient(str(dataset.get("PatientID") or dataset.get("PatientName") or ""))
        self._clean(dataset, pseudonyms, TOLD)
        dataset.PatientID = patient
        dataset.PatientName = f"{patient}^" if patient else ""  # one component alone is a retired form
        dataset.PatientIdentityRemoved = "YES"
        dataset.DeidentificationMethod = self.method
        dataset.DeidentificationMethodCodeSequence = _codes(
            ("113100", "Basic Application Confidentiality Profile"), ("113101", "Clean Pixel Data Option")
        )
        dataset.LongitudinalTemporalInformationModified = "REMOVED"
        dataset.BurnedInAnnotation = "NO"

    def _clean(self, dataset: Dataset, pseudonyms: Pseudonyms, told: Mapping[int, str]) -> None:
        for tag in list(dataset.keys()):
            if tag.is_private or tag.group & 0xFF00 in DRAWN:
                del dataset[tag]
                continue
            try:
                element = dataset[tag]
                kept = self._cleaned(element, pseudonyms, told)
            except Exception:  # a value that cannot be read cannot be cleaned
                kept = False
            if not kept:
                del dataset[tag]

    def _cleaned(self, element: DataElement, pseudonyms: Pseudonyms, told: Mapping[int, str]) -> bool:
        """Clean one element; gives False for one that is to go. Of short texts `told` stay, by their tags."""
        action = self._actions.get((element.tag.group, element.tag.element), "")
        if action == REMOVE or not (action or _is_harmless(element, told)):
            return False
        if element.VR == "SQ":
            if action == REMOVE_OR_EMPTY:
                return False  # where a sequence may be left out, an empty one mostly may not stay
            if action == EMPTY:
                element.value = []
            for item in element.value:
                self._clean(item, pseudonyms, {} if action == DUMMY else {**told, **CODES})
        elif element.VR == "UI" and action:
            values = [element.value] if element.VM == 1 else list(element.value or [])
            element.value = [pseudonyms.uid(str(value)) for value in values]
        elif action in (EMPTY, REMOVE_OR_EMPTY):
            element.value = None
        elif action in (DUMMY, REFERENCES, UID):
            if element.VR not in DUMMIES:
                return False
            element.value = DUMMIES[element.VR]
        return True


def _is_harmless(element: DataElement, told: Mapping[int, str]) -> bool:
    """Whether an element that the table does not know may stay."""
    from pydicom.datadict import dictionary_has_tag

    if element.tag.group == PATIENT or not dictionary_has_tag(element.tag):
        return False
    return element.VR not in TEXTS or element.tag in told


def _codes(*pairs: tuple[str, str]) -> list[Dataset]:
    from pydicom.dataset import Dataset

    items = []
    for value, meaning in pairs:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
        items.append(item)
    return items
