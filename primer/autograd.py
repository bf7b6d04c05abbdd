"""See what autograd recorded, follow the chain rule through it, and check it with numbers.

While a program computes with tensors that require gradients, PyTorch writes down each operation.
`trace` reads that record from a live tensor and draws it; `walk` multiplies the derivatives along
it, one operation at a time; `check_gradients` compares autograd with finite differences, which
know nothing of the record.
"""

from __future__ import annotations

import inspect
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal, TypeAlias

import torch
from torch.autograd.graph import get_gradient_edge

from primer._messages import both
from primer._recorded import Missing, Recorded, Result, read
from primer.diagram import Diagram
from primer.diagram import edge as arrow
from primer.diagram import node as box

__all__ = [
    "ChainRule",
    "Comparison",
    "Edge",
    "GradientReport",
    "Graph",
    "Node",
    "Path",
    "Step",
    "check_gradients",
    "trace",
    "walk",
]

Kind: TypeAlias = Literal["parameter", "leaf", "input", "operation", "output"]
Numbers: TypeAlias = Any  # a number, or nested lists of numbers, as Tensor.tolist() gives them

_MOST_NODES = 2000
_MOST_PATHS = 100
_MOST_RESULTS = 32
_SMALL = 6  # numbers that fit in a box of the diagram
_MOST_ELEMENTS = 10_000  # each costs two calls of the function that is checked

# Shape of the box, and its class in the style sheet.
_LOOKS: dict[Kind, tuple[str, str]] = {
    "parameter": ("([])", "parameter"),
    "leaf": ("()", "leaf"),
    "input": ("[//]", "muted"),
    "operation": ("[]", ""),
    "output": ("{{}}", "output"),
}


@dataclass(frozen=True)
class Node:
    """One box of the graph: a tensor that enters, or an operation with the tensor it makes.

    Attributes
    ----------
    id : str
        Name of the box in the Mermaid text.
    name : str
        The name given to `trace`, else one made from the operation (``mul``, ``mul_1``) or the
        kind (``leaf``).
    kind : {"parameter", "leaf", "input", "operation", "output"}
        A leaf requires a gradient, a parameter is a leaf of class `torch.nn.Parameter`, an input
        needs no gradient (or was passed to `trace` as a place to stop).
    operation : str or None
        What was computed (``mul``); None for what enters.
    shape : tuple of int or None
        Shape of the tensor; None where autograd kept nothing that tells it.
    value : number, nested lists of numbers, or None
        The numbers, where there are at most 6 and autograd or `names` still holds them.
    grad : number, nested lists of numbers, or None
        The accumulated ``.grad``, likewise.
    """

    id: str
    name: str
    kind: Kind
    operation: str | None
    shape: tuple[int, ...] | None
    value: Numbers = None
    grad: Numbers = None


@dataclass(frozen=True)
class Edge:
    """An arrow: the tensor `name` goes from the box `source` into the operation `target`.

    Attributes
    ----------
    source, target : str
        The `Node.id` of both ends.
    name : str
        The tensor's name; ``unbind[1]`` is the second result of ``unbind``.
    """

    source: str
    target: str
    name: str


