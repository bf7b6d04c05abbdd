"""`trace`, `walk` and `check_gradients` on computations whose graph is known."""

import json
import math
import re
from importlib.resources import files

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

from primer.autograd import check_gradients, trace, walk

HAN = re.compile(r"[\u4e00-\u9fff]")


class Square(torch.autograd.Function):
    """A custom operation: its first argument is not a tensor, its last needs no gradient."""

    @staticmethod
    def forward(ctx, factor, x, shift):
        ctx.save_for_backward(x, shift)
        ctx.variable = None  # a name that leaves have too
        ctx.factor = factor
        return factor * x * x + shift

    @staticmethod
    def backward(ctx, gradient):
        x, _ = ctx.saved_tensors
        return None, 2 * ctx.factor * x * gradient, None


def logistic():
    """The article's logistic regression of one example."""
    x1, y = torch.tensor([1.1]), torch.tensor([1.0])
    w1 = torch.tensor([2.2], requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    z = x1 * w1 + b
    a = torch.sigmoid(z)
    loss = F.binary_cross_entropy(a, y)
    return {"x1": x1, "y": y, "w1": w1, "b": b, "z": z, "a": a, "loss": loss}


def by_name(graph):
    return {node.name: node for node in graph.nodes}


def program(graph):
    """The lines of the printed graph without shapes and values."""
    return [line.split("  ")[0] for line in str(graph).splitlines()]


@pytest.fixture(scope="session")
def parse():
    """Read Mermaid with a real engine; raises where it does not parse."""
    quickjs = pytest.importorskip("quickjs", exc_type=ImportError)
    pytest.importorskip("mermaid_render")
    engine = quickjs.Context()
    engine.eval((files("mermaid_render") / "pele" / "pele.global.js").read_text("utf-8"))

    def drawn(text):
        call = f"JSON.stringify(pele.render(pele.parse({json.dumps(text)}), {{}}).svg)"
        return json.loads(engine.eval(call))

    return drawn


# --- trace ---------------------------------------------------------------------------------------


def test_the_articles_example_shows_values_and_gradients():
    tensors = logistic()
    tensors["loss"].backward(retain_graph=True)
    graph = trace(tensors["loss"], tensors)
    nodes = by_name(graph)
    assert len(graph) == len(graph.nodes) == 8
    assert nodes["z"].value == pytest.approx([2.42])
    assert nodes["a"].value == pytest.approx([0.9183], abs=5e-5)
    assert nodes["loss"].value == pytest.approx(0.0852, abs=5e-5)
    assert nodes["w1"].grad == pytest.approx([-0.0898], abs=5e-5)
    assert nodes["b"].grad == pytest.approx([-0.0817], abs=5e-5)
    assert {name: node.kind for name, node in nodes.items()} == {
        "x1": "input",
        "w1": "leaf",
        "mul": "operation",
        "b": "leaf",
        "z": "operation",
        "a": "operation",
        "y": "input",
        "loss": "output",
    }
    assert program(graph)[-1] == "loss = binary_cross_entropy(a, y)"
    assert graph.output is graph.nodes[-1]


def test_without_names_values_come_from_what_autograd_saved():
    tensors = logistic()
    graph = trace(tensors["loss"])
    nodes = by_name(graph)
    assert program(graph) == [
        "leaf",
        "input",
        "mul = mul(input, leaf)",
        "leaf_1",
        "add = add(mul, leaf_1)",
        "sigmoid = sigmoid(add)",
        "input_1",
        "binary_cross_entropy = binary_cross_entropy(sigmoid, input_1)",
    ]
    assert nodes["sigmoid"].value == pytest.approx([0.9183], abs=5e-5)
    assert nodes["mul"].value is None  # nothing needs it again, so autograd let it go
    assert nodes["mul"].shape == (1,)


def test_a_shared_expression_is_drawn_once():
    x = torch.tensor(2.0, requires_grad=True)
    s = torch.sin(x)
    graph = trace(s * s + s, {"x": x, "s": s})
    assert program(graph) == ["x", "s = sin(x)", "mul = mul(s, s)", "add = add(mul, s)"]
    assert len(graph.edges) == 5


def test_a_custom_function_and_its_inputs_are_drawn():
    x = torch.tensor(3.0, requires_grad=True)
    shift = torch.tensor(1.0)
    graph = trace(Square.apply(2, torch.exp(x), shift), {"x": x, "shift": shift})
    assert program(graph) == ["x", "exp = exp(x)", "shift", "Square = Square(exp, shift)"]
    assert by_name(graph)["exp"].value == pytest.approx(math.exp(3))


def test_in_place_operations_and_views_are_drawn():
    x = torch.ones(2, 3, requires_grad=True)
    y = x.clone()
    y.mul_(2)
    y[0] = 0.0
    graph = trace(y.view(6).sum())
    operations = [node.operation for node in graph.nodes if node.operation]
    assert operations == ["clone", "mul", "copy_slices", "view", "sum"]
    assert by_name(graph)["view"].shape == (6,)


def test_results_of_one_operation_are_told_apart():
    x = torch.arange(3.0, requires_grad=True)
    first, second, _ = x.unbind()
    graph = trace(first * second + second, {"x": x, "second": second})
    assert program(graph) == [
        "x",
        "unbind[0], second = unbind(x)",
        "mul = mul(unbind[0], second)",
        "add = add(mul, second)",
    ]
    alone = trace(second)
    assert alone.output.name == "unbind[1]"
    assert alone.output.value == 1.0


def test_an_argument_that_autograd_did_not_keep_is_drawn_all_the_same():
    w, y = torch.ones(2, requires_grad=True), torch.zeros(2)
    difference = w - y  # the derivative does not need y
    assert program(trace(difference, {"w": w, "y": y}))[-1] == "sub = sub(w, input)"
    assert program(trace(difference, {"w": w, "y": y}, inputs=y))[-1] == "sub = sub(w, y)"


def test_an_absent_argument_is_not_drawn():
    layer = nn.Conv1d(1, 1, 2, bias=False)
    graph = trace(layer(torch.ones(1, 1, 4)))
    assert program(graph)[-1] == "convolution = convolution(input, parameter)"


def test_a_plain_number_is_called_what_it_is():
    w = torch.ones(2, requires_grad=True)
    assert program(trace(w * 3, {"w": w})) == ["w", "3", "mul = mul(w, 3)"]


def test_a_model_is_traced_with_its_parameters_and_all_its_shapes():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(10, 6), nn.ReLU(), nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 3))
    target = torch.tensor([0, 1, 2, 0, 1])
    loss = F.cross_entropy(model(torch.randn(5, 10)), target)
    graph = trace(loss, dict(model.named_parameters()))
    nodes = by_name(graph)
    parameters = {node.name: node.shape for node in graph.nodes if node.kind == "parameter"}
    assert parameters == {name: tuple(p.shape) for name, p in model.named_parameters()}
    assert [nodes[name].shape for name in ("addmm", "relu", "addmm_1", "addmm_2")] == [
        (5, 6),
        (5, 6),
        (5, 4),
        (5, 3),
    ]
    assert nodes["nll_loss"].value == pytest.approx(loss.item())
    assert nodes["0.weight"].value is None  # too many numbers for a box
    assert all(node.shape is not None for node in graph.nodes)


