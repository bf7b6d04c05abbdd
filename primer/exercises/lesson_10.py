"""Exercises of lesson 10, the pitfalls of autograd."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from primer.exercises import Exercise, Mistake
from primer.exercises._compare import Words

# -- 10-1 -----------------------------------------------------------------------------------------


def _a(w: Tensor) -> None:
    loss = (w**2).sum()
    loss.backward()
    loss.backward()


def _b(w: Tensor) -> None:
    for _ in range(2):
        loss = (w**2).sum()
        loss.backward()


def _c(w: Tensor) -> None:
    e = torch.exp(w)
    e += 1
    e.sum().backward()


def _d(w: Tensor) -> None:
    s = w**2
    s += 1
    s.sum().backward()


def _e(w: Tensor) -> None:
    (w**2).backward()


def _f(w: Tensor) -> None:
    with torch.no_grad():
        w -= 1
    (w**2).sum().backward()


def _raising() -> set[str]:
    """Run the six pieces of the question and look."""
    found = set()
    for letter, piece in zip("abcdef", (_a, _b, _c, _d, _e, _f), strict=True):
        try:
            piece(torch.tensor([1.0, 2.0], requires_grad=True))
        except RuntimeError:
            found.add(letter)
    return found


# -- 10-2 and 10-3: the numbers of an output, and the gradient behind it --------------------------

_OFF = Words("後面沒有計算圖", "no graph behind it")
_UNREACHED = Words("一個走不回去的計算圖", "a graph that does not lead back")


def _with_gradient(output: object, leaf: Tensor) -> object:
    """Give the numbers of an output, and in words the gradient of its sum weighted by 1, 2, 3…."""
    if not isinstance(output, Tensor) or not output.requires_grad:
        return (output, _OFF) if isinstance(output, (Tensor, int, float)) else output
    weights = torch.arange(1, output.numel() + 1, dtype=output.dtype).reshape(output.shape)
    (gradient,) = torch.autograd.grad((output * weights).sum(), leaf, allow_unused=True)
    if gradient is None:
        return output.detach(), _UNREACHED
    numbers = ", ".join(f"{number:.3f}" for number in gradient.flatten().tolist())
    return output.detach(), Words(f"梯度 {numbers}", f"the gradient {numbers}")


def _of_first(output: object, w: Tensor, *arguments: object) -> object:
    return _with_gradient(output, w)


def _regression(w: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Compute the loss with a gradient in closed form: 2/n · xᵀ(xw − y) + 0.2 w.

    The last term is 0; its slope is the gradient.
    """
    at = w.detach()
    rest = x @ at - y
    value = rest @ rest / len(y) + 0.1 * (at @ at)
    slope = 2 / len(y) * (rest @ x) + 0.2 * at
    return value + slope @ (w - at)


def _data() -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    yield (
        torch.tensor([1.0, -2.0], requires_grad=True),
        torch.tensor([[1.0, 0.5], [-1.0, 2.0], [0.0, 3.0]]),
        torch.tensor([0.5, 1.0, -4.0]),
    )
    yield (
        torch.tensor([0.5, 3.0, -1.0], requires_grad=True),
        torch.tensor([[2.0, 0.0, 1.0], [0.5, -1.0, 4.0]]),
        torch.tensor([-1.0, 2.0]),
    )


