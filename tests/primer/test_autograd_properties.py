"""`trace`, `walk` and `check_gradients` on random programs, against what was really computed."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from primer.autograd import check_gradients, trace, walk

# Name, operation, and the arguments: how many tensors it takes.
OPERATIONS = [
    ("mul", 2, torch.mul),
    ("add", 2, torch.add),
    ("sub", 2, torch.sub),
    ("div", 2, lambda a, b: a / (b**2 + 1)),
    ("sin", 1, torch.sin),
    ("sigmoid", 1, torch.sigmoid),
    ("relu", 1, torch.relu),
    ("pow", 1, lambda a: a**2),
    ("rsub", 1, lambda a: 1 - a),
    ("sum", 1, lambda a: a.sum(-1, keepdim=True)),
    ("mean", 1, torch.mean),
    ("transpose", 1, lambda a: a.transpose(0, -1) if a.ndim else a),
    ("unsqueeze", 1, lambda a: a.unsqueeze(0) if a.ndim < 3 else a),
    ("select", 1, lambda a: a[0] if a.ndim else a),
    ("slice", 1, lambda a: a[:1] if a.ndim else a),
    ("softmax", 1, lambda a: torch.softmax(a, -1)),
    ("where", 2, lambda a, b: torch.where(a > b, a, b)),
    ("amax", 1, lambda a: a.amax(-1) if a.ndim else a),
    ("clone", 1, torch.clone),
    ("cat", 2, lambda a, b: torch.cat([a.reshape(-1), b.reshape(-1)])),
    ("cumsum", 1, lambda a: a.cumsum(-1) if a.ndim else a),
    ("mm", 1, lambda a: a @ a.T if a.ndim == 2 else a),
    ("leaky", 1, torch.nn.functional.leaky_relu),
    ("in place", 1, lambda a: a.clone().mul_(2)),
    ("unbind", 1, lambda a: a.unbind(0)[-1] if a.ndim else a),
]


class Everything(torch.overrides.TorchFunctionMode):
    """Keep every tensor that any PyTorch function returns."""

    def __init__(self):
        super().__init__()
        self.tensors = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for one in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(one, torch.Tensor) and one.grad_fn is not None:
                self.tensors.append(one)
        return result


def run(draw, values, operations, steps):
    """Compute at random, each step on any earlier results."""
    values = list(values)
    for _ in range(draw(steps)):
        _, arity, operation = draw(st.sampled_from(operations))
        picked = [values[draw(st.integers(0, len(values) - 1))] for _ in range(arity)]
        try:
            values.append(operation(*picked))
        except RuntimeError:  # shapes that do not go together
            continue
    return values


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_node_has_the_operation_shape_and_value_that_were_computed(data):
    leaves = [
        torch.linspace(-1, 2, 6).view(2, 3).requires_grad_(),
        torch.tensor([0.5, -0.5, 1.0], requires_grad=True),
        torch.tensor(0.7),  # needs no gradient
        torch.ones(3),
    ]
    with Everything() as everything:
        values = run(data.draw, leaves, OPERATIONS, st.integers(1, 8))
    outputs = [value for value in values if value.grad_fn is not None]
    if not outputs:
        return
    output = outputs[-1]
    names = {f"t{k}": t for k, t in enumerate(leaves)} if data.draw(st.booleans()) else None
    graph = trace(output, names)

    # The truth about the graph: the functions that autograd itself would call.
    functions, waiting = set(), [output.grad_fn]
    while waiting:
        function = waiting.pop()
        if function not in functions:
            functions.add(function)
            waiting += [parent for parent, _ in function.next_functions if parent is not None]
    entering = {f for f in functions if f.name() == "torch::autograd::AccumulateGrad"}
    operations = [node for node in graph.nodes if node.operation]
    assert len(operations) == len(functions - entering)
    assert len([n for n in graph.nodes if n.kind == "leaf"]) == len(entering)
    assert len({node.name for node in graph.nodes}) >= len(operations) + len(entering)

    # Trace again with every tensor named: then each node is known by its tensor.
    kept = {f"k{k}": t for k, t in enumerate(everything.tensors)}
    by_id = {
        node.id: known for node, known in zip(graph.nodes, trace(output, kept).nodes, strict=True)
    }
    for node in operations:
        if (name := by_id[node.id].name) in kept:  # not where it was changed in place since
            if node.shape is not None:
                assert node.shape == kept[name].shape
            if node.value is not None:
                assert node.value == kept[name].tolist()
            assert by_id[node.id].shape == kept[name].shape
    assert by_id[graph.output.id].name in kept
    assert graph.output.shape == output.shape

    # Sources come before their targets, and every name on an arrow is one of its source.
    place = {node.id: k for k, node in enumerate(graph.nodes)}
    assert all(place[edge.source] < place[edge.target] for edge in graph.edges)
    assert {edge.source for edge in graph.edges} | {graph.output.id} == set(place)


SCALAR = [entry for entry in OPERATIONS if entry[0] in "mul add sub div sin sigmoid pow rsub clone"]


@settings(max_examples=200, deadline=None)
@given(st.data(), st.floats(-2, 2), st.floats(-2, 2))
def test_the_chain_rule_gives_what_backward_gives(data, first, second):
    x = torch.tensor(first, dtype=torch.float64, requires_grad=True)
    y = torch.tensor([second], dtype=torch.float64, requires_grad=True)
    values = run(data.draw, [x, y], SCALAR, st.integers(1, 6))
    output = values[-1]
    if output.grad_fn is None:
        return
    expected = torch.autograd.grad(output, (x, y), retain_graph=True, allow_unused=True)
    graph = trace(output, {"x": x, "y": y})
    for name, gradient in zip("xy", expected, strict=True):
        if gradient is None:
            with pytest.raises(ValueError, match="does not hold"):
                walk(graph, name)
            continue
        try:
            chain = walk(graph, name)
        except ValueError as error:
            assert "keep the shape" in str(error) or "100 paths" in str(error)  # noqa: PT017
            continue
        assert chain.gradient == pytest.approx(gradient.item(), rel=1e-9, abs=1e-9)
        assert all(path.steps[-1].argument == name for path in chain.paths)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=1, max_size=5), st.lists(st.floats(-3, 3), max_size=4))
def test_the_gradient_of_a_polynomial_is_its_derivative(points, coefficients):
    def polynomial(x):
        return sum(((c * x**k).sum() for k, c in enumerate(coefficients)), (0 * x).sum())

    report = check_gradients(polynomial, torch.tensor(points, dtype=torch.float64))
    assert report.ok
    for point, comparison in zip(points, report.comparisons, strict=True):
        true = sum(k * c * point ** (k - 1) for k, c in enumerate(coefficients) if k)
        assert comparison.autograd == pytest.approx(true, abs=1e-9)
        assert comparison.difference == pytest.approx(true, abs=1e-5)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 5), st.sampled_from([-0.5, 0.01, 3.0]))
def test_a_gradient_that_is_off_in_one_place_is_found_there(k, by):
    class Off(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, gradient):
            wrong = gradient * 2
            wrong[k] += by
            return wrong

    report = check_gradients(lambda x: Off.apply(x).sum(), torch.linspace(-1, 1, 6))
    assert not report.ok
    assert report.failed == 1
    assert report.worst.element == f"x[{k}]"
    assert report.max_error == pytest.approx(abs(by), rel=1e-5)


anything = st.one_of(
    st.none(),
    st.integers(-2, 2),
    st.text(max_size=2),
    st.builds(lambda: torch.ones(2)),
    st.builds(lambda: torch.ones(2, requires_grad=True) * 2),
    st.builds(lambda: torch.tensor([1, 2])),
    st.builds(lambda: torch.empty(0, requires_grad=True).sum()),
    st.builds(lambda: torch.empty(2, device="meta", requires_grad=True) + 1),
    st.builds(lambda: torch.tensor(1 + 1j, requires_grad=True) * 1j),
    st.builds(lambda: torch.eye(2).to_sparse().requires_grad_() * 2),
    st.builds(lambda: {"x": torch.ones(1)}),
    st.builds(lambda: {"x": 1}),
    st.builds(lambda: [torch.ones(1), 2]),
)


@settings(max_examples=300, deadline=None)
@given(anything, anything, anything)
def test_bad_input_raises_nothing_but_type_and_value_errors(first, second, third):
    for function in (
        lambda: walk(trace(first, second, third)),
        lambda: walk(trace(first), second),
        lambda: check_gradients(first, second, third),
        lambda: check_gradients(lambda x: x.sum(), first, second),
        lambda: check_gradients(lambda x: x, first),
    ):
        try:
            function()
        except (TypeError, ValueError) as error:
            if "positional argument" not in str(error):  # of the lambda, from Python itself
                assert len(str(error).splitlines()) >= 2  # noqa: PT017
