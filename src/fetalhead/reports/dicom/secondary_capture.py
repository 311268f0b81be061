"""The overlay as a picture that any viewer shows: DICOM secondary capture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fetalhead.reports.dicom.content import Algorithm
from fetalhead.reports.dicom.source import IDENTITY, UNICODE, Source

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

ARGUMENTS = {
    "PatientName": "patient_name",
    "PatientID": "patient_id",
    "PatientBirthDate": "patient_birth_date",
    "PatientSex": "patient_sex",
    "StudyID": "study_id",
    "StudyDate": "study_date",
    "StudyTime": "study_time",
    "AccessionNumber": "accession_number",
    "ReferringPhysicianName": "referring_physician_name",
}


def overlay_capture(source: Source, overlay: npt.NDArray[np.uint8], algorithm: Algorithm, number: int) -> Dataset:
    """An RGB secondary capture of an (H, W, 3) BGR overlay, which shows nothing outside the ultrasound."""
    from highdicom import UID, sc

    identity: dict[str, Any] = {
        argument: source.dataset.get(keyword) or None for keyword, argument in ARGUMENTS.items()
    }
    captured: Dataset = sc.SCImage(
        pixel_array=np.ascontiguousarray(overlay[..., ::-1]),
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=("L", "F"),
        study_instance_uid=source.dataset.StudyInstanceUID,
        series_instance_uid=source.series("sc"),
        series_number=3,
        sop_instance_uid=UID(),
        instance_number=number,
        series_description="Fetal head overlay",
        specific_character_set=UNICODE,
        **identity,
        **algorithm.equipment,
    )
    captured.PatientOrientation = ""  # highdicom asks for one; how a probe was held, nobody knows
    captured.BodyPartExamined = "UTERUS"  # the mother's, whom DICOM takes for the patient; a part without a side
    captured.ConversionType = "WSD"
    captured.BurnedInAnnotation = "NO"
    for keyword in set(IDENTITY) - ARGUMENTS.keys():
        if keyword in source.dataset:
            setattr(captured, keyword, source.dataset.get(keyword))
    return captured
