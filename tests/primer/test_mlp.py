"""The perceptron against arithmetic, the summary against torchinfo, the diagram drawn for real."""

import re
from collections import namedtuple
from itertools import pairwise
from math import prod

import pytest
import torch
import torchinfo
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from primer.mlp import MLP, count_parameters, diagram, summary

mermaid_render = pytest.importorskip("mermaid_render")

WIDTHS = st.integers(1, 8)


def arrows(picture):
    """Read (start, end, shape) off the Mermaid text."""
    return re.findall(r'^(\w+) -->\|"(.*?)"\| (\w+)$', picture.text, re.M)


def boxes(picture):
    return dict(re.findall(r'^(n\d+)[\[(]"(.*?)"[\])]$', picture.text, re.M))


def flow(picture):
    """Arrows with the first line of each label instead of names."""
    label = {name: text.split("<br/>")[0] for name, text in boxes(picture).items()}
    return [(label.get(a, a), shape, label.get(b, b)) for a, shape, b in arrows(picture)]


class Residual(nn.Module):
    """Two inputs, one module used twice, functions in between, a dict of outputs."""

    def __init__(self):
        super().__init__()
        self.encode = MLP(8, 8, hidden=(16,))
        self.norm = nn.BatchNorm1d(8)
        self.head = nn.Linear(16, 4)
        self.spare = nn.Linear(2, 2)

    def forward(self, left, right):
        encoded = left + torch.relu(self.encode(left))
        joined = torch.cat([self.norm(encoded), self.encode(right)], dim=-1)
        joined.mean()  # leads nowhere
        return {"logits": self.head(joined), "halves": joined.chunk(2, -1)}


PAIR = (torch.zeros(4, 8), torch.zeros(4, 8))


# MLP ----------------------------------------------------------------------------------------


@given(WIDTHS, st.lists(WIDTHS, max_size=4), WIDTHS)
@settings(deadline=None, max_examples=40)
def test_parameters_follow_the_formula(num_inputs, hidden, num_outputs):
    model = MLP(num_inputs, num_outputs, hidden=hidden)
    widths = [num_inputs, *hidden, num_outputs]
    expected = sum((m + 1) * n for m, n in pairwise(widths))
    assert count_parameters(model) == expected
    assert model(torch.zeros(5, 2, num_inputs)).shape == (5, 2, num_outputs)


def test_the_two_networks_of_the_lessons():
    assert count_parameters(MLP(50, 3)) == 2213
    assert count_parameters(MLP(10, 3, hidden=(6, 4))) == 109


def test_forward_is_the_textbook_formula():
    model = MLP(5, 2, hidden=(4,), activation=nn.Tanh)
    first, _, last = model.layers
    x = torch.randn(7, 5)
    expected = torch.tanh(x @ first.weight.T + first.bias) @ last.weight.T + last.bias
    torch.testing.assert_close(model(x), expected)


def test_each_hidden_layer_has_its_own_activation():
    model = MLP(5, 2, hidden=(4, 4), activation=nn.PReLU)
    assert model.layers[1] is not model.layers[3]
    assert isinstance(
        MLP(5, 2, hidden=(3,), activation=lambda: nn.LeakyReLU(0.2)).layers[1], nn.LeakyReLU
    )
    assert [type(part) for part in MLP(5, 2, hidden=()).layers] == [nn.Linear]


# count_parameters ---------------------------------------------------------------------------


def test_a_shared_parameter_counts_once():
    a, b = nn.Linear(4, 4), nn.Linear(4, 4)
    b.weight = a.weight
    assert count_parameters(nn.Sequential(a, b, a)) == 16 + 4 + 4


def test_frozen_parameters_count_when_asked():
    model = MLP(10, 3, hidden=(6, 4))
    model.layers[0].requires_grad_(False)
    assert count_parameters(model) == 109 - 66
    assert count_parameters(model, trainable_only=False) == 109


# summary ------------------------------------------------------------------------------------


def networks():
    yield "mlp", MLP(50, 3), torch.zeros(8, 50)
    convolutional = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 5)
    )
    yield "convolutional", convolutional, torch.randn(2, 1, 8, 8)
    yield "residual", Residual(), PAIR
    frozen = MLP(6, 2, hidden=(4,))
    frozen.layers[0].requires_grad_(False)
    yield "frozen", frozen.double(), torch.zeros(3, 6, dtype=torch.float64)


