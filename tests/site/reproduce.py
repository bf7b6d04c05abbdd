"""Build the whole site twice and print every file that differs; exit with 1 if one does.

Run by ``nox -s reproduce``. The two builds stand in different folders and run every lesson; the
hash seed, the number of processes, the time zone and the file mode mask differ.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from small_site import ROOT, command, differences, environment, pages

SKIPPED = (".git", ".nox", "_build", "lessons", ".*_cache", "__pycache__", "*.mo")
PLACES = {
    "one": {"PYTHONHASHSEED": "1", "TZ": "UTC", "-j": "1", "umask": "022"},
    "another/place": {"PYTHONHASHSEED": "2", "TZ": "Asia/Taipei", "-j": "2", "umask": "077"},
}


def main() -> None:
    """Build, compare, report."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "1700000000")
    with tempfile.TemporaryDirectory() as folder:
        roots = []
        for name, given in PLACES.items():
            root = Path(folder, name)
            shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*SKIPPED))
            variables = {key: given[key] for key in ("PYTHONHASHSEED", "TZ")}
            started = time.monotonic()
            subprocess.run(
                command(root, "-j", given["-j"]),
                env=environment(SOURCE_DATE_EPOCH=epoch, **variables),
                umask=int(given["umask"], 8),
                check=True,
            )
            print(f"{name}: {time.monotonic() - started:.0f} s, {len(pages(root))} files")
            roots.append(root)
        found = differences(*roots)
    print("\n".join(found) or "每個位元組都相同 · every byte is the same")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
