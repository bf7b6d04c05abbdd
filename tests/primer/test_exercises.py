"""The exercises: right answers pass, typical wrong ones get their hint, none harms the judge."""

import contextlib
import subprocess
import sys
import threading
import time
from importlib import import_module
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from primer.doctor import diagnose
from primer.exercises import catalogue, check, find
from primer.exercises._compare import Words, difference

# -- Right answers, written without a look at the published ones ----------------------------------


def right_leaves(output):
    found, seen = {}, set()

    def visit(node):
        if node is None or id(node) in seen:
            return
        seen.add(id(node))
        if type(node).__name__ == "AccumulateGrad":
            found[id(node.variable)] = node.variable
        for parent, _ in node.next_functions:
            visit(parent)

    visit(output.grad_fn)
    return list(found.values())


def right_descent(w, loss_of, rate, steps):
    optimizer = torch.optim.SGD([w], lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of(w).backward()
        optimizer.step()
    return w


def right_differences(function, x, h):
    rows = h * torch.eye(len(x), dtype=x.dtype)
    return torch.stack([(function(x + row) - function(x - row)) / (2 * h) for row in rows])


def right_learning(inputs, labels):
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.3)
    for _ in range(200):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(inputs)[:, 0], labels.float())
        loss.backward()
        optimizer.step()
    return model.weight[0], model.bias


def right_forward(x, w, b, y):
    a = torch.sigmoid(z := x * w + b)
    return z, a, F.binary_cross_entropy(a, y)


def right_gradients(x, w, b, y):
    w, b = w.clone().requires_grad_(), b.clone().requires_grad_()
    return torch.autograd.grad(right_forward(x, w, b, y)[2], (w, b))


RIGHT = {
    "01-1": [lambda w, b, x: (x @ w > -b).int(), lambda w, b, x: torch.sigmoid(x @ w + b) > 0.5],
    "01-2": [lambda p, t: float((p == t).sum()) / len(t), lambda p, t: (p == t).double().mean()],
    "01-3": [right_learning],
    "02-1": [diagnose()],
    "02-2": [
        lambda v: (
            {"118": "11.8", "121": "12.1", "124": "12.4", "130": "13.0"}.get(v[-3:])
            if "+cu" in v
            else None
        )
    ],
    "05-1": [(1, 6), [1, 6], torch.zeros(4, 6).t().stride()],
    "05-2": [lambda x: x.reshape(-1), torch.flatten],
    "05-3": [lambda a, b: a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()],
    "08-1": [right_forward],
    "08-2": [{"w", "b"}, ["b", "w"]],
    "08-3": [right_leaves],
    "09-1": [right_gradients],
    "09-2": [right_descent],
    "09-3": [right_differences],
}


@pytest.mark.parametrize("id", [exercise.id for exercise in catalogue()])
def test_right_answers_pass(id):
    for answer in RIGHT[id]:
        result = check(id, answer)
        assert result, result
        assert result.right
        assert result.hint is None


# -- Typical wrong answers, and a word of the hint that each must get -----------------------------


def no_return(*arguments):
    """Compute something and forget to return it."""


def stale_gradient(w, loss_of, rate, steps):
    for _ in range(steps):
        loss_of(w).backward()
        w.data -= rate * w.grad
    return w


def uphill(w, loss_of, rate, steps):
    for _ in range(steps):
        w.grad = None
        loss_of(w).backward()
        w.data += rate * w.grad
    return w


def outside_no_grad(w, loss_of, rate, steps):
    loss_of(w).backward()
    w -= rate * w.grad
    return w


def rebinding(w, loss_of, rate, steps):
    for _ in range(steps):
        loss_of(w).backward()
        w = w - rate * w.grad
    return w


def one_step(w, loss_of, rate, steps):
    return right_descent(w, loss_of, rate, 1)


def on_a_copy(w, loss_of, rate, steps):
    return right_descent(w.detach().clone().requires_grad_(), loss_of, rate, steps)


def forward_difference(function, x, h):
    rows = h * torch.eye(len(x), dtype=x.dtype)
    return torch.stack([(function(x + row) - function(x)) / h for row in rows])


def in_place(function, x, h):
    slopes = []
    for i in range(len(x)):
        x[i] += h
        above = function(x)
        x[i] -= 2 * h
        slopes.append((above - function(x)) / (2 * h))
    return torch.stack(slopes)


def listed_twice(output):
    def visit(node):
        if node is None:
            return []
        if hasattr(node, "variable"):
            return [node.variable]
        return [leaf for parent, _ in node.next_functions for leaf in visit(parent)]

    return visit(output.grad_fn)


def first_level(output):
    return [n.variable for n, _ in output.grad_fn.next_functions if hasattr(n, "variable")]


