"""Runs each `sh` block of a Markdown file in one throw-away folder, in order, as a new user would type it.

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
blocks = re.findall(r"^```sh\n(.*?)^```", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
with tempfile.TemporaryDirectory() as folder:
    for block in blocks:
        if block.startswith("# skip:"):
            print(f"left out: {block.splitlines()[0]}")
            continue
        print(block, flush=True)
        subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=folder, env=environment, check=True)
print(f"{len(blocks)} blocks of {document.name} done")
