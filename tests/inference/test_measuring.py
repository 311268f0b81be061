from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import bright_head

import fetalhead
from fetalhead.errors import FetalheadError
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.image import UltrasoundImage
from fetalhead.images.pixel_size import PixelSize
from fetalhead.images.scaled_region import ScaledRegion
from fetalhead.inference.measuring import grey_picture, measure, measure_image
from fetalhead.inference.predictor import Predictor
from fetalhead.phantoms import head_phantom

HEAD = Ellipse.make(93, 64, 62, 47, 0.3)
PICTURE = bright_head(HEAD)


def test_an_array_is_measured_to_a_thousandth(toy_model: Path) -> None:
    head = measure(PICTURE, pixel_size=0.5, model=toy_model)
    assert head
    assert head.status == "ok"
    assert head.hc_mm == pytest.approx(HEAD.perimeter * 0.5, rel=1e-3)
    assert head.pixel_size == PixelSize(0.5, 0.5, "user")
    assert fetalhead.measure(PICTURE, pixel_size=0.5, model=str(toy_model)) == head


@pytest.mark.parametrize("stretch", [(1.25, 1.0), (1.0, 1.25)])
def test_a_stretched_picture_measures_as_the_square_one(toy_model: Path, stretch: tuple[float, float]) -> None:
    x, y = stretch
    picture = bright_head(HEAD.scaled(x, y), (round(128 * y), round(192 * x)))
    square = measure(PICTURE, 0.5, toy_model)
    right = measure(picture, (0.5 / x, 0.5 / y), toy_model)
    assert right.hc_mm == pytest.approx(square.hc_mm, rel=2e-3)
    assert right.cephalic_index == pytest.approx(square.cephalic_index, abs=0.2)
    assert right.ellipse_mm is not None
    assert right.ellipse_mm.center_x == pytest.approx(
        93 / 2, abs=0.2
    )  # columns by the first number, rows by the second
    assert right.ellipse_mm.center_y == pytest.approx(64 / 2, abs=0.2)


def test_a_stretched_phantom_measures_as_the_square_one() -> None:
    """The network sees square pixels, and the outline comes back to the picture as stored."""
    predictor, errors = Predictor("standard", threads=1), []
    for seed, (x, y) in itertools.product(range(2), [(1.25, 1.0), (1.0, 1.25), (1.0, 1.5)]):
        image = head_phantom(seed).image
        size = image.pixel_size.x
        square = measure(image, size, predictor)
        picture = cv2.resize(image.pixels, (round(800 * x), round(540 * y)), interpolation=cv2.INTER_CUBIC)
        stretched = measure(picture, (size / x, size / y), predictor)
        errors.append(abs(stretched.hc_mm / square.hc_mm - 1))
        expected = square.ellipse_px.scaled(x, y)
        np.testing.assert_allclose(stretched.ellipse_px.points(90), expected.points(90), atol=1.5)
    assert max(errors) < 5e-3
    assert np.median(errors) < 2e-3


@pytest.mark.parametrize(
    ("value", "left", "top", "right", "bottom"),
    [(255, 40, 40, 40, 40), (235, 0, 0, 0, 500), (0, 0, 0, 800, 0), (0, 400, 270, 400, 270), (255, 3, 3, 3, 3)],
    ids=["white frame", "page", "black beside", "black around", "white line"],
)
def test_a_phantom_on_a_page_or_amid_black_measures_as_by_itself(
    value: int, left: int, top: int, right: int, bottom: int
) -> None:
    predictor = Predictor("standard", threads=1)
    for seed in (0, 1):
        image = head_phantom(seed).image
        page = np.pad(image.pixels, ((top, bottom), (left, right)), constant_values=value)
        alone, found = (measure(pixels, image.pixel_size.x, predictor) for pixels in (image.pixels, page))
        assert found, found.reason
        assert found.hc_mm == pytest.approx(alone.hc_mm, rel=0.01)
        assert (found.quality, found.quality_reasons) == (alone.quality, alone.quality_reasons)
        assert found.ellipse_px is not None and alone.ellipse_px is not None
        centre = alone.ellipse_px.center_x + left, alone.ellipse_px.center_y + top
        np.testing.assert_allclose([found.ellipse_px.center_x, found.ellipse_px.center_y], centre, atol=3)


