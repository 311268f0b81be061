"""The arrows of docs/architecture.md, read from the imports; the light install, run without what it must not need."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "fetalhead"

KNOWS = {
    "images": set(),
    "biometry": {"images"},
    "phantoms": {"images"},
    "datasets": {"images"},
    "models": set(),
    "inference": {"images", "biometry"},
    "training": {"images", "biometry", "datasets", "models", "inference", "phantoms"},
    "reports": {"images", "biometry", "datasets", "inference"},
    "measuring": {"images", "biometry", "inference", "reports"},
    "videos": {"images", "biometry", "inference", "reports", "measuring", "phantoms"},
    "evaluation": {"images", "biometry", "datasets", "inference", "phantoms", "videos"},
}
"""What each room may import besides itself and the modules above the rooms; `cli` may import all."""

HEAVY = ("torch", "lightning", "segmentation_models_pytorch", "timm", "torchmetrics", "matplotlib", "onnx", "av")


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        rooms |= {name.split(".")[1] for name in names if name.startswith("fetalhead.")}
    return rooms - {"catalog", "errors", "options", "progress"}


@pytest.mark.parametrize("room", sorted(KNOWS))
def test_arrows_go_one_way(room: str) -> None:
    files = sorted((PACKAGE / room).rglob("*.py"))
    assert files, f"no room {room}"
    for path in files:
        extra = imported_rooms(path) - KNOWS[room] - {room}
        assert not extra, f"{path.relative_to(PACKAGE)} imports {sorted(extra)}"


def test_every_room_has_its_arrows() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms == {*KNOWS, "cli"}


def test_the_architecture_page_names_every_room() -> None:
    page = (PACKAGE.parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
    for room in KNOWS:
        assert re.search(rf"^\| `{room}/` \|", page, re.MULTILINE), room


def test_measuring_never_imports_torch(toy_model: Path, tmp_path: Path) -> None:
    script = f"""
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {HEAVY!r}:
            raise ImportError("the light install must not need " + name)
sys.meta_path.insert(0, Refuse())
from fetalhead.cli import main
out = {str(tmp_path)!r}
assert main(["phantom", "--out", out + "/phantoms", "--count", "1", "--planes", "1"]) == 0
assert main(["measure", out + "/phantoms/training_set", "--exclude", "*_Annotation.png", "--model", {str(toy_model)!r},
             "--out", out + "/results"]) in (0, 1)
assert main(["info"]) == 0
import fetalhead
fetalhead.measure(out + "/phantoms/training_set/000_HC.png", model={str(toy_model)!r})
print(sorted(set(sys.modules) & set({HEAVY!r})))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("[]")


def test_modules_stay_small() -> None:
    for path in PACKAGE.rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path