ROWS = torch.tensor([1, 0])


@pytest.mark.parametrize(
    "function",
    [
        lambda w: w.sum(),
        lambda w: w.sum(-1),
        lambda w: w.mean(0, keepdim=True),
        lambda w: w.max(-1).values,
        lambda w: w.transpose(0, -1),
        lambda w: w.permute(1, 0),
        lambda w: w.unsqueeze(-1),
        lambda w: w[-1],
        lambda w: w[:, 1:],
        lambda w: w[ROWS],
        lambda w: w.unbind(1)[-1],
        lambda w: w.split([1, 2], dim=-1)[1],
        lambda w: w.index_select(1, ROWS),
        lambda w: w.gather(1, ROWS[:, None]),
        lambda w: w.log_softmax(-1),
        lambda w: w.masked_fill(w > 0, 1.0),
        lambda w: w.clamp(0),
        lambda w: w**3,
        lambda w: 2 - w,
        lambda w: torch.where(w > 0, w, 2 * w),
        lambda w: torch.cat([w, w], dim=-1),
        lambda w: torch.stack([w, w]),
        lambda w: w @ w.T,
        lambda w: w @ torch.ones(3),
        lambda w: F.embedding(ROWS, w),
        lambda w: F.layer_norm(w, (3,)),
        lambda w: F.batch_norm(w, torch.zeros(3), torch.ones(3), training=True),
        lambda w: F.mse_loss(w, torch.ones(2, 3)),
        lambda w: F.mse_loss(w, torch.ones(2, 3), reduction="none"),
        lambda w: F.nll_loss(w, ROWS),
        lambda w: F.binary_cross_entropy_with_logits(w, torch.ones(2, 3)),
        lambda w: F.conv1d(torch.ones(1, 2, 9), w.unsqueeze(0), stride=2),
        lambda w: F.max_pool2d(w[None], 2),
        lambda w: F.dropout(w),
        lambda w: F.gelu(w),
        lambda w: w.double(),
    ],
)
def test_the_shape_of_a_result_is_found_though_nothing_of_it_was_kept(function):
    w = torch.linspace(-1, 1, 6).view(2, 3).requires_grad_()
    result = function(w)
    graph = trace(result + result)  # a sum keeps neither its arguments nor their shapes
    source = {edge.source for edge in graph.edges if edge.target == graph.output.id}
    assert [node.shape for node in graph.nodes if node.id in source] == [result.shape]