@dataclass(frozen=True, repr=False)
class Graph:
    """A recorded computation; prints as a program, shows as a diagram.

    Attributes
    ----------
    nodes : tuple of Node
        In an order in which they can be computed; the last one is the output.
    edges : tuple of Edge
        Into each operation in the order of its arguments.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    _live: _Live = field(repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.nodes)

    @property
    def output(self) -> Node:
        """The node that was traced."""
        return self.nodes[-1]

    @property
    def diagram(self) -> Diagram:
        """The graph as a flowchart, from what enters to the output."""
        names = {node.id: node.name for node in self.nodes}
        lines = [f"flowchart {'LR' if self._depth() <= 8 else 'TD'}"]
        lines += [box(node.id, _label(node), *_LOOKS[node.kind]) for node in self.nodes]
        for edge in self.edges:
            # Only one result of several needs a label: which one it is.
            label = "" if edge.name == names[edge.source] else edge.name
            lines.append(arrow(edge.source, edge.target, label))
        enters = _listed([node.name for node in self.nodes if node.operation is None])
        return Diagram(
            "\n".join(lines),
            title="計算圖 · Computation graph",
            description=f"{enters} 經過運算得到 {self.output.name}，共 {len(self)} 個節點。 · "
            f"From {enters} to {self.output.name}, {len(self)} nodes.",
        )

    def to_mermaid(self) -> str:
        """Return the text of `diagram`."""
        return str(self.diagram)

    def __str__(self) -> str:
        arguments: dict[str, list[str]] = {}
        for edge in self.edges:
            arguments.setdefault(edge.target, []).append(edge.name)
        programme = []
        for node in self.nodes:
            line = node.name
            if node.operation is not None:
                line += f" = {node.operation}({', '.join(arguments.get(node.id, []))})"
            programme.append((line, ", ".join(_notes(node))))
        width = max(len(line) for line, _ in programme)
        return "\n".join(f"{line:<{width}}  {notes}".rstrip() for line, notes in programme)

    __repr__ = __str__

    def _repr_html_(self) -> str | None:
        return self.diagram._repr_html_()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {**self.diagram._repr_mimebundle_(include, exclude), "text/plain": str(self)}

    def _depth(self) -> int:
        depth: dict[str, int] = {}
        for edge in self.edges:  # sources come before their targets
            depth[edge.target] = max(depth.get(edge.target, 0), depth.get(edge.source, 0) + 1)
        return max(depth.values(), default=0)


@dataclass(frozen=True)
class _Live:
    """The recorded functions behind a graph: `walk` calls them."""

    root: Result
    recorded: Mapping[Any, Recorded]
    names: Mapping[Result, str]
    metas: Mapping[Result, torch.Tensor]
    device: torch.device


def trace(
    output: torch.Tensor,
    names: Mapping[str, torch.Tensor] | None = None,
    inputs: torch.Tensor | Iterable[torch.Tensor] | None = None,
) -> Graph:
    """Read the computation graph that autograd recorded on the way to a tensor.

    Parameters
    ----------
    output : torch.Tensor
        Any tensor that requires a gradient; any shape.
    names : mapping of str to torch.Tensor, optional
        What to call the tensors, leaves and intermediate results alike; ``dict(w=w, b=b, z=z)``
        or ``dict(model.named_parameters())``. Autograd does not keep every intermediate value: of
        a tensor named here the value is shown in any case. Tensors not in the graph are ignored.
    inputs : torch.Tensor or iterable of torch.Tensor, optional
        Where to stop: what came before these tensors is not followed, which narrows a large
        graph. A tensor without gradient named here is drawn even where autograd did not keep it.

    Returns
    -------
    Graph
        It holds on to what autograd saved, as `output` does.

    Raises
    ------
    TypeError
        An argument of another type.
    ValueError
        Nothing was recorded; more than 2,000 nodes; a tensor of `inputs` that is not in the graph.

    Notes
    -----
    After ``backward()`` without ``retain_graph=True`` autograd has freed the values it kept: the
    graph is still drawn, with gradients, but intermediate values are known only for tensors in
    `names`.

    Examples
    --------
    The logistic regression of one example:

    >>> import torch
    >>> x, y = torch.tensor([1.1]), torch.tensor([1.0])
    >>> w = torch.tensor([2.2], requires_grad=True)
    >>> b = torch.zeros(1, requires_grad=True)
    >>> z = x * w + b
    >>> a = torch.sigmoid(z)
    >>> loss = torch.nn.functional.binary_cross_entropy(a, y)
    >>> loss.backward(retain_graph=True)
    >>> print(trace(loss, dict(x=x, w=w, b=b, z=z, a=a, y=y, loss=loss)))
    w                                  (1,), 2.2, grad -0.0898
    x                                  (1,), 1.1
    mul = mul(x, w)                    (1,)
    b                                  (1,), 0, grad -0.0817
    z = add(mul, b)                    (1,), 2.42
    a = sigmoid(z)                     (1,), 0.9183
    y                                  (1,), 1
    loss = binary_cross_entropy(a, y)  (), 0.0852
    """
    named = _check_names(names)
    given = _check_inputs(inputs)
    if not isinstance(output, torch.Tensor):
        raise TypeError(_expected_tensor("output", output))
    if not output.requires_grad:
        raise ValueError(
            both(
                "這個張量沒有計算圖：requires_grad 是 False。請在計算之前對葉張量設 "
                "requires_grad=True（只有浮點數與複數可以），並且不要在 torch.no_grad() 裡"
                "或 .detach() 之後追蹤。",
                "No graph was recorded for this tensor: requires_grad is False. Set "
                "requires_grad=True on a leaf before computing (floating point or complex only), "
                "and do not trace inside torch.no_grad() or after .detach().",
            )
        )
    root = _result(output)
    stops = {_result(tensor).function for tensor in given if tensor.requires_grad}
    functions = _walk_back(root.function, stops)
    for tensor in given:
        if tensor.requires_grad and _result(tensor).function not in functions:
            raise ValueError(_not_in_graph(tensor))
    leaves = {f for f in functions if type(f).__name__ == "AccumulateGrad"}
    recorded = {f: read(f) for f in functions if f not in stops and f not in leaves}

    # Every recorded tensor whose numbers are still at hand. Tensors that the program holds come
    # last: only they know their retained gradient.
    tensors = {_result(t): t for one in recorded.values() for t in one.kept if t.requires_grad}
    tensors |= {Result(leaf, 0): leaf.variable for leaf in leaves}
    tensors |= {_result(t): t for t in (*given, output, *named.values()) if t.requires_grad}
    writer = _Writer(root, tensors, _shapes(recorded, tensors), named)
    inputs_of = _place_inputs(recorded, named, given)
    for arguments in inputs_of.values():
        writer.use(argument for argument in arguments if isinstance(argument, Result))
    for function in functions:
        if function in recorded:
            writer.add_operation(function, recorded[function].name, inputs_of[function])
        else:
            writer.add_entering(function, function.variable if function in leaves else None)
    if len(writer.nodes) > _MOST_NODES:  # with the inputs that need no gradient
        raise ValueError(_too_large())
    live = _Live(root, recorded, writer.names, writer.metas, output.device)
    return Graph(tuple(writer.nodes), tuple(writer.edges), live)


class _Writer:
    """Collects nodes and edges, and gives every tensor a name of its own."""

    def __init__(
        self,
        root: Result,
        tensors: Mapping[Result, torch.Tensor],
        metas: Mapping[Result, torch.Tensor],
        named: Mapping[str, torch.Tensor],
    ) -> None:
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.names: dict[Result, str] = {}
        self.metas = metas
        self._root = root
        self._tensors = tensors
        self._given = {_result(t): name for name, t in named.items() if t.requires_grad}
        self._constants = {id(t): name for name, t in named.items() if not t.requires_grad}
        self._taken = set(named)
        self._counters: defaultdict[str, count[int]] = defaultdict(lambda: count(1))
        self._ids: dict[Any, str] = {}
        self._entered: dict[int, tuple[str, str]] = {}  # by id() of a tensor without gradient
        self._used: dict[Any, set[int]] = {root.function: {root.number}}

    def use(self, results: Iterable[Result]) -> None:
        """Note which results of each function are used: an operation may have several."""
        for function, number in results:
            self._used.setdefault(function, set()).add(number)

    def add_entering(self, function: Any, leaf: torch.Tensor | None) -> None:
        """Add a leaf, or a tensor at which the trace stops."""
        kind: Kind = "input" if leaf is None else "leaf"
        if isinstance(leaf, torch.nn.Parameter):
            kind = "parameter"
        self._name(function, kind)
        self._add(function, kind, None)

    def add_operation(
        self, function: Any, operation: str, arguments: Iterable[Result | torch.Tensor | Missing]
    ) -> None:
        """Add an operation, the arrows into it, and the inputs that need no gradient."""
        sources = [self._source(argument) for argument in arguments]
        self._name(function, operation)
        self._add(function, "output" if function is self._root.function else "operation", operation)
        target = self._ids[function]
        self.edges += [Edge(source, target, name) for source, name in sources]

    def _source(self, argument: Result | torch.Tensor | Missing) -> tuple[str, str]:
        if isinstance(argument, Result):
            return self._ids[argument.function], self.names[argument]
        if isinstance(argument, Missing):
            return self._add_input(None)
        if id(argument) not in self._entered:
            self._entered[id(argument)] = self._add_input(argument)
        return self._entered[id(argument)]

    def _add_input(self, tensor: torch.Tensor | None) -> tuple[str, str]:
        value = _numbers_of(tensor)
        name = self._constants.get(id(tensor))
        if name is None:
            # A plain number that was written into the formula is called what it is.
            plain = tensor is not None and tensor.ndim == 0 and value is not None
            name = _text(value) if plain else self._unique("input")
        shape = None if tensor is None else tuple(tensor.shape)
        node = Node(f"n{len(self.nodes)}", name, "input", None, shape, value)
        self.nodes.append(node)
        return node.id, node.name

    def _name(self, function: Any, base: str) -> None:
        numbers = sorted(self._used[function])
        results = [Result(function, number) for number in numbers]
        if any(result not in self._given for result in results):
            base = self._unique(base)
        for result in results:
            several = f"{base}[{result.number}]" if numbers != [0] else base
            self.names[result] = self._given.get(result, several)

    def _add(self, function: Any, kind: Kind, operation: str | None) -> None:
        results = [Result(function, number) for number in sorted(self._used[function])]
        if function is self._root.function:
            results = [self._root]
        name = ", ".join(self.names[result] for result in results)
        # A node speaks of one tensor; of several results each has its arrow.
        tensor = self._tensors.get(results[0]) if len(results) == 1 else None
        meta = self.metas.get(results[0]) if len(results) == 1 else None
        shape = None if meta is None else tuple(meta.shape)
        self._ids[function] = f"n{len(self.nodes)}"
        self.nodes.append(
            Node(
                self._ids[function],
                name,
                kind,
                operation,
                shape,
                _numbers_of(tensor),
                _numbers_of(_gradient_of(tensor)),
            )
        )

    def _unique(self, base: str) -> str:
        """Give each its own name; one that comes again is numbered: ``mul``, ``mul_1``."""
        name = base
        while name in self._taken:
            name = f"{base}_{next(self._counters[base])}"
        self._taken.add(name)
        return name


@dataclass(frozen=True)
class Step:
    """One factor of the chain rule: the derivative of a result by one of its arguments.

    Attributes
    ----------
    result, argument : str
        Names of the two tensors.
    operation : str
        What makes `result` from `argument`.
    derivative : float
        Of `result` with respect to `argument`, at the recorded values.
    """

    result: str
    argument: str
    operation: str
    derivative: float


@dataclass(frozen=True)
class Path:
    """One way from the output back to the leaf.

    Attributes
    ----------
    steps : tuple of Step
        From the output to the leaf.
    """

    steps: tuple[Step, ...]

    @property
    def product(self) -> float:
        """All the derivatives multiplied."""
        return math.prod(step.derivative for step in self.steps)


@dataclass(frozen=True, repr=False)
class ChainRule:
    """The chain rule in numbers; prints as a table.

    Attributes
    ----------
    output, leaf : str
        The derivative is of `output` with respect to `leaf`.
    paths : tuple of Path
        Every way from the output back to the leaf.
    """

    output: str
    leaf: str
    paths: tuple[Path, ...]

    @property
    def gradient(self) -> float:
        """The sum over the paths of the products along them: what ``backward`` adds to .grad."""
        return math.fsum(path.product for path in self.paths)

    def __str__(self) -> str:
        rows: list[tuple[str, str, str]] = []
        for k, path in enumerate(self.paths, 1):
            if len(self.paths) > 1:
                rows.append((f"path {k}", "", f"路徑 {k}"))
            rows += [
                (f"d {step.result} / d {step.argument}", _text(step.derivative), step.operation)
                for step in path.steps
            ]
            rows.append(("product", _text(path.product), "乘積"))
        if len(self.paths) > 1:
            rows.append(("sum", _text(self.gradient), "總和"))
        term, number = (max(len(row[column]) for row in rows) for column in (0, 1))
        lines = [f"{what:<{term}}  {value:>{number}}  {how}" for what, value, how in rows]
        return "\n".join([f"d {self.output} / d {self.leaf}", *lines])

    __repr__ = __str__


def walk(graph: Graph, leaf: str | torch.Tensor | None = None) -> ChainRule:
    """Follow the chain rule from the output of a graph back to one leaf.

    Each local derivative is computed by the recorded operation itself, as ``backward`` computes
    it: the operation is given the gradient 1. Where several paths lead to the leaf their products
    are added.

    Parameters
    ----------
    graph : Graph
        What `trace` returned. Every tensor on the way must have one element, so that each
        derivative is one number, and the graph must not have been freed.
    leaf : str or torch.Tensor, optional
        A tensor of the graph or its name. May be left out where only one leaf requires a gradient.

    Returns
    -------
    ChainRule

    Raises
    ------
    TypeError
        An argument of another type.
    ValueError
        Which leaf is meant is unclear, or it is not in the graph; a tensor on the way has several
        elements or is complex; the graph has been freed; more than 100 paths.

    Examples
    --------
    >>> import torch
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> y = torch.sin(x) * x
    >>> walk(trace(y, dict(x=x, y=y)))
    d y / d x
    path 1                路徑 1
    d y / d sin        3  mul
    d sin / d x    -0.99  sin
    product        -2.97  乘積
    path 2                路徑 2
    d y / d x     0.1411  mul
    product       0.1411  乘積
    sum          -2.8289  總和
    """
    if not isinstance(graph, Graph):
        raise TypeError(
            both(
                f"walk 需要 trace 回傳的 Graph，收到 {type(graph).__name__}。"
                "請寫成 walk(trace(loss))。",
                f"walk expects the Graph that trace returns, got {type(graph).__name__}. "
                "Write walk(trace(loss)).",
            )
        )
    live = graph._live
    target = _choose_leaf(graph, leaf)
    leads = {target.function}  # the functions from which the leaf can be reached
    for function in live.recorded:  # inputs come before what is made of them
        if any(parent in leads for parent, _ in function.next_functions):
            leads.add(function)

    slopes: dict[Result, list[float]] = {}
    paths: list[Path] = []
    open_paths: list[tuple[Result, tuple[Step, ...]]] = [(live.root, ())]
    while open_paths:
        here, steps = open_paths.pop()
        if here == target:
            paths.append(Path(steps))
            continue
        if len(paths) + len(open_paths) > _MOST_PATHS:
            raise ValueError(
                both(
                    f"從 {graph.output.name} 到 {live.names[target]} 的路徑超過 {_MOST_PATHS} 條，"
                    "列不完。請用 trace(..., inputs=[...]) 縮小範圍，或直接看 .grad。",
                    f"More than {_MOST_PATHS} paths lead from {graph.output.name} to "
                    f"{live.names[target]}, too many to list. Narrow the graph with "
                    "trace(..., inputs=[...]), or look at .grad.",
                )
            )
        ways = []
        for slot, (function, number) in enumerate(here.function.next_functions):
            if here.function in live.recorded and function in leads:
                if here not in slopes:
                    slopes[here] = _slopes(live, here)
                parent = Result(function, number)
                operation = live.recorded[here.function].name
                step = Step(live.names[here], live.names[parent], operation, slopes[here][slot])
                ways.append((parent, (*steps, step)))
        open_paths += reversed(ways)
    if paths and live.metas[target].numel() != 1:
        raise ValueError(_not_one_number(live, target))
    return ChainRule(live.names[live.root], live.names[target], tuple(paths))


def _slopes(live: _Live, result: Result) -> list[float]:
    """Ask a recorded operation for the derivative of one of its results by each of its inputs."""
    function, meta = result.function, live.metas.get(result)
    if meta is None or meta.numel() != 1 or meta.dtype.is_complex:
        raise ValueError(_not_one_number(live, result))
    custom = isinstance(function, torch.autograd.function.BackwardCFunction)
    unit = torch.ones(meta.shape, dtype=meta.dtype, device=live.device)
    try:
        with torch.no_grad():
            found = _call_with_unit(function.apply if custom else function, result.number, unit)
    except RuntimeError as error:
        raise ValueError(
            both(
                f"autograd 算不出 {live.names[result]} 的局部導數。多半是 backward() 已經釋放了"
                "計算圖：請在 backward() 之前呼叫 walk，或用 backward(retain_graph=True)。",
                f"autograd cannot give the local derivative of {live.names[result]}. Most likely "
                "backward() has freed the graph: call walk before backward(), or use "
                "backward(retain_graph=True).",
            )
        ) from error
    found = list(found) if isinstance(found, tuple) else [found]
    if custom:
        # backward of a custom function answers for every argument, the record has the tensors.
        wanted = zip(found, function.needs_input_grad, strict=False)
        answers = iter([gradient for gradient, needed in wanted if needed])
        found = [None if f is None else next(answers) for f, _ in function.next_functions]
    return [0.0 if gradient is None else float(gradient.sum()) for gradient in found]


def _call_with_unit(function: Callable[..., Any], number: int, unit: torch.Tensor) -> Any:
    """Give a recorded function the gradient 1 for one of its results, none for the others."""
    # How many results there were shows only in that another number of gradients is refused.
    for others in range(_MOST_RESULTS):
        try:
            return function(*[None] * number, unit, *[None] * others)
        except TypeError:
            continue
    raise RuntimeError("the function takes no gradient for one result alone")


@dataclass(frozen=True)
class Comparison:
    """One partial derivative, found in both ways.

    Attributes
    ----------
    element : str
        Which one: ``w[0, 1]`` is element (0, 1) of the argument `w`.
    autograd, difference : float
        The derivative from autograd, and from the central difference.
    """

    element: str
    autograd: float
    difference: float

    @property
    def error(self) -> float:
        """How far apart the two are; infinite when one is not a number."""
        error = abs(self.autograd - self.difference)
        return math.inf if math.isnan(error) else error


@dataclass(frozen=True, repr=False)
class GradientReport:
    """Autograd against finite differences; prints the verdict in both languages.

    Attributes
    ----------
    comparisons : tuple of Comparison
        One an element, in the order of the inputs.
    worst : Comparison
        The one with the largest error in proportion to what is allowed.
    failed : int
        How many are further apart than `tolerance` allows.
    tolerance : float
        The error allowed, relative to the derivative where that is larger than 1.
    """

    comparisons: tuple[Comparison, ...]
    worst: Comparison
    failed: int
    tolerance: float

    @property
    def ok(self) -> bool:
        """True when no element failed."""
        return not self.failed

    @property
    def max_error(self) -> float:
        """The largest absolute error."""
        return max(comparison.error for comparison in self.comparisons)

    def __str__(self) -> str:
        total, worst = len(self.comparisons), self.worst
        if self.ok:
            # The error itself is rounding noise, another one on another machine.
            return both(
                f"通過：{total} 個偏導數都與中央差分相符，誤差在 {self.tolerance:g} 以內。",
                f"Passed: {total} partial derivatives agree with central differences "
                f"to within {self.tolerance:g}.",
            )
        ours, theirs = _text(worst.autograd), _text(worst.difference)
        return both(
            f"不符：{total} 個偏導數有 {self.failed} 個不符。相差最多的是 {worst.element}："
            f"autograd 給 {ours}，中央差分給 {theirs}。",
            f"Failed: {self.failed} of {total} partial derivatives disagree. The worst is "
            f"{worst.element}: autograd gives {ours}, the central difference {theirs}.",
        )

    __repr__ = __str__


def check_gradients(
    function: Callable[..., torch.Tensor],
    *inputs: torch.Tensor,
    step: float = 1e-6,
    tolerance: float = 1e-6,
) -> GradientReport:
    """Compare autograd with central differences, one element at a time.

    Parameters
    ----------
    function : callable
        Takes tensors like `inputs`, returns a tensor with one element. It is called with float64
        copies, twice for each element, and must give the same answer for the same input.
    *inputs : torch.Tensor
        Floating-point tensors, 1 to 10,000 elements in all. They are not changed, nor their .grad.
    step : float
        How far each element is moved to either side, times its size where that is above 1.
    tolerance : float
        The error allowed, times the size of the derivative where that is above 1.

    Returns
    -------
    GradientReport

    Raises
    ------
    TypeError
        A function that cannot be called or returns no tensor; inputs that are not real
        floating-point tensors.
    ValueError
        Nothing to check, too much, or tensors without numbers (meta); a result with several
        elements; a function that fails in float64 or is random.

    Notes
    -----
    The central difference ``(f(x + h) - f(x - h)) / 2h`` is off by the order of ``h**2`` where *f*
    is smooth, and by rounding, about ``1e-16 * abs(f) / h``, which is allowed for. At a corner,
    such as relu at 0, it is the mean of both slopes and agrees with neither.

    Examples
    --------
    >>> import torch
    >>> w = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> report = check_gradients(lambda w: (w**3).sum(), w)
    >>> print(report)
    通過：4 個偏導數都與中央差分相符，誤差在 1e-06 以內。
    Passed: 4 partial derivatives agree with central differences to within 1e-06.
    >>> report.comparisons[1].element, round(report.comparisons[1].autograd, 6)
    ('w[0, 1]', 12.0)
    """
    _check_differentiable(function, inputs, step, tolerance)
    names = _argument_names(function, len(inputs))
    with torch.inference_mode(False):  # there autograd would not record
        points = [_in_float64(tensor) for tensor in inputs]

    def value(at: list[torch.Tensor]) -> float:
        with torch.no_grad():
            return float(_call(function, [tensor.clone() for tensor in at]))

    with torch.inference_mode(False), torch.set_grad_enabled(True):
        leaves = [point.clone().requires_grad_() for point in points]
        result = _call(function, leaves)
        gradients = _gradients(result, leaves)
    here = float(result.detach())
    again = value(points)
    if again != here and not (math.isnan(again) and math.isnan(here)):
        raise ValueError(
            both(
                f"同樣的輸入算了兩次，得到 {here:g} 與 {again:g}：函式是隨機的，沒辦法用差分檢查。"
                "請關掉 dropout（model.eval()），或在函式裡固定種子。",
                f"The same input gave {here:g} and then {again:g}: the function is random and "
                "cannot be checked by differences. Switch off dropout (model.eval()), or set the "
                "seed inside the function.",
            )
        )
    comparisons, excesses = [], []
    for name, point, gradient in zip(names, points, gradients, strict=True):
        for index in torch.ones(point.shape).nonzero().tolist():
            at = tuple(index)
            centre = float(point[at])
            h = step * max(1.0, abs(centre))
            ends = []
            for moved in (centre + h, centre - h):
                point[at] = moved
                ends.append((float(point[at]), value(points)))
            point[at] = centre
            (right, above), (left, below) = ends
            difference = (above - below) / (right - left)
            element = f"{name}[{', '.join(map(str, index))}]" if index else name
            comparison = Comparison(element, float(gradient[at]), difference)
            rounding = 4 * torch.finfo(torch.float64).eps * max(abs(above), abs(below)) / h
            allowed = tolerance * max(1.0, abs(difference)) + rounding
            comparisons.append(comparison)
            excesses.append(comparison.error / allowed if math.isfinite(allowed) else math.inf)
    failed = [excess for excess in excesses if excess > 1]
    worst = comparisons[excesses.index(max(excesses))]
    return GradientReport(tuple(comparisons), worst, len(failed), tolerance)


# --- Arguments -----------------------------------------------------------------------------------


def _check_names(names: object) -> dict[str, torch.Tensor]:
    if names is None:
        return {}
    if not isinstance(names, Mapping):
        raise TypeError(
            both(
                f"names 要是「名稱：張量」的 dict，收到 {type(names).__name__}。"
                "例如 names=dict(w=w, b=b)。",
                f"names must be a dict of name to tensor, got {type(names).__name__}. "
                "For example names=dict(w=w, b=b).",
            )
        )
    for name, tensor in names.items():
        if not isinstance(name, str):
            raise TypeError(
                both(
                    f"names 的鍵要是字串，收到 {name!r}。",
                    f"The keys of names must be strings, got {name!r}.",
                )
            )
        if not isinstance(tensor, torch.Tensor):
            raise TypeError(_expected_tensor(f"names[{name!r}]", tensor))
    return dict(names)


def _check_inputs(inputs: object) -> list[torch.Tensor]:
    if inputs is None:
        return []
    if isinstance(inputs, torch.Tensor):
        return [inputs]
    if not isinstance(inputs, Iterable):
        raise TypeError(_expected_tensor("inputs", inputs))
    given = list(inputs)
    for k, tensor in enumerate(given):
        if not isinstance(tensor, torch.Tensor):
            raise TypeError(_expected_tensor(f"inputs[{k}]", tensor))
    return given


def _check_differentiable(
    function: object, inputs: tuple[object, ...], step: float, tolerance: float
) -> None:
    if not callable(function):
        raise TypeError(
            both(
                f"check_gradients 的第一個引數要是函式，收到 {type(function).__name__}。"
                "例如 check_gradients(lambda w: (w**2).sum(), w)。",
                "The first argument of check_gradients must be a function, got "
                f"{type(function).__name__}. Example: check_gradients(lambda w: (w**2).sum(), w).",
            )
        )
    for k, tensor in enumerate(inputs):
        if not isinstance(tensor, torch.Tensor):
            raise TypeError(_expected_tensor(f"inputs[{k}]", tensor))
        if not tensor.is_floating_point() or tensor.layout is not torch.strided:
            raise TypeError(
                both(
                    f"inputs[{k}] 是 {tensor.dtype}、{tensor.layout}；微分需要稠密的實數浮點數"
                    "張量。整數標籤請包進函式：lambda w: f(w, labels)。",
                    f"inputs[{k}] is {tensor.dtype}, {tensor.layout}; derivatives need dense, real "
                    "floating-point tensors. Put integer labels inside the function: "
                    "lambda w: f(w, labels).",
                )
            )
        if tensor.is_meta:
            raise ValueError(
                both(
                    f"inputs[{k}] 在 meta 裝置上，沒有數值可算。請給 CPU 或 GPU 上的張量。",
                    f"inputs[{k}] is on the meta device and has no numbers. Pass a tensor on a CPU "
                    "or GPU.",
                )
            )
    elements = sum(tensor.numel() for tensor in inputs if isinstance(tensor, torch.Tensor))
    if not 1 <= elements <= _MOST_ELEMENTS:
        raise ValueError(
            both(
                f"check_gradients 一次檢查 1 到 {_MOST_ELEMENTS:,} 個元素，收到 {elements:,} 個。"
                "請給小一點但不是空的張量。",
                f"check_gradients checks 1 to {_MOST_ELEMENTS:,} elements, got {elements:,}. "
                "Pass smaller tensors, but not empty ones.",
            )
        )
    for name, number in (("step", step), ("tolerance", tolerance)):
        if not (isinstance(number, (int, float)) and 0 < number < math.inf):
            raise ValueError(
                both(
                    f"{name} 要是正數，收到 {number!r}。例如 1e-6。",
                    f"{name} must be a positive number, got {number!r}. For example 1e-6.",
                )
            )


def _argument_names(function: Callable[..., object], number: int) -> list[str]:
    """Call the inputs what the function calls them, where that can be seen."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        parameters = {}.values()
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return names[:number] + [f"inputs[{k}]" for k in range(len(names), number)]


