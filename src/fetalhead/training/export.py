"""From a training run to a model folder that explains itself."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from safetensors.torch import save

import fetalhead
from fetalhead.biometry.uncertainty import LEVEL, allowance_mm, calibrated, unseen_mm
from fetalhead.catalog import DATA_KINDS, PLANES
from fetalhead.datasets import open_data
from fetalhead.datasets.splits import published
from fetalhead.errors import FetalheadError
from fetalhead.images.image import UltrasoundImage
from fetalhead.inference.card_figures import kind_of
from fetalhead.inference.measuring import measure_image
from fetalhead.inference.model_card import model_card
from fetalhead.inference.model_folder import FORMAT, MODEL_NAME, ModelFolder, sha256
from fetalhead.inference.predictor import Predictor
from fetalhead.models.onnx_export import export_onnx, output_names
from fetalhead.models.unet import MEAN, STD, UNet, normalise
from fetalhead.options import TrainingOptions
from fetalhead.progress import progress
from fetalhead.training.checkpoint import WEIGHTS, network_of_run, steps_done
from fetalhead.training.familiarity import familiarise
from fetalhead.training.model_place import CARD_NAME, METRICS_NAME, check_place, configure, replace_model
from fetalhead.training.run_folder import rows_of, stages_of

LARGEST_DIFFERENCE = {False: 1e-4, True: 0.05}
"""Of any probability between torch and onnxruntime, by whether weights are halved."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    name: str
    checkpoint: str
    """best.ckpt or last.ckpt."""
    half: bool
    flips: bool
    metrics: tuple[str, ...]
    """`metrics.json` of evaluations of this very model, to go with it; `TITLE=FILE` says what a data set is called."""
    calibrate: str | None = None
    """The data set `KIND=DIR` on whose validation subjects the interval of HC is set; None for no interval."""
    familiar: tuple[str, ...] = ()
    """The data sets `KIND=DIR` whose training pictures tell what pictures the model knows."""


def export(run: Path, folder: Path, options: ExportOptions) -> ModelFolder:
    """Write the model folder of `run` as `folder`, after a check that onnxruntime says what torch says.

    An earlier model in `folder` is replaced, when the new one is whole and not before. Raises `FetalheadError` where
    the run has no such checkpoint, the figures are another model's, the two disagree, or `folder` holds anything
    else than a model.
    """
    check_place(folder)
    network, trained = network_of_run(run, options.checkpoint)
    network.eval()
    place = folder.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{place.name}.", suffix=".partial", dir=place.parent) as temporary:
        partial = Path(temporary)
        _write(network, trained, run, partial, options)
        _check_parity(network, trained, ModelFolder.load(partial), options.half)
        if options.familiar:
            familiarise(partial, options.familiar)
        if options.calibrate:
            _calibrate(partial, options.calibrate)
        replace_model(place, partial)
    return ModelFolder.load(folder)


def _write(network: UNet, trained: TrainingOptions, run: Path, folder: Path, options: ExportOptions) -> None:
    export_onnx(network, trained.grid, folder / MODEL_NAME, options.half)
    _save_weights(network, folder / WEIGHTS, options.half)
    model_id = f"{options.name}-{sha256(folder / MODEL_NAME)[:12]}"
    stages = stages_of(run)
    write_figures(folder, model_id, stages, _evaluations(run, options, model_id), options)
    config = {
        "format": FORMAT,
        "name": options.name,
        "model_id": model_id,
        "version": fetalhead.__version__,
        "architecture": network.architecture.to_dict(),
        "input_size": list(trained.grid),
        "normalisation": {"mean": MEAN, "std": STD},
        "outputs": output_names(network),
        "classes": list(PLANES[: network.architecture.planes]),
        "flips": options.flips,
        "training": {"stages": stages},
    }
    configure(folder, config)


def write_figures(
    folder: Path, model_id: str, stages: list[dict[str, Any]], documents: list[dict[str, Any]], options: ExportOptions
) -> None:
    """`metrics.json` and the card of a model of these stages of training, from its evaluations, the chief one first."""
    first, *others = documents
    metrics = first | ({"others": others} if others else {})
    (folder / METRICS_NAME).write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    card = model_card(options.name, model_id, stages, documents, _command(len(stages), options))
    (folder / CARD_NAME).write_text(card, encoding="utf-8")


def _calibrate(folder: Path, data: str) -> None:
    """Add the interval's calibration to the folder's configuration. Raises `FetalheadError`."""
    predictor = Predictor(ModelFolder.load(folder))
    errors, allowances, unseen, subjects = [], [], [], []
    cases = [case for case in open_data(data).cases if case.split == "val" and case.annotation_path and case.pixel_size]
    for case in progress(cases, "calibrate"):
        image = UltrasoundImage(case.pixels(), case.pixel_size)
        measured, prediction = measure_image(image, predictor)
        if measured.hc_mm is None or prediction is None:
            continue  # no head found: evaluate counts it, and there is no HC whose error could be told
        reference = case.ellipse(image.shape).scaled(case.pixel_size.x, case.pixel_size.y).perimeter
        errors.append(measured.hc_mm - reference)
        allowances.append(allowance_mm(measured, prediction.grid_probability, prediction.letterbox) or math.nan)
        unseen.append(unseen_mm(measured))
        subjects.append(case.subject)
    try:
        found = calibrated(errors, allowances, unseen, subjects)
    except ValueError as error:
        raise FetalheadError(f"--calibrate {data}: validation: {error}") from error
    configure(folder, {"calibration": {"level": LEVEL, **asdict(found)}})