def test_an_input_of_two_operations_is_drawn_once():
    x, w = torch.ones(2), torch.ones(2, requires_grad=True)
    assert program(trace(w * x + torch.sin(w) * x, {"w": w, "x": x})) == [
        "w",
        "x",
        "mul = mul(w, x)",
        "sin = sin(w)",
        "mul_1 = mul(sin, x)",
        "add = add(mul, mul_1)",
    ]


def test_a_leaf_is_a_graph_of_one_node():
    w = torch.tensor([1.0], requires_grad=True)
    graph = trace(w, {"w": w})
    assert [(node.name, node.kind, node.value) for node in graph.nodes] == [("w", "leaf", [1.0])]


def test_a_retained_gradient_is_shown_and_no_other_is_asked_for():
    tensors = logistic()
    tensors["z"].retain_grad()
    tensors["loss"].backward(retain_graph=True)
    nodes = by_name(trace(tensors["loss"], tensors))  # reading a.grad would warn: an error here
    assert nodes["z"].grad == pytest.approx(tensors["z"].grad.tolist())
    assert nodes["a"].grad is None


def test_after_backward_has_freed_the_graph_names_still_give_values():
    tensors = logistic()
    tensors["loss"].backward()
    nodes = by_name(trace(tensors["loss"], tensors))
    assert nodes["z"].value == pytest.approx([2.42])
    assert nodes["w1"].grad == pytest.approx([-0.0898], abs=5e-5)
    without = by_name(trace(tensors["loss"]))
    assert without["sigmoid"].value is None
    assert without["sigmoid"].operation == "sigmoid"


def test_shapes_are_found_in_a_freed_graph_too():
    w = torch.ones(2, 3, requires_grad=True)
    scores = torch.sigmoid(w).log_softmax(-1)
    loss = (scores + scores).sum()
    loss.backward()
    nodes = [node for node in trace(loss).nodes if node.operation]
    assert [node.operation for node in nodes] == ["sigmoid", "log_softmax", "add", "sum"]
    assert [node.shape for node in nodes] == [(2, 3), (2, 3), (2, 3), ()]


def test_tracing_stops_at_inputs():
    tensors = logistic()
    graph = trace(tensors["loss"], {"a": tensors["a"]}, inputs=tensors["a"])
    assert program(graph) == ["a", "input", "binary_cross_entropy = binary_cross_entropy(a, input)"]
    assert by_name(graph)["a"].kind == "input"


