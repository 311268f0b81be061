"""A trained model as a folder that explains itself: `config.json` and the files it lists, each by its SHA-256."""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fetalhead.biometry.calibration import Calibration
from fetalhead.catalog import HEAD, MODELS, PLANES
from fetalhead.errors import FetalheadError

FORMAT = 1
CONFIG_NAME = "config.json"
OWN_DIGEST = "entries_sha256"
"""The key of the configuration's own digest; models of earlier versions have none."""

MODEL_NAME = "model.onnx"
FAMILIARITY_NAME = "familiarity.json"
"""What the training pictures look like; not every model has it."""

LARGEST_CONFIG_BYTES = 1_000_000
LEAST_STD = 1e-3
HEAD_OUTPUT, PLANE_OUTPUT = "head_probability", "plane_probability"


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model folder whose listed files are all there and unaltered."""

    path: Path
    name: str
    model_id: str
    """The name and the first 12 hex digits of the SHA-256 of `model.onnx`."""
    version: str
    architecture: Mapping[str, Any]
    input_size: tuple[int, int]
    """(H, W) of the network's grid."""
    mean: float
    std: float
    """The network sees (grey / 255 - mean) / std."""
    outputs: tuple[str, ...]
    classes: tuple[str, ...]
    """Planes in the order of `plane_probability`; empty where the network has no such output."""
    flips: bool
    """Whether a prediction is the mean over the picture and its mirror image."""
    calibration: Calibration | None
    """Of the interval of HC; None where the model was exported without."""
    training: Mapping[str, Any]
    files: Mapping[str, str]
    """SHA-256 by file name."""

    @classmethod
    def load(cls, model: str | Path) -> ModelFolder:
        """The model bundled under the name `model` (a str), else the one in the directory `model`.

        Raises `FetalheadError`, one line that names the piece, where `config.json` is missing or broken, or a file
        that it lists is missing or altered.
        """
        folder = model_path(model)
        if not folder.is_dir():
            raise FetalheadError(
                f"{folder}: no such model folder; give one made by 'fetalhead export' or a bundled name "
                f"({', '.join(MODELS)})"
            )
        config = _Config(folder / CONFIG_NAME)
        files = config.files()
        for name, digest in files.items():
            _verify(folder / name, digest)
        outputs, classes = config.names("outputs"), config.names("classes")
        if HEAD_OUTPUT not in outputs or (PLANE_OUTPUT in outputs) != bool(classes):
            raise config.fault(f"outputs {list(outputs)} with classes {list(classes)} are not those of a head model")
        if classes and (len(set(classes)) < len(classes) or not {HEAD} <= set(classes) <= set(PLANES)):
            raise config.fault(f"classes {list(classes)} are not some of {', '.join(PLANES)}, {HEAD} among them")
        mean, std = config.normalisation()
        return cls(
            path=folder,
            name=config.text("name"),
            model_id=config.model_id(files[MODEL_NAME]),
            version=config.text("version"),
            architecture=config.table("architecture"),
            input_size=config.input_size(),
            mean=mean,
            std=std,
            outputs=outputs,
            classes=classes,
            flips=config.get("flips", bool, False),
            calibration=config.calibration(),
            training=config.table("training"),
            files=files,
        )

    def file(self, name: str) -> Path:
        """The path of a listed, verified file. Raises `FetalheadError` where the model has no such file."""
        if name not in self.files:
            raise FetalheadError(f"{self.path}: this model has no {name} (it holds {', '.join(self.files)})")
        return self.path / name


def model_path(model: str | Path) -> Path:
    """Where a model lies: in the package for the name of a bundled one, else the directory itself."""
    if isinstance(model, str) and model in MODELS:
        return Path(str(importlib.resources.files("fetalhead").joinpath("weights", model)))
    return Path(model)


