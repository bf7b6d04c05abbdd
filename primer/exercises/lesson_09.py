"""Exercises of lesson 09, gradients."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from primer.exercises import Exercise, Mistake

# -- 09-1 -----------------------------------------------------------------------------------------


def _by_hand(x: Tensor, w: Tensor, b: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Apply the chain rule to the loss of lesson 08, in Python's own numbers.

    dL/da = (a − y) / (a (1 − a)), da/dz = a (1 − a), dz/dw = x and dz/db = 1.
    """
    a = 1 / (1 + math.exp(-(w.item() * x.item() + b.item())))
    slope = (a - y.item()) / (a * (1 - a)) * (a * (1 - a))
    return torch.tensor([slope * x.item()]), torch.tensor([slope])


def _points() -> Iterator[tuple[Tensor, ...]]:
    for point in ((1.1, 2.2, 0.0, 1.0), (1.1, 2.2, -1.5, 0.0), (-0.7, 0.4, 0.3, 1.0)):
        yield tuple(torch.tensor([number]) for number in point)


def _times(factor: Callable[..., Tensor]) -> Callable[..., object]:
    """Make the wrong answer that multiplies (x, 1) with ``factor(x, a, y)``."""

    def wrong(x: Tensor, w: Tensor, b: Tensor, y: Tensor) -> object:
        slope = factor(x, torch.sigmoid(w * x + b), y)
        return slope * x, slope

    return wrong


def _without_x(x: Tensor, w: Tensor, b: Tensor, y: Tensor) -> object:
    slope = torch.sigmoid(w * x + b) - y
    return slope, slope


# -- 09-2 -----------------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class _Bowl:
    """The loss k/2 · Σ (w − c)², whose descent is known: each step shrinks w − c by 1 − rate·k."""

    k: float
    c: float

    def __call__(self, w: Tensor) -> Tensor:
        return (w - self.c).square().sum() * self.k / 2

    def __repr__(self) -> str:
        return f"{self.k}/2 · Σ (w − {self.c})²"


def _closed_form(w: Tensor, loss_of: _Bowl, rate: float, steps: int) -> Tensor:
    with torch.no_grad():
        w.copy_(loss_of.c + (1 - rate * loss_of.k) ** steps * (w - loss_of.c))
    return w


def _bowls() -> Iterator[tuple[Tensor, _Bowl, float, int]]:
    for start, bowl, rate, steps in (
        ([5.0], _Bowl(k=1.0, c=1.0), 0.1, 3),
        ([2.0, -3.0], _Bowl(k=2.0, c=0.5), 0.2, 5),
        ([-1.0, 0.0, 4.0], _Bowl(k=0.5, c=-2.0), 1.0, 1),
    ):
        yield torch.tensor(start, requires_grad=True), bowl, rate, steps


def _after(output: object, w: Tensor, *arguments: object) -> object:
    return (output, w.detach()) if isinstance(output, Tensor) else output


def _accumulating(w: Tensor, loss_of: _Bowl, rate: float, steps: int) -> Tensor:
    for _ in range(steps):
        loss_of(w).backward()
        with torch.no_grad():
            w -= rate * w.grad  # type: ignore[operator]
    return w


# -- 09-3 -----------------------------------------------------------------------------------------


class _Cubes:
    """f(x) = Σ xᵢ³, whose central difference is exactly 3 xᵢ² + h²."""

    def __call__(self, x: Tensor) -> Tensor:
        return x.pow(3).sum()

    def central(self, x: Tensor, h: float) -> Tensor:
        return x.square() * 3 + h**2

    def __repr__(self) -> str:
        return "Σ x³"


class _Product:
    """f(x) = Π xᵢ, linear in each xᵢ: its central difference is the product of the others."""

    def __call__(self, x: Tensor) -> Tensor:
        return x.prod()

    def central(self, x: Tensor, h: float) -> Tensor:
        return x.prod() / x

    def __repr__(self) -> str:
        return "Π x"


_Function = _Cubes | _Product


def _exact(function: _Function, x: Tensor, h: float) -> Tensor:
    return function.central(x, h)


def _functions() -> Iterator[tuple[_Function, Tensor, float]]:
    yield _Cubes(), torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64), 0.1
    yield _Product(), torch.tensor([2.0, 3.0, 4.0, 0.5], dtype=torch.float64), 0.01
    yield _Cubes(), torch.tensor([3.0], dtype=torch.float64), 0.05


def _slopes_and_x(output: object, function: object, x: Tensor, h: float) -> object:
    return (output, x) if isinstance(output, Tensor) else output


def _quotients(
    left: float, right: float, width: float, *, restore: bool = True
) -> Callable[..., Tensor]:
    """Make the wrong answer (f(x + right·h) − f(x + left·h)) / (width·h)."""

    def wrong(function: _Function, x: Tensor, h: float) -> Tensor:
        slopes = torch.empty_like(x)
        for i in range(len(x)):
            step = torch.zeros_like(x)
            step[i] = h
            slopes[i] = (function(x + right * step) - function(x + left * step)) / (width * h)
            if not restore:
                x -= step
        return slopes

    return wrong