def _call(function: Callable[..., object], arguments: list[torch.Tensor]) -> torch.Tensor:
    try:
        result = function(*arguments)
    except RuntimeError as error:
        raise ValueError(_failed(error)) from error
    if not isinstance(result, torch.Tensor):
        raise TypeError(_expected_tensor("function(...)", result))
    if result.numel() != 1 or result.is_complex() or result.is_meta:
        raise ValueError(
            both(
                f"函式要回傳一個實數，收到形狀 {tuple(result.shape)}、{result.dtype}。"
                "可加上 .sum() 或 .mean()。",
                f"The function must return one real number, got shape {tuple(result.shape)}, "
                f"{result.dtype}. Add .sum() or .mean().",
            )
        )
    return result.reshape(())


def _in_float64(tensor: torch.Tensor) -> torch.Tensor:
    try:
        return tensor.detach().to(torch.float64, copy=True).contiguous()
    except TypeError as error:  # Apple's GPU
        raise ValueError(
            both(
                f"裝置 {tensor.device} 沒有 float64，差分不夠準。請用 .cpu() 的張量與函式。",
                f"Device {tensor.device} has no float64, and differences need it. Use tensors and "
                "a function on the CPU.",
            )
        ) from error


def _gradients(result: torch.Tensor, leaves: list[torch.Tensor]) -> list[torch.Tensor]:
    """Ask autograd; a leaf that it does not reach has the gradient 0."""
    zeros = [torch.zeros_like(leaf) for leaf in leaves]
    if not result.requires_grad:
        return zeros
    try:
        found = torch.autograd.grad(result, leaves, allow_unused=True)
    except RuntimeError as error:
        raise ValueError(_failed(error)) from error
    return [zero if one is None else one for one, zero in zip(found, zeros, strict=True)]


