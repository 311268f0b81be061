"""`python tools/readme_figures.py`: put the bundled model's figures, from its `metrics.json`, into the README."""

import json
import re
from pathlib import Path

from fetalhead.inference.card_figures import figures_table
from fetalhead.inference.model_folder import model_path

readme = Path(__file__).resolve().parents[1] / "README.md"
metrics = json.loads((model_path("standard") / "metrics.json").read_text(encoding="utf-8"))
text = readme.read_text(encoding="utf-8")
start, end = "<!-- figures: python tools/readme_figures.py -->", "<!-- end of figures -->"
block = f"{start}\n{figures_table(metrics)}\n{end}"
readme.write_text(
    re.sub(f"{re.escape(start)}.*?{re.escape(end)}", lambda _: block, text, flags=re.DOTALL), encoding="utf-8"
)