def test_inputs_that_are_not_in_the_graph_are_refused():
    w = torch.ones(2, requires_grad=True)
    elsewhere = torch.ones(3, requires_grad=True)
    with pytest.raises(ValueError, match=r"shape \(3,\), is not in this graph"):
        trace(w * 2, inputs=[elsewhere])
    with pytest.raises(ValueError, match="is not in this graph"):
        trace(torch.sin(w), inputs=[torch.ones(2)])
    with pytest.raises(ValueError, match="2 places"):
        trace(w + 1 + torch.ones(2), inputs=[torch.ones(2)])


def test_tracing_changes_nothing():
    calls = []
    x = torch.tensor([2.0], requires_grad=True)
    h = torch.sin(x)
    h.register_hook(lambda gradient: calls.append("hook"))
    loss = F.dropout(torch.exp(h), 0.5).sum()
    state = torch.get_rng_state()
    trace(loss, {"x": x})
    assert calls == []
    assert torch.equal(torch.get_rng_state(), state)
    assert x.grad is None
    loss.backward()
    assert calls == ["hook"]
    assert x.grad is not None


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_checkpointed_computation_can_be_traced_and_then_differentiated():
    x = torch.tensor(2.0, requires_grad=True)
    y = checkpoint(lambda x: torch.sin(x) * torch.exp(x), x, use_reentrant=False)
    assert [node.operation for node in trace(y).nodes][1:] == ["sin", "exp", "mul"]
    y.backward()
    assert x.grad == pytest.approx(math.exp(2) * (math.sin(2) + math.cos(2)))


def test_a_graph_deeper_than_pythons_stack_is_traced_and_one_too_large_is_refused():
    x = torch.tensor(0.5, requires_grad=True)
    y = x
    for _ in range(1999):
        y = torch.sin(y)
    graph = trace(y)
    assert len(graph) == 2000
    assert graph.to_mermaid().count("-->") == 1999
    with pytest.raises(ValueError, match=r"2,000 nodes.*inputs=\[h\]"):
        trace(torch.sin(y))
    h = torch.sin(y)
    assert len(trace(torch.cos(h), inputs=h)) == 2


def test_inputs_without_gradient_count_as_nodes():
    x = torch.tensor(0.5, requires_grad=True)
    y = x
    for k in range(1001):
        y = y * (1 + k / 1000)
    with pytest.raises(ValueError, match="2,000 nodes"):
        trace(y)


def test_what_was_not_recorded_cannot_be_traced():
    w = torch.ones(2, requires_grad=True)
    with torch.no_grad():
        silent = w * 2
    for tensor in (torch.ones(2), w.detach(), silent, torch.tensor([1, 2])):
        with pytest.raises(ValueError, match="requires_grad is False") as caught:
            trace(tensor)
        assert HAN.search(str(caught.value).splitlines()[0])


@pytest.mark.parametrize(
    "arguments",
    [
        (3.0,),
        ("w",),
        (None, ["w"]),
        (None, {1: torch.ones(1)}),
        (None, {"w": 1.0}),
        (None, None, 3),
        (None, None, [3]),
    ],
)
def test_other_types_are_refused(arguments):
    first, *rest = arguments
    output = torch.ones(1, requires_grad=True) * 2 if first is None else first
    with pytest.raises(TypeError, match="got"):
        trace(output, *rest)


# --- The diagram ---------------------------------------------------------------------------------


def test_the_mermaid_text_tells_kinds_apart_by_shape_and_class(parse):
    tensors = logistic()
    layer = nn.Linear(1, 1)
    text = trace(layer(tensors["a"]).sum(), {**tensors, "weight": layer.weight}).to_mermaid()
    assert text.startswith("flowchart LR\naccTitle: 計算圖 · Computation graph\naccDescr: ")
    assert '("w1<br/>(1,)<br/>2.2"):::leaf' in text
    assert re.search(r'\[/"x1<br/>.*"/\]:::muted', text)
    assert re.search(r'\(\["weight<br/>.*"\]\):::parameter', text)
    assert re.search(r'\{\{"sum<br/>.*"\}\}:::output', text)
    assert '["a = sigmoid<br/>' in text
    assert "#" not in re.sub(r"#\d+;", "", text)  # no colours: the dark mode chooses them
    for name in ("w1", "x1", "weight", "sigmoid"):
        assert name in parse(text)


