r"""Formulas as MathML, made while the site is built by docutils' own converter: no script.

Usage, in ``conf.py``::

    extensions = ["mathml"]  # Sphinx then takes it in place of MathJax by itself
    html_static_path = ["_static"]  # holds mathml.css

LaTeX that does not convert is a warning (``mathml.latex``), and shows as it was written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from docutils.utils.math.unichar2tex import uni2tex_table
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

MATHML = "{http://www.w3.org/1998/Math/MathML}"


def convert(tex: str, as_block: bool) -> str:
    r"""Convert LaTeX to a ``math`` element.

    Blank lines in a block part equations that stand one under the other.

    Raises
    ------
    ValueError
        With what is wrong, in English.
    """
    bare = re.sub(r"\\[{}\\]", "", tex)
    for opening, closing in (("{", "}"), (r"\left", r"\right")):
        # The converter would quietly drop what stands after the gap.
        word = r"(?![a-z])" if opening.startswith("\\") else ""
        found = [len(re.findall(re.escape(mark) + word, bare)) for mark in (opening, closing)]
        if found[0] != found[1]:
            raise ValueError(f"{found[0]} {opening} but {found[1]} {closing}")
    if as_block:
        tex = r" \\ ".join(part for part in re.split(r"\n\s*\n", tex) if part.strip())
    try:
        converted = tex2mathml(tex.translate(uni2tex_table), as_block=as_block)
    except AttributeError:  # what the converter raises for "&" and "\\" where they cannot stand
        raise ValueError(
            r'"&" and "\\" need a block of several lines, or an environment such as aligned'
        ) from None
    return place_subscripts(converted)


def place_subscripts(math: str) -> str:
    r"""Set the subscript of ``\hat y_i`` beside the letter: the converter sets it underneath."""
    root = ElementTree.fromstring(math)
    for element in root.iter(f"{MATHML}munderover"):
        base, subscript, accent = element
        if base.tag != f"{MATHML}mo" and accent.tag == f"{MATHML}mo":  # no sum, no limit
            element.tag = f"{MATHML}msub"
            element[:] = [ElementTree.Element(f"{MATHML}mover", accent="true"), subscript]
            element[0][:] = [base, accent]
    for element in root.iter():
        element.tag = element.tag.removeprefix(MATHML)
    root.set("xmlns", MATHML[1:-1])
    return ElementTree.tostring(root, encoding="unicode")


def body(self: HTML5Translator, node: nodes.math | nodes.math_block, as_block: bool) -> str:
    """Give the formula as MathML, or as its source where it does not convert."""
    try:
        return convert(node.astext(), as_block)
    except ValueError as error:
        logger.warning(
            "這段 LaTeX 無法轉成 MathML，請修正：%s\n"
            "this LaTeX does not convert to MathML, mend it: %s\n    %s",
            error,
            error,
            node.astext(),
            location=node,
            type="mathml",
            subtype="latex",
        )
        return f"<code>{self.encode(node.astext())}</code>"


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula inside a line."""
    self.body.append(f"{self.starttag(node, 'span', '', CLASS='math')}{body(self, node, False)}")
    self.body.append("</span>")
    raise nodes.SkipNode


def visit_block(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on its own line, with its number where it has one."""
    # The formula scrolls in a box of its own, so that it never runs under its number.
    self.body.append(self.starttag(node, "div", "", CLASS="math"))
    self.body.append(f'<div class="math-wrapper">{body(self, node, True)}</div>')
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "連到這條公式 · Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def add_style(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Add the style sheet to the pages that hold a formula."""
    if doctree is not None and any(
        isinstance(node, (nodes.math, nodes.math_block)) for node in doctree.findall()
    ):
        app.add_css_file("mathml.css")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer; being the only one beside Sphinx's default, it is chosen."""
    app.add_html_math_renderer(
        "mathml", inline_renderers=(visit_inline, None), block_renderers=(visit_block, None)
    )
    app.connect("html-page-context", add_style)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