def trips_on_none(output):
    found, waiting = [], [output.grad_fn]
    while waiting:
        node = waiting.pop()
        if hasattr(node, "variable"):
            found.append(node.variable)
        waiting += [parent for parent, _ in node.next_functions]
    return found


def cuda_after_plus(version):
    build = version.split("+")[1]
    return f"{build[2:4]}.{build[4]}" if build.startswith("cu") else None


WRONG = [
    ("01-1", lambda w, b, x: (x @ w > 0).long(), "bias is missing"),
    ("01-1", lambda w, b, x: (x @ w + b < 0).long(), None),  # 0 stays 0: no typical mistake
    ("01-1", lambda w, b, x: 1 - (x @ w + b > 0).long(), "swapped"),
    ("01-1", lambda w, b, x: b + x @ w, "not labels yet: compare"),
    ("01-1", lambda w, b, x: 1 / (1 + torch.exp(-x @ w - b)), "probabilities"),
    ("01-1", lambda w, b, x: (x @ w + b > 0.5).long(), "threshold of a probability"),
    ("01-1", lambda w, b, x: (x @ w + b >= 0).long(), "use >, not >="),
    ("01-1", lambda w, b, x: w @ x + b > 0, "inputs @ weights"),
    ("01-2", lambda p, t: (p == t).sum().item(), "divide"),
    ("01-2", lambda p, t: (p == t).float().mean().item() * 100, "percentage"),
    ("01-2", lambda p, t: (p != t).float().mean().item(), "error rate"),
    ("01-2", lambda p, t: p == t, "take the mean"),
    ("01-2", lambda p, t: (p == t).mean(), "no mean"),
    (
        "01-3",
        lambda x, t: (x[t == 1].mean(0) - x[t == 0].mean(0), torch.tensor(0.0)),
        "the bias is",
    ),
    ("01-3", lambda x, t: right_learning(x, 1 - t), "reversed"),
    ("01-3", lambda x, t: ([0.0, 0.0], 0.0), None),
    ("02-1", True, "True or False"),
    ("02-1", False, "does not make the environment wrong"),
    ("02-1", torch.__version__, "not whether it computes"),
    ("02-2", lambda v: v.split("+cu")[1] if "+cu" in v else None, "a dot stands"),
    (
        "02-2",
        lambda v: f"{v.split('+cu')[1][0]}.{v.split('+cu')[1][1:]}" if "+cu" in v else None,
        "not 1.21",
    ),
    (
        "02-2",
        lambda v: f"{v[-3:-1]}.{v[-1]}" if "+cu" in v else v.split("+")[1] if "+" in v else None,
        "return None",
    ),
    ("02-2", cuda_after_plus, "no +"),
    ("05-1", (6, 1), "transpose swaps"),
    ("05-1", (4, 1), "contiguous copy"),
    ("05-1", (8, 48), "not bytes"),
    ("05-1", (6, 4), "shape of"),
    ("05-2", lambda x: x.view(-1), "Use reshape"),
    ("05-2", lambda x: x.view(x.numel()), "Use reshape"),
    ("05-2", torch.ravel, "too soon"),
    ("05-2", lambda x: torch.tensor(x.flatten().tolist()), "always copies"),
    ("05-3", lambda a, b: a.data_ptr() == b.data_ptr(), "starts elsewhere"),
    ("05-3", torch.equal, "Equal values"),
    ("05-3", lambda a, b: bool((a == b).all()), "Equal values"),
    ("05-3", lambda a, b: a is b, "same Python object"),
    (
        "08-1",
        lambda x, w, b, y: (*right_forward(x, w, b, y)[:2], -right_forward(x, w, b, y)[2]),
        "minus",
    ),
    ("08-1", lambda x, w, b, y: right_forward(x, w, b, 1 - y), "swapped"),
    (
        "08-1",
        lambda x, w, b, y: (z := x * w + b, z.sigmoid(), -z.sigmoid().log()),
        "rewarded when y = 0",
    ),
    (
        "08-1",
        lambda x, w, b, y: (z := x * w + b, z.sigmoid(), -y * z.sigmoid().log()),
        "term for y = 0",
    ),
    (
        "08-1",
        lambda x, w, b, y: (*(r := right_forward(x, w, b, y))[:2], r[2].item()),
        "cut the loss off",
    ),
    (
        "08-1",
        lambda x, w, b, y: (z := x * w + b, a := z.sigmoid(), F.mse_loss(a, y)),
        "squared error",
    ),
    ("08-2", {"x", "w", "b"}, "x is a leaf"),
    ("08-2", ("w", "b", "a"), "a is no leaf"),
    ("08-2", {"w"}, "The bias b"),
    ("08-3", first_level, "one level back"),
    ("08-3", trips_on_none, "Skip it"),
    ("09-1", lambda x, w, b, y: tuple(-g for g in right_gradients(x, w, b, y)), "sign"),
    ("09-1", lambda x, w, b, y: right_gradients(x, w, b, 0 * y), "label is missing"),
    ("09-1", lambda x, w, b, y: right_gradients(x, w, b, y)[1:] * 2, "dz/dw is x"),
    ("09-1", lambda x, w, b, y: right_gradients(x, w, b, y)[::-1], "order"),
    (
        "09-1",
        lambda x, w, b, y: (d := (a := (w * x + b).sigmoid()).sub(y) * a * (1 - a), (d * x, d))[1],
        "one a(1 − a) too many",
    ),
    ("09-2", stale_gradient, "accumulate"),
    ("09-2", uphill, "subtract"),
    ("09-2", outside_no_grad, "cannot be changed in place"),
    ("09-2", rebinding, "no leaf"),
    ("09-2", one_step, "one step"),
    ("09-2", on_a_copy, "A new tensor"),
    ("09-3", forward_difference, "forward difference"),
    ("09-3", lambda f, x, h: 2 * right_differences(f, x, h), "not h"),
    ("09-3", in_place, "x was changed"),
]

