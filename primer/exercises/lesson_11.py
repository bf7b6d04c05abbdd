"""Exercises of lesson 11, the multilayer perceptron."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

import torch
from torch import Tensor, nn

from primer.exercises import Exercise, Mistake
from primer.exercises._compare import Words

# -- 11-1 -----------------------------------------------------------------------------------------


def _built(widths: list[int]) -> int:
    """Build the layers and count."""
    layers = [nn.Linear(m, n) for m, n in pairwise(widths)]
    return sum(parameter.numel() for layer in layers for parameter in layer.parameters())


def _widths() -> Iterator[tuple[list[int]]]:
    for widths in ([10, 6, 4, 3], [50, 30, 20, 3], [2, 1], [4, 8, 8, 8, 2]):
        yield (widths,)


def _summed(layer: Callable[[int, int], int]) -> Callable[[list[int]], int]:
    """Make the answer that adds up ``layer(m, n)`` over the layers."""

    def wrong(widths: list[int]) -> int:
        return sum(layer(m, n) for m, n in pairwise(widths))

    return wrong


# -- 11-2 -----------------------------------------------------------------------------------------


def _row_by_row(logits: Tensor) -> Tensor:
    """Compute softmax through log-sum-exp, in Python's own numbers."""
    rows = []
    for row in logits.double().tolist():
        top = max(row)
        log_sum = top + math.log(math.fsum(math.exp(score - top) for score in row))
        rows.append([math.exp(score - log_sum) for score in row])
    return torch.tensor(rows)


def _logits() -> Iterator[tuple[Tensor]]:
    yield (torch.tensor([[2.0, 1.0, -1.0], [0.0, 0.0, 3.0]]),)
    yield (torch.tensor([[1000.0, 1001.0, 999.0], [-1000.0, -1000.0, -1001.0]]),)
    yield (torch.tensor([[0.5, -0.5]]),)


_NUMBERS = Words("沒有 nan", "no nan")
_NAN = Words("有 nan", "some nan")


def _without_nan(output: object, logits: Tensor) -> object:
    """Say first whether all are numbers: nan is not equal to itself."""
    if not isinstance(output, Tensor) or output.is_complex() or output.layout != torch.strided:
        return output
    return _NAN if output.isnan().any() else _NUMBERS, output.nan_to_num()


def _naive(logits: Tensor, dim: int = 1) -> Tensor:
    powers = logits.exp()
    return powers / powers.sum(dim=dim, keepdim=True)


def _over_all(logits: Tensor) -> Tensor:
    powers = logits.exp()
    return powers / powers.sum()


def _one_maximum(logits: Tensor) -> Tensor:
    return _naive(logits - logits.max())


# -- 11-3 -----------------------------------------------------------------------------------------

_Weights = tuple[Tensor, Tensor, Tensor, Tensor]


def _weights(units: list[list[float]], b1: list[float], out: list[float], b2: float) -> _Weights:
    return torch.tensor(units), torch.tensor(b1), torch.tensor([out]), torch.tensor([b2])


def _either_way() -> _Weights:
    """Let one unit wake where the first switch alone is 1, the other where the second is."""
    return _weights([[1.0, -1.0], [-1.0, 1.0]], [0.0, 0.0], [1.0, 1.0], 0.0)


def _shapes(shapes: list[tuple[int, ...]]) -> Words:
    text = ", ".join(map(str, shapes))
    return Words(f"形狀 {text}", f"shapes {text}")


def _answers(output: object) -> object:
    """Look at the shapes, and at where the network is above 0 in the four cases."""
    if not (isinstance(output, (tuple, list)) and len(output) == 4):
        return output
    w1, b1, w2, b2 = (torch.as_tensor(item, dtype=torch.float32) for item in output)
    shapes = [tuple(item.shape) for item in (w1, b1, w2, b2)]
    if shapes != [(2, 2), (2,), (1, 2), (1,)]:
        return _shapes(shapes), None
    cases = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    scores = torch.relu(cases @ w1.T + b1) @ w2.T + b2
    return _shapes(shapes), (scores[:, 0] > 0).long()