def test_square_pixels_reach_the_network_as_they_are_stored(toy_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    predict = Predictor.predict
    monkeypatch.setattr(
        Predictor, "predict", lambda self, pixels, tallness: seen.append(tallness) or predict(self, pixels, tallness)
    )
    for size in (None, 0.5, (0.5, 0.509), (0.5, 0.6)):
        measure(PICTURE, size, toy_model)
    assert seen == [1, 1, 1, 1.2]


def test_a_head_in_a_region_of_other_pixels_is_seen_in_the_proportions_of_that_region(toy_model: Path) -> None:
    square, tall = PixelSize.make(0.5, 0.5, "dicom-region"), PixelSize.make(0.5, 0.4, "dicom-region")
    regions = ScaledRegion((0, 0, 192, 128), tall), ScaledRegion((192, 0, 400, 128), square)
    grain = np.random.default_rng(0).integers(0, 20, (128, 208), dtype=np.uint8)
    picture = np.hstack([bright_head(HEAD), grain])
    for size in (square, PixelSize.unknown("several regions")):
        head, prediction = measure_image(UltrasoundImage(picture, size, scaled_regions=regions), Predictor(toy_model))
        assert head.pixel_size == tall
        assert prediction is not None
        rows, columns = prediction.letterbox.inner
        assert rows / columns == pytest.approx(0.8 * 128 / 400, rel=0.05)
        assert head.hc_mm == pytest.approx(HEAD.scaled(0.5, 0.4).perimeter, rel=5e-3)


def test_a_file_its_frames_and_its_own_pixel_size(toy_model: Path, tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(PICTURE).save(tmp_path / "one.png")
    assert measure(tmp_path / "one.png", 0.5, toy_model) == measure(PICTURE, 0.5, toy_model)
    assert measure(str(tmp_path / "one.png"), model=toy_model).status == "no_scale"
    smaller = Ellipse.make(93, 64, 50, 40, 0.3)
    pages = [Image.fromarray(bright_head(head)) for head in (HEAD, smaller)]
    pages[0].save(tmp_path / "two.tif", save_all=True, append_images=pages[1:])
    first, second = (measure(tmp_path / "two.tif", 0.5, toy_model, frame=frame) for frame in (None, 1))
    assert first == measure(PICTURE, 0.5, toy_model)
    assert second.hc_mm == pytest.approx(smaller.perimeter * 0.5, rel=1e-3)
    for frame in (2, -1):
        with pytest.raises(FetalheadError, match=rf"two\.tif.*frame {frame}"):
            measure(tmp_path / "two.tif", 0.5, toy_model, frame=frame)
    with pytest.raises(FetalheadError, match=r"none\.png"):
        measure(tmp_path / "none.png", model=toy_model)


def test_an_image_s_own_pixel_size_gives_way_to_the_user_s(toy_model: Path) -> None:
    image = UltrasoundImage(PICTURE, PixelSize.make(0.5, 0.5, "dicom-region"))
    own = measure(image, model=toy_model)
    assert own.pixel_size.source == "dicom-region"
    assert measure(image, PixelSize.make(0.25, 0.25, "user"), toy_model).hc_mm == pytest.approx(own.hc_mm / 2)


@pytest.mark.parametrize("grey", [0, 7, 255])
def test_a_picture_without_contrast_never_reaches_the_network(
    toy_model: Path, grey: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = Predictor(toy_model)
    monkeypatch.setattr(predictor, "predict", lambda *_: pytest.fail("the network was asked"))
    head, prediction = measure_image(UltrasoundImage(np.full((128, 192), grey, np.uint8)), predictor)
    assert prediction is None
    assert (bool(head), head.status) == (False, "no_head")
    assert head.reason == ("the picture is all black" if grey == 0 else f"the picture is blank (every pixel is {grey})")


def test_a_picture_with_no_head_is_falsy_with_the_reason(toy_model: Path) -> None:
    dim = PICTURE // 3
    head, prediction = measure_image(UltrasoundImage(dim), Predictor(toy_model))
    assert prediction is not None
    assert not head
    assert head.reason == "no head: nothing in the picture looks like one"


def test_arrays_of_other_kinds_become_grey(toy_model: Path) -> None:
    assert grey_picture(PICTURE) is PICTURE or (grey_picture(PICTURE) == PICTURE).all()
    for same in (PICTURE.astype(np.uint16), PICTURE.astype(np.float64), np.stack([PICTURE] * 3, axis=2)):
        np.testing.assert_array_equal(grey_picture(same), PICTURE)
    np.testing.assert_array_equal(grey_picture(np.float32(PICTURE) / 255), PICTURE)
    np.testing.assert_array_equal(grey_picture(np.stack([PICTURE] * 3, axis=2).astype(np.uint16)), PICTURE)
    red, green = (np.zeros((20, 20, 3), np.uint8) for _ in range(2))
    red[..., 0], green[..., 1] = 255, 255
    assert (grey_picture(red)[0, 0], grey_picture(green)[0, 0]) == (76, 150)
    strided = np.repeat(PICTURE, 2, axis=1)[:, ::2]
    assert measure(strided, 0.5, toy_model) == measure(PICTURE, 0.5, toy_model)


@pytest.mark.parametrize(
    "array",
    [np.zeros((1, 1), np.uint8), np.zeros((0, 40)), np.zeros((40, 40, 4), np.uint8), np.zeros(40, np.uint8),
     np.zeros((40, 40), bool), np.zeros((40, 40), np.int32), np.zeros((2, 40, 40, 3), np.uint8)],
)  # fmt: skip
def test_arrays_that_are_no_picture_are_refused(toy_model: Path, array: np.ndarray) -> None:
    with pytest.raises(FetalheadError, match="array of"):
        measure(array, model=toy_model)


@pytest.mark.parametrize("size", [0, -0.1, 3, float("nan"), "wide", (0.1, 0.1, 0.1), (0.1, 9)])
def test_a_pixel_size_that_is_none_is_refused(toy_model: Path, size: object) -> None:
    with pytest.raises(FetalheadError, match="pixel size"):
        measure(PICTURE, size, toy_model)  # type: ignore[arg-type]


def test_wrong_choices_are_one_line(toy_model: Path) -> None:
    with pytest.raises(FetalheadError, match="no dating formula 'naegele'"):
        measure(PICTURE, 0.5, toy_model, dating="naegele")
    with pytest.raises(FetalheadError, match="no such model folder"):
        measure(PICTURE, 0.5, "nowhere")
    with pytest.raises(FetalheadError, match="frame is for files"):
        measure(PICTURE, 0.5, toy_model, frame=0)


def test_a_model_is_loaded_once_and_again_when_it_changes(
    toy_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    from fetalhead.inference import measuring

    folder = tmp_path / "model"
    shutil.copytree(toy_model, folder)
    loaded: list[Path] = []
    monkeypatch.setattr(measuring, "Predictor", lambda path: loaded.append(path) or Predictor(path))
    for _ in range(3):
        measure(PICTURE, 0.5, folder)
    assert len(loaded) == 1
    os.utime(folder / "config.json", ns=(1, 1))
    measure(PICTURE, 0.5, folder)
    assert len(loaded) == 2
    (folder / "model.onnx").write_bytes(b"altered")
    os.utime(folder / "config.json", ns=(2, 2))
    with pytest.raises(FetalheadError, match="altered"):
        measure(PICTURE, 0.5, folder)


def test_of_two_heads_side_by_side_the_larger_is_measured_and_to_be_looked_at(toy_model: Path) -> None:
    smaller = bright_head(Ellipse.make(93, 64, 45, 36, 0.3))
    alone, both = (measure(picture, 0.5, toy_model) for picture in (PICTURE, np.hstack([smaller, PICTURE])))
    assert "another region as well" in both.quality_reasons and both.quality == "review"
    assert "another region as well" not in alone.quality_reasons
    assert both.hc_mm == pytest.approx(alone.hc_mm, rel=0.01)


@pytest.mark.parametrize("mode", ["P", "RGBA", "YCbCr", "I;16"])
def test_a_picture_of_pillow_is_read_by_its_mode(toy_model: Path, mode: str) -> None:
    """An array of it would hold places in the palette, or colours of another kind."""
    from PIL import Image

    shown = Image.fromarray(PICTURE)
    made = Image.fromarray(PICTURE.astype(np.uint16) * 257) if mode == "I;16" else shown.convert(mode)
    if mode == "P":
        made = shown.quantize(64)
    assert measure(made, 0.5, toy_model).hc_mm == pytest.approx(HEAD.perimeter * 0.5, rel=1e-3)


def test_a_turned_picture_of_pillow_is_shown_upright(toy_model: Path, tmp_path: Path) -> None:
    from PIL import Image

    turned = Image.fromarray(np.rot90(PICTURE))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(tmp_path / "a.png", exif=exif)
    assert measure(Image.open(tmp_path / "a.png"), 0.5, toy_model) == measure(PICTURE, 0.5, toy_model)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"pixel_size": [0.5, 0.5, 0.5]}, "neither a number of mm nor a pair"),
        ({"pixel_size": "large"}, "neither a number of mm nor a pair"),
        ({"pixel_size": True}, "neither a number of mm nor a pair"),
        ({"pixel_size": PixelSize(-0.1, -0.1, "user")}, "not between 0.01 and 2 mm"),
        ({"pixel_size": float("nan")}, "not between 0.01 and 2 mm"),
        ({"model": None}, "neither a bundled name nor a model folder"),
        ({"dating": ["hadlock1984"]}, "no dating formula"),
    ],
)
def test_senseless_arguments_are_one_line(toy_model: Path, arguments: dict[str, object], words: str) -> None:
    with pytest.raises(FetalheadError, match=words):
        measure(PICTURE, **({"model": toy_model} | arguments))


