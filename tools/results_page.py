"""`python tools/results_page.py [OUT]`: write `docs/results.md` from `results/few_labels`.

With OUT, the `--out` of a `fetalhead compare`, its small files are brought into `results/few_labels` first. Sheets of
real pictures stay where they are: no picture of a data set is a part of the project.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from fetalhead.evaluation.comparison.collect import MACHINES, RUN, Row, read_rows, write_rows
from fetalhead.evaluation.comparison.page import results_page

ROOT = Path(__file__).resolve().parents[1]
RESULTS, PAGE = ROOT / "results" / "few_labels", ROOT / "docs" / "results.md"
FIRST = "<!-- Made by `python tools/results_page.py` from results/few_labels: do not edit it by hand. -->\n\n"

COPIED = ("grid.yaml", "plan.csv", "runs.csv", "differences.csv", "elsewhere.csv", "robustness.csv", "speed.json",
          MACHINES)  # fmt: skip
PLOTS = ("label_efficiency.png", "robustness_*.png")
NAMES = (*RUN[1:], "data", "name", "subject")
CASES = {
    "cases.csv": (*NAMES, "status", "dice", "iou", "mask_dice", "hd_mm", "adf_mm", "adf_percent"),
    "cases_elsewhere.csv": (*NAMES, "dice", "mask_dice", "adf_percent"),
    "robustness_cases.csv": (*NAMES, "severity", "dice"),
}
"""What is kept of each picture, so that differences can be worked out again, and runs be added on another machine."""
MEASURED = ("dice", "iou", "mask_dice", "hd_mm", "adf_mm", "adf_percent")


def page() -> str:
    return FIRST + results_page(RESULTS, "../results/few_labels/")


def bring(out: Path) -> None:
    """Take the small files of a comparison over; what it does not have is removed, so that none is of another one."""
    for name in COPIED:
        _take(out / name, RESULTS / name)
    for pattern in PLOTS:
        for name in {path.name for folder in (out, RESULTS) for path in folder.glob(pattern)}:
            _take(out / name, RESULTS / name)
    for name, columns in CASES.items():
        (RESULTS / name).unlink(missing_ok=True)
        if (out / name).is_file():
            write_rows(RESULTS / name, columns, map(_short, read_rows(out / name)))


def _take(source: Path, target: Path) -> None:
    if source.is_file():
        shutil.copyfile(source, target)
    else:
        target.unlink(missing_ok=True)


def _short(case: Row) -> Row:
    """Six digits are enough to work out differences that are told to two decimals."""
    return case | {name: format(float(case[name]), ".6g") for name in MEASURED if case.get(name)}


if __name__ == "__main__":
    if len(sys.argv) > 1:
        bring(Path(sys.argv[1]))
    PAGE.write_text(page(), encoding="utf-8")
