"""The strategy that `docs/extending.md` adds, trained as the page says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import torch

from fetalhead.catalog import STRATEGIES
from fetalhead.cli import main
from fetalhead.cli.command import parse
from fetalhead.options import options_class
from fetalhead.training.run_folder import rows_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "extending.md"


def test_the_page_s_strategy_trains(tiny_hc18: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, entry = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (tmp_path / "cross_pseudo_supervision.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    added = ast.literal_eval("{" + entry + "}")["cross-pseudo-supervision"]
    added["class"] = added["class"].removeprefix("fetalhead.training.")
    monkeypatch.setitem(STRATEGIES, "cross-pseudo-supervision", added)
    run = tmp_path / "run"
    options = [
        "--labels=50%", "--steps=3", "--steps-a-round=2", "--batch-size=2", "--unlabelled-batch=2",
        "--image-size=64x96", "--encoder=resnet10t", "--encoder-weights=none", "--decoder-channels=[8,8,8,8]",
    ]  # fmt: skip
    common = ["train", "cross-pseudo-supervision", "--data", f"hc18={tiny_hc18}", "--out", str(run)]
    assert main([*common, *options]) == 0
    last = rows_of(run)[-1]
    for name in ("dice", "cross_entropy", "unlabelled", "other_dice", "other_cross_entropy", "other_unlabelled"):
        assert float(last[f"loss_{name}"]) > 0
    state = torch.load(run / "last.ckpt", weights_only=True)["current_model_state"]
    first = {name: value for name, value in state.items() if name.startswith("network.")}
    assert any(not torch.equal(value, state["strategy.other." + name[8:]]) for name, value in first.items())


ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = [path for path in sorted(ROOT.glob("examples/*.yaml")) if path.stem != "compare"]  # that one is a grid
RECIPES = sorted(ROOT.glob("recipes/*.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_the_example_configurations_start(example: Path, tiny_hc18: Path, tmp_path: Path) -> None:
    strategy = re.search(r"fetalhead train (\S+)", example.read_text())[1]
    small = ["--steps=1", "--batch-size=2", "--image-size=32x32", "--encoder=resnet10t", "--encoder-weights=none"]
    command = ["train", strategy, "--config", str(example), f"--data=hc18={tiny_hc18}", f"--out={tmp_path / 'run'}"]
    assert main([*command, *small]) == 0


@pytest.mark.parametrize("recipe", RECIPES, ids=[path.stem for path in RECIPES])
def test_the_recipes_are_options_as_they_stand(recipe: Path) -> None:
    strategy = re.search(r"fetalhead train (\S+)", recipe.read_text())[1]
    options = parse(options_class(strategy), ["--config", str(recipe)], "test", strategy=strategy)
    assert options.steps > 1000 and options.data[0] == "hc18=data/hc18"


def test_unknown_keys_and_other_strategies_options_are_refused_by_name(
    tiny_hc18: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c.yaml").write_text("alfa: 1\n")
    common = ["--data", f"hc18={tiny_hc18}", "--out", str(tmp_path / "run")]
    for argv, word in (
        (["semi-supervised", "--config", str(tmp_path / "c.yaml")], "alfa"),
        (["supervised", "--alpha", "1"], "--alpha"),
        (["semi-supervised", "--beta", "1"], "--beta"),
        (["semi-supervised", "--unlabelled-loss", "magic"], "magic"),
        (["semi-supervised", "--alpha", "-1"], "--alpha"),
        (["multitask", "--plane-classes", "5"], "plane"),
    ):
        with pytest.raises(SystemExit, match="2"):
            main(["train", *argv, *common])
        message = capsys.readouterr().err
        assert word in message and message.count("\n") == 1