EXERCISES = (
    Exercise(
        id="09-1",
        title=("手算梯度", "The gradient by hand"),
        task=(
            "寫 gradients(x, w, b, y)：不用 autograd，回傳邏輯迴歸損失的 (dL/dw, dL/db)。",
            "Write gradients(x, w, b, y): without autograd, return (dL/dw, dL/db) of the loss of "
            "logistic regression.",
        ),
        name="gradients",
        truth=_by_hand,
        cases=_points,
        hint=(
            "連鎖律：dL/dw = dL/da · da/dz · dz/dw；前兩項相乘後只剩 a − y。",
            "The chain rule: dL/dw = dL/da · da/dz · dz/dw; the first two multiply to a − y.",
        ),
        mistakes=(
            Mistake(
                "正負號反了：是 a − y，不是 y − a。",
                "The sign is reversed: it is a − y, not y − a.",
                wrong=_times(lambda x, a, y: y - a),
            ),
            Mistake(
                "少了標籤：預測要和 y 比，是 a − y。",
                "The label is missing: the prediction is compared with y: a − y.",
                wrong=_times(lambda x, a, y: a),
            ),
            Mistake(
                "多乘了 a(1 − a)：它和 dL/da 的分母消去了。",
                "There is one a(1 − a) too many: the denominator of dL/da cancels it.",
                wrong=_times(lambda x, a, y: (a - y) * a * (1 - a)),
            ),
            Mistake(
                "dz/dw 是 x：對 w 的梯度還要乘以 x。",
                "dz/dw is x: the gradient for w is multiplied by x.",
                wrong=_without_x,
            ),
            Mistake(
                "順序反了：先 dL/dw，再 dL/db。",
                "The order is reversed: dL/dw first, then dL/db.",
                wrong=lambda x, w, b, y: _by_hand(x, w, b, y)[::-1],
            ),
        ),
    ),
    Exercise(
        id="09-2",
        title=("梯度下降", "Gradient descent"),
        task=(
            "寫 descend(w, loss_of, rate, steps)：原地更新 w 共 steps 次，w ← w − rate·梯度，"
            "梯度不累加；回傳 w。",
            "Write descend(w, loss_of, rate, steps): update w in place, steps times, by "
            "w ← w − rate·gradient, without accumulating gradients; return w.",
        ),
        name="descend",
        truth=_closed_form,
        cases=_bowls,
        observe=_after,
        hint=(
            "每一步：清掉 w.grad，算損失，backward，在 torch.no_grad() 裡更新 w。",
            "Each step: clear w.grad, compute the loss, backward, update w under torch.no_grad().",
        ),
        mistakes=(
            Mistake(
                "梯度累加了：每次 backward 都把梯度加到 w.grad，先清掉它。",
                "The gradients accumulate: each backward adds to w.grad. Clear it first.",
                wrong=_accumulating,
            ),
            Mistake(
                "方向反了：要往梯度的反方向走，是減不是加。",
                "The direction is reversed: go against the gradient, subtract it.",
                wrong=lambda w, loss_of, rate, steps: _closed_form(w, loss_of, -rate, steps),
            ),
            Mistake(
                "只走了一步：要走 steps 步。",
                "This takes one step: take steps of them.",
                wrong=lambda w, loss_of, rate, steps: _closed_form(w, loss_of, rate, 1),
            ),
            Mistake(
                "更新的是新的張量，傳進來的 w 沒有變：在 torch.no_grad() 裡寫 w -= …。",
                "A new tensor is updated and the w that came in is not: write w -= … under "
                "torch.no_grad().",
                wrong=lambda w, *others: _closed_form(w.detach().clone(), *others),
            ),
            Mistake(
                "要求梯度的葉張量不能原地修改：把更新放進 with torch.no_grad():。",
                "A leaf that asks for gradients cannot be changed in place: update it under "
                "torch.no_grad().",
                error="a leaf Variable that requires grad|a view of a leaf Variable",
            ),
            Mistake(
                "w = w − … 造出新的張量，它不是葉張量，也就沒有 .grad。改寫成 w -= …。",
                "w = w − … makes a new tensor that is no leaf and so has no .grad. Write w -= … .",
                error="NoneType|not a leaf|does not require grad",
            ),
        ),
    ),
    Exercise(
        id="09-3",
        title=("有限差分", "Finite differences"),
        task=(
            "寫 central_differences(function, x, h)：對每個位置 i，只把 x[i] 往兩邊各推 h，"
            "函數值的差除以 2h；x 保持不變。",
            "Write central_differences(function, x, h): for each place i move only x[i], by h to "
            "either side, and divide the difference of the values by 2h; leave x unchanged.",
        ),
        name="central_differences",
        truth=_exact,
        cases=_functions,
        observe=_slopes_and_x,
        hint=(
            "一次只移動一個元素：造一個只有第 i 個元素是 h 的張量，加上它，再減去它。",
            "Move one element at a time: make a tensor that holds h at i alone; add it, then "
            "subtract it.",
        ),
        mistakes=(
            Mistake(
                "這是前向差分，只看一邊，誤差大得多；兩邊都要走。",
                "This is the forward difference, one side only, with a far larger error; go both "
                "ways.",
                wrong=_quotients(0, 1, 1),
            ),
            Mistake(
                "這是後向差分，只看一邊，誤差大得多；兩邊都要走。",
                "This is the backward difference, one side only, with a far larger error; go both "
                "ways.",
                wrong=_quotients(-1, 0, 1),
            ),
            Mistake(
                "從 x − h 到 x + h 的距離是 2h，不是 h。",
                "From x − h to x + h the distance is 2h, not h.",
                wrong=_quotients(-1, 1, 1),
            ),
            Mistake(
                "移動了所有元素：x + h 把每個元素都加上 h，一次只能移動一個。",
                "This moves all elements: x + h adds h to each of them. Move one at a time.",
                wrong=lambda function, x, h: torch.full_like(
                    x, ((function(x + h) - function(x - h)) / (2 * h)).item()
                ),
            ),
            Mistake(
                "x 被改掉了：每算完一個元素要復原，或從不原地修改它。",
                "x was changed: put each element back, or never change it in place.",
                wrong=_quotients(-1, 1, 2, restore=False),
            ),
        ),
    ),
)
