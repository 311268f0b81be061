"""Runs each `sh` and `python` block of a Markdown file in one throw-away folder, in order, as a new user would.

Blocks that begin with `#` `skip:` are left out; the reason stands behind it. Commands come from the environment whose
Python runs this file.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

document = Path(sys.argv[1]).resolve()
environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
text = document.read_text(encoding="utf-8")
blocks = re.findall(r"^```(sh|python)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
with tempfile.TemporaryDirectory() as folder:
    for kind, block in blocks:
        if block.startswith("# skip:"):
            print(f"left out: {block.splitlines()[0]}")
            continue
        print(block, flush=True)
        command = ["bash", "-euo", "pipefail", "-c"] if kind == "sh" else [sys.executable, "-c"]
        subprocess.run([*command, block], cwd=folder, env=environment, check=True)
print(f"{len(blocks)} blocks of {document.name} done")
