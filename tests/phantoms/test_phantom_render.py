"""The physics that phantoms claim: speckle, beam, skull, shadow, sector, and that a scene is replayed to the byte."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from fetalhead.images.ellipse import Ellipse
from fetalhead.phantoms import Phantom, head_phantom, plane_phantom
from fetalhead.phantoms.anatomy import tissue_of
from fetalhead.phantoms.draw import draw_femur, draw_head
from fetalhead.phantoms.grid import PolarGrid
from fetalhead.phantoms.render import envelope, render
from fetalhead.phantoms.scene import Furniture, Scene
from fetalhead.phantoms.tissue import Tissue

BARE = Furniture(bar=False, blanks=())


@pytest.fixture(scope="module")
def heads() -> list[Phantom]:
    return [head_phantom(5, index) for index in range(5)]


def uniform(looks: int) -> tuple[Scene, PolarGrid, np.ndarray]:
    """A scene's geometry, and the envelope of tissue that is the same everywhere at 0 dB."""
    scene = draw_head(np.random.default_rng(1), (270, 400))
    beam = replace(
        scene.beam, looks=looks, compensation=0, time_gain_db=(0.0, 0.0), shadows=(), noise_db=-200, widening=1.0,
        axial=2 * scene.pixel_size, lateral=4 * scene.pixel_size / (0.5 * (scene.sector.near + scene.sector.far)),
    )
    scene = replace(scene, beam=beam)
    grid = PolarGrid.of(scene)
    nothing = np.zeros_like(grid.x)
    return scene, grid, envelope(scene, grid, Tissue(nothing, nothing, nothing))


def correlation(values: np.ndarray, shift: int, axis: int) -> float:
    first, second = np.split(values, [values.shape[axis] - shift], axis)[0], np.split(values, [shift], axis)[1]
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def test_raw_speckle_has_a_rayleigh_envelope() -> None:
    _, _, amplitude = uniform(looks=1)
    assert math.sqrt(float(np.mean(amplitude**2))) == pytest.approx(1, abs=0.05)
    assert amplitude.mean() / amplitude.std() == pytest.approx(math.sqrt(math.pi / (4 - math.pi)), rel=0.06)


def test_compounding_smooths_speckle() -> None:
    contrast = [float(amplitude.std() / amplitude.mean()) for _, _, amplitude in (uniform(1), uniform(4))]
    assert contrast[1] == pytest.approx(contrast[0] / 2, rel=0.15)


def test_speckle_grain_is_the_beam_and_widens_with_depth() -> None:
    scene, grid, amplitude = uniform(looks=1)
    power = amplitude**2
    # The power's correlation is a Gaussian with the beam's own deviation.
    columns = round(scene.beam.lateral / grid.angle_step)
    expected = math.exp(-0.5 * (columns * grid.angle_step / scene.beam.lateral) ** 2)
    assert correlation(power, columns, axis=1) == pytest.approx(expected, abs=0.1)

    picture = grid.to_picture(amplitude, scene)
    middle = picture.shape[1] // 2
    rows = np.nonzero(picture[:, middle])[0]
    band = slice(middle - 60, middle + 60)
    near, far = picture[rows[5] : rows[5] + 90, band], picture[rows[-95] : rows[-5], band]
    assert correlation(far, 4, axis=1) > correlation(near, 4, axis=1) + 0.1


def test_skull_is_bright_where_the_beam_meets_it_square_and_fades_where_it_grazes(heads: list[Phantom]) -> None:
    square, grazed = [], []
    for phantom in heads:
        ellipse, picture = phantom.ellipse, phantom.image.pixels
        sector, size = phantom.scene.sector, phantom.scene.pixel_size
        points = ellipse.points(360)
        inner = points + 0.06 * (np.array([ellipse.center_x, ellipse.center_y]) - points)
        beam = points - np.array([sector.apex_x, sector.apex_y]) / size
        tangent = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
        across = np.abs(beam[:, 0] * tangent[:, 1] - beam[:, 1] * tangent[:, 0])
        cosine = across / np.hypot(*beam.T) / np.hypot(*tangent.T)
        grey = picture[np.rint(inner[:, 1]).astype(int), np.rint(inner[:, 0]).astype(int)].astype(float)
        square.append(grey[cosine > 0.95].mean())
        grazed.append(grey[cosine < 0.3].mean())
    assert np.median(square) > 130
    assert np.median(grazed) < 0.6 * np.median(square)


def test_skull_ends_at_the_ellipse_as_it_does_in_hc18(heads: list[Phantom]) -> None:
    """Half of the skull's grey, on its outer side, falls on the ellipse: within 2 px at the median of all heads."""
    offsets = []
    for phantom in heads:
        ellipse, picture = phantom.ellipse, phantom.image.pixels.astype(float)
        y, x = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]]
        distance = np.rint(ellipse.signed_distance(x, y)).astype(int)
        upper = (np.abs(x - ellipse.center_x) < 0.4 * ellipse.semi_axis_b) & (y < ellipse.center_y)
        profile = np.array([np.median(picture[upper & (distance == step)]) for step in range(-14, 15)])
        peak = int(np.argmax(profile))
        half = (profile[peak] + profile[peak:].min()) / 2
        offsets.append(peak + int(np.argmax(profile[peak:] < half)) - 14)
    assert abs(np.median(offsets)) <= 2


