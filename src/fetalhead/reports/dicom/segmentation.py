"""The region taken for the head, as a DICOM SEG of one frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fetalhead.reports.dicom.content import MANUFACTURER, Algorithm
from fetalhead.reports.dicom.source import Source

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def head_segmentation(source: Source, mask: npt.NDArray[np.uint8], algorithm: Algorithm, number: int) -> Dataset:
    """A binary segmentation of a still from the (H, W) mask of the head, which is not empty."""
    from highdicom import UID, AlgorithmIdentificationSequence, seg
    from pydicom.sr.codedict import codes

    identified = AlgorithmIdentificationSequence(
        name=MANUFACTURER,
        family=codes.DCM.ArtificialIntelligence,
        version=algorithm.version,
        parameters={"model": algorithm.model_id},
    )
    head = seg.SegmentDescription(
        segment_number=1,
        segment_label="Fetal head",
        segmented_property_category=codes.SCT.AnatomicalStructure,
        segmented_property_type=codes.SCT.Head,
        algorithm_type=seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=identified,
        tracking_uid=source.uids.of(f"head {source.dataset.SOPInstanceUID}"),
        tracking_id="fetal head",
    )
    segmented = seg.Segmentation(
        source_images=[source.dataset],
        pixel_array=(mask > 0).astype(np.uint8),
        segmentation_type=seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[head],
        series_instance_uid=source.series("seg"),
        series_number=2,
        sop_instance_uid=UID(),
        instance_number=number,
        series_description="Fetal head segmentation",
        content_label="FETAL_HEAD",
        **algorithm.equipment,
    )
    segmented.PatientOrientation = ""  # asked for where there is no frame of reference
    return segmented
