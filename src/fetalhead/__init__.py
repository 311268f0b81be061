"""Find the fetal head in prenatal ultrasound, outline it, and measure it in millimetres.

    import fetalhead

    head = fetalhead.measure("scan.png", pixel_size=0.12)
    print(head.hc_mm if head else head.reason)

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fetalhead.biometry.measurement import HeadMeasurement
    from fetalhead.errors import FetalheadError
    from fetalhead.images.ellipse import Ellipse
    from fetalhead.images.image import UltrasoundImage
    from fetalhead.images.pixel_size import PixelSize
    from fetalhead.inference.measuring import measure
    from fetalhead.inference.predictor import Predictor
    from fetalhead.videos.meter import VideoMeter

__all__ = [
    "Ellipse",
    "FetalheadError",
    "HeadMeasurement",
    "PixelSize",
    "Predictor",
    "UltrasoundImage",
    "VideoMeter",
    "__version__",
    "measure",
]

__version__ = "0.1.0"

_HOMES = {
    "Ellipse": "fetalhead.images.ellipse",
    "FetalheadError": "fetalhead.errors",
    "HeadMeasurement": "fetalhead.biometry.measurement",
    "PixelSize": "fetalhead.images.pixel_size",
    "Predictor": "fetalhead.inference.predictor",
    "UltrasoundImage": "fetalhead.images.image",
    "VideoMeter": "fetalhead.videos.meter",
    "measure": "fetalhead.inference.measuring",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
