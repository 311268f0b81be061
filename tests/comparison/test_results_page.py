"""The page of results: made again from the small files that are kept, to the letter; and what it says of made ones."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fetalhead.evaluation.comparison import collect
from fetalhead.evaluation.comparison.collect import Row, read_rows, write_rows
from fetalhead.evaluation.comparison.page import results_page
from fetalhead.evaluation.comparison.paired import DIFFERENCES, differences
from fetalhead.evaluation.comparison.reading import difference_sentences
from fetalhead.evaluation.comparison.write import all_cases

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "results" / "few_labels"
PAIRS = [("semi-supervised", "supervised"), ("multitask", "supervised")]


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("results_page_tool", ROOT / "tools" / "results_page.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_of(arm: str, labels: str, seed: int) -> Row:
    return {"strategy": arm, "arm": arm, "labels": labels, "seed": str(seed)}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """An `--out` with made numbers: semi-supervised is 2 points better at 5 %, multitask has one draw so far."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "grid.yaml").write_text("arms: {supervised: {}}\n")
    (out / "speed.json").write_text('{"supervised": 0.5, "semi-supervised": 2.0, "multitask": 2.5}')
    (out / "machines.json").write_text('{"1f": {"processor": "slow", "cores": 2}}')
    done = [("supervised", 1), ("supervised", 2), ("semi-supervised", 1), ("semi-supervised", 2), ("multitask", 1)]
    plan = [run_of(arm, "5%", seed) | {"steps": "8", "finished": "yes"} for arm, seed in done]
    write_rows(out / "plan.csv", collect.PLAN, [*plan, run_of("multitask", "5%", 2) | {"steps": "8", "finished": "no"}])
    gain = {"supervised": 0.0, "semi-supervised": 0.02, "multitask": -0.01}
    rows: dict[str, list[Row]] = {Path(name).stem: [] for name in collect.FILES}
    for arm, seed in done:
        name, dice = run_of(arm, "5%", seed), 0.95 + gain[arm] + 0.001 * seed
        rows["runs"].append(name | {
            "dice": str(dice), "iou": "0.9", "mask_dice": "0.94", "hd_mm": "2", "adf_mm": str(3 - 50 * gain[arm]),
            "failures": "1", "images": "3", "subjects": "3", "data": "hc18", "split": "test", "steps": "8",
            "machine": "1f",
        })  # fmt: skip
        for data, length in (("hc18", "adf_mm"), ("tv", "adf_percent")):
            for number, picture in enumerate("xyz"):
                value = {"dice": str(dice + 0.001 * number), length: str(3 - 50 * gain[arm])}
                of = name | {"data": data, "name": picture, "subject": picture, "status": "ok"}
                rows["cases" if data == "hc18" else "cases_elsewhere"].append(of | value)
                if data == "hc18":
                    worse = {"severity": "5", "dice": str(dice - 0.2 + gain[arm])}
                    rows["robustness_cases"].append(of | worse)
        rows["elsewhere"].append(name | {
            "data": "tv", "split": "all", "images": "3", "subjects": "3", "failures": "0", "dice": str(dice),
        })  # fmt: skip
        told = {"plane_accuracy": "0.97", "head_abdomen_femur_accuracy": "0.99"} if arm == "multitask" else {}
        counts = {"data": "planes", "split": "test", "images": "9", "subjects": "9"}
        rows["elsewhere"].append(name | counts | {"false_heads": "0.25", "missed_heads": "0"} | told)
        for kind, severity, loss in (("none", "0", 0.0), ("blur", "5", 0.3), ("shadow", "5", 0.1 - 2 * gain[arm])):
            rows["robustness"].append(name | {
                "data": "hc18", "corruption": kind, "severity": severity, "images": "3", "failures": "0",
                "dice": str(dice - loss), "adf_mm": str(4 + 100 * gain[arm] * (kind == "shadow")),
            })  # fmt: skip
    for file, found in rows.items():
        write_rows(out / f"{file}.csv", collect.FILES[f"{file}.csv"], found)
    write_rows(out / "differences.csv", DIFFERENCES, differences(all_cases(out), PAIRS))
    for picture in ("label_efficiency", "robustness_5_percent", "difficult_5_percent"):
        (out / f"{picture}.png").write_bytes(b"a picture")
    return out


