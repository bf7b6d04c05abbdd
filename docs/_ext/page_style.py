"""Give one page a style sheet of its own.

The page names it at its top, and no other page loads it::

    ---
    css: cheat_sheet.css
    ---
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata


def add_style(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Load what the page asks for, after the sheets of the whole site."""
    if sheet := app.env.metadata.get(page, {}).get("css"):
        app.add_css_file(sheet, priority=900)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Look at every page before it is written."""
    app.connect("html-page-context", add_style)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