def test_pixel_sizes_in_every_form(toy_model: Path) -> None:
    predictor = Predictor(toy_model)
    heads = [
        measure(PICTURE, size, predictor)
        for size in (0.5, (0.5, 0.5), [0.5, 0.5], np.array([0.5, 0.5]), np.float32(0.5), PixelSize(0.5, 0.5, "user"))
    ]
    assert all(head == heads[0] for head in heads)


def test_frames_are_whole_numbers(toy_model: Path, tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(PICTURE).save(tmp_path / "a.png")
    for frame in (1.5, "0", 10**30):
        with pytest.raises(FetalheadError, match="whole numbers, counted from 0"):
            measure(tmp_path / "a.png", 0.5, toy_model, frame=frame)


@pytest.mark.parametrize("pixels", [np.zeros((0, 0), np.uint8), np.zeros((64, 96, 3), np.uint8), np.zeros((64, 96))])
def test_an_ultrasound_image_that_is_none_is_one_line(toy_model: Path, pixels: np.ndarray) -> None:
    with pytest.raises(FetalheadError):
        measure(UltrasoundImage(pixels), 0.5, toy_model)


def test_floats_a_little_above_one_are_of_nought_to_one(toy_model: Path) -> None:
    """As resizing makes them; 0 to 255 would leave them black."""
    np.testing.assert_array_equal(grey_picture(PICTURE / 255 * 1.001), grey_picture(PICTURE / 255))
    assert grey_picture(PICTURE / 255 * 3.0).max() == 255
    np.testing.assert_array_equal(grey_picture(PICTURE * 0.5), np.floor(PICTURE * 0.5 + 0.5))
    np.testing.assert_array_equal(grey_picture((PICTURE * np.uint16(257)).astype(">u2")), PICTURE)


def test_onnxruntime_reports_nothing_unless_asked_to(toy_model: Path, tmp_path: Path) -> None:
    import os
    import subprocess
    import sys

    code = "import sys, fetalhead, numpy; fetalhead.measure(numpy.eye(64, dtype='u1'), 0.5, sys.argv[1])"
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    subprocess.run([sys.executable, "-c", code, toy_model], env=environment | {"HOME": str(tmp_path)}, check=True)
    assert not [path for path in tmp_path.rglob("*") if "onnxruntime" in path.name.lower()]


def test_without_a_working_onnxruntime_there_is_one_line(toy_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(FetalheadError, match=r"onnxruntime cannot be loaded .*: pip install --force-reinstall"):
        Predictor(toy_model)