@pytest.mark.parametrize(
    ("model", "example"), [n[1:] for n in networks()], ids=[n[0] for n in networks()]
)
def test_summary_agrees_with_torchinfo(model, example):
    found = summary(model, example)
    theirs = torchinfo.summary(model, input_data=example, verbose=0, cache_forward_pass=False)
    if not isinstance(model, Residual):  # torchinfo leaves out what was never called
        assert (found.parameters, found.trainable) == (theirs.total_params, theirs.trainable_params)
        # Theirs counts the layers with weights, twice: for the passes forward and backward.
        weighted = [x for x in found.layers if x.parameters]
        numbers = sum(prod(shape) for x in weighted for shape in x.output_shapes)
        size = next(model.parameters()).element_size()
        assert 2 * size * numbers == theirs.total_output_bytes
    leaves = [
        (type(i.module).__name__, tuple(i.output_size))
        for i in theirs.summary_list
        if i.is_leaf_layer
    ]
    called = [layer for layer in found.layers if layer.output_shapes]
    inner = {name for name, part in model.named_modules() if not list(part.children())}
    assert [(x.kind, x.output_shapes[0]) for x in called if x.name in inner] == [
        leaf for leaf in leaves if leaf[1]
    ]


def test_the_columns_add_up():
    model = Residual()
    found = summary(model, PAIR)
    assert sum(layer.parameters for layer in found.layers) == found.parameters
    assert found.parameters == sum(p.numel() for p in model.parameters())
    assert (
        sum(layer.bytes for layer in found.layers) == found.parameter_bytes == found.parameters * 4
    )
    outputs = 8 * (30 + 30 + 20 + 20 + 3)
    assert summary(MLP(50, 3), torch.zeros(8, 50)).output_bytes == outputs * 4
    uncalled = [layer.name for layer in found.layers if not layer.output_shapes]
    assert uncalled == ["spare"]
    assert "未呼叫 · not called" in str(found)


def test_columns_line_up_in_the_terminal():
    from primer._table import width

    lines = str(summary(MLP(50, 3), torch.zeros(8, 50))).splitlines()[:-2]
    assert len({width(line) for line in lines}) == 1


def test_a_notebook_shows_a_table():
    from bs4 import BeautifulSoup

    html = BeautifulSoup(
        summary(MLP(10, 3, hidden=(6,)), torch.zeros(8, 10))._repr_html_(), "html5lib"
    )
    cells = [[cell.text for cell in row.find_all(["th", "td"])] for row in html.find_all("tr")]
    assert cells[0] == [
        "層 · layer",
        "類別 · class",
        "輸出形狀 · output shape",
        "參數 · parameters",
        "位元組 · bytes",
    ]
    assert cells[3] == ["layers.0", "Linear", "(8, 6)", "66", "264"]


# diagram ------------------------------------------------------------------------------------


def test_shapes_stand_on_the_arrows():
    assert flow(diagram(MLP(50, 3), torch.zeros(8, 50))) == [
        ("in0", "(8, 50)", "Linear"),
        ("Linear", "(8, 30)", "ReLU"),
        ("ReLU", "(8, 30)", "Linear"),
        ("Linear", "(8, 20)", "ReLU"),
        ("ReLU", "(8, 20)", "Linear"),
        ("Linear", "(8, 3)", "out0"),
    ]


def test_functions_reuse_and_several_ends():
    picture = diagram(Residual(), PAIR)
    assert flow(picture) == [
        ("in0", "(4, 8)", "Linear"),
        ("Linear", "(4, 16)", "ReLU"),
        ("ReLU", "(4, 16)", "Linear"),
        ("Linear", "(4, 8)", "relu"),
        ("in0", "(4, 8)", "add"),
        ("relu", "(4, 8)", "add"),
        ("add", "(4, 8)", "BatchNorm1d"),
        ("in1", "(4, 8)", "Linear"),
        ("Linear", "(4, 16)", "ReLU"),
        ("ReLU", "(4, 16)", "Linear"),
        ("BatchNorm1d", "(4, 8)", "cat"),
        ("Linear", "(4, 8)", "cat"),
        ("cat", "(4, 16)", "Linear"),
        ("cat", "(4, 16)", "chunk"),
        ("Linear", "(4, 4)", "out0"),
        ("chunk", "(4, 8)", "out1"),
        ("chunk", "(4, 8)", "out2"),
    ]
    labels = list(boxes(picture).values())
    assert sum("shared" in label for label in labels) == 2  # both linear layers, the second time
    assert not any(label.startswith("mean") for label in labels)
    assert "輸出 · Output halves.2" in picture.text
    assert picture.text.count("subgraph") == picture.text.count("\nend") == 2


Point = namedtuple("Point", "x y")


class Odd(nn.Module):
    """In-place work, views, an identity, properties, a lone parameter, a named tuple."""

    def __init__(self):
        super().__init__()
        self.same = nn.Identity()
        self.drop = nn.Dropout(0.5)
        self.relu = nn.ReLU(inplace=True)
        self.shift = nn.Parameter(torch.zeros(3))

    def forward(self, data):
        x = self.relu(self.drop(self.same(data["a"])))
        x += self.shift
        return Point(x=x.T[:2], y=[x.reshape(-1)])