def test_outside_the_sector_is_black() -> None:
    for seed in range(3):
        scene = replace(draw_head(np.random.default_rng(seed), (135, 200)), furniture=BARE)
        picture, sector = render(scene), scene.sector
        y, x = np.mgrid[0 : scene.shape[0], 0 : scene.shape[1]] * scene.pixel_size
        radius = np.hypot(x - sector.apex_x, y - sector.apex_y)
        angle = np.abs(np.arctan2(x - sector.apex_x, y - sector.apex_y))
        outside = (radius < sector.near) | (radius > sector.far) | (angle > sector.half_angle)
        assert 0.05 < outside.mean() < 0.6
        assert not picture[outside].any()
        assert (picture[~outside] > 0).mean() > 0.5


def test_furniture_is_drawn_over_the_picture() -> None:
    scene = draw_head(np.random.default_rng(0), (135, 200))
    picture = render(replace(scene, furniture=Furniture(bar=True, blanks=((0.5, 0.5, 0.9, 1.0),))))
    assert not picture[68:121, 100:].any()
    assert picture[5, 1] == 255


def test_bone_throws_a_shadow() -> None:
    below, beside = [], []
    for seed in range(4):
        scene = replace(draw_femur(np.random.default_rng(seed), (270, 400)), furniture=BARE)
        scene = replace(scene, beam=replace(scene.beam, shadows=()))
        grid = PolarGrid.of(scene)
        quiet = replace(scene, beam=replace(scene.beam, noise_db=-200))
        amplitude = envelope(quiet, grid, tissue_of(quiet, grid))
        outline, sector = scene.subject.outline, scene.sector
        middle = math.atan2(outline.center_x - sector.apex_x, outline.center_y - sector.apex_y)
        column = round((middle + sector.half_angle) / grid.angle_step)
        row = np.searchsorted(grid.radius[:, 0], outline.center_y - sector.apex_y + 1.5 * outline.semi_axis_b)
        below.append(20 * np.log10(amplitude[row:, column - 5 : column + 5].mean()))
        beside.append(20 * np.log10(amplitude[row:, [4, 5, 6, -7, -6, -5]].mean()))
    assert np.mean(beside) - np.mean(below) > 8


def test_a_seed_and_number_give_the_same_bytes() -> None:
    first, again = (head_phantom(3, 2, (68, 100)).image.pixels for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, head_phantom(3, 1, (68, 100)).image.pixels)
    assert not np.array_equal(first, head_phantom(2, 2, (68, 100)).image.pixels)
    planes = [plane_phantom(3, 1, (68, 100)).image.pixels for _ in range(2)]
    np.testing.assert_array_equal(*planes)


def test_a_scene_is_replayed_and_its_speckle_can_be_renewed() -> None:
    scene = head_phantom(1, 0, (68, 100)).scene
    np.testing.assert_array_equal(render(scene), render(scene))
    renewed = render(replace(scene, seed=scene.seed + 1))
    assert not np.array_equal(render(scene), renewed)
    # Same anatomy: only the grain differs.
    assert np.corrcoef(render(scene).ravel(), renewed.ravel())[0, 1] > 0.8


@pytest.mark.parametrize("angle", [0.0, 0.7, 1.5])
def test_a_given_ellipse_is_drawn_at_a_given_small_size(angle: float) -> None:
    given = Ellipse.make(31, 33, 22, 17, angle)
    phantom = head_phantom(0, 0, (64, 64), ellipse=given, pixel_size=1.5)
    assert phantom.image.pixels.shape == (64, 64)
    assert phantom.hc_mm == pytest.approx(1.5 * given.perimeter)
    for got, wanted in zip(
        (phantom.ellipse.center_x, phantom.ellipse.center_y, phantom.ellipse.semi_axis_a, phantom.ellipse.angle),
        (31, 33, 22, angle), strict=True,
    ):
        assert got == pytest.approx(wanted)
    y, x = np.mgrid[0:64, 0:64]
    distance = np.rint(given.signed_distance(x, y))
    grey = [phantom.image.pixels[distance == step].mean() for step in range(-10, 6)]
    assert -3 <= int(np.argmax(grey)) - 10 <= 0


def test_drawn_heads_are_of_likely_size_and_within_the_picture() -> None:
    scenes = [draw_head(np.random.default_rng([9, index])) for index in range(300)]
    outlines = [scene.subject.outline for scene in scenes]
    hc = np.array([outline.perimeter for outline in outlines])
    ratio = np.array([outline.semi_axis_b / outline.semi_axis_a for outline in outlines])
    size = np.array([scene.pixel_size for scene in scenes])
    assert hc.min() > 59 and hc.max() < 331 and (hc < 100).any() and (hc > 260).any()
    assert ratio.min() >= 0.739 and ratio.max() <= 0.841
    assert size.min() >= 0.06 and size.max() <= 0.35
    for scene, outline in zip(scenes, outlines, strict=True):
        points = outline.points() / scene.pixel_size
        assert points.min() > 0 and (points.max(axis=0) < np.array(scene.shape[::-1]) - 1).all()
