"""What a phantom image shows, drawn once and then rendered: plain frozen data that can be replayed.

Lengths are millimetres in the picture's frame (x to the right, y down, the first pixel's centre at 0), angles are
radians, levels are decibels where 0 dB is white. A cine is a row of scenes that differ in a few fields.
"""

from __future__ import annotations

from dataclasses import dataclass

from fetalhead.images.ellipse import Ellipse


@dataclass(frozen=True, slots=True)
class Sector:
    """Where a convex probe sees: between two arcs about `apex`, `half_angle` to either side of straight down."""

    apex_x: float
    apex_y: float
    near: float
    far: float
    half_angle: float


@dataclass(frozen=True, slots=True)
class Shadow:
    """A wedge darkened from the radius `start` on: a rib, the pubic bone, a limb out of plane, poor contact."""

    angle: float
    half_width: float
    start: float
    loss_db: float


@dataclass(frozen=True, slots=True)
class Beam:
    """The machine: how sharp its beam is, and how its echoes become grey."""

    axial: float
    """Standard deviation of the pulse along the beam, mm."""
    lateral: float
    """Standard deviation of the beam across, radians: its width in mm grows with the radius."""
    focus: float
    """Radius, mm, from which on the beam widens further."""
    widening: float
    """How many times wider the beam is at the far end than it would be in focus."""
    looks: int
    """Independent views averaged (spatial compounding): 1 is raw speckle."""
    gain_db: float
    dynamic_range_db: float
    noise_db: float
    """Level of the receiver's own noise at the face of the probe; time gain lifts it with depth."""
    time_gain_db: tuple[float, ...]
    """Offsets of the time-gain sliders, at equal steps of depth."""
    compensation: float
    """dB a mm of depth that the machine gives back for attenuation."""
    shadows: tuple[Shadow, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """A bright sheet across the beam in the abdominal wall, at a share of the depth from probe to subject."""

    depth: float
    level_db: float
    thickness: float
    """Share of the frame's height."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The mother's tissue, and the fluid around the child."""

    seed: int
    tissue_db: float
    fluid_db: float
    patches_db: float
    """Deviation of the tissue's level from place to place."""
    near_db: float
    """How much brighter the abdominal wall is than what lies below."""
    streaks_db: float
    streak_depth: float
    """Share of the depth to the subject over which the abdominal wall's streaks reach."""
    layers: tuple[Layer, ...]
    gap: float
    """Mean distance, mm, between the subject and the wall of the uterus; negative where they mostly touch."""
    gap_swing: float
    placenta_angle: float
    """Direction from the subject's centre in which the placenta lies."""
    placenta: float
    """Its thickness, mm; 0 for none in view."""
    limbs: float
    """How much of the fluid other parts of the child fill: a threshold in standard deviations, high for none."""
    loss: float
    """Attenuation of tissue, both ways, dB a mm."""


@dataclass(frozen=True, slots=True)
class Head:
    """A head in an axial plane. Along u (the ellipse's long axis, times `front`) the forehead lies at +1."""

    outline: Ellipse
    """The outer border of the skull, mm."""
    seed: int
    front: int
    maturity: float
    """0 in the first trimester, 1 at term: how folded the brain is."""
    skull: float
    """Thickness, mm."""
    skull_db: float
    skull_loss: float
    """Attenuation of bone, both ways, dB a mm."""
    specular: float
    """Power of the cosine between beam and skull: how fast the skull fades where the beam grazes it."""
    grazing_db: float
    """What is left of the skull's echo where the beam runs along it."""
    scalp: float
    """Thickness, mm."""
    scalp_db: float
    """Against the mother's tissue."""
    glow_db: float
    """Reverberation right under the bone."""
    sutures: tuple[tuple[float, float], ...]
    """Angle about the centre, and half width, of gaps in the bone."""
    brain_db: float
    haze_db: float
    """Reverberation below the near skull that veils the near hemisphere."""
    midline_db: float
    midline_bow: float
    cavum: float
    """Place of the cavum septi pellucidi along u; its half length is 0.09."""
    thalami_db: float
    choroid_db: float
    choroid: float
    """Place along u."""
    ventricle: float
    """Half the width of the lateral ventricle, share of the short half-axis."""

    @property
    def early(self) -> float:
        """1 in the first trimester, when the choroid plexus fills the hemispheres, 0 from its end on."""
        return max(0.0, 1 - 4 * self.maturity)


@dataclass(frozen=True, slots=True)
class Blob:
    """A round thing inside a body, in units of its half-axes: centre, size, level."""

    u: float
    v: float
    size_u: float
    size_v: float
    level_db: float


@dataclass(frozen=True, slots=True)
class Abdomen:
    """An abdomen across, at the height of stomach and umbilical vein."""

    outline: Ellipse
    seed: int
    liver_db: float
    skin: float
    """Thickness of skin and fat, mm."""
    skin_db: float
    spine: float
    """Angle about the centre at which the spine lies."""
    stomach: Blob
    vein_bend: float
    ribs: tuple[float, ...]
    """Angles about the centre of cut ribs."""


@dataclass(frozen=True, slots=True)
class Femur:
    """A thigh along its bone."""

    outline: Ellipse
    """Border of the thigh, mm."""
    seed: int
    length: float
    thickness: float
    bow: float
    bone_db: float
    muscle_db: float


@dataclass(frozen=True, slots=True)
class Nothing:
    """No part of the child: a plane beside it, or a probe without contact."""

    outline: Ellipse
    """Where a body would be, mm."""
    in_air: bool = False
    """Whether the probe hangs in air: echoes of its own face, and darkness."""


@dataclass(frozen=True, slots=True)
class Furniture:
    """What a machine or a de-identifier puts over the picture: a grey bar, and boxes blanked to black."""

    bar: bool
    blanks: tuple[tuple[float, float, float, float], ...]
    """Top, left, bottom, right, as shares of the picture."""


@dataclass(frozen=True, slots=True)
class Scene:
    """All that decides an image, its noise included."""

    shape: tuple[int, int]
    """(H, W) of the picture."""
    pixel_size: float
    """mm, the same along x and y."""
    subject: Head | Abdomen | Femur | Nothing
    surroundings: Surroundings
    sector: Sector
    beam: Beam
    furniture: Furniture
    seed: int
    """Of the speckle and the receiver's noise."""

    @property
    def height(self) -> float:
        """Height of the picture, mm."""
        return self.shape[0] * self.pixel_size
