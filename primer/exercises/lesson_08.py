"""Exercises of lesson 08, the computation graph."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from primer.exercises import Exercise, Mistake
from primer.exercises._compare import Words

# -- 08-1 -----------------------------------------------------------------------------------------


def _by_hand(x: Tensor, w: Tensor, b: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Compute the loss of logistic regression with Python's own numbers."""
    z = w.item() * x.item() + b.item()
    a = 1 / (1 + math.exp(-z))
    loss = -(y.item() * math.log(a) + (1 - y.item()) * math.log(1 - a))
    return torch.tensor([z]), torch.tensor([a]), torch.tensor([loss], requires_grad=True)


def _points() -> Iterator[tuple[Tensor, ...]]:
    for x, w, b, y in ((1.1, 2.2, 0.0, 1.0), (1.1, 2.2, -1.5, 0.0), (-0.7, 0.4, 0.3, 1.0)):
        weight = torch.tensor([w], requires_grad=True)
        bias = torch.tensor([b], requires_grad=True)
        yield torch.tensor([x]), weight, bias, torch.tensor([y])


_ON = Words("loss 在計算圖上", "a loss on the graph")
_OFF = Words("loss 不在計算圖上", "a loss off the graph")


def _graph_of(output: object, *arguments: object) -> object:
    """Look at the numbers, and at whether the loss can still be differentiated."""
    if not (isinstance(output, (tuple, list)) and len(output) == 3):
        return output
    z, a, loss = output
    on_graph = isinstance(loss, Tensor) and loss.requires_grad
    if isinstance(loss, (int, float)) or (isinstance(loss, Tensor) and loss.numel() == 1):
        loss = torch.as_tensor(loss).detach().reshape(())  # a mean over one element is the same
    return z, a, loss, _ON if on_graph else _OFF


