"""`python tools/readme_figures.py`: put the bundled models' figures, from their `metrics.json`, into the README."""

import json
import re
from pathlib import Path

from fetalhead.catalog import MODELS
from fetalhead.inference.card_figures import figures_table
from fetalhead.inference.model_folder import model_path

BEGIN, END = "<!-- figures: python tools/readme_figures.py -->", "<!-- end of figures -->"


def figures_block() -> str:
    """The first model's table, and the chief figures of each other one in a sentence."""
    first, *others = ((name, json.loads((model_path(name) / "metrics.json").read_text("utf-8"))) for name in MODELS)
    parts = [figures_table(first[1])]
    for name, metrics in others:
        overall = metrics["overall"]
        dice, hausdorff, adf = (overall["metrics"][key]["mean"] for key in ("dice", "hausdorff_mm", "adf_mm"))
        parts.append(
            f"`{name}` (`{metrics['model_id']}`) on the same pictures: Dice {100 * dice:.2f} %, Hausdorff distance "
            f"{hausdorff:.2f} mm, ADF {adf:.2f} mm, no head found in {overall['failures']}."
        )
    return "\n\n".join(parts)


if __name__ == "__main__":
    readme = Path(__file__).resolve().parents[1] / "README.md"
    text = readme.read_text(encoding="utf-8")
    block = f"{BEGIN}\n{figures_block()}\n{END}"
    readme.write_text(
        re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: block, text, flags=re.DOTALL), encoding="utf-8"
    )