def _save_weights(network: UNet, path: Path, half: bool) -> None:
    def stored(value: torch.Tensor) -> torch.Tensor:
        return value.half() if half and value.is_floating_point() and value.ndim > 1 else value

    path.write_bytes(save({name: stored(value).contiguous() for name, value in network.state_dict().items()}))


def _evaluations(run: Path, options: ExportOptions, model_id: str) -> list[dict[str, Any]]:
    """The evaluations' figures where given, outlines first; else what validation said of the checkpoint."""
    if options.metrics:
        return evaluations_of(options.metrics, model_id)
    step = steps_done(run / options.checkpoint)
    rows = [row for row in rows_of(run) if int(row["step"]) == step]
    if not rows:
        raise FetalheadError(f"{run}: its log.csv has no row for step {step} of {options.checkpoint}")
    validation = {
        "model_id": model_id,
        "split": "val",
        "on": "masks on the network's grid",
        "step": step,
        "dice": float(rows[0]["val_dice"]),
        "iou": float(rows[0]["val_iou"]),
    }
    return [validation]


def evaluations_of(arguments: Sequence[str], model_id: str) -> list[dict[str, Any]]:
    """The documents of `--metrics`, outlines first. Raises `FetalheadError`, also where one is another model's."""
    found = [_evaluation(argument, model_id) for argument in arguments]
    return sorted(found, key=lambda document: kind_of(document) != "outlines")


def _evaluation(argument: str, model_id: str) -> dict[str, Any]:
    """The document of `FILE` or `TITLE=FILE`, without places on this machine and names of pictures not published."""
    title, equals, place = argument.partition("=")
    if not equals or Path(argument).is_file():
        title, place = "", argument
    try:
        document = json.loads(Path(place).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FetalheadError(f"{place}: not the metrics.json of an evaluation: {error}") from error
    if not isinstance(document, dict) or not kind_of(document):
        raise FetalheadError(f"{place}: not the metrics.json of an evaluation")
    if document.get("model_id") != model_id:
        raise FetalheadError(f"{place}: figures of {document.get('model_id')}, not of this model, {model_id}")
    document["data"] = kind_without_place(document)
    if not {case["name"] for case in document.get("worst", ())} <= published("hc18").keys():
        del document["worst"]
    return document | ({"title": title} if title else {})


def kind_without_place(document: Mapping[str, Any]) -> str:
    """The kind of data that an evaluation's `metrics.json` tells of; of a plain folder of clips, what it holds."""
    kind = str(document.get("data", "")).partition("=")[0]
    if kind.partition(":")[0] in (*DATA_KINDS, "cines", "clips"):
        return kind
    if kind_of(document) != "clips":
        return ""
    return "clips" if document["head_free_frames"] == document.get("frames") else "cines"


def _command(stages: int, options: ExportOptions) -> str:
    """The export, for the card."""
    words = [f"fetalhead export runs/{stages} --out {options.name} --checkpoint {Path(options.checkpoint).stem}"]
    words += ["--half"] if options.half else []
    words += ["--flips"] if options.flips else []
    words += [f"--calibrate {options.calibrate.partition('=')[0]}=DIR"] if options.calibrate else []
    words += [f"--familiar {data.partition('=')[0]}=DIR" for data in options.familiar]
    return " ".join(words)


def _check_parity(network: UNet, trained: TrainingOptions, folder: ModelFolder, half: bool) -> None:
    """On smooth random pictures, which excite a network as pictures do and white noise does not."""
    rng = np.random.default_rng(0)
    coarse = torch.from_numpy(rng.random((4, 1, trained.grid[0] // 8, trained.grid[1] // 8), dtype=np.float32))
    pictures = torch.nn.functional.interpolate(coarse, size=trained.grid, mode="bicubic").clamp(0, 1)
    pictures = (pictures * 255).round()
    with torch.inference_mode():
        outputs = network(normalise(pictures / 255))
    expected = outputs["head_logits"].sigmoid().numpy()[:, 0]
    predictor = Predictor(folder, flips=False)
    found = [predictor.predict(picture[0].numpy().astype(np.uint8)) for picture in pictures]
    difference = float(np.abs(np.stack([one.grid_probability for one in found]) - expected).max())
    if "plane_logits" in outputs:
        planes = np.array([list((one.plane or {}).values()) for one in found])
        difference = max(difference, float(np.abs(planes - outputs["plane_logits"].softmax(dim=1).numpy()).max()))
    if not difference <= LARGEST_DIFFERENCE[half]:
        raise FetalheadError(f"onnxruntime and torch differ by {difference:.2g} in probability: nothing was exported")