def _failed(error: RuntimeError) -> str:
    return both(
        f"函式以 float64 的輸入執行時失敗：{error} 若函式裡另有 float32 的張量，"
        "請先 .double()；也不要原地改寫輸入。",
        f"The function failed on float64 inputs: {error} If it holds float32 tensors, convert "
        "them with .double(); and do not change its inputs in place.",
    )


def _choose_leaf(graph: Graph, leaf: object) -> Result:
    live = graph._live
    if leaf is None:
        leaves = [result for result in live.names if result.function not in live.recorded]
        if len(leaves) == 1:
            return leaves[0]
        names = _listed([live.names[one] for one in leaves])
        raise ValueError(
            both(
                f"這張圖有 {len(leaves)} 個葉張量：{names}。請說是哪一個，例如 "
                f"walk(graph, {live.names[leaves[0]]!r})。",
                f"This graph has {len(leaves)} leaves: {names}. Say which one, for example "
                f"walk(graph, {live.names[leaves[0]]!r}).",
            )
        )
    if isinstance(leaf, torch.Tensor):
        found = [_result(leaf)] if leaf.requires_grad and _result(leaf) in live.names else []
        asked = f"形狀 {tuple(leaf.shape)} 的張量", f"the tensor of shape {tuple(leaf.shape)}"
    elif isinstance(leaf, str):
        found = [result for result, name in live.names.items() if name == leaf]
        asked = repr(leaf), repr(leaf)
    else:
        raise TypeError(
            both(
                f"leaf 要是張量或它的名稱，收到 {type(leaf).__name__}。例如 walk(graph, 'w')。",
                f"leaf must be a tensor or its name, got {type(leaf).__name__}. "
                "For example walk(graph, 'w').",
            )
        )
    if not found:
        names = _listed(list(live.names.values()))
        raise ValueError(
            both(
                f"圖裡沒有要算梯度的 {asked[0]}。有的是：{names}。",
                f"The graph does not hold {asked[1]} as something with a gradient. It holds: "
                f"{names}.",
            )
        )
    return found[0]


