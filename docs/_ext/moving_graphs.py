"""Graphs that move: pictures of a lesson that answer when the reader changes a number.

Usage, in ``conf.py``::

    extensions = ["bilingual", "moving_graphs"]
    html_static_path = ["_static"]  # holds moving/*.js and moving/moving.css
    templates_path = ["_templates"]  # holds moving/*.html

and in a lesson::

    .. moving-graph:: logistic

``:ref:`the graph <moving-logistic>``` links to it. A graph is three things: numbers that are
computed by torch when the page is read, and kept in its doctree, so that a build without changes
needs no torch; a template, which draws the picture with those numbers and is all that a page without
JavaScript shows; and a script, which makes it move. Scripts and style are loaded on the
pages with a graph only. In other formats, and in a lesson's notebook, its title stands for it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bilingual import pair_html
from docutils import nodes
from docutils.transforms import Transform
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from collections.abc import Callable

    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata
    from sphinx.writers.html5 import HTML5Translator

MINUS = "\N{MINUS SIGN}"


# -- What is computed ------------------------------------------------------------------------


def record_logistic() -> dict[str, float]:
    """Compute the logistic regression of lesson 08 and its derivatives, all from torch's graph."""
    import torch
    from torch.autograd import grad

    def leaf(value: float) -> torch.Tensor:
        return torch.tensor(value, dtype=torch.float64, requires_grad=True)

    x1, w1, b = leaf(1.1), leaf(2.2), leaf(0.0)
    y = torch.tensor(1.0, dtype=torch.float64)
    u = w1 * x1
    z = u + b
    a = torch.sigmoid(z)
    loss = torch.nn.functional.binary_cross_entropy(a, y)

    def slope(of: torch.Tensor, by: torch.Tensor) -> torch.Tensor:
        return grad(of, by, retain_graph=True)[0]

    values = {"x1": x1, "w1": w1, "b": b, "y": y, "u": u, "z": z, "a": a, "loss": loss}
    local = {"a": (loss, a), "z": (a, z), "u": (z, u), "w1": (u, w1), "b": (z, b)}
    values |= {f"local_{name}": slope(of, by) for name, (of, by) in local.items()}
    values |= {f"grad_{name}": slope(loss, values[name]) for name in local}
    return {name: value.item() for name, value in values.items()}


# name: its title, and what computes its numbers.
GRAPHS: dict[str, tuple[str, Callable[[], Any]]] = {
    "logistic": ("會動的計算圖 · The computation graph that moves", record_logistic),
}


# -- From the directive to the page ----------------------------------------------------------


class moving_graph(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """A graph: its ``name``, its ``data`` once they are recorded, and its title as a child."""


class MovingGraph(SphinxDirective):
    """The directive, which computes nothing: a notebook is parsed once more for itself."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make the node and give it a name to refer to."""
        name = self.arguments[0]
        if name not in GRAPHS:
            names = ", ".join(GRAPHS)
            raise self.error(
                f"沒有 {name!r} 這張會動的圖，有的是：{names} · "
                f"no moving graph {name!r}; there are: {names}"
            )
        node = moving_graph(name=name, names=[f"moving-{name}"])
        self.set_source_info(node)
        node += nodes.paragraph("", GRAPHS[name][0])
        self.state.document.note_explicit_target(node, node)
        return [node]


class Record(Transform):
    """Compute the numbers of the graphs of a page that is read."""

    default_priority = 150

    def apply(self) -> None:
        """Fill the data of every graph."""
        for node in self.document.findall(moving_graph):
            node["data"] = GRAPHS[node["name"]][1]()


def rounded(value: float) -> str:
    """Write a number as the scripts do, to four decimals.

    >>> rounded(-0.08174), rounded(1)
    ('−0.0817', '1.0000')
    """
    return f"{value:.4f}".replace("-", MINUS)


def visit(self: HTML5Translator, node: moving_graph) -> None:
    """Write the picture with the recorded numbers, and the numbers for the script."""
    # A "<" could end the element that holds the numbers.
    numbers = json.dumps(node["data"], separators=(",", ":")).replace("<", "\\u003c")
    context = {
        "id": node["ids"][0],
        "title": GRAPHS[node["name"]][0],
        "data": node["data"],
        "json": numbers,
        "pair": pair_html,
        "rounded": rounded,
    }
    self.body.append(self.builder.templates.render(f"moving/{node['name']}.html", context))
    raise nodes.SkipNode


def pass_by(self: nodes.NodeVisitor, node: moving_graph) -> None:
    """Add nothing: in other formats the title stands for the graph."""


def add_files(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Add the style sheet and the scripts to the pages that hold a graph."""
    names = {node["name"] for node in doctree.findall(moving_graph)} if doctree else set()
    if names:
        app.add_css_file("moving/moving.css")
    for name in sorted(names):
        app.add_js_file(f"moving/{name}.js", loading_method="defer")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive, its node and what fills it."""
    app.add_directive("moving-graph", MovingGraph)
    others = dict.fromkeys(("latex", "text", "man", "texinfo"), (pass_by, pass_by))
    app.add_node(moving_graph, html=(visit, None), **others)
    app.add_transform(Record)
    app.connect("html-page-context", add_files)
    return {
        "version": "1.0",
        "env_version": 1,  # doctrees hold the numbers
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