# Later lessons keep their answers in files of their own, each with a RIGHT and a WRONG.
for path in sorted(Path(__file__).parent.glob("test_exercises_*.py")):
    answers = import_module(path.stem)
    RIGHT |= answers.RIGHT
    WRONG += answers.WRONG


@pytest.mark.parametrize(("id", "answer", "word"), WRONG)
def test_typical_mistakes_get_their_own_hint(id, answer, word):
    result = check(id, answer)
    assert not result
    general = find(id).hint
    if word is None:
        assert result.hint == general
    else:
        assert word in result.hint[1]
        assert result.hint != general


def test_every_exercise_has_at_least_two_tested_mistakes():
    tested = [id for id, _, word in WRONG if word]
    assert all(tested.count(exercise.id) >= 2 for exercise in catalogue())


@pytest.mark.parametrize("exercise", catalogue(), ids=lambda exercise: exercise.id)
def test_no_answer_that_returns_nothing_is_right(exercise):
    result = check(exercise.id, no_return if exercise.name else None)
    assert not result
    assert "None" in result.what[1]


@pytest.mark.parametrize("exercise", catalogue(), ids=lambda exercise: exercise.id)
def test_texts_come_in_both_languages(exercise):
    hints = [(m.zh, m.en) for m in exercise.mistakes]
    for zh, en in (exercise.title, exercise.task, exercise.hint, *hints):
        assert any("\u4e00" <= character <= "\u9fff" for character in zh)
        assert not any("\u4e00" <= character <= "\u9fff" for character in en)


def test_result_prints_in_both_languages():
    text = str(check("05-1", (6, 1)))
    assert text.splitlines() == [
        "✗ 05-1 預測步幅 · Predict the strides",
        "  第 1 項：得到 6，應為 1。",
        "  Item 1: got 6, expected 1.",
        "  提示：這是 x 自己的步幅；轉置會把兩個步幅對調。",
        "  Hint: These are the strides of x itself; the transpose swaps them.",
    ]


def test_wrong_value_names_the_input():
    result = check("01-2", lambda predictions, labels: 0.5)
    assert (
        "accuracy(predictions=tensor([1, 0, 1, 1]), labels=tensor([1, 0, 0, 1]))" in result.what[1]
    )
    assert "got 0.5, expected 0.75" in result.what[1]


# -- What an answer may not do to the judge -------------------------------------------------------


def test_exception_is_reported():
    result = check("01-2", lambda predictions, labels: 1 / 0)
    assert not result
    assert "ZeroDivisionError: division by zero" in result.what[0]
    assert "ZeroDivisionError: division by zero" in result.what[1]


@pytest.mark.parametrize("stubborn", [Exception, BaseException])
def test_endless_loop_is_stopped(stubborn):
    stop = threading.Event()

    def endless(predictions, labels):
        while not stop.is_set():
            with contextlib.suppress(stubborn):
                time.sleep(0.001)

    before = time.monotonic()
    result = check("01-2", endless, seconds=0.2)
    assert time.monotonic() - before < 5
    assert not result
    assert "was stopped" in result.what[1]
    assert "loop" in result.hint[1]
    stop.set()


def test_stopped_thread_is_gone():
    def endless(predictions, labels):
        while True:
            pass

    before = set(threading.enumerate())
    assert not check("01-2", endless, seconds=0.2)
    assert not set(threading.enumerate()) - before


def test_walk_that_repeats_nodes_is_stopped_with_the_first_fault():
    assert "as often as it is used" in check("08-3", listed_twice, seconds=1).hint[1]