def sha256(path: Path) -> str:
    """Digest of a file's content, in hex. Raises `OSError`."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_of(entries: Mapping[str, Any]) -> str:
    """SHA-256 of a configuration's entries but `OWN_DIGEST`, in hex, whatever their order and layout."""
    others = {key: value for key, value in entries.items() if key != OWN_DIGEST}
    return hashlib.sha256(json.dumps(others, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _verify(path: Path, digest: str) -> None:
    if not path.is_file():
        raise FetalheadError(f"{path}: missing, though {CONFIG_NAME} lists it; copy or export the model again")
    try:
        found = sha256(path)
    except OSError as error:
        raise FetalheadError(f"{path}: cannot be read: {error.strerror}") from error
    if found != digest:
        raise FetalheadError(
            f"{path}: altered (its SHA-256 is not the one in {CONFIG_NAME}); copy or export the model again"
        )


class _Config:
    """The parsed `config.json`; each getter raises `FetalheadError` where its key does not hold what it should."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.is_file():
            raise FetalheadError(f"{path}: missing; without it the folder is no model folder")
        try:
            if path.stat().st_size > LARGEST_CONFIG_BYTES:
                raise self.fault("far too large for a model's configuration")
            values = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise FetalheadError(f"{path}: cannot be read: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise self.fault(f"not JSON ({error})") from error
        if not isinstance(values, dict):
            raise self.fault("not a JSON object")
        self._values = values
        if self._values.get("format") != FORMAT:
            raise self.fault(
                f"model format {self._values.get('format')!r} is not known to this version (which reads {FORMAT}); "
                "update fetalhead or export the model again"
            )
        if OWN_DIGEST in values and values[OWN_DIGEST] != digest_of(values):
            raise self.fault(f"altered ({OWN_DIGEST!r} is not that of its entries); copy or export the model again")

    def fault(self, what: str) -> FetalheadError:
        return FetalheadError(f"{self._path}: {what}")

    def get(self, key: str, kind: type, default: Any = None) -> Any:
        value = self._values.get(key, default)
        if not isinstance(value, kind):
            raise self.fault(f"{key!r} is missing or of the wrong kind ({kind.__name__} wanted)")
        return value

    def text(self, key: str) -> str:
        return str(self.get(key, str))

    def table(self, key: str) -> dict[str, Any]:
        return dict(self.get(key, dict))

    def names(self, key: str) -> tuple[str, ...]:
        return tuple(str(name) for name in self.get(key, list))

    def calibration(self) -> Calibration | None:
        values = self._values.get("calibration")
        if values is None:
            return None
        try:
            found = Calibration(float(values["factor"]), int(values["subjects"]))
        except (TypeError, KeyError, ValueError):
            raise self.fault(f"'calibration' {values!r} is not a factor and a number of subjects") from None
        if not 0 < found.factor < math.inf:
            raise self.fault(f"the factor of 'calibration' is {found.factor}, not above 0")
        return found

    def input_size(self) -> tuple[int, int]:
        size = self.get("input_size", list)
        if len(size) != 2 or not all(type(side) is int and 16 <= side <= 4096 for side in size):
            raise self.fault(f"'input_size' {size} is not [height, width] in pixels")
        return size[0], size[1]

    def normalisation(self) -> tuple[float, float]:
        values = self.table("normalisation")
        mean, std = values.get("mean"), values.get("std")
        if not (isinstance(mean, (int, float)) and isinstance(std, (int, float)) and math.isfinite(mean)
                and LEAST_STD <= std < math.inf):  # fmt: skip
            raise self.fault(f"'normalisation' needs numbers 'mean' and 'std', the latter at least {LEAST_STD:g}")
        return float(mean), float(std)

    def files(self) -> dict[str, str]:
        files = self.table("files")
        for name, digest in files.items():
            if re.search(r"[/\\:\0]", name) or name in ("", ".", "..", CONFIG_NAME):
                raise self.fault(f"'files' lists {name!r}, which is not the plain name of another file in the folder")
            if not isinstance(digest, str) or not re.fullmatch("[0-9a-f]{64}", digest):
                raise self.fault(f"'files' has no SHA-256 (64 hex digits) for {name}")
        if MODEL_NAME not in files:
            raise self.fault(f"'files' does not list {MODEL_NAME}")
        return files

    def model_id(self, digest: str) -> str:
        model_id = self.text("model_id")
        if not model_id.endswith(f"-{digest[:12]}"):
            raise self.fault(f"'model_id' {model_id} is not that of its {MODEL_NAME} (which ends in -{digest[:12]})")
        return model_id
