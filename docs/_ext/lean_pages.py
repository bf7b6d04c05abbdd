"""Fewer files a page: leave out those that nothing uses, and join the sheets of this site.

Sphinx and its extensions put files on every page for features that are switched off here:
highlighting what Sphinx's own search found, its messages in other languages, tags of lessons, and
the looks of extensions that are not there. Sphinx's own tools serve the pages that it makes itself,
such as the index of modules, and stay on those.

Each feature keeps its sheet in a file of its own below ``html_static_path`` and adds it with
``app.add_css_file``; readers get all of them as one, ``site.css``, in the order of their names and
``custom.css`` last.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

UNUSED = {"sphinx_highlight.js", "translations.js", "sg-tags.js", "furo-extensions.css"}
TOOLS = {"documentation_options.js", "doctools.js"}
LAST = "custom.css"
JOINED = "site.css"


def sheets(app: Sphinx) -> dict[str, Path]:
    """Give the site's own sheets by their names below ``_static``, in order.

    Extensions add folders of their own to the setting, by absolute paths.
    """
    own = [folder for folder in app.config.html_static_path if not Path(folder).is_absolute()]
    folders = [Path(app.confdir, folder) for folder in own]
    found = {
        path.relative_to(folder).as_posix(): path
        for folder in folders
        for path in folder.rglob("*.css")
    }
    return dict(sorted(found.items(), key=lambda sheet: (sheet[0] == LAST, sheet[0])))


def join(app: Sphinx) -> None:
    """Write all sheets as one, before the pages ask for its checksum."""
    if app.builder.format == "html":
        text = "".join(f"{path.read_text(encoding='utf-8')}\n" for path in sheets(app).values())
        folder = Path(app.outdir, "_static")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / JOINED).write_text(text, encoding="utf-8")


def leave_out(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Drop from the page's lists what is unused, and the sheets that are joined."""
    unused = UNUSED if doctree is None else UNUSED | TOOLS
    joined = {f"_static/{name}" for name in sheets(app)}
    for files in ("script_files", "css_files"):
        context[files] = [
            file
            for file in context[files]
            if (name := str(getattr(file, "filename", file))) not in joined
            and name.rpartition("/")[2] not in unused
        ]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Run after every extension has added its files."""
    app.add_css_file(JOINED, priority=900)
    app.connect("builder-inited", join)
    app.connect("html-page-context", leave_out, priority=900)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