def test_in_place_views_and_named_tuples():
    example = {"data": {"a": -torch.ones(2, 3)}}
    picture = diagram(Odd(), example)
    assert flow(picture) == [
        ("in0", "(2, 3)", "Identity"),
        ("Identity", "(2, 3)", "Dropout"),
        ("Dropout", "(2, 3)", "ReLU"),
        ("ReLU", "(2, 3)", "add"),
        ("add", "(2, 3)", "T"),
        ("T", "(3, 2)", "getitem"),
        ("add", "(2, 3)", "reshape"),
        ("getitem", "(2, 2)", "out0"),
        ("reshape", "(6)".replace("6", "6,"), "out1"),
    ]
    assert example["data"]["a"].min() == -1  # the in-place layer worked on a copy


def standard_networks():
    layer = nn.TransformerEncoderLayer(16, 2, dim_feedforward=32, batch_first=True)
    yield "transformer", nn.TransformerEncoder(layer, 2), torch.zeros(2, 5, 16)
    yield "lstm", nn.LSTM(3, 4, bidirectional=True), torch.zeros(5, 2, 3)
    yield "attention", nn.MultiheadAttention(8, 2), tuple(torch.zeros(3, 4, 2, 8))
    yield (
        "embedding",
        nn.Sequential(nn.Embedding(9, 4), nn.Flatten()),
        torch.zeros(2, 3, dtype=torch.long),
    )
    yield "leaf", nn.Linear(3, 2), torch.zeros(1, 3)
    yield "nothing", nn.Identity(), torch.zeros(1)
    yield "residual", Residual(), PAIR
    yield "odd", Odd(), {"data": {"a": torch.zeros(2, 3)}}
    yield "half precision", nn.Linear(3, 2).bfloat16(), torch.zeros(1, 3).bfloat16()


@pytest.mark.parametrize(
    ("model", "example"),
    [n[1:] for n in standard_networks()],
    ids=[n[0] for n in standard_networks()],
)
def test_every_output_is_reached_and_the_engine_draws_it(model, example):
    picture = diagram(model, example)
    ends = {name for arrow in arrows(picture) for name in (arrow[0], arrow[2])}
    assert {name for name in re.findall(r"^(out\d+|in\d+)\(", picture.text, re.M)} <= ends
    svg = mermaid_render.mermaid_to_svg(str(picture)).decode()
    assert svg.startswith("<svg")
    for label in boxes(picture).values():
        first = label.split("<br/>")[0]
        assert re.sub(r"#(\d+);", lambda m: chr(int(m[1])), first) in svg


@given(
    st.recursive(
        st.sampled_from(["linear", "relu", "identity", "norm"]),
        lambda inner: st.lists(inner, min_size=1, max_size=3).map(tuple),
        max_leaves=8,
    )
)
@settings(deadline=None, max_examples=30)
def test_any_tree_of_sequentials_is_one_chain(tree):
    def build(node):
        if isinstance(node, tuple):
            return nn.Sequential(*map(build, node))
        return {
            "linear": lambda: nn.Linear(3, 3),
            "relu": nn.ReLU,
            "identity": nn.Identity,
            "norm": lambda: nn.LayerNorm(3),
        }[node]()

    model = build(tree)
    picture = diagram(model, torch.zeros(2, 3))
    leaves = [type(m).__name__ for m in model.modules() if not list(m.children())]
    chain = flow(picture)
    assert [start for start, _, _ in chain] == ["in0", *leaves]
    assert [end for _, _, end in chain] == [*leaves, "out0"]
    assert mermaid_render.mermaid_to_svg(str(picture))


def test_depth_closes_the_inner_modules():
    whole = diagram(Residual(), PAIR)
    outer = diagram(Residual(), PAIR, depth=1)
    assert [label.split("<br/>")[0] for label in boxes(outer).values()] == [
        "MLP",
        "relu",
        "add",
        "BatchNorm1d",
        "MLP",
        "cat",
        "Linear",
        "chunk",
    ]
    assert "280 參數 · params" in boxes(outer)["n1"]
    assert len(boxes(diagram(Residual(), PAIR, depth=0))) == 1
    assert diagram(Residual(), PAIR, depth=9).text == whole.text


def test_too_large_a_diagram_says_how_to_narrow():
    deep = nn.Sequential(*[nn.Sequential(nn.ReLU(), nn.ReLU()) for _ in range(201)])
    with pytest.raises(ValueError, match="depth=1"):
        diagram(deep, torch.zeros(1))
    assert len(boxes(diagram(deep, torch.zeros(1), depth=1))) == 201


# Both leave the module as it was -------------------------------------------------------------


class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))
        self.drop = nn.Dropout(0.5)
        self.norm = nn.BatchNorm1d(4)

    def forward(self, x):
        self.calls += 1
        return self.norm(self.drop(x)) + torch.rand(4)


