"""Stop unless the installed torch is the build that was asked for: VERSION BACKEND.

Reads ``torch/version.py`` alone, since importing torch takes seconds.
"""

import runpy
import sys
from importlib.util import find_spec
from pathlib import Path

version, backend = sys.argv[1:]
spec = find_spec("torch")
if spec is None or spec.origin is None:
    sys.exit("torch 沒有裝上 · torch is not installed")
found = runpy.run_path(str(Path(spec.origin).with_name("version.py")))["__version__"]
release, _, label = found.partition("+")
if release != version or (backend and label != backend):
    wanted = f"{version}+{backend}" if backend else version
    sys.exit(f"要的是 torch {wanted}，裝上的是 {found} · wanted torch {wanted}, found {found}")
