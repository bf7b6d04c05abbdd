"""Send one style sheet and one script with a page instead of fifteen small files.

Each file that a page asks for costs a phone a round trip, and each extension brings its own. What
all of them bring is written into one file of each kind, in their order, named by its content, so
that pages that need the same files share it. The originals stay in ``_static``: some are loaded
later, by address. After a change to any of them every page is written again, since it names them.

Left as they are: files with attributes other than ``defer``; files that ask for their own address
(``document.currentScript``); and large ones, which are better kept once than in many copies. Of
``pygments.css``, which furo writes after the pages, furo is asked for the text. The theme puts its
scripts at the end of the page, where all that they work on is there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from docutils import nodes
from furo import get_pygments_stylesheet
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.typing import ExtensionMetadata

LARGE = 100_000
NEUTRAL = {"css": {"rel", "type"}, "js": {"defer"}}  # attributes that a merged file may lose
SELF_AWARE = "document.currentScript"
COLOURS = "_static/pygments.css"


def content(app: Sphinx, asset: Any, ending: str) -> str | None:
    """Give the text of a file that may be merged; None for another."""
    name = str(getattr(asset, "filename", None) or "")
    path = Path(app.outdir, name)
    plain = set(getattr(asset, "attributes", {})) <= NEUTRAL[ending]
    if name == COLOURS:
        return get_pygments_stylesheet()
    if not (name.startswith("_static/") and plain and path.is_file()):
        return None
    text = path.read_text(encoding="utf-8")
    return None if len(text) > LARGE or SELF_AWARE in text else text


def write(app: Sphinx, texts: list[str], ending: str) -> str:
    """Write the texts one after the other in a file that is named by them; give its name."""
    whole = "\n".join(texts)
    name = f"merged-{hashlib.sha256(whole.encode()).hexdigest()[:10]}.{ending}"
    path = Path(app.outdir, "_static", name)
    if not path.is_file():
        new = path.with_name(f"{name}.{os.getpid()}")  # another process may write the same
        new.write_text(whole, encoding="utf-8", newline="\n")
        new.replace(path)
    return name


def merge(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Put merged files in the place of the first that they hold."""
    if app.builder.name not in ("html", "dirhtml"):
        return
    for key, ending in (("css_files", "css"), ("script_files", "js")):
        assets = list(context[key])
        texts = {at: content(app, asset, ending) for at, asset in enumerate(assets)}
        if ending == "js":
            # Scripts after one that stays may need it: they stay as well.
            texts |= dict.fromkeys(range([*texts.values(), None].index(None), len(texts)))
        merged = {at: text for at, text in texts.items() if text is not None}
        if len(merged) < 2:
            continue
        new = f"_static/{write(app, list(merged.values()), ending)}"
        rest = [asset for at, asset in enumerate(assets) if at not in merged]
        before = sum(at < min(merged) for at in texts if at not in merged)
        context[key] = [*rest[:before], new, *rest[before:]]


def outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> Iterable[str]:
    """Name every page when a file that may be merged has changed; leave no old file behind."""
    found = hashlib.sha256()
    for folder in app.config.html_static_path:
        for file in sorted(Path(app.srcdir, folder).rglob("*")):
            if file.suffix in (".css", ".js"):
                found.update(file.name.encode() + file.read_bytes())
    before, now = getattr(env, "merged_assets", None), found.hexdigest()
    env.merged_assets = now  # type: ignore[attr-defined]
    if before in (None, now):
        return ()
    shutil.rmtree(Path(app.outdir, "_static"), ignore_errors=True)  # it is filled before writing
    return env.found_docs


def setup(app: Sphinx) -> ExtensionMetadata:
    """Run last of all that adds files or takes them away."""
    app.connect("env-get-outdated", outdated)
    app.connect("html-page-context", merge, priority=950)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
