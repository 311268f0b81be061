"""MetaImage and NIfTI files measured: the size in their header, unlike along x and y, none where it says 1 by 1."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from measure_calls import HEAD, head_picture, measure, rows_of
from toys import bright_head

TRUTH = HEAD.scaled(0.3, 0.3).perimeter


def stretched(x: float, y: float) -> np.ndarray:
    """(128, 192) picture of the same head with pixels of `x` by `y` mm."""
    return bright_head(HEAD.transformed([[0.3 / x, 0, 96 - 96 * 0.3 / x], [0, 0.3 / y, 64 - 64 * 0.3 / y]]))


def write(path: Path, pixels: np.ndarray, spacing: tuple[float, ...]) -> None:
    """(H, W) or (N, H, W) pixels in the format that the name tells."""
    shape = pixels.shape[::-1]
    if path.suffix == ".mha":
        fields = {"ObjectType": "Image", "NDims": len(shape), "DimSize": " ".join(map(str, shape)),
                  "ElementSpacing": " ".join(map(str, spacing)), "ElementType": "MET_UCHAR",
                  "ElementDataFile": "LOCAL"}  # fmt: skip
        text = "".join(f"{name} = {value}\n" for name, value in fields.items())
        path.write_bytes(text.encode() + pixels.tobytes())
    else:
        nibabel = pytest.importorskip("nibabel")
        nibabel.save(nibabel.Nifti1Image(pixels.T, np.diag([*spacing[:2], 1, 1])), path)


@pytest.mark.parametrize("suffix", ["mha", "nii", "nii.gz"])
@pytest.mark.parametrize("size", [(0.3, 0.3), (0.375, 0.3), (0.3, 0.375)])
def test_pixels_that_are_not_square(toy_model: Path, tmp_path: Path, suffix: str, size: tuple[float, float]) -> None:
    write(tmp_path / f"a.{suffix}", stretched(*size), size)
    assert measure(toy_model, tmp_path / "out", tmp_path / f"a.{suffix}") == 0
    (row,) = rows_of(tmp_path / "out")
    assert (row["pixel_size_x_mm"], row["pixel_size_y_mm"], row["pixel_size_source"]) == (
        str(size[0]), str(size[1]), "image-header",
    )  # fmt: skip
    assert float(row["hc_mm"]) == pytest.approx(TRUTH, rel=0.002)
    assert (row["frame"], row["status"]) == ("", "ok")


@pytest.mark.parametrize("suffix", ["mha", "nii"])
def test_a_spacing_of_one_is_no_scale_and_the_users_own_counts(toy_model: Path, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    write(path, np.stack([head_picture()] * 21), (1, 1, 1))
    measure(toy_model, tmp_path / "none", path)
    rows = rows_of(tmp_path / "none")
    assert [row["frame"] for row in rows] == [str(number) for number in range(21)]
    assert {(row["status"], row["pixel_size_source"], row["hc_mm"]) for row in rows} == {("no_scale", "unknown", "")}
    assert measure(toy_model, tmp_path / "given", path, "--pixel-size", "0.3") == 0
    rows = rows_of(tmp_path / "given")
    assert {(row["status"], row["pixel_size_source"]) for row in rows} == {("ok", "user")}
    assert float(rows[20]["hc_mm"]) == pytest.approx(TRUTH, rel=0.002)