EXERCISES = (
    Exercise(
        id="11-1",
        title=("數參數", "Count parameters"),
        task=(
            "寫 count(widths)：從一串寬度（例如 [10, 6, 4, 3]）算出多層感知器有幾個參數。",
            "Write count(widths): from a list of widths, such as [10, 6, 4, 3], work out how many "
            "parameters the multilayer perceptron has.",
        ),
        name="count",
        truth=_built,
        cases=_widths,
        hint=(
            "每兩個相鄰的寬度是一個線性層：m × n 個權重，n 個偏差。",
            "Each two widths in a row are a linear layer: m × n weights and n biases.",
        ),
        mistakes=(
            Mistake(
                "少了偏差：每個線性層還有 n 個，輸出各一個。",
                "The biases are missing: each linear layer has n of them, one for each output.",
                wrong=_summed(lambda m, n: m * n),
            ),
            Mistake(
                "偏差是每個輸出一個，不是每個輸入一個：n 個，不是 m 個。",
                "There is one bias for each output, not for each input: n, not m.",
                wrong=_summed(lambda m, n: m * n + m),
            ),
            Mistake(
                "一個線性層的偏差不只一個，每個輸出都有：n 個。",
                "A linear layer has more than one bias: n, one for each output.",
                wrong=_summed(lambda m, n: m * n + 1),
            ),
            Mistake(
                "輸入不是一層，沒有偏差：偏差從第二個寬度算起。",
                "The inputs are no layer and have no biases: those start at the second width.",
                wrong=lambda widths: _built(widths) + widths[0],
            ),
            Mistake(
                "這是神經元的個數；參數是它們之間的權重，再加上偏差。",
                "These are the units; the parameters are the weights between them, and the biases.",
                wrong=lambda widths: sum(widths),
            ),
            Mistake(
                "n 個寬度之間只有 n − 1 層：最後一個寬度後面沒有了。",
                "Between n widths lie n − 1 layers: nothing comes after the last width.",
                error="IndexError",
            ),
        ),
    ),
    Exercise(
        id="11-2",
        title=("不會爆的 softmax", "A softmax that does not overflow"),
        task=(
            "寫 softmax(logits)：形狀 (n, c)，每一列各自做 softmax；分數到 1000 也不能有 nan。",
            "Write softmax(logits): softmax of each row of shape (n, c), without nan for scores "
            "around 1000.",
        ),
        name="softmax",
        truth=_row_by_row,
        cases=_logits,
        observe=_without_nan,
        hint=(
            "每列先減去自己的最大值，再取指數，再除以那一列的總和。",
            "From each row take its maximum, take exponentials, divide by the sum of that row.",
        ),
        mistakes=(
            Mistake(
                "exp(1000) 是無限大，無限大除以無限大是 nan：先減去每列的最大值。",
                "exp(1000) is infinite, and infinite over infinite is nan: take the maximum of "
                "each row away first.",
                wrong=_naive,
            ),
            Mistake(
                "減的是整張表的最大值；別的列可能離它太遠，全部變成 0。每列減自己的。",
                "This takes the maximum of the whole table, from which another row may be so far "
                "that all of it becomes 0. Use each row's own.",
                wrong=_one_maximum,
            ),
            Mistake(
                "方向反了：每一列加起來是 1，所以是 dim=1。",
                "The other dimension: each row adds up to 1, so use dim=1.",
                wrong=lambda logits: torch.softmax(logits, dim=0),
            ),
            Mistake(
                "方向反了：每一列加起來是 1，所以是 dim=1；也還沒處理 exp(1000)。",
                "The other dimension: each row adds up to 1, so use dim=1; and exp(1000) is still "
                "infinite.",
                wrong=lambda logits: _naive(logits, dim=0),
            ),
            Mistake(
                "除以了整張表的總和：每一列要除以自己的總和。",
                "This divides by the sum of the whole table: divide each row by its own.",
                wrong=_over_all,
            ),
            Mistake(
                "還沒除以總和：每一列加起來要是 1。",
                "This is not divided by the sum yet: each row has to add up to 1.",
                wrong=lambda logits: (logits - logits.amax(dim=1, keepdim=True)).exp(),
            ),
            Mistake(
                "這是 log softmax，機率的對數；再取一次指數。",
                "This is log softmax, the logarithm of the probabilities; take the exponential.",
                wrong=lambda logits: torch.log_softmax(logits, dim=1),
            ),
            Mistake(
                "sigmoid 一個一個算，加起來不是 1；softmax 要看一整列。",
                "Sigmoid looks at one number at a time, and they do not add up to 1; softmax looks "
                "at a whole row.",
                wrong=lambda logits: torch.sigmoid(logits),
            ),
            Mistake(
                "總和的形狀是 (n,)，和 (n, c) 對不上；加 keepdim=True，變成 (n, 1)。",
                "The sums have shape (n,), which does not match (n, c): keepdim=True gives (n, 1).",
                error="The size of tensor",
            ),
        ),
    ),
    Exercise(
        id="11-3",
        title=("親手設出樓梯燈", "Set up the lamp by hand"),
        task=(
            "給 (w1, b1, w2, b2)，形狀 (2, 2)、(2,)、(1, 2)、(1,)，讓 "
            "torch.relu(x @ w1.T + b1) @ w2.T + b2 只在兩個開關不同時大於 0。",
            "Give (w1, b1, w2, b2) of shapes (2, 2), (2,), (1, 2), (1,) such that "
            "torch.relu(x @ w1.T + b1) @ w2.T + b2 is above 0 just where the two switches differ.",
        ),
        truth=_either_way,
        observe=_answers,
        hint=(
            "四種情況依序是 00、01、10、11，應為 0、1、1、0。先算出兩個神經元在四種情況各是多少，"
            "再湊 w2 和 b2。",
            "The cases are 00, 01, 10, 11 in this order, to give 0, 1, 1, 0. Work out both units "
            "in all four cases, then find w2 and b2.",
        ),
        mistakes=(
            Mistake(
                "這是「至少一個是 1」：兩個都是 1 時也亮了。讓另一個神經元在 11 時把它拉下來。",
                "This is at least one: it is lit at 11 as well. Let the other unit pull it down "
                "there.",
                wrong=_weights([[1.0, 1.0], [0.0, 0.0]], [0.0, 0.0], [1.0, 0.0], 0.0),
            ),
            Mistake(
                "這是「兩個都是 1」：只有 11 亮。要亮的是 01 和 10。",
                "This is both: only 11 is lit. It should be 01 and 10.",
                wrong=_weights([[1.0, 1.0], [0.0, 0.0]], [-1.0, 0.0], [1.0, 0.0], 0.0),
            ),
            Mistake(
                "剛好相反：相同時亮，不同時暗。把 w2 變號，再調 b2。",
                "Just the reverse: lit where they agree. Change the sign of w2, then adjust b2.",
                wrong=_weights([[1.0, -1.0], [-1.0, 1.0]], [0.0, 0.0], [-1.0, -1.0], 0.5),
            ),
            Mistake(
                "四種情況都不大於 0：神經元都是 0 嗎？還是 w2、b2 把它們壓下去了？",
                "Above 0 in none of the four: are both units 0, or do w2 and b2 press them down?",
                wrong=_weights([[0.0, 0.0], [0.0, 0.0]], [0.0, 0.0], [0.0, 0.0], 0.0),
            ),
            Mistake(
                "四種情況都大於 0：00 時兩個神經元只剩 b1，b2 也別太大。",
                "Above 0 in all four: at 00 only b1 is left in the units, and b2 may be too large.",
                wrong=_weights([[0.0, 0.0], [0.0, 0.0]], [0.0, 0.0], [0.0, 0.0], 1.0),
            ),
            Mistake(
                "只分得出一種不同：01 和 10 都要亮，兩個神經元各管一個也行。",
                "Only one of 01 and 10 is lit, and both should be; each unit may look after one.",
                wrong=_weights([[1.0, -1.0], [0.0, 0.0]], [0.0, 0.0], [1.0, 0.0], 0.0),
            ),
            Mistake(
                "只分得出一種不同：01 和 10 都要亮，兩個神經元各管一個也行。",
                "Only one of 01 and 10 is lit, and both should be; each unit may look after one.",
                wrong=_weights([[-1.0, 1.0], [0.0, 0.0]], [0.0, 0.0], [1.0, 0.0], 0.0),
            ),
        ),
    ),
)