@pytest.mark.parametrize(
    "name",
    ['a"b', "w[0]", "end", "<script>", "權重 · weight", "a;b", "#x", "1. x", "_w_", "a\nb", ""],
)
def test_any_name_can_be_drawn(parse, name):
    w = torch.tensor([1.0], requires_grad=True)
    assert "<svg" in parse(trace(torch.sin(w), {name: w}).to_mermaid())


def test_a_deep_graph_runs_down_the_page(parse):
    x = torch.tensor(0.5, requires_grad=True)
    y = x
    for _ in range(12):
        y = torch.sin(y)
    text = trace(y).to_mermaid()
    assert text.startswith("flowchart TD")
    assert "<svg" in parse(text)


def test_a_notebook_gets_the_diagram_and_a_terminal_the_program():
    graph = trace(logistic()["loss"])
    bundle = graph._repr_mimebundle_()
    assert bundle["text/vnd.mermaid"] == graph.to_mermaid() == str(graph.diagram)
    assert bundle["text/plain"] == str(graph) == repr(graph)
    assert graph._repr_html_() == graph.diagram._repr_html_()


# --- walk ----------------------------------------------------------------------------------------


def test_the_chain_rule_of_the_articles_example():
    tensors = logistic()
    graph = trace(tensors["loss"], tensors)
    a, x1, y = tensors["a"].item(), 1.1, 1.0
    chain = walk(graph, "w1")
    (path,) = chain.paths
    assert [(s.result, s.argument, s.operation) for s in path.steps] == [
        ("loss", "a", "binary_cross_entropy"),
        ("a", "z", "sigmoid"),
        ("z", "mul", "add"),
        ("mul", "w1", "mul"),
    ]
    assert [s.derivative for s in path.steps] == pytest.approx(
        [(a - y) / (a * (1 - a)), a * (1 - a), 1.0, x1]
    )
    assert chain.gradient == pytest.approx((a - y) * x1) == pytest.approx(-0.0898, abs=5e-5)
    assert walk(graph, tensors["b"]).gradient == pytest.approx(-0.0817, abs=5e-5)
    tensors["loss"].backward()
    assert tensors["w1"].grad.item() == pytest.approx(chain.gradient)


def test_the_chain_rule_prints_as_a_table():
    tensors = logistic()
    lines = str(walk(trace(tensors["loss"], tensors), "w1")).splitlines()
    assert lines[0] == "d loss / d w1"
    assert lines[1].split() == ["d", "loss", "/", "d", "a", "-1.0889", "binary_cross_entropy"]
    assert lines[-1].split() == ["product", "-0.0898", "乘積"]


def test_paths_are_added():
    x = torch.tensor(0.7, requires_grad=True)
    chain = walk(trace(torch.sin(x) * x + x))
    assert len(chain.paths) == 3
    assert chain.gradient == pytest.approx(math.cos(0.7) * 0.7 + math.sin(0.7) + 1)
    assert "總和" in str(chain)


def test_the_same_tensor_twice_gives_two_paths():
    x = torch.tensor(3.0, requires_grad=True)
    chain = walk(trace(x * x))
    assert [path.product for path in chain.paths] == [3.0, 3.0]


def test_a_walk_may_end_at_an_intermediate_tensor_or_go_nowhere():
    tensors = logistic()
    graph = trace(tensors["loss"], tensors)
    assert walk(graph, "z").gradient == pytest.approx(tensors["a"].item() - 1)
    assert walk(graph, "loss").gradient == 1.0


def test_a_derivative_of_zero_is_a_number_too():
    x = torch.tensor(-1.0, requires_grad=True)
    chain = walk(trace(torch.relu(x) * 3))
    assert [step.derivative for step in chain.paths[0].steps] == [3.0, 0.0]


def test_custom_functions_are_walked_through():
    x = torch.tensor(3.0, requires_grad=True)
    y = Square.apply(2, torch.exp(x), torch.tensor(1.0))
    assert walk(trace(y)).gradient == pytest.approx(4 * math.exp(6))


def test_one_of_several_results_is_walked_through():
    x = torch.tensor([2.0], requires_grad=True)
    largest = (x * 3).max(dim=0).values
    assert walk(trace(largest)).gradient == 3.0


