"""Results as DICOM objects (extra `dicom`): measurement report SR, segmentation SEG, secondary capture of the overlay.

Every object says what it is about by a `Source`; whether that names the patient is decided there and nowhere else.
"""