def _forward(x: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    z = w * x + b
    return z, torch.sigmoid(z)


def _with_loss(loss: Callable[..., Tensor]) -> Callable[..., object]:
    """Make the wrong answer whose z and a are right and whose loss is ``loss(z, a, y)``."""

    def wrong(x: Tensor, w: Tensor, b: Tensor, y: Tensor) -> object:
        z, a = _forward(x, w, b)
        return z, a, loss(z, a, y)

    return wrong


def _cross_entropy(a: Tensor, y: Tensor) -> Tensor:
    return F.binary_cross_entropy(a, y)


# -- 08-2 -----------------------------------------------------------------------------------------


def _with_grad() -> set[str]:
    """Run the code of the question and look."""
    x = torch.tensor([1.1])
    w = torch.tensor([2.2], requires_grad=True)
    b = torch.tensor([0.0], requires_grad=True)
    z = w * x + b
    a = torch.sigmoid(z)
    a.sum().backward()
    named = {"x": x, "w": w, "b": b, "z": z, "a": a}
    # Asking a tensor that is no leaf for .grad is a warning, and gives None.
    return {name for name, t in named.items() if t.is_leaf and t.grad is not None}


# -- 08-3 -----------------------------------------------------------------------------------------


def _outputs() -> Iterator[tuple[Tensor]]:
    """Make graphs whose leaves are known, and write the leaves down on the output."""

    def leaf(value: float) -> Tensor:
        return torch.tensor(value, requires_grad=True)

    def graph(output: Tensor, *leaves: Tensor) -> tuple[Tensor]:
        output.leaves_of_exercise = leaves  # type: ignore[attr-defined]
        return (output,)

    w, b, x = leaf(2.0), leaf(3.0), torch.tensor(5.0)
    yield graph(w * x + b, w, b)
    yield graph(torch.sigmoid(w * x + b) * w + w, w, b)  # w is used three times
    other = leaf(7.0)
    yield graph(torch.tanh(w * (b + x * other)).exp(), w, b, other)
    deep = w * b
    for _ in range(60):  # 2**60 paths lead back through 60 nodes
        deep = deep + deep
    yield graph(deep, w, b)


def _written_down(output: Tensor) -> list[Tensor]:
    return list(output.leaves_of_exercise)  # type: ignore[attr-defined]


def _values(output: object, *arguments: object) -> object:
    """Compare leaves by their values, which are all different, in any order."""
    if not isinstance(output, (list, tuple, set)):
        return output
    if all(isinstance(item, Tensor) for item in output):
        return str(sorted(item.item() for item in output))
    return f"[{', '.join(sorted(type(item).__name__ for item in output))}]"


def _holders(output: Tensor) -> list[Any]:
    """List the nodes that hold leaves, one as often as its leaf is used."""
    holders: list[Any] = []
    waiting: list[Any] = [output.grad_fn]
    seen = set()
    while waiting:
        node = waiting.pop()
        if hasattr(node, "variable"):
            holders.append(node)
        elif node is not None and node not in seen:
            seen.add(node)
            waiting += [parent for parent, _ in node.next_functions]
    return holders


def _one_level(output: Tensor) -> list[Tensor]:
    parents: list[Any] = [parent for parent, _ in output.grad_fn.next_functions]  # type: ignore[union-attr]
    return [parent.variable for parent in parents if hasattr(parent, "variable")]


EXERCISES = (
    Exercise(
        id="08-1",
        title=("前向傳播", "The forward pass"),
        task=(
            "寫 forward(x, w, b, y)：回傳 (z, a, loss)，z = w x + b、a = sigmoid(z)、"
            "loss 是二元交叉熵。",
            "Write forward(x, w, b, y): return (z, a, loss) with z = w x + b, a = sigmoid(z) and "
            "the binary cross-entropy.",
        ),
        name="forward",
        truth=_by_hand,
        cases=_points,
        observe=_graph_of,
        hint=(
            "loss = −(y log a + (1 − y) log(1 − a))，log 是自然對數。",
            "loss = −(y log a + (1 − y) log(1 − a)), with the natural logarithm.",
        ),
        mistakes=(
            Mistake(
                "少了負號：機率的對數是負的，損失應是正的。",
                "The minus sign is missing: logarithms of probabilities are negative, a loss is "
                "positive.",
                wrong=_with_loss(lambda z, a, y: -_cross_entropy(a, y)),
            ),
            Mistake(
                "y 與 1 − y 對調了：y = 1 時只剩 log a。",
                "y and 1 − y are swapped: with y = 1 only log a is left.",
                wrong=_with_loss(lambda z, a, y: _cross_entropy(a, 1 - y)),
            ),
            Mistake(
                "少了 y = 0 的那一項：(1 − y) log(1 − a)。",
                "The term for y = 0 is missing: (1 − y) log(1 − a).",
                wrong=_with_loss(lambda z, a, y: -y * torch.log(a)),
            ),
            Mistake(
                "只看 log a 的話，y = 0 時也在獎勵大的 a。",
                "With log a alone, a large a is rewarded when y = 0 too.",
                wrong=_with_loss(lambda z, a, y: -torch.log(a)),
            ),
            Mistake(
                "sigmoid 做了兩次：binary_cross_entropy_with_logits 要的是 z，不是 a。",
                "Sigmoid was applied twice: binary_cross_entropy_with_logits takes z, not a.",
                wrong=_with_loss(lambda z, a, y: F.binary_cross_entropy_with_logits(a, y)),
            ),
            Mistake(
                "這是平方誤差，不是交叉熵。",
                "This is the squared error, not the cross-entropy.",
                wrong=_with_loss(lambda z, a, y: (a - y) ** 2),
            ),
            Mistake(
                "數值對了，但 .item() 或 detach() 把損失從計算圖切下來了，不能再 backward。",
                "The number is right, but .item() or detach() cut the loss off the graph, so that "
                "backward is no longer possible.",
                wrong=_with_loss(lambda z, a, y: _cross_entropy(a, y).detach()),
            ),
        ),
    ),
    Exercise(
        id="08-2",
        title=("誰會得到 .grad", "Who gets a .grad?"),
        task=(
            "x 不需要梯度，w、b 需要；z = w * x + b，a = torch.sigmoid(z)。"
            "a.sum().backward() 之後，誰的 .grad 有值？",
            "x needs no gradient, w and b do; z = w * x + b, a = torch.sigmoid(z). Whose .grad "
            "is filled after a.sum().backward()?",
        ),
        truth=_with_grad,
        hint=(
            "兩個條件都要成立：是葉張量，而且 requires_grad=True。",
            "Two things must both hold: it is a leaf, and requires_grad=True.",
        ),
        mistakes=(
            Mistake(
                "x 是葉張量，但沒有 requires_grad=True，所以不會得到梯度。",
                "x is a leaf, but without requires_grad=True it gets no gradient.",
                wrong={"x", "w", "b"},
            ),
            Mistake(
                "z 和 a 不是葉張量：梯度經過它們，卻不留在它們的 .grad。",
                "z and a are no leaves: gradients pass through them and do not stay in .grad.",
                wrong={"w", "b", "z", "a"},
            ),
            Mistake(
                "z 不是葉張量：梯度經過它，卻不留在它的 .grad。",
                "z is no leaf: the gradient passes through it and does not stay in .grad.",
                wrong={"w", "b", "z"},
            ),
            Mistake(
                "a 不是葉張量：梯度經過它，卻不留在它的 .grad。",
                "a is no leaf: the gradient passes through it and does not stay in .grad.",
                wrong={"w", "b", "a"},
            ),
            Mistake(
                "不是每個張量都有：x 沒有要求梯度，z 和 a 不是葉張量。",
                "Not every tensor: x asked for no gradient, z and a are no leaves.",
                wrong={"x", "w", "b", "z", "a"},
            ),
            Mistake(
                "偏差 b 也是要求梯度的葉張量。",
                "The bias b is a leaf that asks for a gradient, too.",
                wrong={"w"},
            ),
        ),
    ),
    Exercise(
        id="08-3",
        title=("走訪計算圖", "Walk the graph"),
        task=(
            "寫 leaves(output)：沿著 grad_fn.next_functions 走回去，回傳每個會得到梯度的葉張量，"
            "各一次。",
            "Write leaves(output): follow grad_fn.next_functions back and return every leaf that "
            "will get a gradient, each once.",
        ),
        name="leaves",
        truth=_written_down,
        cases=_outputs,
        observe=_values,
        hint=(
            "從 output.grad_fn 開始，記下走過的節點；有 .variable 的節點就是葉張量所在。",
            "Start at output.grad_fn and remember the nodes you passed; a node with .variable "
            "holds a leaf.",
        ),
        mistakes=(
            Mistake(
                "同一個葉張量用了幾次就列了幾次；記下走過的節點，各列一次。",
                "A leaf is listed as often as it is used; remember the nodes you passed.",
                wrong=lambda output: [node.variable for node in _holders(output)],
            ),
            Mistake(
                "只看了最後一個運算的上一層；葉張量可能在更遠的地方，要一直走回去。",
                "This looks one level back only; leaves may lie farther: keep walking.",
                wrong=_one_level,
            ),
            Mistake(
                "這些是計算圖的節點；葉張量在節點的 .variable 裡。",
                "These are nodes of the graph; the leaf is in a node's .variable.",
                wrong=lambda output: set(_holders(output)),
            ),
            Mistake(
                "next_functions 裡可能有 None：不需要梯度的輸入沒有節點，要跳過。",
                "next_functions may hold None: an input without gradient has no node. Skip it.",
                error="AttributeError: 'NoneType'",
            ),
            Mistake(
                "遞迴會把同一個節點走很多次；記下走過的節點。",
                "The recursion passes the same node many times; remember the nodes you passed.",
                error="RecursionError",
            ),
        ),
    ),
)