def _expected_tensor(name: str, value: object) -> str:
    return both(
        f"{name} 要是 torch.Tensor，收到 {type(value).__name__}。",
        f"{name} must be a torch.Tensor, got {type(value).__name__}.",
    )


def _too_large() -> str:
    return both(
        f"計算圖超過 {_MOST_NODES:,} 個節點，畫出來也看不清楚。請用 trace(output, inputs=[h]) "
        "讓追蹤停在中間張量 h，或追蹤較早的結果。",
        f"The graph has more than {_MOST_NODES:,} nodes, too many to read. Stop at an intermediate "
        "tensor h with trace(output, inputs=[h]), or trace an earlier result.",
    )


def _not_in_graph(tensor: torch.Tensor) -> str:
    return both(
        f"inputs 裡形狀 {tuple(tensor.shape)} 的張量不在這張計算圖裡。請拿掉它，"
        "或追蹤用到它的結果。",
        f"A tensor of inputs, shape {tuple(tensor.shape)}, is not in this graph. Leave it out, or "
        "trace a result that uses it.",
    )


def _not_one_number(live: _Live, result: Result) -> str:
    meta, name = live.metas.get(result), live.names[result]
    if meta is None:
        return both(
            f"autograd 沒有記下 {name} 的形狀。請用 names 把這個中間張量交給 trace。",
            f"Autograd did not keep the shape of {name}. Pass that tensor to trace in names.",
        )
    what = f"{tuple(meta.shape)}, {meta.dtype}"
    return both(
        f"walk 的每一步都是一個實數，但 {name} 是 {what}。請用只有一個元素的例子，"
        "或用 check_gradients 檢查整個張量。",
        f"Each step of walk is one real number, but {name} is {what}. Take an example of one "
        "element, or check the whole tensor with check_gradients.",
    )


