"""The beam: from tissue on the polar grid to a grey picture.

Speckle is the sum of many scatterers within the beam's point spread function, so it is made where the beam works: in
polar space, as complex normal scatter times the tissue's level, blurred by the pulse along the beam and by the beam's
width across it (Wagner 1983: fully developed speckle has a Rayleigh envelope). The beam's width is an angle, so in mm
it grows with depth. Then envelope, time gain, noise, log compression, scan conversion.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.phantoms.anatomy import tissue_of
from fetalhead.phantoms.grid import PolarGrid
from fetalhead.phantoms.noise import FloatArray
from fetalhead.phantoms.scene import Beam, Scene, Sector
from fetalhead.phantoms.tissue import Tissue, levels

_BAR = (0.037, 0.005, 0.333, 0.015)
"""HC18's grey bar: top, left, bottom, right, as shares of the picture."""

_KNEE, _WHITE = 0.75, 0.95
"""Grey above the knee is squeezed towards white, as machines do, so that strong echoes keep a shape."""


def render(scene: Scene) -> npt.NDArray[np.uint8]:
    """(H, W) grey picture of a scene; the same scene gives the same bytes."""
    grid = PolarGrid.of(scene)
    picture = grid.to_picture(compress(envelope(scene, grid, tissue_of(scene, grid)), scene.beam), scene)
    furnish(picture, scene)
    return np.asarray(np.rint(picture), dtype=np.uint8)


def envelope(scene: Scene, grid: PolarGrid, tissue: Tissue) -> FloatArray:
    """(R, A) amplitude of what the probe receives, after time gain; 1 is white."""
    beam = scene.beam
    generator = np.random.default_rng(scene.seed)
    lost_db = np.cumsum(tissue.loss, axis=0) * grid.radius_step + _shadow_loss(beam, grid)
    gain_db = time_gain(beam, scene.sector, grid.radius)
    sigmas = (beam.axial / grid.radius_step, beam.lateral / grid.angle_step)
    # Blurring white noise divides its deviation by this; multiplied back, the level means the speckle's RMS amplitude.
    spread = 2 * math.sqrt(math.pi * sigmas[0] * sigmas[1])
    received = levels(gain_db - lost_db)
    scatter = levels(tissue.scatter_db) * received * (spread / math.sqrt(2))
    echoes = generator.standard_normal((*scatter.shape, 2 * beam.looks), dtype=np.float32) * scatter[..., None]
    echoes[..., ::2] += (tissue.mirror * received)[..., None]
    power = np.square(_point_spread(echoes, beam, grid, sigmas)).sum(axis=2) / beam.looks
    noise = generator.standard_gamma(beam.looks, scatter.shape, dtype=np.float32) / beam.looks
    return np.asarray(np.sqrt(power + noise * levels(beam.noise_db + gain_db) ** 2), dtype=np.float32)


def compress(amplitude: FloatArray, beam: Beam) -> FloatArray:
    """Grey, 0 to 255, of amplitudes: logarithmic over the dynamic range, squeezed towards white."""
    decibels = 20 * np.log10(np.maximum(amplitude, 1e-9)) + beam.gain_db
    grey = np.clip(1 + decibels / beam.dynamic_range_db, 0, None)
    room = _WHITE - _KNEE
    squeezed = _KNEE + room * np.tanh((grey - _KNEE) / room)
    return np.asarray(255 * np.where(grey > _KNEE, squeezed, grey), dtype=np.float32)


def time_gain(beam: Beam, sector: Sector, radius: FloatArray) -> FloatArray:
    """dB given back at each radius: a straight slope, and the sliders."""
    share = (radius - sector.near) / (sector.far - sector.near)
    stops = np.linspace(0, 1, len(beam.time_gain_db))
    sliders = np.interp(share, stops, beam.time_gain_db).astype(np.float32)
    return np.asarray((radius - sector.near) * beam.compensation + sliders, dtype=np.float32)


def furnish(picture: FloatArray, scene: Scene) -> None:
    """Blank the boxes and draw the grey bar, in place."""
    height, width = scene.shape
    for top, left, bottom, right in scene.furniture.blanks:
        picture[round(top * height) : round(bottom * height), round(left * width) : round(right * width)] = 0
    if scene.furniture.bar:
        top, left, bottom, right = _BAR
        rows = slice(round(top * height), round(bottom * height))
        shades = np.linspace(255, 0, rows.stop - rows.start, dtype=np.float32)[:, None]
        picture[rows, round(left * width) : round(right * width)] = shades


def _point_spread(echoes: FloatArray, beam: Beam, grid: PolarGrid, sigmas: tuple[float, float]) -> FloatArray:
    """(R, A, C) echoes blurred by pulse and beam, mixed from focus to the widest beam at the far end."""
    axial, lateral = sigmas
    sharp = _blur(echoes, axial, lateral)
    wide = _blur(sharp, 0, lateral * math.sqrt(beam.widening**2 - 1))
    far = grid.radius[-1, 0]
    share = np.clip((grid.radius - beam.focus) / (far - beam.focus), 0, 1)[..., None]
    return np.asarray(sharp + share * (wide - sharp), dtype=np.float32)


def _blur(values: FloatArray, rows: float, columns: float) -> FloatArray:
    """Gaussian blur of each channel, without a border of lesser variance."""
    across, along = _kernel(columns), _kernel(rows)
    blurred = cv2.sepFilter2D(values, cv2.CV_32F, across, along, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, dtype=np.float32)


def _kernel(sigma: float) -> npt.NDArray[np.float32]:
    if sigma <= 0:
        return np.ones(1, dtype=np.float32)
    return np.asarray(cv2.getGaussianKernel(2 * math.ceil(3.5 * sigma) + 1, sigma, cv2.CV_32F), dtype=np.float32)


def _shadow_loss(beam: Beam, grid: PolarGrid) -> FloatArray:
    """(R, A) dB lost to the scene's shadows."""
    lost = np.zeros(grid.x.shape, dtype=np.float32)
    for shadow in beam.shadows:
        off = np.abs(grid.angle - shadow.angle) / shadow.half_width
        depth = np.clip((grid.radius - shadow.start) / (4 * beam.axial), 0, 1)
        lost += shadow.loss_db * np.exp(-(off**4)) * depth
    return lost
