"""Leave out the scripts that no page of this site uses.

Sphinx and its extensions put a script on every page for features that are switched off here:
highlighting what Sphinx's own search found, its messages in other languages, tags of lessons.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

UNUSED = {"sphinx_highlight.js", "translations.js", "sg-tags.js"}


def leave_out(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Drop the unused scripts from the page's list."""
    context["script_files"] = [
        script
        for script in context["script_files"]
        if str(getattr(script, "filename", script)).rpartition("/")[2] not in UNUSED
    ]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Run after every extension has added its scripts."""
    app.connect("html-page-context", leave_out, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