# --- Reading the record --------------------------------------------------------------------------


def _result(tensor: torch.Tensor) -> Result:
    """Return the key of a tensor that requires a gradient."""
    if tensor.grad_fn is not None:
        return Result(tensor.grad_fn, tensor.output_nr)
    edge: Any = get_gradient_edge(tensor)
    return Result(edge.node, edge.output_nr)


def _walk_back(root: Any, stops: set[Any]) -> dict[Any, None]:
    """Collect the functions behind `root`, each once, inputs before what is made of them."""
    done: dict[Any, None] = {}
    seen = {root}
    waiting: list[tuple[Any, Iterator[Any]]] = [(root, _parents(root, stops))]
    while waiting:  # not recursion: a graph may be deeper than Python's stack
        function, parents = waiting[-1]
        parent = next(parents, None)
        if parent is None:
            done[function] = None
            waiting.pop()
        elif parent not in seen:
            if len(seen) == _MOST_NODES:
                raise ValueError(_too_large())
            seen.add(parent)
            waiting.append((parent, _parents(parent, stops)))
    return done


def _parents(function: Any, stops: set[Any]) -> Iterator[Any]:
    if function in stops:
        return iter(())
    return iter([parent for parent, _ in function.next_functions if parent is not None])


def _shapes(
    recorded: Mapping[Any, Recorded], tensors: Mapping[Result, torch.Tensor]
) -> dict[Result, torch.Tensor]:
    """Find the shape of every recorded tensor, as far as that can be told; as meta tensors."""
    metas: dict[Result, torch.Tensor] = {}
    for one in recorded.values():
        for result, shape in one.shapes.items():
            metas[result] = torch.empty(shape, device="meta")
    for result, tensor in tensors.items():
        metas[result] = torch.empty(tensor.shape, dtype=tensor.dtype, device="meta")
    for function, one in recorded.items():
        for number, meta in enumerate(one.results(metas.get)):
            metas.setdefault(Result(function, number), meta)
    return metas


