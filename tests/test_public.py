"""The public face: what one sees, what it costs to import, and what `fetalhead info` tells of it."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from importlib import metadata
from pathlib import Path

import pytest

import fetalhead
from fetalhead.catalog import COMMANDS, DATASETS, DATING, MODELS
from fetalhead.cli import main

PUBLIC = {
    "Ellipse", "FetalheadError", "HeadMeasurement", "PixelSize", "Predictor", "UltrasoundImage", "VideoMeter",
    "__version__", "measure",
}  # fmt: skip


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_all_is_what_one_sees() -> None:
    assert set(fetalhead.__all__) == PUBLIC
    assert dir(fetalhead) == sorted(fetalhead.__all__)
    scope: dict[str, object] = {}
    exec("from fetalhead import *", scope)
    assert set(scope) - {"__builtins__"} == PUBLIC
    plain = {
        name
        for name, value in vars(fetalhead).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert plain - {"annotations", "import_module", "TYPE_CHECKING", "Any"} <= PUBLIC


def test_each_name_is_the_one_of_its_room() -> None:
    for name in PUBLIC - {"__version__"}:
        value = getattr(fetalhead, name)
        assert value.__name__ == name
        assert value.__module__.startswith("fetalhead.")
        assert value.__doc__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        fetalhead.nothing  # noqa: B018
    assert fetalhead.__version__ == "0.1.0"


def test_importing_the_package_imports_nothing_heavy() -> None:
    modules = set(python("import sys, fetalhead; print(*sys.modules)").split())
    assert not modules & {"numpy", "cv2", "onnxruntime", "pydicom", "torch", "PIL"}
    used = set(python("import sys, fetalhead; fetalhead.measure, fetalhead.Predictor; print(*sys.modules)").split())
    assert "numpy" in used
    assert not used & {"onnxruntime", "pydicom", "torch", "matplotlib", "scipy", "pandas"}


def test_measuring_never_imports_torch(toy_model: Path) -> None:
    modules = python(
        "import sys, numpy, fetalhead; picture = numpy.zeros((128, 192), 'uint8'); picture[30:90, 50:130] = 220;"
        f"fetalhead.measure(picture, 0.2, model={str(toy_model)!r}); print(*sys.modules)"
    ).split()
    assert "onnxruntime" in modules
    assert not set(modules) & {"torch", "matplotlib", "scipy", "sklearn", "pandas", "onnx"}


def test_info_names_everything_in_the_catalog(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    text = capsys.readouterr().out
    for name in (*COMMANDS, *DATING, *DATASETS, *MODELS, fetalhead.__version__):
        assert name in text
    for data in DATASETS.values():
        assert data["citation"] in text
        assert data["licence"] in text
        assert data["doi"] in text


def test_info_as_json(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    requires = [
        "numpy>=1.26",
        "opencv-python-headless (>=4.8)",
        'nonesuch-video>=1; extra == "video"',
        "numpy; extra == 'dicom'",
        'fetalhead[video,dicom]; extra == "all"',
    ]
    monkeypatch.setattr(metadata, "requires", lambda name: requires)
    assert main(["info", "--json"]) == 0
    account = json.loads(capsys.readouterr().out)
    assert account["packages"] == {name: metadata.version(name) for name in ("numpy", "opencv-python-headless")}
    extras = account["extras"]
    assert [extras[name]["installed"] for name in ("video", "dicom", "all")] == [False, True, False]
    assert extras["video"]["packages"] == {"nonesuch-video": None}
    assert extras["all"]["packages"] == {"nonesuch-video": None, "numpy": metadata.version("numpy")}
    assert [model["name"] for model in account["models"]] == list(MODELS)
    assert account["dating"] == DATING


def test_info_looks_packages_up_without_importing_them() -> None:
    modules = python("import sys; from fetalhead.cli.info import collect; collect(); print(*sys.modules)").split()
    assert not set(modules) & {"torch", "numpy", "cv2", "onnxruntime", "pydicom", "matplotlib"}