def test_a_walk_leaves_the_graph_as_it_was():
    tensors = logistic()
    graph = trace(tensors["loss"], tensors)
    walk(graph, "w1")
    assert tensors["w1"].grad is None
    assert walk(graph, "w1") == walk(graph, "w1")
    tensors["loss"].backward()


def test_walking_a_freed_graph_says_how_to_keep_it():
    tensors = logistic()
    tensors["loss"].backward()
    with pytest.raises(ValueError, match="retain_graph=True"):
        walk(trace(tensors["loss"], tensors), "w1")


def test_tensors_of_several_elements_have_no_single_derivative():
    w = torch.ones(3, requires_grad=True)
    with pytest.raises(ValueError, match=r"mul is \(3,\)"):
        walk(trace((w * 2).sum()))
    with pytest.raises(ValueError, match=r"leaf is \(3,\)"):
        walk(trace(w.sum()))
    with pytest.raises(ValueError, match=r"sin is \(3,\)"):
        walk(trace(torch.sin(w)))


def test_complex_tensors_are_refused():
    w = torch.tensor(1 + 1j, requires_grad=True)
    with pytest.raises(ValueError, match="complex64"):
        walk(trace(w * w))


def test_a_shape_that_is_not_known_is_asked_for():
    x = torch.ones(1, requires_grad=True)
    view = x.view(1, 1)
    y = view + 1
    with pytest.raises(ValueError, match="keep the shape of view"):
        walk(trace(y))
    assert walk(trace(y, {"view": view})).gradient == 1.0


def test_too_many_paths_are_refused():
    x = torch.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(60):
        y = y * y
    with pytest.raises(ValueError, match="More than 100 paths"):
        walk(trace(y))


def test_the_leaf_must_be_known():
    tensors = logistic()
    graph = trace(tensors["loss"], tensors)
    with pytest.raises(ValueError, match="2 leaves: w1, b"):
        walk(graph)
    for stranger in ("w2", torch.ones(1), torch.ones(1, requires_grad=True)):
        with pytest.raises(ValueError, match="does not hold"):
            walk(graph, stranger)
    with pytest.raises(TypeError, match="got int"):
        walk(graph, 3)
    with pytest.raises(TypeError, match="got Tensor"):
        walk(tensors["loss"])


# --- check_gradients -----------------------------------------------------------------------------


