"""Which runs a grid has, and what of it is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fetalhead.cli.command import from_values, parse
from fetalhead.errors import FetalheadError
from fetalhead.evaluation.comparison.grid import Grid, planned_runs, unlike, with_equal_time
from fetalhead.options import TrainingOptions, options_class


def read(strategy: str, values: Mapping[str, Any], what: str) -> TrainingOptions:
    return from_values(options_class(strategy), values, what, strategy=strategy)


def grid(hc18: Path, **changes: Any) -> Grid:
    values: dict[str, Any] = {
        "training": {"data": [f"hc18={hc18}"], "steps": 100},
        "arms": {
            "supervised": {},
            "supervised, longer": {"strategy": "supervised", "equal_time": "semi-supervised"},
            "semi-supervised": {"unlabelled_loss": "unimatch", "seeds": [3]},
        },
        "labels": ["5%", "10%"],
        "seeds": [3, 4],
        "evaluate": [f"hc18={hc18}"],
    }
    return Grid(**(values | changes))


def test_runs_come_draw_by_draw_with_their_options(tiny_hc18: Path) -> None:
    runs = planned_runs(grid(tiny_hc18), read)
    assert [(run.seed, run.labels, run.arm) for run in runs] == [
        (3, "5%", "supervised"), (3, "5%", "supervised, longer"), (3, "5%", "semi-supervised"),
        (3, "10%", "supervised"), (3, "10%", "supervised, longer"), (3, "10%", "semi-supervised"),
        (4, "5%", "supervised"), (4, "5%", "supervised, longer"),
        (4, "10%", "supervised"), (4, "10%", "supervised, longer"),
    ]  # fmt: skip
    semi = runs[2].options
    assert (semi.labels, semi.seed, semi.steps, semi.unlabelled_loss) == ("5%", 3, 100, "unimatch")
    assert len({run.place for run in runs}) == len(runs)


def test_equal_time_sets_the_steps(tiny_hc18: Path) -> None:
    runs = planned_runs(grid(tiny_hc18), read)
    seconds = {"supervised": 1.0, "supervised, longer": 0.5, "semi-supervised": 1.25}
    steps = {run.arm: run.options.steps for run in with_equal_time(runs, seconds)}
    assert steps == {"supervised": 100, "supervised, longer": 250, "semi-supervised": 100}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"arms": {}}, "arms: none"),
        ({"arms": {"best": {}}}, "arm best: no strategy 'best'"),
        ({"arms": {"../a": {"strategy": "supervised"}}}, "a name without /"),
        ({"arms": {"supervised": {"equal_time": "multitask"}}}, "equal_time wants another arm"),
        ({"arms": {"supervised": {"equal_time": "supervised"}}}, "equal_time wants another arm"),
        ({"baseline": "multitask"}, "baseline: there is no arm"),
        ({"evaluate": []}, "evaluate: the first data set"),
        ({"corruptions": "frost"}, "--corruptions frost"),
        ({"severities": "9"}, "--severities 9"),
        ({"arms": {"supervised": {"against": "multitask"}}}, "against wants another arm"),
        ({"splits": ["hc19=all"]}, "splits: hc19=all: wants NAME=SPLIT"),
        ({"splits": ["hc18"]}, "splits: =hc18"),
        ({"training": {"seed": 3}}, "seed is set by the grid"),
        ({"seeds": [3, 3]}, "supervised, labels 5%, seed 3: is planned 2 times"),
        ({"labels": ["5%", "5%"]}, "is planned 2 times"),
        ({"arms": {"supervised": {"seeds": [1, 2, 1]}}}, "seed 1: is planned 2 times"),
        ({"arms": {"supervised": {"strategy": ["x"]}}}, "no strategy .'x'."),
        ({"arms": {"supervised": {"equal_time": [1]}}}, "equal_time wants another arm"),
        ({"arms": {"supervised": {"against": {"a": 1}}}}, "against wants another arm"),
        ({"seeds": [], "arms": {"supervised": {}}}, "leaves no run"),
        ({"arms": {"supervised": {"seed": 3}}}, "arm supervised: its draws are seeds, such as seeds: .3."),
        ({"arms": {"supervised": {}, "multitask": {"equal_time": "supervised", "steps": 9}}}, "exclude each other"),
    ],
)
def test_what_makes_no_sense_is_one_line(tiny_hc18: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(FetalheadError, match=words) as caught:
        planned_runs(grid(tiny_hc18, **changes), read)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"alpha": 2}, "alpha"), ({"steps": "many"}, "steps"), ({"steps": 0}, "--steps 0"),
        ({"labels": ["0%"]}, "--labels 0%: wants"), ({"labels": "abc"}, "--labels abc: wants"),
        ({"labels": 0.05}, "--labels 0.05: wants"), ({"labels": {"a": 1}}, "--labels"),
    ],
)
def test_an_arm_s_options_are_checked_by_name(
    tiny_hc18: Path, option: dict[str, Any], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        planned_runs(grid(tiny_hc18, arms={"supervised": option}), read)
    message = capsys.readouterr().err
    assert caught.value.code == 2
    assert message.startswith("arm supervised: ") and words in message and message.count("\n") == 1


def test_the_example_grid_is_a_plan(tiny_hc18: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "hc18").symlink_to(tiny_hc18)
    (tmp_path / "data" / "fetal_head_tv").mkdir()
    monkeypatch.chdir(tmp_path)
    example = Path(__file__).resolve().parents[2] / "examples" / "compare.yaml"
    runs = planned_runs(parse(Grid, ["--config", str(example)], "test"), read)
    assert len(runs) == 36 and {run.labels for run in runs} == {"1%", "5%", "10%"}


def test_the_project_s_own_grid_is_a_plan(
    tiny_hc18: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the first draw's 5 % the three ways to learn can be compared, after the second draw every arm."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "hc18").symlink_to(tiny_hc18)
    for name in ("fetal_head_tv", "psfhs", "fetal_planes"):
        (tmp_path / "data" / name).mkdir()
    monkeypatch.chdir(tmp_path)
    kept = Path(__file__).resolve().parents[2] / "results" / "few_labels" / "grid.yaml"
    made = parse(Grid, ["--config", str(kept)], "test")
    runs = planned_runs(made, read)
    share = [run.arm for run in runs if (run.seed, run.labels) == (10, "5%")]
    assert share == [run.arm for run in runs[: len(share)]]
    assert share == ["supervised", "semi-supervised", "multitask"]
    assert {run.arm for run in runs if run.seed in (10, 11)} == set(made.arms)
    for arm, labels, draws in (("supervised", "1%", 4), ("semi-supervised", "10%", 4), ("multitask", "100%", 3)):
        assert sum(run.arm == arm and run.labels == labels for run in runs) == draws


def test_a_grid_without_labels_and_seeds_has_those_of_the_documentation(tiny_hc18: Path, tmp_path: Path) -> None:
    data = f"hc18={tiny_hc18}"
    (tmp_path / "grid.yaml").write_text(
        f"training: {{data: [{data}]}}\narms: {{supervised: {{}}}}\nevaluate: [{data}]\n"
    )
    made = parse(Grid, ["--config", str(tmp_path / "grid.yaml")], "test")
    assert [(run.labels, run.seed) for run in planned_runs(made, read)] == [("100%", 0)]


def test_labels_may_be_numbers_of_subjects(tiny_hc18: Path, tmp_path: Path) -> None:
    data = f"hc18={tiny_hc18}"
    common = f"training: {{data: [{data}]}}\narms: {{supervised: {{}}}}\nevaluate: [{data}]\ncorruptions: blur\n"
    for labels in ("5", "[5]", "['5']"):
        (tmp_path / "grid.yaml").write_text(f"{common}labels: {labels}\ncorrupted_labels: {labels}\n")
        made = parse(Grid, ["--config", str(tmp_path / "grid.yaml")], "test")
        (run,) = planned_runs(made, read)
        assert (run.labels, run.options.labels) == ("5", "5") and made.corrupts(run)


def test_one_value_is_a_list_of_one_and_an_arm_may_say_nothing(tiny_hc18: Path, tmp_path: Path) -> None:
    data = f"hc18={tiny_hc18}"
    (tmp_path / "grid.yaml").write_text(
        f"training: {{data: {data}}}\narms: {{supervised: }}\nevaluate: {data}\nseeds: 3\nseverities: 5\n"
    )
    made = parse(Grid, ["--config", str(tmp_path / "grid.yaml")], "test")
    (run,) = planned_runs(made, read)
    assert (run.seed, run.options.data, made.evaluate, made.severities) == (3, [data], [data], "5")


def test_arms_that_differ_in_more_than_how_they_learn_are_told(tiny_hc18: Path) -> None:
    assert unlike(planned_runs(grid(tiny_hc18), read)) == [], "steps at equal time are what they are for"
    arms = {"supervised": {"steps": 9}, "semi-supervised": {"encoder": "resnet18"}}
    assert unlike(planned_runs(grid(tiny_hc18, arms=arms), read)) == [
        "note: arms differ in encoder: supervised tf_efficientnet_lite0, semi-supervised resnet18",
        "note: arms differ in steps: supervised 9, semi-supervised 100",
    ]


def test_two_data_sets_of_one_name_are_refused(tiny_hc18: Path, tmp_path: Path) -> None:
    other = tmp_path / tiny_hc18.name
    other.mkdir()
    with pytest.raises(FetalheadError, match="two data sets are called"):
        grid(tiny_hc18, evaluate=[f"hc18={tiny_hc18}", f"masks={other}"])


def test_an_arm_is_compared_with_the_baseline_and_with_the_one_that_it_names(tiny_hc18: Path) -> None:
    arms = {"supervised": {}, "semi-supervised": {"against": "longer"}, "longer": {"strategy": "supervised"}}
    pairs = [("semi-supervised", "supervised"), ("longer", "supervised"), ("semi-supervised", "longer")]
    assert grid(tiny_hc18, arms=arms).pairs == pairs


def test_a_data_set_s_own_split_and_the_runs_that_meet_worse_pictures(tiny_hc18: Path) -> None:
    corrupted = {"corruptions": "blur", "corrupted_labels": ["5%"], "corrupted_seeds": [4]}
    made = grid(tiny_hc18, splits=[f"{tiny_hc18.name}=all"], **corrupted)
    assert (made.split_of(tiny_hc18.name), made.split_of("masks")) == ("all", "test")
    assert {(run.labels, run.seed) for run in planned_runs(made, read) if made.corrupts(run)} == {("5%", 4)}


def test_runs_at_equal_time_wait_until_a_step_s_cost_is_known(tiny_hc18: Path) -> None:
    assert with_equal_time(planned_runs(grid(tiny_hc18), read), {}) == []


def test_the_first_arm_is_what_the_others_are_compared_with(tiny_hc18: Path) -> None:
    assert grid(tiny_hc18).reference == "supervised"
    assert dataclasses.replace(grid(tiny_hc18), baseline="semi-supervised").reference == "semi-supervised"
