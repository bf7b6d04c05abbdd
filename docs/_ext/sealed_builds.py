"""Trust what an earlier build left only if that build came to its end and nothing changed since.

Sphinx writes its environment before the pages: a build that is killed in between leaves pages that
the next one takes for up to date. And a doctree that cannot be read stops every build after it.

So each build that ends well puts a seal in the folder of the doctrees, ``seal.json``, with the
fingerprint of every file there. The next one takes the seal away before it begins; where there is
none, or it does not fit, the folder is emptied, and every page is read and written anew.
Lessons are not run again for that: see `lesson_cache`.

Usage, in ``conf.py``::

    extensions = ["sealed_builds"]
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

logger = logging.getLogger(__name__)

SEAL = "seal.json"


def fingerprints(folder: Path) -> dict[str, str]:
    """Fingerprint every file that Sphinx and the extensions keep between two builds."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(SEAL)
    }


def is_sealed(folder: Path) -> bool:
    """Say whether the folder is as a finished build left it."""
    try:
        return json.loads((folder / SEAL).read_text(encoding="utf-8")) == fingerprints(folder)
    except (OSError, ValueError):
        return False


def open_seal(app: Sphinx, config: Config) -> None:
    """Empty the folder unless it is sealed; take the seal away. Sphinx has read nothing yet."""
    folder = Path(app.doctreedir)
    if not is_sealed(folder):
        kept = [p for p in folder.rglob("*") if p.suffix in {".doctree", ".pickle", ".json"}]
        if kept:
            logger.info(
                "上一次建置沒有完成，或留下的檔案壞了，全部頁面重讀 · the last build was cut "
                "short, or its files are damaged: reading every page again"
            )
        for path in kept:
            path.unlink()
    (folder / SEAL).unlink(missing_ok=True)


def seal(app: Sphinx, exception: Exception | None) -> None:
    """Seal the folder of a build that has ended well."""
    folder = Path(app.doctreedir)
    if exception is None and folder.is_dir():
        content = json.dumps(fingerprints(folder), indent=1)
        temporary = folder / f"{SEAL}.new"
        temporary.write_text(content, encoding="utf-8")
        temporary.replace(folder / SEAL)


def setup(app: Sphinx) -> dict[str, Any]:
    """Stand before everything that reads the folder, and after everything that writes to it."""
    app.connect("config-inited", open_seal, priority=1)
    app.connect("build-finished", seal, priority=999)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