@pytest.mark.parametrize("look", [summary, diagram])
def test_nothing_is_left_behind(look):
    model = Counting()
    model.norm.eval()  # frozen by its owner
    x = torch.randn(6, 4, requires_grad=True)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random_before = torch.get_rng_state()
    look(model, x)
    assert torch.equal(torch.get_rng_state(), random_before)
    assert [m.training for m in model.modules()] == [True, True, False]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert torch.is_grad_enabled()
    assert x.grad is None
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize("look", [summary, diagram])
def test_a_failing_pass_leaves_nothing_behind_either(look):
    model = MLP(5, 2)
    with pytest.raises(ValueError, match=r"MLP .*float32 \[8, 4\]"):
        look(model, torch.zeros(8, 4))
    assert model.training
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


# Bad input ----------------------------------------------------------------------------------


def bilingual(error):
    zh, en = str(error.value).split("\n", 1)
    assert re.search(r"[\u4e00-\u9fff]", zh)
    assert not re.search(r"[\u4e00-\u9fff]", en)


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (TypeError, lambda: MLP(5.0, 2)),
        (TypeError, lambda: MLP(True, 2)),
        (TypeError, lambda: MLP(5, "3")),
        (TypeError, lambda: MLP(5, 2, hidden=7)),
        (TypeError, lambda: MLP(5, 2, hidden="30")),
        (TypeError, lambda: MLP(5, 2, hidden=(3, None))),
        (TypeError, lambda: MLP(5, 2, activation=nn.ReLU())),
        (TypeError, lambda: MLP(5, 2, activation=int)),
        (TypeError, lambda: MLP(5, 2, activation=None)),
        (ValueError, lambda: MLP(0, 2)),
        (ValueError, lambda: MLP(5, -2)),
        (ValueError, lambda: MLP(5, 2, hidden=(3, 0))),
        (TypeError, lambda: count_parameters(3)),
        (TypeError, lambda: count_parameters(nn.ReLU)),
        (ValueError, lambda: count_parameters(nn.LazyLinear(3))),
        (TypeError, lambda: summary(3, torch.zeros(1))),
        (TypeError, lambda: summary(nn.ReLU(), "zeros")),
        (TypeError, lambda: summary(nn.ReLU(), [])),
        (ValueError, lambda: summary(nn.ReLU(), (torch.zeros(1), torch.zeros(1)))),
        (ValueError, lambda: summary(MLP(5, 2), torch.zeros(3, 5, dtype=torch.int64))),
        (ValueError, lambda: summary(MLP(5, 2), torch.zeros(3, 5, device="meta"))),
        (ValueError, lambda: summary(nn.Module(), torch.zeros(1))),
        (TypeError, lambda: diagram(None, torch.zeros(1))),
        (TypeError, lambda: diagram(nn.ReLU(), None)),
        (TypeError, lambda: diagram(nn.ReLU(), torch.zeros(1), depth="1")),
        (TypeError, lambda: diagram(nn.ReLU(), torch.zeros(1), depth=-1)),
        (ValueError, lambda: diagram(MLP(5, 2), torch.zeros(3, 4))),
    ],
)
def test_bad_input_is_explained_in_both_languages(error, call):
    with pytest.raises(error) as caught:
        call()
    bilingual(caught)


def test_empty_batches_are_no_error():
    assert "(0, 3)" in diagram(MLP(5, 3), torch.zeros(0, 5)).text
    assert summary(MLP(5, 3), torch.zeros(0, 5)).output_bytes == 0


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 40),
    st.floats(),
    st.text(max_size=3),
    st.binary(max_size=3),
    st.lists(st.one_of(st.integers(-2, 4), st.none(), st.text(max_size=2)), max_size=3),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    st.sampled_from([nn.ReLU, nn.ReLU(), nn.Linear, nn.Tanh, int, object()]),
    st.sampled_from([torch.zeros(2, 5), torch.zeros(0), torch.tensor(1), torch.ones(5).int()]),
)


@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING)
@settings(deadline=None, max_examples=150)
def test_nothing_but_explained_errors_escapes(a, b, c, d):
    for call in (
        lambda: MLP(a, b, hidden=c, activation=d),
        lambda: MLP(5, 3, hidden=c, activation=d),
        lambda: count_parameters(a),
        lambda: summary(a, b),
        lambda: summary(MLP(5, 3), b),
        lambda: diagram(MLP(5, 3), b, depth=c),
    ):
        try:
            call()
        except (TypeError, ValueError) as error:
            assert "\n" in str(error), f"raised by PyTorch or Python, not by us: {error!r}"  # noqa: PT017
            assert re.search(r"[\u4e00-\u9fff]", str(error))  # noqa: PT017
