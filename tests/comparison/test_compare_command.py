"""`fetalhead compare` on phantoms with tiny nets: all files, going on, and runs that fail."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from fetalhead.cli import compare
from fetalhead.errors import FetalheadError
from fetalhead.evaluation.comparison.page import results_page
from fetalhead.evaluation.comparison.speed import known_seconds
from fetalhead.options import TrainingOptions
from fetalhead.training.fit import fit

TRAINING = {
    "image_size": "64x96", "batch_size": 2, "steps": 2, "steps_a_round": 2, "encoder": "resnet10t",
    "encoder_weights": "none", "decoder_channels": [16, 8, 8, 8],
}  # fmt: skip


def write_grid(path: Path, hc18: Path, **changes: Any) -> Path:
    values = {
        "training": TRAINING | {"data": [f"hc18={hc18}"]},
        "arms": {
            "supervised": {},
            "semi-supervised": {"unlabelled_batch": 2, "alpha_ramp": 0.0},
        },
        "labels": ["100%"],
        "seeds": [1, 2],
        "evaluate": [f"hc18={hc18}"],
        "split": "val",
        "corruptions": "blur",
        "severities": "1",
    }
    path.write_text(yaml.safe_dump(values | changes, sort_keys=False))
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def compared(tiny_hc18: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("compared")
    grid = write_grid(folder / "grid.yaml", tiny_hc18)
    assert compare.main([str(grid), "--out", str(folder / "out")]) == 0
    return grid, folder / "out"


def test_one_row_a_run_and_one_a_case(compared: tuple[Path, Path]) -> None:
    _, out = compared
    runs, cases = rows_of(out / "runs.csv"), rows_of(out / "cases.csv")
    assert list(runs[0])[:2] == ["strategy", "arm"]
    assert {"strategy", "labels", "seed", "dice", "iou", "hd_mm", "adf_mm", "failures"} <= set(runs[0])
    assert [(run["strategy"], run["labels"], run["seed"]) for run in runs] == [
        ("supervised", "100%", "1"), ("semi-supervised", "100%", "1"),
        ("supervised", "100%", "2"), ("semi-supervised", "100%", "2"),
    ]  # fmt: skip
    for run in runs:
        own = [case for case in cases if (case["arm"], case["seed"]) == (run["arm"], run["seed"])]
        assert len(own) == int(run["images"]) > 0
        assert float(run["dice"]) == pytest.approx(sum(float(case["dice"]) for case in own) / len(own), rel=1e-5)
        assert 0 <= float(run["dice"]) <= 1
        assert int(run["failures"]) == sum(case["status"] == "no_head" for case in own)


def test_every_arm_is_scored_on_its_last_averaged_weights(compared: tuple[Path, Path]) -> None:
    _, out = compared
    for run in rows_of(out / "runs.csv"):
        place = out / "runs" / run["arm"] / "100_percent" / run["seed"]
        config = json.loads((place / "model" / "config.json").read_text())
        assert config["model_id"] == run["model_id"]
        assert json.loads((place / "model" / "metrics.json").read_text())["step"] == 2
        assert not list(place.rglob("*.ckpt")), "checkpoints are hundreds of megabytes a grid"


def test_figures_and_tables_are_there(compared: tuple[Path, Path]) -> None:
    _, out = compared
    for name in ("label_efficiency", "difficult_100_percent", "robustness_100_percent"):
        assert (out / f"{name}.png").stat().st_size > 10_000
    assert {row["corruption"] for row in rows_of(out / "robustness.csv")} == {"none", "blur"}
    text = (out / "results.md").read_text()
    assert text == results_page(out)
    assert "**4 of 4 runs** are finished" in text and "- 4 runs: processor " in text
    assert "| supervised | 100% | 2 | 1, 2 | - |" in text and "| blur |" in text
    assert "Labels 100%, semi-supervised against supervised (2 draws): " in text
    assert yaml.safe_load((out / "grid.yaml").read_text()) == yaml.safe_load(compared[0].read_text())


def test_what_is_finished_is_collected_without_training(
    compared: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also while another process trains: a run without its evaluations is not there yet."""
    grid, out = compared
    copy = tmp_path / "out"
    shutil.copytree(out, copy)
    shutil.rmtree(copy / "runs" / "semi-supervised" / "100_percent" / "2" / "evaluations")
    (copy / "results.md").unlink()
    monkeypatch.setattr("fetalhead.cli.grid_run._carry_out", lambda *_: pytest.fail("trained or evaluated"))
    assert compare.main([str(grid), "--out", str(copy), "--collect"]) == 0
    assert "3 of 4 runs compared, 1 are not finished" in capsys.readouterr().err
    assert [row["finished"] for row in rows_of(copy / "plan.csv")] == ["yes", "yes", "yes", "no"]
    assert [(run["arm"], run["seed"]) for run in rows_of(copy / "runs.csv")] == [
        ("supervised", "1"), ("semi-supervised", "1"), ("supervised", "2"),
    ]  # fmt: skip
    text = (copy / "results.md").read_text()
    assert "| semi-supervised | 100% | 2 | 1 | 2 |" in text and "which one draw cannot tell from chance" in text