def test_the_page_in_the_repository_is_what_its_files_give(tool: ModuleType) -> None:
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(), "run: python tools/results_page.py"


def test_what_is_kept_is_small_and_holds_no_path_and_no_patient() -> None:
    for path in KEPT.iterdir():
        assert path.stat().st_size < 1_500_000 and not path.name.startswith("difficult_")
        if path.suffix != ".png":
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"/(root|work|home|Users|tmp)/|[A-Z]:\\", text), path
    notes = KEPT / "notes.md"
    assert not notes.is_file() or not re.search(r"\d\.\d", notes.read_text()), "results come from the files alone"


def test_the_differences_that_are_kept_are_those_of_the_cases() -> None:
    if not (KEPT / "differences.csv").is_file():
        pytest.skip("no two arms are finished yet")
    rows = read_rows(KEPT / "differences.csv")
    pairs = list(dict.fromkeys((row["arm"], row["against"]) for row in rows))
    key = ("data", "arm", "against", "labels", "metric")
    again = {tuple(row[name] for name in key): row for row in differences(all_cases(KEPT), pairs)}
    assert len(again) == len(rows)
    for row in rows:
        other = again[tuple(row[name] for name in key)]
        for name in ("draws", "difference", "low", "high"):
            # the cases are kept with fewer digits, which an interval of two draws stretches
            assert float(row[name] or 0) == pytest.approx(float(other[name] or 0), rel=2e-5, abs=2e-5)


def test_small_files_are_brought_over_and_pictures_of_patients_are_not(
    made: Path, tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "robustness_1_percent.png").write_bytes(b"of an earlier comparison")
    (kept / "notes.md").write_text("Tried: a longer ramp.\n")
    monkeypatch.setattr(tool, "RESULTS", kept)
    tool.bring(made)
    assert sorted(path.name for path in kept.iterdir()) == [
        "cases.csv", "cases_elsewhere.csv", "differences.csv", "elsewhere.csv", "grid.yaml", "label_efficiency.png",
        "machines.json", "notes.md", "plan.csv", "robustness.csv", "robustness_5_percent.png", "robustness_cases.csv",
        "runs.csv", "speed.json",
    ]  # fmt: skip
    cases = read_rows(kept / "cases.csv")
    assert len(cases) == 15 and {case["data"] for case in cases} == {"hc18"}
    page = tool.page()
    assert "(../results/few_labels/label_efficiency.png)" in page and "difficult" not in page
    assert "## Notes\n\nTried: a longer ramp.\n\n## What was run" in page


def test_the_page_says_what_the_numbers_say(made: Path) -> None:
    text = results_page(made)
    for words in (
        "**5 of 6 runs** are finished", "| multitask | 5% | 8 | 1 | 2 |", "- 5 runs: processor slow, cores 2",
        "| semi-supervised | 2.00 | 4.0 |",
        "| semi-supervised | 5% | 2 | 97.15 ± 0.07 | 90.00 ± 0.00 | 94.00 ± 0.00 |",
        "| semi-supervised | supervised | 5% | 2 | Dice | +2.00 points | +2.00 to +2.00 |",
        "- Labels 5%, semi-supervised against supervised (2 draws): Dice better, 2.00 points higher (+2.00 to +2.00); "
        "ADF better, 1.00 mm lower (-1.00 to -1.00; 33 % of 3.00).",
        "multitask against supervised (1 draw): Dice 1.00 points lower, which one draw cannot tell from chance",
        "Another data set, all subjects: 3 pictures of 3 subjects.", "ADF better, 1.00 % of HC lower",
        "- Labels 5%, multitask tells head, abdomen and femur apart in 99.00 % of their pictures, outlines a head in "
        "25.00 % of the other planes, and misses 0.00 % of the heads.",
        "| supervised | 5% | 2 | - | - | 25.00 ± 0.00 | 0.00 ± 0.00 |",
        "| shadow | 85.15 / 4.00 / 0.0 | 91.15 / 6.00 / 0.0 | 82.10 / 3.00 / 0.0 |",
        "- Severity 5: Labels 5%, semi-supervised against supervised (2 draws): Dice better, 4.00 points higher",
        "- semi-supervised against supervised at severity 5, in each of 2 draws. Dice points: better by 1 or more "
        "under blur +2.00 (+2.00 to +2.00), shadow +6.00 (+6.00 to +6.00); worse under no kind. ADF in mm: better by "
        "1 or more under no kind; worse under shadow +2.00 (+2.00 to +2.00).",
        "- multitask against supervised at severity 5, in 1 draw. Dice points: better by 1 or more under no kind; "
        "worse under blur -1.00 (-1.00 to -1.00), shadow -3.00 (-3.00 to -3.00). ADF in mm: better by 1 or more under "
        "shadow -1.00 (-1.00 to -1.00); worse under no kind.",
    ):  # fmt: skip
        assert words in text, words
    sections = ("## On hc18", "## On tv", "## On planes", "## On pictures made worse", "## What was run")
    assert [text.index(section) for section in sections] == sorted(text.index(section) for section in sections)
    assert text.count("ADF better, 1.00 mm") == 1, "where there are mm, ADF is not told in % as well"