def _loss(
    error: Callable[[Tensor], Tensor], size: Callable[[Tensor], Tensor], factor: float = 0.1
) -> Callable[..., Tensor]:
    """Make the answer error(x w − y) + factor · size(w)."""

    def wrong(w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        return error(x @ w - y) + factor * size(w)

    return wrong


def _mean_square(rest: Tensor) -> Tensor:
    return rest.square().mean()


def _square(w: Tensor) -> Tensor:
    return w.square().sum()


# -- 10-3 -----------------------------------------------------------------------------------------


class _Through(torch.autograd.Function):
    """Round by Python's own rule, which has the same ties as PyTorch's; pass gradients on."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return torch.tensor([float(round(number)) for number in x.flatten().tolist()]).view_as(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient


def _round_through(x: Tensor) -> Tensor:
    rounded: Tensor = _Through.apply(x)  # type: ignore[no-untyped-call]
    return rounded


def _numbers() -> Iterator[tuple[Tensor]]:
    yield (torch.tensor([0.2, 0.8, -1.7, 2.5], requires_grad=True),)
    yield (torch.tensor([[1.4, -0.6], [3.0, 7.51]], requires_grad=True),)


EXERCISES = (
    Exercise(
        id="10-1",
        title=("哪幾段會報錯", "Which ones raise?"),
        task=(
            "課文有 a 到 f 六段程式，開頭都是 w = torch.tensor([1.0, 2.0], requires_grad=True)。"
            "哪幾段會拋出例外？",
            "The lesson shows six pieces of code, a to f, each beginning with "
            "w = torch.tensor([1.0, 2.0], requires_grad=True). Which raise an exception?",
        ),
        truth=_raising,
        hint=(
            "一段一段問：圖走過了嗎？往回走要用的值被改了嗎？損失是一個數字嗎？",
            "Ask of each: was its graph walked before? Was a value changed that the way back "
            "needs? Is the loss one number?",
        ),
        mistakes=(
            Mistake(
                "b 每圈都重新往前算，有新的圖；梯度會累加，但不報錯。",
                "b computes forward afresh each round and has a new graph; gradients add up, but "
                "nothing raises.",
                wrong={"a", "b", "c", "e"},
            ),
            Mistake(
                "d 也原地改了，但 w**2 的導數 2w 用的是輸入，不是被改的輸出。",
                "d changes in place, too, but the derivative of w**2 is 2w: it needs the input, "
                "not the output that was changed.",
                wrong={"a", "c", "d", "e"},
            ),
            Mistake(
                "f 在 no_grad 裡更新葉張量，正是梯度下降的寫法。",
                "f updates a leaf under no_grad, which is how gradient descent does it.",
                wrong={"a", "c", "e", "f"},
            ),
            Mistake(
                "c：exp 的導數就是它的輸出，往回走時要用，卻被 += 改掉了。",
                "c: the derivative of exp is its output; the way back needs it, and += changed it.",
                wrong={"a", "e"},
            ),
            Mistake(
                "e：w**2 有兩個數字，backward() 不知道要從哪一個開始。",
                "e: w**2 holds two numbers, and backward() does not know which one to start from.",
                wrong={"a", "c"},
            ),
            Mistake(
                "a：同一個 loss 走兩次，第一次走完圖就釋放了。",
                "a: the same loss twice; the graph is freed after the first walk.",
                wrong={"c", "e"},
            ),
        ),
    ),
    Exercise(
        id="10-2",
        title=("接回被剪斷的損失", "Mend a cut loss"),
        task=(
            "寫 penalised(w, x, y)：均方誤差 ((x @ w − y)²).mean() 加上 0.1 × w 的平方和，"
            "兩項都要有梯度。",
            "Write penalised(w, x, y): the mean squared error ((x @ w − y)²).mean() plus 0.1 × the "
            "sum of the squares of w, with the gradient of both terms.",
        ),
        name="penalised",
        truth=_regression,
        cases=_data,
        observe=_of_first,
        hint=(
            "整個損失只用張量的運算：不用 item、float、numpy、detach。",
            "Use nothing but operations on tensors: no item, float, numpy or detach.",
        ),
        mistakes=(
            Mistake(
                "數字對，但第二項還是斷的：detach、item、float、numpy 任何一個都會剪斷它。",
                "The number is right, but the second term is still cut: detach, item, float and "
                "numpy each do that.",
                wrong=_loss(_mean_square, lambda w: _square(w.detach())),
            ),
            Mistake(
                "這次斷的是第一項：誤差也要留在計算圖上。",
                "Now the first term is cut: the error has to stay on the graph as well.",
                wrong=_loss(lambda rest: _mean_square(rest.detach()), _square),
            ),
            Mistake(
                "整個損失都離開了計算圖，不能再 backward：回傳張量，不要轉成數字。",
                "The whole loss left the graph, and backward is not possible: return a tensor, not "
                "a number.",
                wrong=lambda w, x, y: _regression(w, x, y).detach(),
            ),
            Mistake(
                "少了第二項：0.1 × w 的平方和。",
                "The second term is missing: 0.1 × the sum of the squares of w.",
                wrong=_loss(_mean_square, _square, factor=0.0),
            ),
            Mistake(
                "第二項忘了乘 0.1。",
                "The second term is not multiplied by 0.1.",
                wrong=_loss(_mean_square, _square, factor=1.0),
            ),
            Mistake(
                "第一項是平均，不是總和：用 mean()。",
                "The first term is a mean, not a sum: use mean().",
                wrong=_loss(_square, _square),
            ),
            Mistake(
                "照訊息加上 detach() 會剪斷圖；不必轉成 NumPy，張量自己就能平方、加總。",
                "Adding detach(), as the message says, cuts the graph. NumPy is not needed: a "
                "tensor can square and sum by itself.",
                error=r"call numpy\(\) on Tensor",
            ),
        ),
    ),
    Exercise(
        id="10-3",
        title=("四捨五入也能學", "Learn through rounding"),
        task=(
            "寫 round_through(x)：數字等於 torch.round(x)，梯度原樣通過（乘以 1）。",
            "Write round_through(x): the numbers of torch.round(x), with a gradient that passes "
            "unchanged (times 1).",
        ),
        name="round_through",
        truth=_round_through,
        cases=_numbers,
        observe=_with_gradient,
        hint=(
            "把結果寫成「x 加上一個差」，再讓差離開計算圖。",
            "Write the result as x plus a difference, and take the difference off the graph.",
        ),
        mistakes=(
            Mistake(
                "數字對，梯度卻是 0：round 處處是平的。讓圖只看到 x。",
                "The numbers are right, but the gradient is 0: round is flat everywhere. Let the "
                "graph see x alone.",
                wrong=torch.round,
            ),
            Mistake(
                "全部 detach 之後，後面沒有圖，梯度一點也過不去：留下 x 那一份。",
                "With all of it detached there is no graph, and no gradient passes: keep the part "
                "that is x.",
                wrong=lambda x: torch.round(x).detach(),
            ),
            Mistake(
                "detach 錯邊了：該離開計算圖的是 round(x) − x，留下的是 x。",
                "The wrong side is detached: round(x) − x has to leave the graph, and x to stay.",
                wrong=lambda x: torch.round(x) + (x - torch.round(x)).detach(),
            ),
            Mistake(
                "多加了一份 x：要加的是差，round(x) − x。",
                "There is one x too many: what to add is the difference, round(x) − x.",
                wrong=lambda x: x + torch.round(x).detach(),
            ),
            Mistake(
                "往前算時也要四捨五入：數字要等於 torch.round(x)。",
                "Forward, it has to round as well: the numbers are those of torch.round(x).",
                wrong=lambda x: x * 1,
            ),
            Mistake(
                "requires_grad_() 只是從這裡重新開始記，和 x 之間還是斷的。",
                "requires_grad_() starts a new record here; it is still cut off from x.",
                wrong=lambda x: torch.round(x).detach().requires_grad_(),
            ),
            Mistake(
                "不要原地改 x：它是要求梯度的葉張量。寫成新的張量。",
                "Do not change x in place: it is a leaf that requires grad. Make a new tensor.",
                error="leaf Variable",
            ),
        ),
    ),
)