def test_before_the_first_run_the_page_says_so(
    compared: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fetalhead.training.step_cost.seconds_a_step", lambda *_: pytest.fail("timed a step"))
    assert compare.main([str(compared[0]), "--out", str(tmp_path), "--collect"]) == 0
    assert "**0 of 4 runs** are finished" in (tmp_path / "results.md").read_text()
    assert {row["finished"] for row in rows_of(tmp_path / "plan.csv")} == {"no"}


def test_an_arm_that_joins_leaves_what_a_step_costs_as_it_is(
    compared: tuple[Path, Path], tmp_path: Path, tiny_hc18: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is timed beside a known one and told in that one's seconds; runs at equal time keep their steps."""
    (tmp_path / "speed.json").write_text('{"supervised": 2.0}')
    asked: list[list[str]] = []

    def timed(runs: list[TrainingOptions], tell: object) -> list[float]:
        asked.append([run.strategy for run in runs])
        return [0.5, 1.5]

    monkeypatch.setattr("fetalhead.training.step_cost.seconds_a_step", timed)
    assert compare.main([str(compared[0]), "--out", str(tmp_path), "--plan"]) == 0
    assert asked == [["supervised", "semi-supervised"]]
    assert known_seconds(tmp_path) == {"supervised": 2.0, "semi-supervised": 6.0}


def test_an_arm_whose_options_changed_is_timed_anew(
    compared: tuple[Path, Path], tmp_path: Path, tiny_hc18: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as it has no runs; the others' seconds stay, and so do those of runs that only draw otherwise."""
    asked: list[list[str]] = []

    def timed(runs: list[TrainingOptions], tell: object) -> list[float]:
        asked.append([run.strategy for run in runs])
        return [1.0 if run.strategy == "supervised" else 3.0 + len(asked) for run in runs]

    monkeypatch.setattr("fetalhead.training.step_cost.seconds_a_step", timed)
    assert compare.main([str(compared[0]), "--out", str(tmp_path), "--plan"]) == 0
    assert known_seconds(tmp_path) == {"supervised": 1.0, "semi-supervised": 4.0}
    other_draws = write_grid(tmp_path / "draws.yaml", tiny_hc18, seeds=[7], labels=["50%"])
    assert compare.main([str(other_draws), "--out", str(tmp_path), "--plan"]) == 0
    assert len(asked) == 1
    arms = {"supervised": {}, "semi-supervised": {"unlabelled_batch": 1, "alpha_ramp": 0.0}}
    changed = write_grid(tmp_path / "changed.yaml", tiny_hc18, arms=arms)
    assert compare.main([str(changed), "--out", str(tmp_path), "--plan"]) == 0
    assert asked[1:] == [["supervised", "semi-supervised"]], "beside one that is known"
    assert known_seconds(tmp_path) == {"supervised": 1.0, "semi-supervised": 5.0}


def test_pictures_of_a_like_named_folder_elsewhere_are_scored_anew(
    compared: tuple[Path, Path], tmp_path: Path, tiny_hc18: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, moved = tmp_path / "out", tmp_path / "moved" / tiny_hc18.name
    shutil.copytree(compared[1], out)
    shutil.copytree(tiny_hc18, moved)
    training = TRAINING | {"data": [f"hc18={tiny_hc18}"]}
    grid = write_grid(tmp_path / "grid.yaml", tiny_hc18, training=training, evaluate=[f"hc18={moved}"])
    assert compare.main([str(grid), "--out", str(out), "--collect"]) == 0
    said = capsys.readouterr().err
    assert f"{tiny_hc18.name} was scored from {tiny_hc18}: left out" in said and "0 of 4 runs compared" in said


def test_an_arm_that_is_fine_tuned_goes_on_and_is_collected(tiny_hc18: Path, tmp_path: Path) -> None:
    """Its network is the one it begins with, whose widths the grid does not know."""
    training = TrainingOptions(**TRAINING | {"data": [f"hc18={tiny_hc18}"], "decoder_channels": [8, 8, 8, 8]})
    fit(training, tmp_path / "first")
    arms = {"tuned": {"strategy": "supervised", "init": str(tmp_path / "first")}}
    grid = write_grid(tmp_path / "grid.yaml", tiny_hc18, arms=arms, seeds=[1], corruptions="")
    for more in ([], [], ["--collect"]):
        assert compare.main([str(grid), "--out", str(tmp_path / "out"), *more]) == 0
    assert len(rows_of(tmp_path / "out" / "runs.csv")) == 1


def test_patients_who_are_learnt_from_are_not_scored(tiny_hc18: Path, tmp_path: Path) -> None:
    grid = write_grid(tmp_path / "grid.yaml", tiny_hc18, split="all")
    with pytest.raises(FetalheadError, match=r"pictures of its split all are of patients who are learnt from"):
        compare.main([str(grid), "--out", str(tmp_path / "out"), "--plan"])
    copy = tmp_path / "elsewhere" / "copied"
    shutil.copytree(tiny_hc18, copy)
    grid = write_grid(tmp_path / "grid.yaml", tiny_hc18, evaluate=[f"hc18={tiny_hc18}", f"hc18={copy}"],
                      splits=["copied=train"])  # fmt: skip
    with pytest.raises(FetalheadError, match=r"copied: \d+ pictures of its split train"):
        compare.main([str(grid), "--out", str(tmp_path / "out"), "--plan"])


def test_a_plan_counts_what_is_left_to_train(
    compared: tuple[Path, Path], tmp_path: Path, tiny_hc18: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = write_grid(tmp_path / "grid.yaml", tiny_hc18, seeds=[1, 2, 3])
    shutil.copytree(compared[1], tmp_path / "out")
    assert compare.main([str(grid), "--out", str(tmp_path / "out"), "--plan"]) == 0
    said = capsys.readouterr().out
    assert "semi-supervised: 1 of 3 runs of 2 steps" in said and "2 runs to train" in said
    assert compare.main([str(grid), "--out", str(tmp_path / "new"), "--known", str(compared[1]), "--plan"]) == 0
    assert "2 runs to train" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("machines.json", "{", r"machines\.json: damaged"),
        ("runs.csv", "arm,labels,seed\nsupervised,100%,1\n", r"runs\.csv: has no column machine"),
        ("cases.csv", "a,b\n1,2\n", r"cases\.csv: has no column arm"),
        ("grid.yaml", None, r"holds no grid\.yaml"),
    ],
)
def test_known_results_that_are_damaged_are_one_line(
    compared: tuple[Path, Path], tmp_path: Path, name: str, text: str | None, words: str
) -> None:
    known = tmp_path / "known"
    shutil.copytree(compared[1], known, ignore=shutil.ignore_patterns("runs"))
    if text is None:
        (known / name).unlink()
    else:
        (known / name).write_text(text)
    with pytest.raises(FetalheadError, match=words):
        compare.main([str(compared[0]), "--out", str(tmp_path / "out"), "--known", str(known), "--collect"])


def test_what_is_done_is_not_done_again(compared: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    grid, out = compared
    before = {path: path.stat().st_mtime_ns for path in (out / "runs").rglob("*.onnx")}
    monkeypatch.setattr("fetalhead.training.fit.fit", lambda *_, **__: pytest.fail("trained again"))
    assert compare.main([str(grid), "--out", str(out)]) == 0
    assert {path: path.stat().st_mtime_ns for path in (out / "runs").rglob("*.onnx")} == before


def test_a_part_that_is_missing_is_made_up_for(compared: tuple[Path, Path], tmp_path: Path, tiny_hc18: Path) -> None:
    grid, out = compared
    copy = tmp_path / "out"
    shutil.copytree(out, copy)
    shutil.rmtree(copy / "runs" / "supervised" / "100_percent" / "1" / "evaluations")
    (copy / "runs.csv").unlink()
    assert compare.main([str(grid), "--out", str(copy)]) == 0
    assert (copy / "runs.csv").read_text() == (out / "runs.csv").read_text()


def test_a_run_of_other_options_is_refused_and_the_others_go_on(
    compared: tuple[Path, Path], tmp_path: Path, tiny_hc18: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out = compared
    copy = tmp_path / "out"
    shutil.copytree(out, copy)
    arms = {"supervised": {"weight_decay": 0.5}, "semi-supervised": {"unlabelled_batch": 2, "alpha_ramp": 0.0}}
    grid = write_grid(tmp_path / "grid.yaml", tiny_hc18, arms=arms)
    assert compare.main([str(grid), "--out", str(copy)]) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("fetalhead compare")]
    note, *faults = lines
    assert "arms differ in weight-decay: supervised 0.5, semi-supervised 0.01" in note
    assert len(faults) == 2 and all("its --weight-decay was another" in line for line in faults)


def test_runs_that_are_known_from_elsewhere_are_not_trained_again(
    compared: tuple[Path, Path], tmp_path: Path, tiny_hc18: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the other machine there are the small files only; one draw more is asked for here."""
    known, out = tmp_path / "known", tmp_path / "out"
    known.mkdir()
    for path in compared[1].glob("*.*"):
        if path.suffix != ".png":
            shutil.copyfile(path, known / path.name)
    grid = write_grid(tmp_path / "grid.yaml", tiny_hc18, seeds=[1, 2, 3])
    trained: list[str] = []
    monkeypatch.setattr("fetalhead.cli.grid_run._carry_out", lambda run, *_: trained.append(str(run)))
    assert compare.main([str(grid), "--out", str(out), "--known", str(known)]) == 0
    assert trained == ["supervised, labels 100%, seed 3", "semi-supervised, labels 100%, seed 3"]
    for name in ("runs.csv", "cases.csv", "robustness.csv", "robustness_cases.csv", "differences.csv", "speed.json"):
        assert (out / name).read_text() == (known / name).read_text(), name
    assert "**4 of 6 runs** are finished" in (out / "results.md").read_text()
    assert (out / "label_efficiency.png").is_file()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"training": TRAINING | {"weight_decay": 0.5}}, "supervised, labels 100%, seed 1 with other options"),
        ({"severities": "1,5"}, "severities in its grid.yaml differs"),
    ],
    ids=["trained", "scored"],
)
def test_known_runs_that_were_made_otherwise_are_refused(
    compared: tuple[Path, Path], tmp_path: Path, tiny_hc18: Path, changes: dict[str, Any], words: str
) -> None:
    training = changes.pop("training", TRAINING) | {"data": [f"hc18={tiny_hc18}"]}
    grid = write_grid(tmp_path / "grid.yaml", tiny_hc18, training=training, **changes)
    with pytest.raises(FetalheadError, match=words):
        compare.main([str(grid), "--out", str(tmp_path / "out"), "--known", str(compared[1]), "--collect"])


def test_a_folder_without_a_grid_is_no_comparison(compared: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(FetalheadError, match=r"--known .*: holds no grid.yaml"):
        compare.main([str(compared[0]), "--out", str(tmp_path / "out"), "--known", str(tmp_path), "--collect"])


def test_the_plan_alone_trains_nothing(
    compared: tuple[Path, Path], tmp_path: Path, tiny_hc18: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arms = {"supervised": {}, "longer": {"strategy": "supervised", "equal_time": "supervised"}}
    grid = write_grid(tmp_path / "grid.yaml", tiny_hc18, arms=arms)
    assert compare.main([str(grid), "--out", str(tmp_path / "out"), "--plan"]) == 0
    told = capsys.readouterr()
    assert "4 runs to train, about" in told.out
    assert "timing a step of 1 ways to train" in told.err, "two arms of one cost are timed once"
    assert len(set(known_seconds(tmp_path / "out").values())) == 1
    assert not (tmp_path / "out" / "runs").exists()


def test_what_was_scored_otherwise_is_scored_again_and_until_then_left_out(
    compared: tuple[Path, Path], tmp_path: Path, tiny_hc18: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    copy = tmp_path / "out"
    shutil.copytree(compared[1], copy)
    arms = {"supervised": {}}
    more = {"arms": arms, "seeds": [1], "corruptions": "blur,noise", "split": "test"}
    for changes, told in (({}, "scored on split val, not test"), ({"split": "val"}, "not scored on all that the grid")):
        grid = write_grid(tmp_path / "grid.yaml", tiny_hc18, **(more | changes))
        assert compare.main([str(grid), "--out", str(copy), "--collect"]) == 0
        said = capsys.readouterr().err
        assert told in said and "0 of 1 runs compared" in said
    monkeypatch.setattr("fetalhead.training.fit.fit", lambda *_, **__: pytest.fail("trained again"))
    for changes in ({}, {"split": "val"}):
        grid = write_grid(tmp_path / "grid.yaml", tiny_hc18, **(more | changes))
        assert compare.main([str(grid), "--out", str(copy)]) == 0
        assert "it is scored again" in capsys.readouterr().err
        (run,) = rows_of(copy / "runs.csv")
        assert run["split"] == (more | changes)["split"]
        assert {row["corruption"] for row in rows_of(copy / "robustness.csv")} == {"none", "blur", "noise"}
    fewer = write_grid(tmp_path / "grid.yaml", tiny_hc18, arms=arms, seeds=[1])
    assert compare.main([str(fewer), "--out", str(copy)]) == 0
    assert "scored again" not in capsys.readouterr().err
    assert {row["corruption"] for row in rows_of(copy / "robustness.csv")} == {"none", "blur"}
    (first, *_) = rows_of(compared[1] / "runs.csv")
    (again,) = rows_of(copy / "runs.csv")
    assert again["dice"] == first["dice"] and again["model_id"] == first["model_id"]


def test_a_damaged_evaluation_is_made_again(
    compared: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "out"
    shutil.copytree(compared[1], copy)
    place = copy / "runs" / "supervised" / "100_percent" / "1"
    (title,) = (place / "evaluations").iterdir()
    for text in ("{", "", "[]"):
        (title / "metrics.json").write_text(text)
        assert compare.main([str(compared[0]), "--out", str(copy), "--collect"]) == 0
        said = capsys.readouterr().err
        assert "metrics.json" in said and "3 of 4 runs compared, 1 are not finished" in said
    (place / "machine.json").write_text("{")
    assert compare.main([str(compared[0]), "--out", str(copy)]) == 0
    assert "4 of 4 runs compared" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", '{"superv', "[1]", '{"supervised": "fast"}', '{"supervised": 0}'])
def test_a_damaged_record_of_speed_is_made_anew(
    compared: tuple[Path, Path], tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "speed.json").write_text(text)
    with pytest.raises(FetalheadError, match=r"speed\.json: does not tell the seconds"):
        compare.main([str(compared[0]), "--out", str(tmp_path), "--collect"])
    monkeypatch.setattr("fetalhead.training.step_cost.seconds_a_step", lambda runs, tell: [0.5] * len(runs))
    assert compare.main([str(compared[0]), "--out", str(tmp_path), "--plan"]) == 0
    assert known_seconds(tmp_path) == {"supervised": 0.5, "semi-supervised": 0.5}
    assert [path.name for path in tmp_path.iterdir()] == ["speed.json"]


def test_known_runs_that_met_no_worse_pictures_are_refused_where_some_are_asked_for(
    compared: tuple[Path, Path], tmp_path: Path, tiny_hc18: Path
) -> None:
    known = tmp_path / "known"
    shutil.copytree(compared[1], known, ignore=shutil.ignore_patterns("runs"))
    write_grid(known / "grid.yaml", tiny_hc18, corrupted_seeds=[2])
    with pytest.raises(FetalheadError, match=r"did not score supervised, labels 100%, seed 1 on pictures made worse"):
        compare.main([str(compared[0]), "--out", str(tmp_path / "out"), "--known", str(known), "--collect"])


def test_known_runs_bring_no_worse_pictures_that_were_not_asked_for(
    compared: tuple[Path, Path], tmp_path: Path, tiny_hc18: Path
) -> None:
    grid = write_grid(tmp_path / "grid.yaml", tiny_hc18, corrupted_seeds=[2])
    known = ["--known", str(compared[1]), "--collect"]
    assert compare.main([str(grid), "--out", str(tmp_path / "out"), *known]) == 0
    for name in ("robustness.csv", "robustness_cases.csv"):
        with open(tmp_path / "out" / name, newline="") as stream:
            assert {row["seed"] for row in csv.DictReader(stream)} == {"2"}


def test_files_of_an_earlier_grid_do_not_stay(compared: tuple[Path, Path], tmp_path: Path, tiny_hc18: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(compared[1], out)
    (out / "elsewhere.csv").write_text("strategy,arm\n")
    (out / "robustness_7_percent.png").write_bytes(b"")
    grid = write_grid(tmp_path / "grid.yaml", tiny_hc18, arms={"supervised": {}}, corruptions="")
    assert compare.main([str(grid), "--out", str(out), "--collect"]) == 0
    left = {path.name for path in out.iterdir()}
    assert "cases.csv" in left and not left & {"elsewhere.csv", "robustness.csv", "robustness_cases.csv"}
    assert "differences.csv" not in left and not [name for name in left if name.startswith("robustness")]


def test_collecting_wants_what_a_comparison_begins_with(compared: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copyfile(compared[1] / "runs.csv", tmp_path / "runs.csv")
    with pytest.raises(FetalheadError, match=r"no speed\.json, which a comparison begins with"):
        compare.main([str(compared[0]), "--out", str(tmp_path), "--collect"])
    assert [path.name for path in tmp_path.iterdir()] == ["runs.csv"]


def test_known_runs_of_other_steps_are_refused(compared: tuple[Path, Path], tmp_path: Path) -> None:
    known = tmp_path / "known"
    shutil.copytree(compared[1], known, ignore=shutil.ignore_patterns("runs"))
    lines = (known / "runs.csv").read_text().splitlines()
    steps = lines[0].split(",").index("steps")
    cells = [line.split(",") for line in lines]
    cells[1][steps] = "77"
    (known / "runs.csv").write_text("\n".join(",".join(row) for row in cells) + "\n")
    with pytest.raises(FetalheadError, match=r"trained .* for 77 steps"):
        compare.main([str(compared[0]), "--out", str(tmp_path / "out"), "--known", str(known), "--collect"])


def test_a_run_that_diverges_is_told_and_not_scored(
    tmp_path: Path, tiny_hc18: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    training = TRAINING | {"data": [f"hc18={tiny_hc18}"], "learning_rate": 1e30, "steps": 4, "steps_a_round": 1}
    grid = write_grid(tmp_path / "grid.yaml", tiny_hc18, training=training, arms={"supervised": {}}, seeds=[1])
    (tmp_path / "speed.json").write_text('{"supervised": 1.0}')
    assert compare.main([str(grid), "--out", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "supervised, labels 100%, seed 1: step " in said and "training has diverged" in said
    assert "0 of 1 runs compared" in said
    assert {path.name for path in (tmp_path / "runs/supervised/100_percent/1").iterdir()} == {"training", ".lock"}
