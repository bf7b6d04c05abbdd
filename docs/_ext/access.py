"""Let the keyboard and a screen reader reach all that a mouse reaches.

``access.css`` and ``access.js`` amend the theme: its folded sidebars and branches can be opened
with the keyboard, what has the focus is seen, what scrolls can be scrolled, and whoever asks for
less motion gets less. The names of the two sidebars stand in the template ``page.html``. Works that
a docstring cites are items of a list, which docutils gives a role that browsers gave up.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator


def visit_citation(translator: HTML5Translator, node: nodes.citation) -> None:
    """Open a list before the first work, and an item for each."""
    if not isinstance(node.previous_sibling(), nodes.citation):
        translator.body.append('<div role="list" class="citation-list">\n')
    translator.body.append(
        translator.starttag(node, "div", classes=[node.tagname], role="listitem")
    )


def depart_citation(translator: HTML5Translator, node: nodes.citation) -> None:
    """Close what `visit_citation` opened."""
    HTML5Translator.depart_citation(translator, node)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Add the sheet and the script to every page."""
    app.add_node(nodes.citation, override=True, html=(visit_citation, depart_citation))
    app.add_css_file("access.css")
    app.add_js_file("access.js", loading_method="defer")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
