"""The measurement report: DICOM SR by template TID 1500, a measurement group a frame with the ellipse on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fetalhead.biometry.measurement import HeadMeasurement
from fetalhead.images.ellipse import Ellipse
from fetalhead.reports.dicom.content import FETUS, MANUFACTURER, Algorithm, comment
from fetalhead.reports.dicom.source import Source
from fetalhead.reports.rows import Row

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pydicom.sr.coding import Code

HALF_PIXEL = 0.5
"""PS3.3 C.18.6: (0, 0) is the outer corner of the first pixel, whose centre is (0.5, 0.5); ours is (0, 0)."""

OUTLINE_POINTS = 180


@dataclass(frozen=True, slots=True)
class MeasuredFrame:
    """One frame's result: as a row of the CSV has it, and whole."""

    row: Row
    measurement: HeadMeasurement


def measurement_report(
    source: Source,
    frames: Sequence[MeasuredFrame],
    algorithm: Algorithm,
    dating: str,
    number: int,
    complete: bool = True,
) -> Dataset:
    """A Comprehensive SR about the frames with a head, or one that says that none was found.

    Lengths are the rows' own, in mm; without a pixel size there is the ellipse and the reason alone. `number` is the
    instance's in its series; `complete` is false where `frames` are not all of the file's, which the report then says.
    """
    from highdicom import UID, sr
    from pydicom.sr.codedict import codes

    groups = [_head(source, frame, algorithm, dating) for frame in frames if frame.measurement]
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=UID.from_uuid(_device_uuid(algorithm)), name=MANUFACTURER, model_name=algorithm.model_id
    )
    context = sr.ObservationContext(
        observer_device_context=sr.ObserverContext(codes.DCM.Device, device),
        subject_context=sr.SubjectContext(codes.DCM.Fetus, sr.SubjectContextFetus(subject_id=FETUS)),
    )
    content = sr.MeasurementReport(
        observation_context=context,
        procedure_reported=codes.LN.UltrasoundObstetricAndGynReport,
        imaging_measurements=groups or [_no_head(source, frames, algorithm, dating)],
        title=codes.DCM.ImagingMeasurementReport,
    )
    made = sr.ComprehensiveSR(
        evidence=[source.dataset],
        content=content,
        series_instance_uid=source.series("sr"),
        series_number=1,
        sop_instance_uid=UID(),
        instance_number=number,
        series_description="Fetal head measurements",
        is_complete=complete,
        **algorithm.equipment,
    )
    if not complete:
        made.CompletionFlagDescription = f"Frames measured: {len(frames)}. Others could not be read."
    return made


def ellipse_points(ellipse: Ellipse) -> npt.NDArray[np.float64]:
    """(4, 2) column, row of the ends of the long axis, then of the short one, in DICOM's image coordinates."""
    quarter = ellipse.points(4)
    return quarter[[0, 2, 1, 3]] + HALF_PIXEL


def _head(source: Source, frame: MeasuredFrame, algorithm: Algorithm, dating: str) -> Any:
    from highdicom import sr
    from pydicom.sr.codedict import codes

    row, ellipse = frame.row, frame.measurement.ellipse_px
    if ellipse is None:
        raise ValueError("a head has an ellipse")
    image = sr.SourceImageForRegion(
        source.dataset.SOPClassUID, source.dataset.SOPInstanceUID, None if row.frame is None else [row.frame + 1]
    )
    codes_of_age = {"hadlock1984": codes.LN.HCHadlock1984}
    values: list[tuple[Code, float | None, Code, Any]] = [
        (codes.LN.HeadCircumference, row.hc_mm, codes.UCUM.Millimeter, None),
        (codes.LN.BiparietalDiameter, row.bpd_mm, codes.UCUM.Millimeter, None),
        (codes.LN.OccipitalFrontalDiameter, row.ofd_mm, codes.UCUM.Millimeter, None),
        (codes.LN.GestationalAge, row.ga_weeks, codes.UCUM.Week, codes_of_age.get(dating)),
    ]
    group = sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(source),
        referenced_region=_region(ellipse, source, image),
        finding_type=codes.SCT.Head,
        algorithm_id=_identified(algorithm),
        measurements=[
            sr.Measurement(name, value, unit, method=method)
            for name, value, unit, method in values
            if value is not None
        ],
    )
    return _commented(group, comment(row, frame.measurement, dating))


def _region(ellipse: Ellipse, source: Source, image: Any) -> Any:
    """The outline on the frame: an ellipse, or, where an axis ends outside, which coordinates cannot, a line."""
    from highdicom import sr

    corner = np.array([source.dataset.Columns, source.dataset.Rows], dtype=np.float64)
    ends = ellipse_points(ellipse)
    if ((ends >= 0) & (ends <= corner)).all():
        return sr.ImageRegion(sr.GraphicTypeValues.ELLIPSE, ends, image)
    inside = np.clip(ellipse.points(OUTLINE_POINTS) + HALF_PIXEL, 0, corner)
    return sr.ImageRegion(sr.GraphicTypeValues.POLYLINE, np.vstack([inside, inside[:1]]), image)


def _no_head(source: Source, frames: Sequence[MeasuredFrame], algorithm: Algorithm, dating: str) -> Any:
    from highdicom import sr
    from pydicom.sr.codedict import codes
    from pydicom.sr.coding import Code

    not_detected = Code("260415000", "SCT", "Not detected")
    group = sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(source),
        algorithm_id=_identified(algorithm),
        qualitative_evaluations=[sr.QualitativeEvaluation(codes.SCT.Head, not_detected)],
        source_images=[
            sr.SourceImageForMeasurementGroup(source.dataset.SOPClassUID, source.dataset.SOPInstanceUID)
        ],
    )
    first = frames[0]
    count = f" (frame 0; none in any of {len(frames)} frames)" if len(frames) > 1 else ""
    return _commented(group, f"{comment(first.row, first.measurement, dating)}{count}")


def _tracking(source: Source) -> Any:
    from highdicom import sr

    return sr.TrackingIdentifier(
        uid=source.uids.of(f"head {source.dataset.SOPInstanceUID}"), identifier=f"fetal head {FETUS}"
    )


def _identified(algorithm: Algorithm) -> Any:
    from highdicom import sr
    from pydicom.sr.codedict import codes

    return sr.AlgorithmIdentification(
        name=MANUFACTURER,
        version=algorithm.version,
        parameters=[algorithm.parameters],
        family=codes.DCM.ArtificialIntelligence,
    )


def _commented(group: Any, text: str) -> Any:
    from highdicom import sr
    from pydicom.sr.codedict import codes

    if text:
        item = sr.TextContentItem(
            name=codes.DCM.Comment, value=text, relationship_type=sr.RelationshipTypeValues.CONTAINS
        )
        group[0].ContentSequence.append(item)
    return group


def _device_uuid(algorithm: Algorithm) -> str:
    """The same for the same version and model: an observer that can be recognised."""
    import uuid

    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"fetalhead {algorithm.version} {algorithm.model_id}"))
