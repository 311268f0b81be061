"""From a picture to probabilities, by a model folder and onnxruntime."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fetalhead.catalog import PROVIDERS
from fetalhead.errors import FetalheadError
from fetalhead.images.geometry import Letterbox
from fetalhead.images.texture import texture
from fetalhead.inference import runtime
from fetalhead.inference.familiarity import Familiarity
from fetalhead.inference.model_folder import FAMILIARITY_NAME, HEAD_OUTPUT, MODEL_NAME, PLANE_OUTPUT, ModelFolder

if TYPE_CHECKING:
    import onnxruntime

INPUT = "image"


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What the network says of one picture."""

    grid_probability: npt.NDArray[np.float32]
    """(h, w) head probability on the network's grid, 0 to 1."""
    letterbox: Letterbox
    """How the picture lies within that grid."""
    plane: dict[str, float] | None
    """Probability of each plane; None where the network does not tell planes."""
    model_id: str
    unlikeness: float | None = None
    """How unlike the picture is to those that the model was trained on: 1 for the most unlike of its validation
    pictures. None where the model does not know what those look like."""

    @property
    def head_probability(self) -> npt.NDArray[np.float32]:
        """(H, W) head probability in the picture's own geometry, resized bicubically."""
        return np.asarray(self.letterbox.from_grid(self.grid_probability), dtype=np.float32)

    @property
    def best_plane(self) -> str:
        """The most probable plane; empty where the network does not tell planes."""
        return max(self.plane, key=self.plane.__getitem__) if self.plane else ""


class Predictor:
    """A model ready to run. May be used from several threads at once."""

    def __init__(
        self,
        model: ModelFolder | str | Path,
        provider: str = "cpu",
        threads: int | None = None,
        flips: bool | None = None,
    ) -> None:
        """Load a model folder, given as such, by its path or by a bundled name.

        `provider` is one of `catalog.PROVIDERS`; `threads` limits the cores a picture is computed on (None: all);
        `flips` overrides the model's own choice of averaging over the picture and its mirror image.
        Raises `FetalheadError` where the model cannot be used, or the provider is not there.
        """
        self.folder = model if isinstance(model, ModelFolder) else ModelFolder.load(model)
        self.provider = provider
        self.flips = self.folder.flips if flips is None else flips
        known = FAMILIARITY_NAME in self.folder.files
        self._familiarity = Familiarity.load(self.folder.file(FAMILIARITY_NAME)) if known else None
        self._session = _start(self.folder, provider, threads)

    def predict(self, pixels: npt.NDArray[np.uint8], tallness: float = 1.0) -> Prediction:
        """The prediction for an (H, W) uint8 grey picture of any size.

        `tallness` is the height of its pixels over their width: the network sees the picture in its true proportions,
        and without white or wide black margins.
        """
        if pixels.ndim != 2 or pixels.dtype != np.uint8:
            raise ValueError(f"an (H, W) uint8 picture is wanted, not {pixels.dtype} of shape {pixels.shape}")
        letterbox = Letterbox.of(pixels, self.folder.input_size, tallness)
        grid = letterbox.to_grid(pixels)
        batch = np.stack([grid, grid[:, ::-1]] if self.flips else [grid])[:, np.newaxis]
        slope = np.float32(1 / (255 * self.folder.std))
        image = batch.astype(np.float32) * slope - np.float32(self.folder.mean / self.folder.std)
        values = self._session.run(list(self.folder.outputs), {INPUT: image})
        outputs: dict[str, npt.NDArray[np.float32]] = dict(zip(self.folder.outputs, values, strict=True))
        head = outputs[HEAD_OUTPUT][:, 0]
        probability = (head[0] + head[1, :, ::-1]) / 2 if self.flips else head[0]
        plane = None
        if self.folder.classes:
            shares = outputs[PLANE_OUTPUT].mean(axis=0)
            plane = {name: float(share) for name, share in zip(self.folder.classes, shares, strict=True)}
        known = self._familiarity
        unlikeness = known.unlikeness(texture(letterbox.inner_of(grid))) if known else None
        head_probability = np.ascontiguousarray(probability, dtype=np.float32)
        return Prediction(head_probability, letterbox, plane, self.folder.model_id, unlikeness)


def _start(folder: ModelFolder, provider: str, threads: int | None) -> onnxruntime.InferenceSession:
    if provider not in PROVIDERS:
        raise FetalheadError(f"no provider {provider!r}; there are {', '.join(PROVIDERS)}")
    if threads is not None and threads < 1:
        raise FetalheadError(f"{threads} threads: at least 1 is needed")
    onnxruntime = runtime.onnxruntime()
    wanted, package = PROVIDERS[provider]
    there = onnxruntime.get_available_providers()
    if wanted not in there:
        names = [name for name, (long, _) in PROVIDERS.items() if long in there]
        raise FetalheadError(
            f"provider {provider!r} is not in the installed onnxruntime (which has {', '.join(names)}): "
            f"pip install {package} in its place"
        )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # faults come as exceptions, told in one line; onnxruntime would print them too
    options.inter_op_num_threads = 1
    if threads is not None:
        options.intra_op_num_threads = threads
    path = folder.file(MODEL_NAME)
    # Weights in a side file would be read though no SHA-256 covers them: nothing can be found below a file.
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(path))
    session = _session(path, options, wanted)
    if session.get_providers()[0] != wanted:
        raise FetalheadError(
            f"provider {provider!r} is installed but does not start on this machine; use --provider cpu"
        )
    _check_fit(session, folder, path)
    return session


def _check_fit(session: onnxruntime.InferenceSession, folder: ModelFolder, path: Path) -> None:
    """Raises `FetalheadError` where the network takes or gives something else than `config.json` says."""
    inputs = [value.name for value in session.get_inputs()]
    missing = set(folder.outputs) - {value.name for value in session.get_outputs()}
    if inputs != [INPUT]:
        raise FetalheadError(f"{path}: takes {inputs} where ['{INPUT}'] is wanted")
    if missing:
        raise FetalheadError(f"{path}: lacks the output {', '.join(sorted(missing))} that config.json names")
    sizes = {INPUT: [1, *folder.input_size], HEAD_OUTPUT: [1, *folder.input_size]}
    if folder.classes:
        sizes[PLANE_OUTPUT] = [len(folder.classes)]
    for value in (*session.get_inputs(), *session.get_outputs()):
        for held, told in zip(value.shape[1:], sizes.get(value.name, ()), strict=False):
            if isinstance(held, int) and held != told:
                told_of = f"{path}: its {value.name} is {value.shape[1:]}, and {sizes[value.name]} by config.json"
                raise FetalheadError(f"{told_of}; export the model again")


def _session(path: Path, options: onnxruntime.SessionOptions, provider: str) -> onnxruntime.InferenceSession:
    start: type[onnxruntime.InferenceSession] = runtime.onnxruntime().InferenceSession
    try:
        return start(path.read_bytes(), options, providers=[provider], enable_fallback=0)
    except Exception as error:  # onnxruntime's exceptions have no common base but this
        raise FetalheadError(f"{path}: onnxruntime cannot load it: {_one_line(error)}") from error


def _one_line(error: Any) -> str:
    return " ".join(str(error).split())[:300]