def _place_inputs(
    recorded: Mapping[Any, Recorded],
    named: Mapping[str, torch.Tensor],
    given: Iterable[torch.Tensor],
) -> dict[Any, list[Result | torch.Tensor | Missing]]:
    """Put tensors without gradient where they entered, though autograd may not have kept them."""
    places = {function: list(one.inputs) for function, one in recorded.items()}
    free = [(f, k) for f, one in places.items() for k, a in enumerate(one) if a is Missing.TENSOR]
    placed = {id(argument) for one in places.values() for argument in one}
    constants = {id(t) for t in (*named.values(), *given) if not t.requires_grad}
    for function, one in recorded.items():
        # A custom function may keep anything, but what the program knows did enter there.
        for tensor in one.kept:
            here = [place for place in free if place[0] is function]
            if here and id(tensor) in constants and id(tensor) not in placed:
                free.remove(here[0])
                places[function][here[0][1]] = tensor
                placed.add(id(tensor))
    for tensor in given:
        if tensor.requires_grad or id(tensor) in placed:
            continue
        if not free:
            raise ValueError(_not_in_graph(tensor))
        if len(free) > 1:
            raise ValueError(
                both(
                    f"inputs 裡形狀 {tuple(tensor.shape)} 的張量不需要梯度，autograd 沒有留下它；"
                    f"有 {len(free)} 個地方可能是它。請在計算前對它呼叫 .requires_grad_()。",
                    f"A tensor of inputs, shape {tuple(tensor.shape)}, needs no gradient, so "
                    f"autograd did not keep it; it may have entered in {len(free)} places. Call "
                    ".requires_grad_() on it before computing.",
                )
            )
        function, k = free.pop()
        places[function][k] = tensor
    return places


