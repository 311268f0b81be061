"""Which frames of a clip are measured, and how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from fetalhead.errors import FetalheadError
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.pixel_size import PixelSize
from fetalhead.videos.clip import Clip


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which frames, and how they are measured."""

    pixel_size: PixelSize | None = None
    """Comes before the clip's own."""
    stride: int = 1
    start_s: float | None = None
    end_s: float | None = None
    dating: str = "hadlock1984"

    def frames(self, clip: Clip) -> Iterator[UltrasoundImage]:
        """The clip's frames that are wanted. Raises `FetalheadError` where times are, and the clip tells none."""
        limited = self.start_s is not None or self.end_s is not None
        taken = 0
        for image in clip.frames():
            if limited:
                if image.time_s is None:
                    raise FetalheadError(f"{clip.path}: tells no times, so that --from and --to have no meaning")
                if self.end_s is not None and image.time_s > self.end_s:
                    return
                if self.start_s is not None and image.time_s < self.start_s:
                    continue
            if taken % self.stride == 0:
                yield replace(image, pixel_size=self.pixel_size) if self.pixel_size else image
            taken += 1
