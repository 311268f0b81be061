"""A run from start to model folder; stopped and gone on with; refused where it should be."""

from __future__ import annotations

import csv
import dataclasses
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from fetalhead.errors import FetalheadError
from fetalhead.inference.card_figures import METRICS
from fetalhead.inference.model_folder import ModelFolder
from fetalhead.inference.predictor import Predictor
from fetalhead.options import TrainingOptions
from fetalhead.training.checkpoint import initial_network, network_of_run, steps_done
from fetalhead.training.export import ExportOptions, export
from fetalhead.training.fit import fit
from fetalhead.training.learner import Learner
from fetalhead.training.run_folder import WholeCheckpoints, rows_of, stages_of
from fetalhead.training.supervised import Supervised

TINY = {
    "strategy": "supervised",
    "image_size": "64x96",
    "batch_size": 2,
    "steps": 5,
    "steps_a_round": 2,
    "encoder": "resnet10t",
    "encoder_weights": "none",
    "decoder_channels": (16, 8, 8, 8),
    "average_decay": 0.5,
}


@pytest.fixture(scope="module")
def options(tiny_hc18: Path) -> TrainingOptions:
    return TrainingOptions(data=[f"hc18={tiny_hc18}"], **TINY)


@pytest.fixture(scope="module")
def run(options: TrainingOptions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "whole"
    fit(options, folder)
    return folder


def weights(run: Path, checkpoint: str = "last.ckpt") -> dict[str, torch.Tensor]:
    return torch.load(run / checkpoint, weights_only=True)["state_dict"]


def test_a_run_leaves_what_the_readme_says(run: Path, options: TrainingOptions) -> None:
    for name in ("config.yaml", "log.csv", "curves.png", "best.ckpt", "last.ckpt"):
        assert (run / name).stat().st_size > 0
    assert not list(run.glob("*.partial"))
    assert TrainingOptions.load(run / "config.yaml") == options
    rows = rows_of(run)
    assert [row["step"] for row in rows] == ["2", "4", "5"]
    assert all(0 <= float(row["val_dice"]) <= 1 for row in rows)
    assert float(rows[0]["loss"]) == pytest.approx(
        float(rows[0]["loss_dice"]) + float(rows[0]["loss_cross_entropy"]), rel=1e-4
    )


def test_the_last_checkpoint_is_the_last_and_the_best_the_best(run: Path) -> None:
    rows = rows_of(run)
    best = max(rows, key=lambda row: float(row["val_dice"]))
    assert steps_done(run / "last.ckpt") == 5
    assert steps_done(run / "best.ckpt") == int(best["step"])


def test_a_worse_round_moves_the_last_checkpoint_alone(options: TrainingOptions, tmp_path: Path) -> None:
    # a learning rate this high leaves nothing to be found in the last round
    fit(dataclasses.replace(options, learning_rate=10.0, steps=6, average_decay=0.0), tmp_path / "run")
    dice = [float(row["val_dice"]) for row in rows_of(tmp_path / "run")]
    assert dice.index(max(dice)) < len(dice) - 1, "the last round was not to be better"
    assert steps_done(tmp_path / "run" / "last.ckpt") == 6
    assert steps_done(tmp_path / "run" / "best.ckpt") == 2 * (1 + dice.index(max(dice)))


def test_killed_and_resumed_equals_undisturbed(run: Path, options: TrainingOptions, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    script = (
        "import sys; from pathlib import Path; from fetalhead.training.fit import fit;"
        "from fetalhead.options import TrainingOptions as T;"
        f"fit(T(data={options.data!r}, **{TINY!r}), Path({str(folder)!r}))"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (folder / "last.ckpt").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert (folder / "last.ckpt").exists()
    assert len(rows_of(folder)) < 3, "the run had ended before it was killed"
    fit(options, folder, resume=True)
    assert (folder / "log.csv").read_bytes() == (run / "log.csv").read_bytes()
    undisturbed = weights(run)
    for name, value in weights(folder).items():
        assert torch.equal(value, undisturbed[name]), name
    for name, value in weights(folder, "best.ckpt").items():
        assert torch.equal(value, weights(run, "best.ckpt")[name]), name


def test_a_moved_run_goes_on_from_its_own_name_alone(run: Path, tmp_path: Path) -> None:
    from fetalhead.cli import main

    shutil.copytree(run, tmp_path / "moved")
    assert main(["train", "supervised", "--out", str(tmp_path / "moved"), "--resume"]) == 0
    assert (tmp_path / "moved" / "log.csv").read_bytes() == (run / "log.csv").read_bytes()
    with pytest.raises(FetalheadError, match="steps"):
        fit(dataclasses.replace(TrainingOptions.load(run / "config.yaml"), steps=9), tmp_path / "moved", resume=True)


def test_a_start_that_fails_leaves_the_folder_free(options: TrainingOptions, tmp_path: Path) -> None:
    with pytest.raises(FetalheadError, match="nowhere"):
        fit(dataclasses.replace(options, data=["hc18=/nowhere"]), tmp_path / "run")
    with pytest.raises(FetalheadError, match="nonsense"):
        fit(dataclasses.replace(options, encoder="nonsense"), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_fine_tuning_keeps_the_architecture_it_starts_from(
    run: Path, options: TrainingOptions, tmp_path: Path
) -> None:
    fit(dataclasses.replace(options, init=str(run), steps=1, decoder_channels=(8, 8, 8, 8)), tmp_path / "tuned")
    network, tuned = network_of_run(tmp_path / "tuned")
    assert tuned.decoder_channels == options.decoder_channels == network.architecture.decoder_channels
    assert [stage["steps"] for stage in stages_of(tmp_path / "tuned")] == [5, 1]


def test_a_damaged_checkpoint_is_one_line(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "torn")
    (tmp_path / "torn" / "best.ckpt").write_bytes((run / "best.ckpt").read_bytes()[:5000])
    with pytest.raises(FetalheadError, match=r"best.ckpt: not a whole checkpoint"):
        network_of_run(tmp_path / "torn")


def test_a_full_disk_is_one_line_and_leaves_the_checkpoint_before(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: object, checkpoint: object, path: str, options: object = None) -> None:
        Path(path).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/somewhere")

    monkeypatch.setattr("lightning.pytorch.plugins.io.TorchCheckpointIO.save_checkpoint", full)
    last = shutil.copyfile(run / "last.ckpt", tmp_path / "last.ckpt")
    with pytest.raises(FetalheadError, match=r"last\.ckpt: cannot be written: No space left on device; make room"):
        WholeCheckpoints().save_checkpoint({}, str(last))
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"] and steps_done(last) == 5


def test_a_file_that_is_no_checkpoint_is_one_line(run: Path, options: TrainingOptions, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "other")
    last = tmp_path / "other" / "last.ckpt"
    whole = torch.load(last, weights_only=True)
    weights_of_another = {name: value[:1] for name, value in whole["state_dict"].items() if value.ndim}
    for content, said, exported in (
        (b"hello world\n", "not a whole checkpoint", True),
        (b"", "not a whole checkpoint", True),
        ([1, 2], "no checkpoint of a training run", True),
        ({}, "no checkpoint of a training run", True),
        ({"global_step": 1}, "no checkpoint of a training run", True),
        ({"state_dict": whole["state_dict"]}, "no checkpoint of a training run", True),
        ({"state_dict": whole["state_dict"], "global_step": 1}, "it holds no callbacks; start anew", False),
        (whole | {"state_dict": weights_of_another}, "weights of another network", True),
    ):
        if isinstance(content, bytes):
            last.write_bytes(content)
        else:
            torch.save(content, last)
        with pytest.raises(FetalheadError, match=rf"last\.ckpt: .*{said}") as caught:
            fit(options, tmp_path / "other", resume=True)
        assert "\n" not in str(caught.value)
        if exported:
            with pytest.raises(FetalheadError, match=rf"last\.ckpt: .*{said}"):
                network_of_run(tmp_path / "other", "last.ckpt")


def test_a_configuration_that_is_no_text_is_one_line(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from fetalhead.cli import main

    shutil.copytree(run, tmp_path / "run")
    (tmp_path / "run" / "config.yaml").write_bytes(b"data: [hc18=caf\xe9]\n")
    with pytest.raises(FetalheadError, match=r"config\.yaml: not the configuration of a run") as caught:
        network_of_run(tmp_path / "run")
    assert "\n" not in str(caught.value)
    for words in (["--resume"], ["--config", str(tmp_path / "run" / "config.yaml")]):
        with pytest.raises(SystemExit):
            main(["train", "supervised", "--out", str(tmp_path / "run"), *words])
        said = capsys.readouterr().err
        assert "config.yaml: not UTF-8 text (at byte 15); save it as UTF-8" in said and said.count("\n") == 1


def test_an_option_that_is_given_nothing_is_one_line(
    options: TrainingOptions, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from fetalhead.cli import main

    for line, said in (("steps:", "--steps: nothing is given; wants a whole number"), ("labels:", "--labels: nothing")):
        (tmp_path / "c.yaml").write_text(f"data: [{options.data[0]}]\n{line}\n")
        with pytest.raises(SystemExit):
            main(["train", "supervised", "--config", str(tmp_path / "c.yaml"), "--out", str(tmp_path / "run")])
        assert said in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_folder_with_a_run_is_not_overwritten(run: Path, options: TrainingOptions) -> None:
    with pytest.raises(FetalheadError, match="--resume"):
        fit(options, run)


def test_resume_refuses_other_options(run: Path, options: TrainingOptions) -> None:
    with pytest.raises(FetalheadError, match="learning-rate"):
        fit(dataclasses.replace(options, learning_rate=0.5), run, resume=True)


def test_a_run_that_diverges_stops_with_the_checkpoint_before(options: TrainingOptions, tmp_path: Path) -> None:
    changed = dataclasses.replace(options, learning_rate=1e30, steps=4, steps_a_round=1)
    with pytest.raises(FetalheadError, match=r"^step [23]: .*diverged.*a lower --learning-rate than 1e\+30") as caught:
        fit(changed, tmp_path / "run")
    assert "\n" not in str(caught.value)
    step = int(str(caught.value).split(":")[0].removeprefix("step "))
    assert steps_done(tmp_path / "run" / "last.ckpt") < step
    assert all(value.isfinite().all() for value in weights(tmp_path / "run").values())


def test_weights_that_are_no_numbers_are_not_kept(options: TrainingOptions, tmp_path: Path) -> None:
    """Also where the loss of the last step was one still."""
    def ruined(learner: Learner) -> None:
        if learner.global_step == 4:
            next(learner.network.parameters()).data.fill_(float("nan"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Learner, "on_train_epoch_start", ruined, raising=False)
        patch.setattr(Supervised, "losses", lambda self, network, batch, step: {})
        with pytest.raises(FetalheadError, match=r"^step 5: not all weights are numbers"):
            fit(options, tmp_path / "run")
    assert steps_done(tmp_path / "run" / "last.ckpt") == 4


def test_a_checkpoint_without_its_configuration_is_not_gone_on_from(
    run: Path, options: TrainingOptions, tmp_path: Path
) -> None:
    shutil.copyfile(run / "last.ckpt", tmp_path / "last.ckpt")
    for resume in (False, True):
        with pytest.raises(FetalheadError, match=r"holds last\.ckpt without the config\.yaml"):
            fit(dataclasses.replace(options, seed=7), tmp_path, resume)
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]


@pytest.mark.parametrize("half", [False, True])
def test_export_keeps_what_the_network_says(run: Path, tmp_path: Path, half: bool) -> None:
    model = export(run, tmp_path / "m", ExportOptions("tiny", "last.ckpt", half, flips=False, metrics=()))
    assert set(model.files) == {"model.onnx", "weights.safetensors", "metrics.json", "MODEL_CARD.md"}
    assert {path.name for path in model.path.iterdir()} == {*model.files, "config.json"}
    network, _ = network_of_run(run, "last.ckpt")
    network.eval()
    picture = np.random.default_rng(1).integers(0, 256, (64, 96)).astype(np.uint8)
    with torch.inference_mode():
        image = torch.from_numpy(picture.astype(np.float32))[None, None] / 127.5 - 1
        expected = network(image)["head_logits"].sigmoid().numpy()[0, 0]
    found = Predictor(ModelFolder.load(model.path)).predict(picture).grid_probability
    assert np.abs(found - expected).max() < (0.02 if half else 1e-4)


def test_fine_tuning_starts_from_run_and_from_model(run: Path, tmp_path: Path) -> None:
    model = export(run, tmp_path / "m", ExportOptions("tiny", "best.ckpt", half=False, flips=False, metrics=()))
    published = network_of_run(run)[0].state_dict()
    for source in (run, model.path):
        network, stages = initial_network(source)
        assert [stage["steps"] for stage in stages] == [5]
        for name, value in network.state_dict().items():
            assert torch.equal(value, published[name]), name


def test_export_keeps_what_training_pictures_look_like(
    run: Path, tiny_hc18: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fetalhead.training.familiarity.LEAST_PICTURES", 8)
    wanted = ExportOptions("tiny", "last.ckpt", True, False, (), familiar=(f"hc18={tiny_hc18}",))
    model = export(run, tmp_path / "m", wanted)
    assert "familiarity.json" in model.files
    assert "--half --familiar hc18=DIR" in model.file("MODEL_CARD.md").read_text(encoding="utf-8")
    assert Predictor(model).predict(np.zeros((64, 96), np.uint8)).unlikeness is not None


def test_figures_of_another_model_are_refused(run: Path, tmp_path: Path) -> None:
    before = export(run, tmp_path / "m", ExportOptions("tiny", "best.ckpt", half=True, flips=False, metrics=()))
    (tmp_path / "metrics.json").write_text('{"model_id": "other-123", "overall": {}}')
    with pytest.raises(FetalheadError, match="other-123"):
        export(run, tmp_path / "m", ExportOptions("tiny", "best.ckpt", False, False, (str(tmp_path / "metrics.json"),)))
    assert ModelFolder.load(tmp_path / "m").files == before.files, "the model that was there is still whole"
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["m"]


def test_a_card_of_several_evaluations_names_no_place_and_no_picture_of_ones_own(run: Path, tmp_path: Path) -> None:
    model_id = export(run, tmp_path / "m", ExportOptions("tiny", "best.ckpt", True, False, ())).model_id
    numbers = dict.fromkeys(("mean", "sd", "median", "worst", "low", "high"), 0.5)
    overall = {"images": 1, "subjects": 1, "failures": 0, "metrics": dict.fromkeys(METRICS, numbers)}
    worst = [{"name": "Mrs_Smith.png", "dice": 0.5}]
    outlines = {"model_id": model_id, "data": "hc18", "split": "test", "overall": overall, "bands": {}, "worst": worst}
    way = {"false_heads": 0.25, "dropout": None, "hc_error": None, "jitter": None}
    clips = {"model_id": model_id, "data": f"clips={tmp_path}", "clips": 1, "frames": 4, "head_free_frames": 4}
    documents = {"clips": clips | {"by_frame": way, "smoothed": way}, "outlines": outlines}
    for name, document in documents.items():
        (tmp_path / name).write_text(json.dumps(document))
    given = (f"Lung={tmp_path / 'clips'}", str(tmp_path / "outlines"))
    model = export(run, tmp_path / "m", ExportOptions("tiny", "best.ckpt", True, False, given))
    card, metrics = (model.file(name).read_text() for name in ("MODEL_CARD.md", "metrics.json"))
    assert "### Lung" in card and "| a head where there is none (% of frames) | 25.00 | 25.00 |" in card
    assert "fetalhead export runs/1 --out tiny --checkpoint best --half" in card
    assert "overall" in json.loads(metrics) and json.loads(metrics)["others"][0]["title"] == "Lung"
    for text in (card, metrics):
        assert "Smith" not in text and str(tmp_path) not in text


def test_export_overwrites_nothing_but_a_model(run: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(FetalheadError, match="no model folder"):
        export(run, tmp_path, ExportOptions("tiny", "best.ckpt", half=True, flips=False, metrics=()))
    assert (tmp_path / "thesis.tex").exists()


def test_export_into_the_working_folder(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m").mkdir()
    monkeypatch.chdir(tmp_path / "m")
    for _ in range(2):
        export(run, Path(), ExportOptions("tiny", "best.ckpt", half=True, flips=False, metrics=()))
    assert "config.json" in {path.name for path in Path().iterdir()}, "the folder one is in is still the one it was"
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "--steps 0"),
        ({"seed": -1}, "--seed -1"),
        ({"seed": 5_000_000_000}, "--seed 5000000000: wants a whole number from 0 to 4294967295"),
        ({"weight_decay": -1.0}, "--weight-decay -1.0"),
        ({"weight_decay": float("nan")}, "--weight-decay nan"),
        ({"weight_decay": float("inf")}, "--weight-decay inf"),
        ({"image_size": "32x32", "batch_size": 1}, "--batch-size 1: batch normalisation"),
        ({"image_size": "16x16", "batch_size": 1, "decoder_channels": (8, 8, 8)}, "--batch-size 1: batch"),
        ({"learning_rate": -1.0}, "--learning-rate"),
        ({"average_decay": 1.0}, "--average-decay"),
        ({"image_size": "60x96"}, "multiples of 32, with 4 decoder blocks"),
        ({"image_size": "56x96", "decoder_channels": (8, 8, 8)}, "multiples of 16"),
        ({"decoder_channels": (8,)}, "--decoder-channels"),
        ({"image_size": "big"}, "HxW"),
        ({"data": []}, "--data"),
        ({"data": ["hc18=/nowhere"]}, "/nowhere"),
        ({"data": ["cats=."]}, "cats"),
    ],
)
def test_wrong_options_are_one_line(options: TrainingOptions, change: dict, message: str, tmp_path: Path) -> None:
    with pytest.raises(FetalheadError, match=message) as caught:
        fit(dataclasses.replace(options, **change), tmp_path / "run")
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_two_processes_train_one_network(options: TrainingOptions, tmp_path: Path) -> None:
    """As torchrun starts them on a machine with two devices, here two processes on the CPU."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    command = [*launcher, "-m", "fetalhead",
               "train", "supervised", "--config", str(tmp_path / "c.yaml"), "--out", str(tmp_path / "run")]
    options.save(tmp_path / "c.yaml")
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert [row["step"] for row in rows_of(tmp_path / "run")] == ["2", "4", "5"]
    assert (tmp_path / "run" / "last.ckpt").exists()


def test_the_saved_configuration_starts_the_same_run_again(run: Path, tmp_path: Path) -> None:
    from fetalhead.cli import main

    assert main(["train", "supervised", "--config", str(run / "config.yaml"), "--out", str(tmp_path / "again")]) == 0
    assert (tmp_path / "again" / "log.csv").read_bytes() == (run / "log.csv").read_bytes()


def test_a_run_tells_what_it_cost_and_how_many_pictures_it_had(run: Path, options: TrainingOptions) -> None:
    (stage,) = stages_of(run)
    assert stage["data"] == [
        {"kind": "hc18", "split": "its own", "counts": {"train": [8, 8], "val": [2, 2], "test": [2, 2]}}
    ]
    cost = stage["cost"]
    assert cost["steps"] == 5 and len(cost["devices"]) == 1
    with open(run / "costs.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["step"], row["steps"]) for row in rows] == [("2", "2"), ("4", "2"), ("5", "1")]
    assert all(float(row["seconds"]) > 0 and float(row["processor_seconds"]) > 0 for row in rows)
