"""Code to copy, and beside it, told apart, what it printed.

Usage, in ``conf.py``, after sphinx-gallery::

    extensions = ["sphinx_gallery.gen_gallery", "code_blocks"]

On HTML pages, what a lesson's cell printed gets the label ``輸出 · Output``. Where the cell catches
an error, the label names it and the block has another colour. An output of more than `LONG` lines
is folded: the label opens it, and print shows it whole.

Each cell of a lesson says which line of the script it starts at. ``code_blocks.js`` puts the
numbers beside the code, in the page as in the script that one downloads, and each is a link to its
line: ``…/08_computation_graph.html#line-55`` marks that line, ``#line-55-57`` those three. They are
made in the browser because they would double the weight of the code.

The script also puts a button on every block of code but outputs. It copies what one types: of a
session with prompts, the commands without them and without what they printed.

Why not sphinx-copybutton: it would add three scripts, a sheet and a picture to each page, and its
words exist in one language a site. Why not sphinx-gallery's ``line_numbers``: they are text in the
code, without links, indent it by one, and do not count the comments that configure a lesson.
"""

from __future__ import annotations

import ast
from pathlib import Path
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


def first_line(cell: str, script: list[str], after: int = 0) -> int | None:
    r"""Find where a cell starts in its script, below line `after`; None where it is not there.

    >>> first_line("a = 1\nb = 2", ["# text", "a = 1", "b = 2"])
    2
    """
    lines = cell.rstrip().split("\n")
    for start in range(after, len(script) - len(lines) + 1):
        if script[start : start + len(lines)] == lines:
            return start + 1
    return None


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


class numbered(nodes.General, nodes.Element):
    """A cell: ``first`` is the line of the script that it starts at."""


def visit_numbered(self: HTML5Translator, node: numbered) -> None:
    """Tell the browser's script where to count from."""
    self.body.append(f'<div class="numbered" data-first-line="{node["first"]}">')


def depart_numbered(self: HTML5Translator, node: numbered) -> None:
    """Close the block."""
    self.body.append("</div>\n")


class Cells(SphinxPostTransform):
    """Number the cells of a lesson and label what they printed.

    Before sphinx-gallery (5) turns the code of the cells into HTML.
    """

    default_priority = 4
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Wrap each cell and each output; the block of code before an output is its cell."""
        code, line = "", 0
        path = Path(self.env.doc2path(self.env.docname)).with_suffix(".py")
        script = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        for block in list(self.document.findall(nodes.literal_block)):
            if PRINTED not in block["classes"]:
                code = block.astext()
                if first := first_line(code, script, line):
                    line = first + code.rstrip().count("\n")
                    cell = numbered("", first=first)
                    block.replace_self(cell)
                    cell += block
                continue
            lines = block.astext().rstrip("\n").count("\n") + 1
            box = output("", errors=caught(code), lines=lines)
            block.replace_self(box)
            box += block


def setup(app: Sphinx) -> ExtensionMetadata:
    """Add the nodes, what makes them, the script and the sheet."""
    app.add_node(output, html=(visit_output, depart_output))
    app.add_node(numbered, html=(visit_numbered, depart_numbered))
    app.add_post_transform(Cells)
    app.add_js_file("code_blocks.js", loading_method="defer")
    app.add_css_file("code_blocks.css")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