def test_an_interval_that_holds_zero_is_no_difference(made: Path) -> None:
    rows = read_rows(made / "differences.csv")
    rows[0] |= {"low": "-0.001", "high": "0.05"}
    write_rows(made / "differences.csv", DIFFERENCES, rows)
    assert "no clear difference of Dice (-0.10 to +5.00 points)" in results_page(made)


@pytest.mark.parametrize("real", [False, True], ids=["made", "kept"])
def test_the_notebook_reads_the_results(made: Path, monkeypatch: pytest.MonkeyPatch, real: bool) -> None:
    """Its cells in order, in one namespace; the differences that it works out are those of `differences.csv`."""
    matplotlib = pytest.importorskip("matplotlib")
    folder = KEPT if real else made
    if not (folder / "differences.csv").is_file():
        pytest.skip("no two arms are finished yet")
    matplotlib.use("Agg")
    if real:
        monkeypatch.chdir(ROOT / "examples")
        monkeypatch.delenv("FETALHEAD_RESULTS", raising=False)
    else:
        monkeypatch.setenv("FETALHEAD_RESULTS", str(folder))
    notebook = json.loads((ROOT / "examples" / "compare.ipynb").read_text())
    names: dict[str, Any] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    matplotlib.pyplot.close("all")
    rows = [
        row for row in read_rows(folder / "differences.csv")
        if row["metric"] == "dice" and row["data"] == names["runs"]["data"].iloc[0]
        and row["against"] == names["reference"]
    ]  # fmt: skip
    assert {row["arm"] for row in rows} <= set(names["arms"])
    for row in rows:
        assert names["again"][row["arm"]][row["labels"]] == pytest.approx(float(row["difference"]), abs=1e-5)


ADF = {"labels": "5%", "arm": "a", "against": "b", "metric": "adf_mm", "draws": "2", "subjects": "9", "pairs": "100",
       "difference": "-0.5", "against_mean": "3", "low": "-0.9", "high": "-0.1"}  # fmt: skip


def test_distances_of_a_part_of_the_pictures_say_of_how_many_and_make_no_arm_better() -> None:
    """An arm that finds no head in the hard pictures is not better in the others."""
    dice = ADF | {"metric": "dice", "difference": "0.001", "low": "-0.1", "high": "0.1"}
    (all_of_them,) = difference_sentences([dice, ADF])
    assert all_of_them.endswith("; ADF better, 0.50 mm lower (-0.90 to -0.10; 17 % of 3.00).")
    (nearly_all,) = difference_sentences([dice, ADF | {"pairs": "96"}])
    assert "ADF better, 0.50 mm lower over the 96 of 100 in which both found a head" in nearly_all
    (a_part,) = difference_sentences([dice, ADF | {"pairs": "33"}])
    assert "; ADF 0.50 mm lower over the 33 of 100 in which both found a head (-0.90 to -0.10" in a_part


def test_one_subject_cannot_tell_from_chance_either() -> None:
    row = ADF | {"subjects": "1", "low": "", "high": ""}
    (sentence,) = difference_sentences([row])
    assert "(2 draws): ADF 0.50 mm lower, which one subject cannot tell from chance" in sentence
