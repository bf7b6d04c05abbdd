"""Leave out of the pages what no reader would miss.

Sphinx and its extensions put files on every page for features that are switched off here:
highlighting what Sphinx's own search found, its messages in other languages, tags of lessons, and
the looks of extensions that are not there. Sphinx's own tools serve the pages that it makes itself,
such as the index of modules, and stay on those.

In a lesson's code sphinx-gallery puts every token into an element of its own. Two thirds of them, a
sixth of the page, have the colour that code has anyway, in the light and in the dark: they go.

The sidebar lists the whole site, on every page. Beyond ``lean_pages_contents`` pages (200) it lists
the parts, and the lessons of the part that the page is in: else a page would grow with the site,
and the time for all of them with its square.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from pygments.style import StyleMeta
from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Text, Whitespace, _TokenType
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

UNUSED = {"sphinx_highlight.js", "translations.js", "sg-tags.js", "furo-extensions.css"}
TOOLS = {"documentation_options.js", "doctools.js"}


def plain_classes(*styles: StyleMeta) -> set[str]:
    """List the classes of tokens that look like plain text in every style.

    >>> light, dark = map(get_style_by_name, ["a11y-high-contrast-light", "native"])
    >>> sorted({"n", "p", "w", "k", "o"} & plain_classes(light, dark))
    ['n', 'p', 'w']
    """

    def plain(token: _TokenType) -> bool:
        return all(style.style_for_token(token) == style.style_for_token(Text) for style in styles)

    return {name for token, name in STANDARD_TYPES.items() if token is Whitespace or plain(token)}


def unwrap(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Take plain tokens out of their elements, which sphinx-gallery has made by now."""
    if app.builder.format != "html":
        return
    light = app.builder.highlighter.formatter_args["style"]  # type: ignore[attr-defined]
    plain = plain_classes(light, get_style_by_name(app.config.pygments_dark_style))
    for token in list(doctree.findall(nodes.inline)):
        if token["classes"] and plain.issuperset(token["classes"]):
            token.parent.replace(token, token.children)


def fold_contents(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """On a large site, give the theme only the branches of the contents that lead to the page."""
    whole = context.get("toctree")
    if whole and len(app.env.found_docs) > app.config.lean_pages_contents:
        context["toctree"] = lambda **options: whole(**options | {"collapse": True})


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
    """Run after every extension has added its files or made its elements."""
    app.add_config_value("lean_pages_contents", 200, "html", types=frozenset({int}))
    app.connect("doctree-resolved", unwrap)
    app.connect("html-page-context", fold_contents, priority=400)  # before the theme asks for it
    app.connect("html-page-context", leave_out, priority=900)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
