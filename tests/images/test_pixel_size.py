"""Pixel sizes: what counts as one, and where they come from."""

from __future__ import annotations

import math
import os

import pytest

from fetalhead.errors import FetalheadError
from fetalhead.images.pixel_size import UNKNOWN, PixelSize, default_spacing, parse_pixel_size, read_pixel_size_csv


def test_known_and_unknown():
    size = PixelSize.make(0.2, 0.3, "user")
    assert size and (size.x, size.y, size.source, size.reason) == (0.2, 0.3, "user", "")
    assert not UNKNOWN and UNKNOWN.source == "unknown" and UNKNOWN.reason and math.isnan(UNKNOWN.x)


@pytest.mark.parametrize("value", [0.01, 2.0])
def test_the_limits_count(value):
    assert PixelSize.make(value, value, "user")


@pytest.mark.parametrize("value", [0, -0.2, 0.0099, 2.01, 1e9, math.nan, math.inf])
@pytest.mark.parametrize("swapped", [False, True])
def test_absurd_sizes_are_refused(value, swapped):
    pair = (0.2, value) if swapped else (value, 0.2)
    with pytest.raises(FetalheadError, match=r"not between 0\.01 and 2 mm") as caught:
        PixelSize.make(*pair, "user")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("text", "x", "y"), [("0.2", 0.2, 0.2), ("0.2,0.3", 0.2, 0.3), (" 0.2 , .3 ", 0.2, 0.3)])
def test_as_typed(text, x, y):
    assert parse_pixel_size(text) == PixelSize(x, y, "user")


@pytest.mark.parametrize("text", ["", "x", "0.2,", ",0.2", "0.2;0.3", "0.1,0.2,0.3", "0,2,", "nan", "inf", "-0.2"])
def test_as_mistyped(text):
    with pytest.raises(FetalheadError, match="pixel size"):
        parse_pixel_size(text)


def test_csv_as_hc18_has_it(tmp_path):
    (tmp_path / "a.csv").write_text(
        "filename,pixel size(mm),head circumference (mm)\n000_HC.png,0.0691358041432,44.3\n"
        "bad.png,none,1\nhuge.png,77,1\nnan.png,nan,1\nempty.png,,1\nshort.png\n"
    )
    sizes = read_pixel_size_csv(tmp_path / "a.csv")
    assert sizes["000_HC.png"] == PixelSize(0.0691358041432, 0.0691358041432, "hc18-csv")
    for name in ("bad.png", "huge.png", "nan.png", "empty.png", "short.png"):
        assert not sizes[name] and "a.csv" in sizes[name].reason


def test_csv_by_other_hands(tmp_path):
    """A byte order mark, semicolons never, spaces and capitals in the head, more columns, names that need quotes."""
    name = os.fsdecode(b"a, \xff\n\"b\".png")
    raw = "\ufeffid, Filename , Pixel Size (mm)\r\n1,\"{}\",0.2\r\n".format(name.replace('"', '""'))
    (tmp_path / "a.csv").write_bytes(raw.encode("utf-8", "surrogateescape"))
    assert read_pixel_size_csv(tmp_path / "a.csv") == {name: PixelSize(0.2, 0.2, "hc18-csv")}


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "filename\nx.png\n", "pixel size(mm)\n0.2\n", "\0\0\0"])
def test_no_such_csv(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(FetalheadError, match=r"a\.csv"):
        read_pixel_size_csv(tmp_path / "a.csv")


def test_csv_that_cannot_be_opened(tmp_path):
    with pytest.raises(FetalheadError, match=r"none\.csv: cannot be read: No such file"):
        read_pixel_size_csv(tmp_path / "none.csv")
    with pytest.raises(FetalheadError, match="cannot be read: Is a directory"):
        read_pixel_size_csv(tmp_path)


@pytest.mark.parametrize(
    ("spacing", "words"),
    [
        ((1.0, 1.0), "1 x 1"),
        ((1.0000000150184933, 1), "1 x 1"),
        ((25.4 / 96, 25.4 / 96), "96 dpi"),
        ((0.352778, 0.352778), "72 dpi"),
        ((1000 / 11811, 1000 / 11811), "300 dpi"),
        ((0.2646, 0.2646), "96 dpi"),
        ((0.26458, 0.26458), "96 dpi"),
        ((0.26460000872612, 0.26460000872612), "96 dpi"),
        ((0.3528, 0.3528), "72 dpi"),
        ((0.35278, 0.35278), "72 dpi"),
        ((0.1693, 0.1693), "150 dpi"),
        ((0.08467, 0.08467), "300 dpi"),
    ],
)
def test_defaults_are_no_measurements(spacing, words):
    """As SimpleITK, and converters to DICOM, hand them on from the print density of a picture."""
    assert words in default_spacing(*spacing)


@pytest.mark.parametrize(
    "spacing",
    [
        (1.0, 0.9), (0.127, 0.127), (0.254, 0.254), (0.265, 0.265), (0.2647, 0.2647), (0.2646, 0.2645),
        (0.26461, 0.26461), (0.0847, 0.0847), (0.0846725247674, 0.0846725247674),
    ],
)  # fmt: skip
def test_what_may_be_measured_counts(spacing):
    """The last is a pixel size of HC18, within 0.007 % of 300 dpi."""
    assert default_spacing(*spacing) == ""


def test_one_name_with_two_sizes_has_none(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("filename,pixel size(mm)\na.png,0.1\nb.png,0.3\na.png,0.2\nb.png,0.3\na.png,0.1\n")
    sizes = read_pixel_size_csv(path)
    assert not sizes["a.png"] and sizes["a.png"].reason == "a.csv names a.png twice, with 0.1 and 0.2 mm"
    assert sizes["b.png"].x == 0.3
    path.write_text("filename,pixel size(mm),Pixel Size (mm)\na.png,0.1,0.2\n")
    with pytest.raises(FetalheadError, match=r"a\.csv: two columns are called pixelsize\(mm\)"):
        read_pixel_size_csv(path)