def test_a_stop_that_meets_a_finalizer_is_not_printed(capfd, monkeypatch):
    class Slow:
        def __del__(self):
            end = time.monotonic() + 0.05
            while time.monotonic() < end:
                pass

    def many(predictions, labels):
        for _ in range(20):
            Slow()

    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    assert not check("01-2", many, seconds=0.1)
    assert "Slow" not in capfd.readouterr().err


def test_exit_and_deep_recursion_are_reported():
    def endless(predictions, labels):
        return endless(predictions, labels)

    assert "SystemExit" in check("01-2", lambda predictions, labels: sys.exit(3)).what[1]
    assert "RecursionError" in check("01-2", endless).what[1]


def test_answer_may_change_its_inputs_without_changing_the_truth():
    def spoils(predictions, labels):
        share = (predictions == labels).double().mean().item()
        predictions.zero_()
        labels.fill_(7)
        return share

    assert check("01-2", spoils)


def test_interrupt_reaches_the_reader():
    """Ctrl-C ends the check itself, and the thread of the answer with it."""
    script = (
        "import _thread, signal, threading, primer\n"
        # A job in the background inherits that Ctrl-C is ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def endless(p, t):\n"
        "    threading.Timer(0.2, _thread.interrupt_main).start()\n"
        "    while True: pass\n"
        "try:\n"
        "    primer.check('01-2', endless, seconds=600)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120
    )
    assert done.stdout == "interrupted\n"


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.lists(st.integers(), max_size=3),
    st.tuples(st.floats(), st.floats(), st.floats()),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    st.sampled_from(
        [
            torch.zeros(0),
            torch.tensor(1.0, requires_grad=True),
            torch.zeros(2, 2, dtype=torch.complex64),
            torch.zeros(3, device="meta"),
            torch.eye(2).to_sparse(),
            torch.tensor([float("nan")] * 4),
            [[1, 2], {}],
            {1, "w"},
            object(),
            int,
        ]
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([exercise.id for exercise in catalogue()]), VALUES)
def test_whatever_is_handed_in_is_judged(id, value):
    check(id, value)
    check(id, lambda *arguments: value)


# -- The registry ---------------------------------------------------------------------------------


def test_unknown_id_names_the_nearest():
    with pytest.raises(ValueError, match="near it are 09-") as caught:
        check("09-9", None)
    assert "沒有練習" in str(caught.value)
    with pytest.raises(ValueError, match="05-1"):
        check("5-1", None)
    with pytest.raises(ValueError, match="There is no exercise ''"):
        check("", None)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"id": 9, "answer": None}, TypeError),
        ({"id": "05-1", "answer": None, "seconds": "1"}, TypeError),
        ({"id": "05-1", "answer": None, "seconds": 0}, ValueError),
        ({"id": "05-1", "answer": None, "seconds": float("nan")}, ValueError),
    ],
)
def test_bad_arguments(arguments, error):
    with pytest.raises(error) as caught:
        check(**arguments)
    assert "\n" in str(caught.value)  # both languages


def test_other_parameters_are_named():
    result = check("01-2", lambda one: one)
    assert "accuracy(predictions, labels)" in result.hint[1]
    result = check("01-2", 0.75)
    assert 'primer.check("01-2", accuracy)' in result.hint[1]
    assert "a value, not a function" in check("05-1", lambda: (1, 6)).hint[1]


def test_ids_are_unique_and_in_order():
    ids = [exercise.id for exercise in catalogue()]
    assert ids == sorted(set(ids))
    for exercise in catalogue():
        assert find(exercise.id) is exercise


# -- Comparing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (torch.tensor([1.0, 2.00001]), torch.tensor([1, 2])),
        ([1.0, torch.tensor(2.0)], (1.0, 2.0)),
        (torch.tensor(True), True),
        (2, torch.tensor(2.0)),
        (frozenset("ab"), {"a", "b"}),
        (None, None),
    ],
)
def test_same(got, expected):
    assert difference(got, expected) is None


@pytest.mark.parametrize(
    ("got", "expected", "word"),
    [
        (torch.tensor([1.0, 2.01]), torch.tensor([1.0, 2.0]), "got tensor"),
        (torch.zeros(2, 1), torch.zeros(2), "shape is (2, 1)"),
        ((1.0, 2.0), (1.0, 3.0), "item 2"),
        ((1.0,), (1.0, 3.0), "1 items, expected 2"),
        (torch.arange(20).reshape(4, 5), torch.zeros(4, 5), "index [0, 1]: got 1, expected 0"),
        (Words("甲", "one"), Words("乙", "two"), "one, expected two"),
        (5, Words("乙", "two"), "5, expected two"),
        (1, True, "expected True"),
        (float("nan"), 1.0, "got nan"),
        (None, 1.0, "no return"),
        ("1", 1.0, "a number"),
        ({"a", "c"}, {"a", "b"}, "expected"),
    ],
)
def test_different(got, expected, word):
    assert word in difference(got, expected)[1]
