"""The multilayer perceptron, and three ways to look at any network.

`MLP` is the network of the lessons. `count_parameters`, `summary` and `diagram` take any
`torch.nn.Module`: they run it once on an example and report what really happened, so they cannot
disagree with the code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape as escape_html
from itertools import pairwise
from numbers import Integral
from typing import Any

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from primer import diagram as mermaid
from primer._checks import check_module, wrong_type, wrong_value
from primer._forward import INPUT, Call, record
from primer._messages import both
from primer._table import table
from primer.diagram import Diagram

__all__ = ["MLP", "Summary", "count_parameters", "diagram", "summary"]

LARGEST_DIAGRAM = 400  # boxes; nobody reads more


class MLP(nn.Module):
    """A multilayer perceptron: linear layers with a non-linearity between each two.

    Parameters
    ----------
    num_inputs : int
        Features of one sample, at least 1.
    num_outputs : int
        Numbers to predict for one sample; for a classifier, one score (logit) a class.
    hidden : sequence of int, default (30, 20)
        Width of each hidden layer. ``()`` leaves a single linear layer.
    activation : callable, default torch.nn.ReLU
        Called once for each hidden layer; returns the non-linear module to put after it.

    Attributes
    ----------
    layers : torch.nn.Sequential
        The layers, in order.

    Raises
    ------
    TypeError
        If a width is not an integer, or `activation` does not make modules.
    ValueError
        If a width is less than 1.

    Notes
    -----
    A linear layer from :math:`m` to :math:`n` numbers computes :math:`y = x W^T + b` [1]_ and has
    :math:`(m + 1) n` parameters. The last layer has no non-linearity: its outputs are logits, as
    `torch.nn.CrossEntropyLoss` expects.

    References
    ----------
    .. [1] Goodfellow, Bengio and Courville, *Deep Learning*, MIT Press, 2016, chapter 6.

    Examples
    --------
    >>> import torch
    >>> model = MLP(50, 3)
    >>> model(torch.zeros(8, 50)).shape
    torch.Size([8, 3])
    >>> count_parameters(model), count_parameters(MLP(10, 3, hidden=(6, 4)))
    (2213, 109)
    """

    def __init__(
        self,
        num_inputs: int,
        num_outputs: int,
        hidden: Sequence[int] = (30, 20),
        activation: Callable[[], nn.Module] = nn.ReLU,
    ) -> None:
        super().__init__()
        widths = _check_widths(num_inputs, hidden, num_outputs)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after), _make(activation)]
        self.layers = nn.Sequential(*layers[:-1])  # nothing after the last linear layer

    def forward(self, inputs: Tensor) -> Tensor:
        """Predict: ``(..., num_inputs)`` in, ``(..., num_outputs)`` out."""
        outputs: Tensor = self.layers(inputs)
        return outputs


def count_parameters(module: nn.Module, trainable_only: bool = True) -> int:
    """Count the numbers that a module learns.

    Parameters
    ----------
    module : torch.nn.Module
        Any module. A parameter that two layers share counts once.
    trainable_only : bool, default True
        Leave out frozen parameters (``requires_grad=False``).

    Returns
    -------
    int
        How many numbers, not how many tensors.

    Raises
    ------
    TypeError
        If `module` is not a module.
    ValueError
        If a lazy layer does not know its size yet.

    Examples
    --------
    >>> layer = nn.Linear(50, 30)  # 50 × 30 weights and 30 biases
    >>> count_parameters(layer)
    1530
    >>> layer.bias.requires_grad = False
    >>> count_parameters(layer), count_parameters(layer, trainable_only=False)
    (1500, 1530)
    """
    check_module(module)
    total = 0
    for name, parameter in module.named_parameters():
        if is_lazy(parameter):
            raise ValueError(
                both(
                    f"參數 {name} 屬於 lazy 層，還沒有形狀；請先讓模型跑一次前向傳播再計算。",
                    f"parameter {name} belongs to a lazy layer and has no shape yet; run the model "
                    "on one batch first.",
                )
            )
        if parameter.requires_grad or not trainable_only:
            total += parameter.numel()
    return total


@dataclass(frozen=True)
class Layer:
    """One row of a `Summary`: a module, as it was called.

    Attributes
    ----------
    name : str
        Path in the module tree, as in `torch.nn.Module.named_modules`; empty for the whole.
    kind : str
        Name of the class.
    output_shapes : tuple of tuple of int
        Shape of each tensor it returned; empty when it was never called.
    parameters : int
        Numbers that this module itself holds and no earlier row has counted.
    bytes : int
        Memory of those, in bytes.
    """

    name: str
    kind: str
    output_shapes: tuple[tuple[int, ...], ...]
    parameters: int
    bytes: int


@dataclass(frozen=True)
class Summary:
    """The table that `summary` makes. Prints as text; a notebook shows it as a table.

    Attributes
    ----------
    layers : tuple of Layer
        One row a call, in the order of the forward pass; modules never called come last.
    parameters, trainable : int
        All parameters, and those that learn.
    parameter_bytes, output_bytes : int
        Memory, in bytes, of the parameters and of what the innermost modules returned for this
        example. Training holds on to about that much for the backward pass.
    """

    layers: tuple[Layer, ...]
    parameters: int
    trainable: int
    parameter_bytes: int
    output_bytes: int

    def _rows(self) -> list[list[str]]:
        return [
            [
                layer.name or "·",
                layer.kind,
                " ".join(map(str, layer.output_shapes)) or "未呼叫 · not called",
                f"{layer.parameters:,}",
                f"{layer.bytes:,}",
            ]
            for layer in self.layers
        ]

    def _totals(self) -> list[str]:
        return [
            f"參數 {self.parameters:,} 個，其中可訓練 {self.trainable:,} 個"
            f"；參數 {self.parameter_bytes:,} 位元組，各層輸出 {self.output_bytes:,} 位元組",
            f"{self.parameters:,} parameters, {self.trainable:,} trainable; "
            f"parameters {self.parameter_bytes:,} bytes, layer outputs {self.output_bytes:,} bytes",
        ]

    def __str__(self) -> str:
        text = table([*_HEADER, *self._rows()], right=(3, 4))
        return "\n".join([text, *self._totals()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        def row(cells: Iterable[str], tag: str = "td") -> str:
            return "<tr>" + "".join(f"<{tag}>{escape_html(c)}</{tag}>" for c in cells) + "</tr>"

        head = row((f"{zh} · {en}" for zh, en in zip(*_HEADER, strict=True)), "th")
        body = "".join(row(cells) for cells in self._rows())
        foot = "<br>".join(map(escape_html, self._totals()))
        return (
            f"<table><thead>{head}</thead><tbody>{body}</tbody>"
            f'<tfoot><tr><td colspan="5">{foot}</td></tr></tfoot></table>'
        )


_HEADER = [
    ["層", "類別", "輸出形狀", "參數", "位元組"],
    ["layer", "class", "output shape", "parameters", "bytes"],
]


def summary(module: nn.Module, example: Any) -> Summary:
    """Tabulate the layers of a module with the shapes they return for an example.

    Parameters
    ----------
    module : torch.nn.Module
        Any module. It is run once in evaluation mode, without gradients, and left as it was.
    example : Tensor, or tuple, list or dict of them
        One batch: a tensor is passed as the only argument, a tuple or list as several, a dict as
        named ones.

    Returns
    -------
    Summary
        One row a call: class, output shapes, parameters and their bytes.

    Raises
    ------
    TypeError
        If `module` is not a module or `example` holds no tensor.
    ValueError
        If the module cannot take the example.

    Examples
    --------
    >>> import torch
    >>> print(summary(MLP(10, 3, hidden=(6,)), torch.zeros(8, 10)))
    層        類別        輸出形狀            參數  位元組
    layer     class       output shape  parameters   bytes
    ·         MLP         (8, 3)                 0       0
    layers    Sequential  (8, 3)                 0       0
    layers.0  Linear      (8, 6)                66     264
    layers.1  ReLU        (8, 6)                 0       0
    layers.2  Linear      (8, 3)                21      84
    參數 87 個，其中可訓練 87 個；參數 348 位元組，各層輸出 480 位元組
    87 parameters, 87 trainable; parameters 348 bytes, layer outputs 480 bytes
    """
    forward = record(module, example)
    counted: set[int] = set()
    rows = [_layer(call.name, call.module, call, counted) for call in forward.calls if call.module]
    called = {id(call.module) for call in forward.calls}
    rows += [
        _layer(name, part, None, counted)
        for name, part in module.named_modules()
        if id(part) not in called
    ]
    return Summary(
        layers=tuple(rows),
        parameters=count_parameters(module, trainable_only=False),
        trainable=count_parameters(module),
        parameter_bytes=sum(p.numel() * p.element_size() for p in module.parameters()),
        output_bytes=sum(
            tensor.numel() * tensor.element_size()
            for call in forward.calls
            if call.module and call.whole
            for tensor in call.outputs
        ),
    )


def diagram(module: nn.Module, example: Any, *, depth: int | None = None) -> Diagram:
    """Draw how an example flows through a module.

    Parameters
    ----------
    module : torch.nn.Module
        Any module. It is run once in evaluation mode, without gradients, and left as it was.
    example : Tensor, or tuple, list or dict of them
        One batch, passed as in `summary`.
    depth : int, optional
        Draw modules this deep in the tree as one box each: 1 shows the children of `module` only.
        By default every module is opened down to those that have no children.

    Returns
    -------
    Diagram
        A flowchart. A box is a module with its parameters, a rounded box a function that was
        called between modules; an arrow carries the shape of the tensor that passed. A module
        that is called twice has two boxes, and the second says that its parameters are shared.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If the module cannot take the example, or more boxes than anyone could read come out.

    Examples
    --------
    >>> import torch
    >>> print(diagram(nn.Linear(3, 2), torch.zeros(8, 3)).text)
    flowchart TB
    in0(["輸入 · Input<br/>(8, 3) float32"])
    n0["Linear<br/>8 參數 · params"]
    out0(["輸出 · Output<br/>(8, 2) float32"])
    in0 -->|"(8, 3)"| n0
    n0 -->|"(8, 2)"| out0
    """
    if depth is not None and (isinstance(depth, bool) or not isinstance(depth, int) or depth < 0):
        raise wrong_type(depth, "depth", "0 以上的整數或 None", "an integer from 0 up, or None")
    forward = record(module, example, depth)
    kept = _used(forward.calls, {source for _, source, _ in forward.outputs})
    if len(kept) > LARGEST_DIAGRAM:
        raise ValueError(
            both(
                f"這張圖會有 {len(kept)} 個方塊，超過 {LARGEST_DIAGRAM} 個就沒有人讀得下去；"
                "請用 depth=1 或 depth=2 只畫外層。",
                f"the diagram would have {len(kept)} boxes, and past {LARGEST_DIAGRAM} nobody can "
                "read it; draw the outer modules only, with depth=1 or depth=2.",
            )
        )
    seen: set[int] = set()
    lines = ["flowchart TB"]
    for number, (name, tensor) in enumerate(forward.inputs):
        lines.append(mermaid.node(f"in{number}", _end("輸入", "Input", name, tensor), "([])"))
    lines += _boxes(forward.calls, kept, INPUT, seen)
    for number, (name, _, tensor) in enumerate(forward.outputs):
        lines.append(mermaid.node(f"out{number}", _end("輸出", "Output", name, tensor), "([])"))
    ports = {id(tensor): f"in{number}" for number, (_, tensor) in enumerate(forward.inputs)}
    arrows: dict[tuple[str, str], list[str]] = {}
    ends = [(f"n{number}", forward.calls[number].sources) for number in kept]
    ends += [(f"out{k}", [(source, t)]) for k, (_, source, t) in enumerate(forward.outputs)]
    for end, sources in ends:
        for source, tensor in sources:
            start = ports[id(tensor)] if source == INPUT else f"n{source}"
            arrows.setdefault((start, end), []).append(_shape(tensor))
    lines += [mermaid.edge(*ends, "\n".join(shapes)) for ends, shapes in arrows.items()]
    kind = type(module).__name__
    total = count_parameters(module, trainable_only=False)
    return Diagram(
        "\n".join(lines),
        title=f"{kind} 的前向傳播 · The forward pass of {kind}",
        description=(
            f"資料一路經過 {len(kept)} 個方塊，參數共 {total:,} 個。"
            f" · On the way of the data: boxes {len(kept)}, parameters {total:,}."
        ),
    )


def _check_widths(num_inputs: int, hidden: Sequence[int], num_outputs: int) -> list[int]:
    if not isinstance(hidden, (tuple, list, range)):
        raise wrong_type(
            hidden, "hidden", "一串整數，例如 (30, 20)", "several integers, such as (30, 20)"
        )
    named = [("num_inputs", num_inputs)]
    named += [(f"hidden[{number}]", width) for number, width in enumerate(hidden)]
    named += [("num_outputs", num_outputs)]
    for name, width in named:
        if isinstance(width, bool) or not isinstance(width, Integral):
            raise wrong_type(width, name, "整數", "an integer")
        if width < 1:
            raise wrong_value(width, name, "至少是 1", "at least 1")
    return [int(width) for _, width in named]


def _make(activation: Callable[[], nn.Module]) -> nn.Module:
    try:
        made = None if isinstance(activation, nn.Module) else activation()
    except Exception:  # not callable, or it wants arguments
        made = None
    if not isinstance(made, nn.Module):
        raise wrong_type(
            activation,
            "activation",
            "模組的類別，例如 nn.ReLU（不加括號）",
            "the class of a module, such as nn.ReLU, without parentheses",
        )
    return made


def _layer(name: str, module: nn.Module, call: Call | None, counted: set[int]) -> Layer:
    fresh = [p for p in module.parameters(recurse=False) if id(p) not in counted]
    counted.update(map(id, fresh))
    return Layer(
        name=name,
        kind=type(module).__name__,
        output_shapes=tuple(tuple(tensor.shape) for tensor in call.outputs) if call else (),
        parameters=sum(p.numel() for p in fresh),
        bytes=sum(p.numel() * p.element_size() for p in fresh),
    )


def _used(calls: list[Call], wanted: set[int]) -> list[int]:
    """Return the numbers of the boxes to draw: modules, and the functions that outputs need."""
    for number in reversed(range(len(calls))):  # a call comes after those that it takes from
        call = calls[number]
        if call.whole and (call.module is not None or number in wanted):
            wanted.add(number)
            wanted.update(source for source, _ in call.sources)
    return [number for number, call in enumerate(calls) if call.whole and number in wanted]


def _boxes(calls: list[Call], kept: list[int], parent: int, seen: set[int]) -> list[str]:
    """Write the boxes of the calls that ``parent`` made.

    A container gets a frame round its boxes, unless its parent called nothing else: that frame
    would say nothing new.
    """
    parts: list[tuple[Call, int, list[str]]] = []
    for number, call in enumerate(calls):
        if call.parent == parent and number in kept:
            parts.append((call, number, [_box(number, call, seen)]))
        elif call.parent == parent and (inner := _boxes(calls, kept, number, seen)):
            parts.append((call, number, inner))
    lines: list[str] = []
    for call, number, inner in parts:
        framed = not call.whole and len(parts) > 1 and len(inner) > 1
        title = mermaid.escape(f"{call.name} · {type(call.module).__name__}")
        lines += [f'subgraph s{number}["{title}"]', *inner, "end"] if framed else inner
    return lines


def _box(number: int, call: Call, seen: set[int]) -> str:
    if call.module is None:
        return mermaid.node(f"n{number}", call.name, "()")
    parameters = list(call.module.parameters())
    shared = bool(parameters) and all(id(p) in seen for p in parameters)
    seen.update(map(id, parameters))
    label = [type(call.module).__name__]
    if call.name:
        label.append(call.name)
    if shared:
        label.append("參數共用 · shared")
    elif parameters:
        label.append(f"{sum(p.numel() for p in parameters):,} 參數 · params")
    return mermaid.node(f"n{number}", "\n".join(label))


def _end(zh: str, en: str, name: str, tensor: Tensor) -> str:
    dtype = str(tensor.dtype).removeprefix("torch.")
    return f"{zh} · {en} {name}".rstrip() + f"\n{_shape(tensor)} {dtype}"


def _shape(tensor: Tensor) -> str:
    return str(tuple(tensor.shape))
