"""Code to copy, and beside it, told apart, what it printed.

Usage, in ``conf.py``, after sphinx-gallery::

    extensions = ["sphinx_gallery.gen_gallery", "code_blocks"]

On HTML pages, what a lesson's cell printed gets the label ``輸出 · Output``. Where the cell catches
an error, the label names it and the block has another colour. An output of more than `LONG` lines
is folded: the label opens it, and print shows it whole.

``code_blocks.js`` puts a button on every other block of code. It copies what one types: of a
session with prompts, the commands without them and without what they printed.

Why not sphinx-copybutton: it would add three scripts, a sheet and a picture to each page, and its
words exist in one language a site.
"""

from __future__ import annotations

import ast
from typing import Any

from bilingual import pair_html
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

PRINTED = "sphx-glr-script-out"
LONG = 24  # lines


def caught(code: str) -> list[str]:
    r"""List what the handlers of a cell catch, each once; nothing where it is not Python.

    >>> caught("try:\n    f()\nexcept (ValueError, torch.Error) as error:\n    print(error)")
    ['ValueError / torch.Error']
    """
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return []
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            several = isinstance(node.type, ast.Tuple)
            either = node.type.elts if several else [node.type]
            names.append(" / ".join(map(ast.unparse, either)))
    return list(dict.fromkeys(names))


def label(errors: list[str], lines: int) -> str:
    """Write the label of an output.

    >>> label([], 3)
    '輸出 · Output'
    >>> label(["KeyError"], 40)
    '輸出：攔下 KeyError，共 40 行 · Output: KeyError caught, 40 lines'
    """
    zh, en = "輸出", "Output"
    if errors:
        zh += f"：攔下 {'、'.join(errors)}"
        en += f": {', '.join(errors)} caught"
    if lines > LONG:
        zh += f"，共 {lines} 行"
        en += f", {lines} lines"
    return f"{zh} · {en}"


class output(nodes.General, nodes.Element):
    """What a cell printed: ``errors`` and ``lines`` say what the label has to say."""


def visit_output(self: HTML5Translator, node: output) -> None:
    """Open the block, folded where it is long."""
    long = node["lines"] > LONG
    classes = "output error" if node["errors"] else "output"
    words = pair_html(label(node["errors"], node["lines"]))
    outer, inner = ("details", "summary") if long else ("div", "p")
    self.body.append(f'<{outer} class="{classes}"><{inner} class="output-label">{words}</{inner}>')
    self.context.append(f"</{outer}>\n")


def depart_output(self: HTML5Translator, node: output) -> None:
    """Close the block."""
    self.body.append(self.context.pop())


class Outputs(SphinxPostTransform):
    """Label what the cells of a lesson printed.

    Before sphinx-gallery (5) turns the code of the cells into HTML.
    """

    default_priority = 4
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Wrap each output; the block of code before it is its cell."""
        code = ""
        for block in list(self.document.findall(nodes.literal_block)):
            if PRINTED not in block["classes"]:
                code = block.astext()
                continue
            lines = block.astext().rstrip("\n").count("\n") + 1
            box = output("", errors=caught(code), lines=lines)
            block.replace_self(box)
            box += block


def setup(app: Sphinx) -> ExtensionMetadata:
    """Add the node, what makes it, the script and the sheet."""
    app.add_node(output, html=(visit_output, depart_output))
    app.add_post_transform(Outputs)
    app.add_js_file("code_blocks.js", loading_method="defer")
    app.add_css_file("code_blocks.css")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