# --- Writing -------------------------------------------------------------------------------------


def _gradient_of(tensor: torch.Tensor | None) -> torch.Tensor | None:
    """Read .grad where there may be one; elsewhere reading it warns."""
    if tensor is None or not (tensor.is_leaf or tensor.retains_grad):
        return None
    return tensor.grad


def _numbers_of(tensor: torch.Tensor | None) -> Numbers:
    """Copy the numbers of a small tensor."""
    if tensor is None or tensor.is_meta or tensor.layout is not torch.strided:
        return None
    return tensor.detach().tolist() if tensor.numel() <= _SMALL else None


def _text(numbers: Numbers) -> str:
    """Write numbers short, to four decimals where that shows something.

    Examples
    --------
    >>> _text([[2.42, 0.0851997], [1e-7, 3]])
    '[[2.42, 0.0852], [1e-07, 3]]'
    """
    if isinstance(numbers, list):
        return f"[{', '.join(map(_text, numbers))}]"
    if not isinstance(numbers, float):
        return str(numbers)
    if numbers and not 1e-3 <= abs(numbers) < 1e6:
        return f"{numbers:.4g}"
    return f"{numbers:.4f}".rstrip("0").rstrip(".")


def _notes(node: Node) -> list[str]:
    """Say what is known of a node's tensor."""
    if node.value is not None and _text(node.value) == node.name:
        return []  # a plain number, called what it is
    notes = [] if node.shape is None else [str(node.shape)]
    for before, numbers in (("", node.value), ("grad ", node.grad)):
        if numbers is not None:
            # Brackets around one number say no more than the shape does.
            while isinstance(numbers, list) and len(numbers) == 1:
                numbers = numbers[0]
            notes.append(before + _text(numbers))
    return notes


def _label(node: Node) -> str:
    """Write what stands in the box of a node."""
    name, operation = node.name, node.operation
    if operation is not None:
        unnamed = re.fullmatch(rf"{re.escape(operation)}(_\d+)?(\[\d+\])?", name)
        # Several results are named on their arrows.
        name = operation if unnamed or ", " in name else f"{name} = {operation}"
    return "\n".join([name, *_notes(node)])


def _listed(names: list[str]) -> str:
    """List a few names."""
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