class Wrong(torch.autograd.Function):
    """x squared, with a backward that forgot the factor 2 in one element."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        slope = 2 * x
        slope[0, 1] = x[0, 1]
        return gradient * slope


def test_right_gradients_pass():
    w, x = torch.randn(2, 3), torch.randn(3)
    report = check_gradients(lambda w, x: torch.tanh(w @ x).sum(), w, x)
    assert report.ok
    assert report.failed == 0
    assert len(report.comparisons) == 9
    assert report.max_error < 1e-8
    assert [c.element for c in report.comparisons][-4:] == ["w[1, 2]", "x[0]", "x[1]", "x[2]"]
    chinese, english = str(report).splitlines()
    assert HAN.search(chinese)
    assert "9 partial derivatives agree" in english


def test_the_worst_wrong_element_is_named():
    report = check_gradients(lambda w: Wrong.apply(w).sum(), torch.tensor([[1.0, 5.0], [2.0, 3.0]]))
    assert not report.ok
    assert report.failed == 1
    assert report.worst.element == "w[0, 1]"
    assert report.worst.autograd == pytest.approx(5.0)
    assert report.worst.difference == pytest.approx(10.0)
    assert report.max_error == pytest.approx(5.0)
    assert "w[0, 1]: autograd gives 5, the central difference 10." in str(report)


def test_a_detached_part_is_found():
    report = check_gradients(lambda w: (w * w.detach()).sum(), torch.tensor([3.0]))
    assert (report.worst.autograd, report.failed) == (pytest.approx(3.0), 1)
    assert not check_gradients(lambda w: (w.detach() ** 2).sum(), torch.tensor([3.0])).ok


def test_an_input_that_is_not_used_has_the_gradient_zero():
    assert check_gradients(lambda w, unused: w.sum(), torch.ones(2), torch.ones(2)).ok


def test_a_corner_agrees_with_neither_slope():
    report = check_gradients(lambda x: torch.relu(x).sum(), torch.tensor([0.0, 1.0]))
    assert report.failed == 1
    assert report.worst.difference == pytest.approx(0.5)


def test_what_is_not_a_number_fails():
    report = check_gradients(lambda x: torch.sqrt(x).sum(), torch.tensor([-1.0]))
    assert not report.ok
    assert report.max_error == math.inf


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_any_precision_is_checked_in_float64(dtype):
    assert check_gradients(lambda x: torch.exp(x).sum(), torch.tensor([0.5, 1.5], dtype=dtype)).ok


def test_large_and_small_numbers_pass_though_rounding_grows():
    assert check_gradients(lambda x: (x**3).sum() + 1e9, torch.tensor([1e4, 1e-4])).ok


def test_inputs_are_left_alone():
    w = torch.ones(1, 3, requires_grad=True)
    check_gradients(lambda w: (w**2).sum(), w, step=1e-5)
    assert torch.equal(w, torch.ones(1, 3))
    assert w.grad is None
    assert check_gradients(lambda w: (w**2).sum(), w.detach().expand(2, 3)).ok


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_gradients_are_checked_even_where_none_are_recorded(mode):
    with mode():
        assert check_gradients(lambda w: (w**2).sum(), torch.ones(2)).ok


def test_a_function_whose_signature_is_hidden_has_numbered_inputs():
    report = check_gradients(torch.dot, torch.ones(2), torch.ones(2))
    assert report.comparisons[0].element == "inputs[0][0]"
    scalar = check_gradients(lambda *both: both[0] * 2, torch.tensor(1.0))
    assert scalar.comparisons[0].element == "inputs[0]"


def test_a_random_function_is_refused():
    with pytest.raises(ValueError, match="random"):
        check_gradients(lambda w: F.dropout(w, 0.5).sum(), torch.ones(50))


def test_float32_inside_the_function_is_explained():
    layer = nn.Linear(2, 1)
    with pytest.raises(ValueError, match=r"\.double\(\)"):
        check_gradients(lambda x: layer(x).sum(), torch.ones(2))


def test_changing_an_input_in_place_is_explained():
    with pytest.raises(ValueError, match="in place"):
        check_gradients(lambda w: w.add_(1).sum(), torch.ones(2))


@pytest.mark.parametrize(
    ("function", "inputs", "error", "message"),
    [
        (3, [torch.ones(1)], TypeError, "got int"),
        (torch.sum, [1.0], TypeError, "got float"),
        (torch.sum, [torch.tensor([1, 2])], TypeError, "torch.int64"),
        (torch.sum, [torch.tensor([1j])], TypeError, "torch.complex64"),
        (torch.sum, [torch.eye(2).to_sparse()], TypeError, "sparse"),
        (lambda w: 1.0, [torch.ones(1)], TypeError, "got float"),
        (torch.sum, [], ValueError, "got 0"),
        (torch.sum, [torch.empty(0)], ValueError, "got 0"),
        (torch.sum, [torch.ones(10_001)], ValueError, "got 10,001"),
        (torch.sum, [torch.ones(2, device="meta")], ValueError, "meta"),
        (torch.sin, [torch.ones(2)], ValueError, r"got shape \(2,\)"),
        (lambda w: torch.view_as_complex(w), [torch.ones(2)], ValueError, "complex128"),
    ],
)
def test_what_cannot_be_checked_is_refused(function, inputs, error, message):
    with pytest.raises(error, match=message) as caught:
        check_gradients(function, *inputs)
    assert HAN.search(str(caught.value).splitlines()[0])


@pytest.mark.parametrize("number", [0, -1e-6, math.inf, math.nan, "small"])
def test_step_and_tolerance_are_positive(number):
    with pytest.raises(ValueError, match="step must be a positive number"):
        check_gradients(torch.sum, torch.ones(2), step=number)
    with pytest.raises(ValueError, match="tolerance must be a positive number"):
        check_gradients(torch.sum, torch.ones(2), tolerance=number)
