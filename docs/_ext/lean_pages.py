"""Leave out the scripts and sheets that no page of this site uses.

Sphinx and its extensions put files on every page for features that are switched off here:
highlighting what Sphinx's own search found, its messages in other languages, tags of lessons, and
the looks of extensions that are not there. Sphinx's own tools serve the pages that it makes itself,
such as the index of modules, and stay on those.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

UNUSED = {"sphinx_highlight.js", "translations.js", "sg-tags.js", "furo-extensions.css"}
TOOLS = {"documentation_options.js", "doctools.js"}


def leave_out(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Drop the unused files from the page's lists."""
    unused = UNUSED if doctree is None else UNUSED | TOOLS
    for files in ("script_files", "css_files"):
        context[files] = [
            file
            for file in context[files]
            if str(getattr(file, "filename", file)).rpartition("/")[2] not in unused
        ]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Run after every extension has added its files."""
    app.connect("html-page-context", leave_out, priority=900)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
