"""Graphs that move: pictures of a lesson that answer when the reader changes a number.

Usage, in ``conf.py``::

    extensions = ["bilingual", "moving_graphs"]
    html_static_path = ["_static"]  # holds moving/*.js and moving/moving.css
    templates_path = ["_templates"]  # holds moving/*.html

and in a lesson::

    .. moving-graph:: logistic

``:ref:`the graph <moving-logistic>``` links to it. A graph is three things: numbers that are
computed by torch when the page is read, and kept in its doctree, so that a build without changes
needs no torch; a template, which shows those numbers and is all that a page without JavaScript has;
and a script, which makes it move. Scripts and style are loaded on the pages with a graph only. In
other formats, and in a lesson's notebook, its title stands for it.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bilingual import pair_html, split_pair
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


# What one may do to `x`, and what that shows.
TENSOR = "torch.arange(10, 22).view(3, 4)"
OPERATIONS = {
    "x": "剛做好：一列接一列，照順序排。 · As made: row after row, in order.",
    "x.t()": "轉置只對調兩個步幅，一個數字都沒搬。 · "
    "A transpose only swaps the two strides; no number moves.",
    "x.view(2, 6)": "同一排數字，換個地方斷行。 · The same row of numbers, broken elsewhere.",
    "x[1:]": "切片從第 1 列開始：起點變了，步幅沒變。 · "
    "The slice begins at row 1: another offset, the same strides.",
    "x[1]": "選出一列，少了一個維度。 · One row selected: one dimension less.",
    "x[:, 1]": "選出一行：往下一個要跨 4 格。 · One column selected: the next is 4 cells on.",
    "x[:, 1:3]": "列和列之間空了兩格，一個步幅跨不過去，所以攤不平。 · "
    "Between rows two cells are left out; no single stride can flatten that.",
    "x[:, ::2]": "隔一格取一個：不連續，跨的格數卻處處相同，照樣攤得平。 · "
    "Every other cell: not contiguous, yet all jumps are equal, so it can be flattened.",
    "x[:, :1].expand(3, 4)": "步幅 0：往右走還是同一格，看起來有 12 個，其實只有 3 個。 · "
    "Stride 0: a step to the right stays in its cell. It looks like 12 numbers and is 3.",
    "x.t().contiguous()": "照轉置後的順序抄一份：這是另一塊記憶體。 · "
    "A copy in the order of the transpose: other memory.",
}


def record_strides() -> list[dict[str, Any]]:
    """Ask torch for shape, strides and memory of ``x`` after each operation."""
    import torch

    x = eval(TENSOR, {"torch": torch})  # what is shown as code is what is run
    found = []
    for code, words in OPERATIONS.items():
        tensor = eval(code, {"x": x})
        try:
            flattens = tensor.view(-1).dim() == 1
        except RuntimeError:
            flattens = False
        storage = tensor.untyped_storage()
        memory = torch.tensor([], dtype=x.dtype).set_(storage).tolist()
        found.append(
            {
                "code": code,
                "shape": list(tensor.shape),
                "stride": list(tensor.stride()),
                "offset": tensor.storage_offset(),
                "contiguous": tensor.is_contiguous(),
                "flattens": flattens,
                "copied": storage.data_ptr() != x.untyped_storage().data_ptr(),
                "memory": memory,
                "words": split_pair(words),
            }
        )
    return found


# Lesson 13: its first cell makes the data, the batches and the network.
TRAINING = Path(__file__).parents[2] / "gallery/4_networks/13_training_loop.py"
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.5, 1, 2, 3, 10, 1000)
EPOCHS = 30
SEEN = (0, 1, 2, 5, 10, 20, 30)  # epochs at which the decision boundary is kept
REACH, SIDE = 3.6, 24  # half the width of the picture, and how many places across
VERDICTS = {
    "small": "太小 · too small",
    "right": "剛好 · right",
    "large": "太大 · too large",
}


def judge(losses: list[float | None], best: float, guess: float) -> str:
    """Name a learning rate by the losses of its run, as one would name the curve.

    Too large: it broke, ends above guessing, or jumps about (at twice its own lowest). Too small:
    at the end it is not near the best run's loss yet, not within ten times.

    >>> judge([1.0, 0.9], 0.01, 1.1), judge([0.5, 0.02], 0.01, 1.1), judge([2.0, None], 0.01, 1.1)
    ('small', 'right', 'large')
    """
    finite = [loss for loss in losses if loss is not None]
    last = losses[-1]
    if last is None or last > guess or last > 2 * min(finite):
        return "large"
    return "small" if last > 10 * best else "right"


def record_training() -> dict[str, Any]:
    """Train the lesson's network on the lesson's data, once a learning rate."""
    import torch
    from sphinx_gallery.py_source_parser import split_code_and_text_blocks
    from torch.nn.functional import cross_entropy

    blocks = split_code_and_text_blocks(str(TRAINING))[1]
    lesson: dict[str, Any] = {}
    threads = torch.get_num_threads()
    line = torch.linspace(-REACH, REACH, SIDE)
    grid = torch.cartesian_prod(line, line).flip(1)  # row by row, from below
    runs = []
    with torch.random.fork_rng():
        exec(next(block[1] for block in blocks if block[0] == "code"), lesson)
        loader = lesson["batches"]()
        epochs = [list(loader) for _ in range(EPOCHS)]  # dealt once: every run sees the same
        places, arms = lesson["new_places"], lesson["new_arms"]
        for rate in RATES:
            model = lesson["new_model"]()
            parameters = list(model.parameters())
            run: dict[str, Any] = {"rate": rate, "losses": [], "right": [], "maps": []}
            for epoch in range(EPOCHS + 1):
                if epoch:
                    total = count = 0
                    for inputs, targets in epochs[epoch - 1]:
                        loss = cross_entropy(model(inputs), targets)
                        slopes = torch.autograd.grad(loss, parameters)
                        with torch.no_grad():
                            for parameter, slope in zip(parameters, slopes, strict=True):
                                parameter -= rate * slope
                        total += loss.item() * len(targets)
                        count += len(targets)
                    mean = total / count
                    run["losses"].append(float(f"{mean:.4g}") if math.isfinite(mean) else None)
                if epoch in SEEN:
                    with torch.no_grad():
                        scores = model(grid)
                        right = (model(places).argmax(dim=1) == arms).float().mean().item()
                    # What is no number gives no answer.
                    answers = scores.argmax(dim=1).where(scores.isfinite().all(dim=1), 3)
                    run["maps"].append("".join(map(str, answers.tolist())))
                    run["right"].append(round(100 * right) if scores.isfinite().all() else None)
            runs.append(run)
    torch.set_num_threads(threads)
    guess = math.log(3)
    best = min(run["losses"][-1] for run in runs if run["losses"][-1] is not None)
    for run in runs:
        run["verdict"] = judge(run["losses"], best, guess)
    points = (500 + 500 * places / REACH).round().int().tolist()
    return {
        "runs": runs,
        "epochs": SEEN,
        "side": SIDE,
        "guess": guess,
        "points": [[*point, arm] for point, arm in zip(points, arms.tolist(), strict=True)],
        "curves": [curve(run["losses"]) for run in runs],
    }


def curve(losses: list[float | None]) -> str:
    """Give the path of a loss curve: 16 units an epoch, 100 units one unit of loss, from above.

    It leaves the picture above 1.6, and ends where the loss is no number.

    >>> curve([1.0, 0.5, 1e9, None])
    'M16 60L32 110L48 -140'
    """
    finite = [loss for loss in losses if loss is not None]
    points = "L".join(
        f"{16 * epoch} {round(160 - 100 * min(loss, 3), 1):g}"
        for epoch, loss in enumerate(finite, 1)
    )
    return f"M{points}" if points else ""


# name: its title, and what computes its numbers.
GRAPHS: dict[str, tuple[str, Callable[[], Any]]] = {
    "logistic": ("會動的計算圖 · The computation graph that moves", record_logistic),
    "strides": ("張量在記憶體裡的樣子 · A tensor and its memory", record_strides),
    "learning-rate": ("學習率，真的訓練給你看 · Learning rates, really trained", record_training),
}


# -- From the directive to the page ----------------------------------------------------------


class moving_graph(nodes.General, nodes.Element):
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
        "tensor": TENSOR,
        "verdicts": VERDICTS,
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
